"""Databases of every released revision are brought to this one, with all that is in them."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import Any

import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import event, func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from service.operations.check_database import check_database
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage import schema
from service.storage.engine import IDLE_IN_TRANSACTION_TIMEOUT_S, Database, DatabaseLimits
from service.storage.naming import metadata
from service.storage.party_tables import account, customer
from service.storage.schema import is_current, upgrade
from service.storage.tables import coupon, coupon_batch, coupon_class, coupon_place, coupon_terms
from tests.databases import Databases
from tests.programme import Clock, Programme
from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE
from tests.storage.releases import FOLDER, dump_path, load, revisions
from tests.storage.test_migrations import differences, facts

UNRELEASED = frozenset({"0003", "0004", "0005", "0006", "0007", "0008", "0009"})
"""The revisions since the last release: no user has a database of them."""
RELEASED = [it for it in revisions() if it not in UNRELEASED]
"""Every revision that users may have, but the newest."""
STARTERS_COUNT = 2
PATIENCE_S = 60


@pytest.fixture
def open_blank(databases: Databases) -> Iterator[Callable[[], Database]]:
    """Opens new databases without tables."""
    opened: list[Database] = []

    def open_blank() -> Database:
        opened.append(Database(databases.blank()))
        return opened[-1]

    yield open_blank
    for database in opened:
        database.close()


@pytest.fixture(params=RELEASED)
def revision(request: pytest.FixtureRequest) -> str:
    """An earlier revision."""
    return str(request.param)


@pytest.fixture
def old(open_blank: Callable[[], Database], revision: str) -> Database:
    """A database as that revision's code has left it."""
    database = open_blank()
    load(database.url.render_as_string(), revision)
    return database


