"""The commands of the page about backups do what it says, in their order."""

import itertools
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from service.operations.initialise import initialise
from service.operations.redeem_coupon import redeem_coupon
from service.storage.engine import Database
from service.storage.tables import redemption
from tests.programme import Programme
from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE

# Each command is a process, and a busy machine takes its time for them.
pytestmark = pytest.mark.timeout(300)

PAGE = (Path(__file__).parents[2] / "docs" / "backup.md").read_text(encoding="utf-8")


def commands(heading):
    """The blocks of a section: how a backup is taken, and how it is restored."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    taking, restoring = re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return taking, restoring


@pytest.fixture
def redeemed():
    """Adds three redemptions to a database."""
    numbers = itertools.count(100)

    def redeemed(url):
        database = Database(url)
        programme = Programme(database, _numbers=numbers)
        initialise(programme.call(), database)
        owner = programme.customer()
        account_id = programme.account(owner)
        for _ in range(3):
            redeem_coupon(programme.call(), account_id, programme.coupon(owner))
        database.close()

    return redeemed


def redemptions_count(url):
    database = Database(url)
    count = len(Programme(database).rows(redemption))
    database.close()
    return count


@pytest.fixture
def type_in(tmp_path):
    """Runs a block as it stands in the page, in a folder of the test's own."""

    def type_in(block, *programs, **variables):
        folders = [str(Path(sys.executable).parent), *map(str, programs), os.environ["PATH"]]
        done = subprocess.run(
            ["bash", "-e", "-c", block],
            cwd=tmp_path,
            env={**os.environ, "PATH": os.pathsep.join(folders), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return type_in


@ON_SQLITE
def test_the_commands_for_sqlite(database_url, redeemed, type_in, tmp_path):
    url = f"sqlite:///{tmp_path / 'coupon-billing.db'}"
    shutil.copy(make_url(database_url).database, tmp_path / "coupon-billing.db")
    redeemed(url)
    taking, restoring = commands("SQLite")
    type_in(taking, COUPON_BILLING_DATABASE=url)
    database = Database(url)
    # The file's log is there while somebody has it open, and must not survive.
    with database.reading():
        redeemed(url)
        assert redemptions_count(url) == 6
        told = type_in(restoring, COUPON_BILLING_DATABASE=url)
        assert {path.name for path in (tmp_path / "aside").iterdir()} >= {"coupon-billing.db-wal"}
    database.close()
    assert "rules hold" in told
    assert redemptions_count(url) == 3


@ON_POSTGRESQL
def test_the_commands_for_postgresql(database_url, redeemed, type_in, postgresql_server, tmp_path):
    redeemed(database_url)
    parts = make_url(database_url)
    restored = parts.set(database=f"{parts.database}_restored").render_as_string()
    taking, restoring = (
        it.replace("coupon_billing", parts.database) for it in commands("PostgreSQL")
    )
    programs = postgresql_server.program("pg_dump").parent
    server = {"PGHOST": parts.host, "PGPORT": str(parts.port), "PGUSER": parts.username}
    type_in(taking, programs, **server)
    assert stat.S_IMODE((tmp_path / "backup.dump").stat().st_mode) == 0o600
    redeemed(database_url)
    assert redemptions_count(database_url) == 6
    try:
        assert "rules hold" in type_in(restoring, programs, **server)
        assert redemptions_count(restored) == 3
    finally:
        name = make_url(restored).database
        postgresql_server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
