"""``check``."""

import os
import pty
import subprocess
import sys

import pytest
from sqlalchemy import update

from service.storage.consistency import LISTED_COUNT_MAX, RULES
from service.storage.engine import Database
from service.storage.tables import coupon, redemption
from tests.programme import START

DATED = "a coupon and its redemption have the same date"
TOLD = "a redemption is as the audit log told of it last"
CHECK = [sys.executable, "-m", "service.cli", "check"]


@pytest.fixture
def redeemed(run, codes):
    """A coupon of three is redeemed, and 20 of its 50 USD are drawn."""
    run("coupon redeem --account 1", codes[0])
    run("spend record --account 1 --reference invoice --amount 20")


@pytest.fixture
def change(url):
    """Changes rows behind the back of the operations."""
    database = Database(url)

    def change(table, **values):
        with database.writing() as connection:
            connection.execute(update(table).values(values))

    yield change
    database.close()


def test_a_clean_database(run, redeemed):
    assert run("check").stdout == f"All {len(RULES)} rules hold.\n"
    clean = {"differences": [], "breaches": [], "unlisted": []}
    assert run("check --json").json == {"rules_checked": len(RULES), **clean}


def test_what_the_ledger_does_not_bear_out(run, redeemed, change):
    change(redemption, balance=29)
    found = run("check --json", exit_code=1).json
    (difference,) = found["differences"]
    assert (difference["balance"], difference["balance_in_ledger"]) == ("29", "30")
    (breach,) = found["breaches"]
    assert breach == {"rule": TOLD, "entity": "coupon", "entity_id": difference["coupon_id"]}
    shown = run("check", exit_code=1).stdout
    assert "29" in shown
    assert TOLD in shown
    assert "rules hold" not in shown


def test_of_many_breaches_some_are_shown_and_the_others_counted(run, url, change):
    run("class add --customer 1 --name Spring --type Retention --currency USD --amount 50")
    run(f"mint --customer 1 --class Spring --count {LISTED_COUNT_MAX + 12}")
    change(coupon, redeemed_at=START)
    found = run("check --json", exit_code=1).json
    assert len(found["breaches"]) == LISTED_COUNT_MAX
    assert found["unlisted"] == [{"rule": DATED, "count": 12}]
    shown = run("check", exit_code=1).stdout
    assert shown.count(DATED) == LISTED_COUNT_MAX + 1
    assert shown.endswith(f"12 more: {DATED}\n")


def test_a_terminal_shows_how_far_it_is(url):
    shown = on_terminal(CHECK)
    assert RULES[-1].text in shown
    assert "%" in shown


def test_with_json_nothing_else_is_written(url):
    assert on_terminal([*CHECK, "--json"]) == ""


def test_without_a_terminal_nothing_is_written(url):
    done = subprocess.run(CHECK, capture_output=True, check=True)
    assert done.stderr == b""


def on_terminal(command):
    """What a command writes on a standard error that is a terminal."""
    terminal, slave = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while chunk := read(terminal):
            shown += chunk
    os.close(terminal)
    assert process.returncode == 0
    return shown.decode()


def read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:
        # So Linux says that nobody writes there any more.
        return b""