def revision_of(database: Database) -> str | None:
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as the database stores it."""
    names = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    with database.reading() as connection:
        return {
            name: sorted(
                (dict(row) for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()),
                key=str,
            )
            for name in names
        }


def upgrade_to(database: Database, revision: str) -> None:
    with database.writing() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


# One revision after the other.


@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql"])
def test_every_earlier_revision_is_kept(engine_name: str) -> None:
    missing = [it for it in RELEASED if not dump_path(it, engine_name).is_file()]
    assert missing == [], "run python -m tests.storage.releases with the code of that revision"
    assert len(RELEASED) >= 1


def test_nothing_else_is_kept() -> None:
    assert {path.name.partition(".")[0] for path in FOLDER.iterdir()} <= set(revisions())


def test_the_kept_rows_are_of_every_table(old: Database) -> None:
    assert [name for name, rows in contents(old).items() if not rows] == []


def test_a_released_revision_makes_what_it_made(
    open_blank: Callable[[], Database], old: Database, revision: str
) -> None:
    database = open_blank()
    upgrade_to(database, revision)
    assert revision_of(database) == revision_of(old) == revision
    assert facts(database) == facts(old), f"{revision} has been released: write a new revision"


def test_another_revision_would_be_noticed(old: Database, revision: str) -> None:
    before = facts(old)
    with old.writing() as connection:
        connection.execute(text("ALTER TABLE customer ADD COLUMN odd INTEGER"))
    assert facts(old) != before


def test_an_upgrade_makes_the_tables_of_this_release(
    open_blank: Callable[[], Database], old: Database
) -> None:
    upgrade(old)
    assert is_current(old)
    assert differences(old) == []
    new = open_blank()
    with new.writing() as connection:
        metadata.create_all(connection)
    assert facts(old) == facts(new)


RENUMBERED = {"coupon": "seq"}
"""What an upgrade changes on purpose: places were those of a class, and are those of a batch."""


def kept(
    contents: dict[str, list[dict[str, Any]]], columns: dict[str, list[str]]
) -> dict[str, list[dict[str, Any]]]:
    """The rows with these columns alone, but for what an upgrade changes on purpose."""
    return {
        table: sorted(
            ({it: row[it] for it in names if it != RENUMBERED.get(table)} for row in rows), key=str
        )
        for table, names in columns.items()
        for rows in [contents[table]]
    }


def test_an_upgrade_keeps_every_row(old: Database) -> None:
    before = contents(old)
    columns = {table: list(rows[0]) for table, rows in before.items()}
    upgrade(old)
    assert kept(contents(old), columns) == kept(before, columns)


def test_an_upgrade_keeps_the_order_of_coupons(old: Database) -> None:
    in_order = text("SELECT batch_id, coupon_id FROM coupon ORDER BY class_id, seq")
    batches: dict[int, list[int]] = {}
    with old.writing() as connection:
        connection.execute(text("UPDATE coupon SET seq = -1 - seq"))
        for batch_id, coupon_id in connection.execute(in_order):
            batches.setdefault(batch_id, []).append(coupon_id)
    # The coupons' own numbers would not do.
    assert any(coupons != sorted(coupons) for coupons in batches.values())
    upgrade(old)
    places = {
        (batch_id, seq, coupon_id)
        for batch_id, coupons in batches.items()
        for seq, coupon_id in enumerate(coupons)
    }
    with old.reading() as connection:
        assert set(map(tuple, connection.execute(select(coupon_place)))) == places
        of_coupons = select(coupon.c.batch_id, coupon.c.seq, coupon.c.coupon_id)
        assert set(map(tuple, connection.execute(of_coupons))) == places


def test_an_upgrade_counts_the_coupons_of_a_batch_and_tells_their_start(old: Database) -> None:
    upgrade(old)
    of_coupons = (
        select(coupon.c.batch_id, func.count(), coupon_terms.c.start_date)
        .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
        .group_by(coupon.c.batch_id, coupon_terms.c.start_date)
    )
    columns = coupon_batch.c
    told = select(columns.batch_id, columns.coupons_count, columns.start_date)
    with old.reading() as connection:
        expected = set(map(tuple, connection.execute(of_coupons)))
        assert set(map(tuple, connection.execute(told.where(columns.has_one_start)))) == expected
    classes = [batch["class_id"] for batch in contents(old)["coupon_batch"]]
    assert len(classes) > len(set(classes))
    assert len({start is None for _, _, start in expected}) == 2
    assert {count for _, count, _ in expected} == {1, 2}


@ON_SQLITE
def test_a_row_that_points_nowhere_is_not_upgraded(old: Database, revision: str) -> None:
    stray = text("UPDATE coupon SET class_id = 99 WHERE coupon_id = 3")
    found = text("UPDATE coupon SET class_id = 2 WHERE coupon_id = 3")
    with old.upgrading() as connection:
        connection.execute(stray)
    before = facts(old), contents(old)
    with pytest.raises(CommandError, match="would leave 1 rows that point nowhere"):
        upgrade(old)
    assert revision_of(old) == revision
    assert (facts(old), contents(old)) == before
    with old.writing() as connection:
        connection.execute(found)
    upgrade(old)
    assert is_current(old)


@ON_SQLITE
def test_without_an_upgrade_nobody_looks_for_such_rows(old: Database) -> None:
    upgrade(old)
    with old.upgrading() as connection:
        connection.execute(text("UPDATE coupon SET class_id = 99 WHERE coupon_id = 3"))
    upgrade(old)
    assert is_current(old)


def test_nothing_can_point_nowhere_after_an_upgrade(old: Database) -> None:
    upgrade(old)
    with pytest.raises(IntegrityError), old.writing() as connection:
        connection.execute(text("UPDATE coupon_batch SET class_id = 99"))


def test_the_service_goes_on_where_it_was(old: Database) -> None:
    upgrade(old)
    programme = Programme(old, Clock())
    programme.clock.move(days=1)
    assert check_database(programme.call()).is_clean
    unused = (
        select(coupon.c.code, coupon_class.c.customer_id, coupon_class.c.name)
        .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
        .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
        .where(coupon_class.c.retired_at.is_(None), coupon.c.sent_at.is_(None))
        .where(coupon.c.claimed_at.is_(None), coupon.c.redeemed_at.is_(None))
        .where(coupon_terms.c.currency_code == "USD", coupon_terms.c.end_date.is_(None))
    )
    with old.reading() as connection:
        first, *_, last = connection.execute(unused.order_by(coupon.c.coupon_id)).all()
        in_usd = select(account.c.account_id).where(account.c.currency_code == "USD")
        account_id = connection.execute(in_usd.limit(1)).scalar_one()
    redeem_coupon(programme.call(), account_id, last.code)
    emails: list[str | None] = ["clara@example.com"]
    assert dispatch_coupons(programme.call(), emails, first.customer_id, first.name) == []
    programme.spend(account_id)
    assert programme.customer() > max(row["customer_id"] for row in programme.rows(customer)[:-1])
    assert check_database(programme.call()).is_clean


@pytest.mark.parametrize(
    "moment",
    [r"\s*(CREATE|ALTER|DROP) ", "INSERT INTO coupon_place", "UPDATE alembic_version"],
)
def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    old: Database, revision: str, moment: str
) -> None:
    def fail(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if re.match(moment, statement):
            raise OSError("disk full")

    before = facts(old), contents(old)
    event.listen(old.engine, "after_cursor_execute", fail)
    with pytest.raises(OSError, match="disk full"):
        upgrade(old)
    event.remove(old.engine, "after_cursor_execute", fail)
    assert revision_of(old) == revision
    assert (facts(old), contents(old)) == before
    upgrade(old)
    assert is_current(old)


# Several at once.


def test_of_several_that_start_at_once_one_makes_the_tables(databases: Databases) -> None:
    typed = [sys.executable, "-m", "service.cli", "init", "--json", "--database", databases.blank()]

    def start(_number: int) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(typed, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(STARTERS_COUNT) as threads:
        done = list(threads.map(start, range(STARTERS_COUNT), timeout=PATIENCE_S))
    assert [it.stderr for it in done if it.returncode != 0] == []
    keys = [json.loads(it.stdout)["developer_token"] for it in done]
    assert len([key for key in keys if key is not None]) == 1


WITH_LOCK = "schema.upgrade(database)"
WITHOUT_LOCK = """
with database.writing() as connection:
    config = schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
"""
UPGRADE = """
import sys
from alembic import command
from service.storage import schema
from service.storage.engine import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
{}
print("done")
"""


@contextmanager
def another_process(old: Database, program: str) -> "Iterator[subprocess.Popen[str]]":
    """A process that upgrades the database as soon as it reads a line."""
    typed = [sys.executable, "-c", UPGRADE.format(program), old.url.render_as_string()]
    pipe = subprocess.PIPE
    with subprocess.Popen(typed, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def await_waiting(database: Database) -> None:
    """Return when another transaction waits for one of ours, as far as the database tells."""
    if database.engine.dialect.name == "sqlite":
        time.sleep(1)
        return
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    end = time.monotonic() + IDLE_IN_TRANSACTION_TIMEOUT_S / 2
    while time.monotonic() < end:
        with database.reading() as connection:
            if connection.execute(waiting).scalar_one():
                return
        time.sleep(0.02)


def upgrade_while_another_does(old: Database, program: str) -> tuple[int, str]:
    """Let another process upgrade as well, in the midst of an upgrade here.

    Answers:
        With which code the other ended, and its last words.
    """
    begun: list[str] = []
    with another_process(old, program) as other:

        def let_the_other_begin(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if "UPDATE alembic_version" in statement and not begun:
                begun.append(statement)
                assert other.stdin is not None
                other.stdin.write("go\n")
                other.stdin.flush()
                await_waiting(old)

        event.listen(old.engine, "after_cursor_execute", let_the_other_begin)
        upgrade(old)
        event.remove(old.engine, "after_cursor_execute", let_the_other_begin)
        assert begun
        told, errors = other.communicate(timeout=PATIENCE_S)
        return other.returncode, told or errors


def test_of_two_that_upgrade_at_once_one_finds_it_done(old: Database) -> None:
    assert upgrade_while_another_does(old, WITH_LOCK) == (0, "done\n")
    assert is_current(old)


@ON_POSTGRESQL
def test_an_upgrade_takes_the_time_that_it_needs(old: Database) -> None:
    """Callers wait no longer for a table, nor for a statement, than they did."""
    hasty = Database(
        old.url.render_as_string(), DatabaseLimits(lock_timeout_s=0.3, statement_timeout_s=0.3)
    )
    found: list[tuple[str, str]] = []

    def look(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE alembic_version"):
            names = ("statement_timeout", "lock_timeout")
            found.extend((it, cursor.execute(f"SHOW {it}").fetchone()[0]) for it in names)

    event.listen(hasty.engine, "before_cursor_execute", look)
    with ThreadPoolExecutor(1) as threads, old.writing() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(schema.UPGRADE_LOCK)))
        waiting = threads.submit(upgrade, hasty)
        with pytest.raises(FutureTimeoutError):
            waiting.result(1)
        connection.rollback()
        waiting.result(PATIENCE_S)
    hasty.close()
    assert set(found) == {("statement_timeout", "0"), ("lock_timeout", "300ms")}
    assert is_current(old)


@ON_POSTGRESQL
def test_without_the_lock_one_would_fail(old: Database) -> None:
    code, words = upgrade_while_another_does(old, WITHOUT_LOCK)
    assert code == 1
    assert "LostRaceError" in words or "already exists" in words


COUPONS_COUNT = 1_000_000
UPGRADE_S_MAX = 60
COPIES = {
    "sqlite": """
        WITH RECURSIVE numbers (number) AS (
            SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {count}
        )
        INSERT INTO coupon (class_id, terms_id, batch_id, seq, code)
        SELECT class_id, terms_id, batch_id, 1000 + number, 'MANY' || number
        FROM numbers, (SELECT * FROM coupon LIMIT 1) AS one
    """,
    "postgresql": """
        INSERT INTO coupon (class_id, terms_id, batch_id, seq, code)
        SELECT class_id, terms_id, batch_id, 1000 + number, 'MANY' || number
        FROM generate_series(1, {count}) AS number, (SELECT * FROM coupon LIMIT 1) AS one
    """,
}
"""Makes many coupons of one, in the tables of any revision so far."""


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_many_coupons_are_upgraded_in_a_minute(databases: Databases, old: Database) -> None:
    name = old.engine.dialect.name
    patient = Database(old.url.render_as_string(), DatabaseLimits(statement_timeout_s=600))
    with patient.writing() as connection:
        connection.execute(text(COPIES[name].format(count=COUPONS_COUNT)))
    patient.close()
    start = time.monotonic()
    upgrade(old)
    assert time.monotonic() - start < UPGRADE_S_MAX
    assert is_current(old)
    with old.reading() as connection:
        count = connection.execute(select(func.count()).select_from(coupon)).scalar_one()
    assert count > COUPONS_COUNT
