"""A backup taken while others write has all that was acknowledged before, and nothing by half."""

import itertools
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service.domain.errors import ServiceTroubleError
from service.operations.back_up import back_up
from service.operations.check_database import check_database
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage import backup
from service.storage.engine import Database
from service.storage.schema import is_current
from service.storage.tables import coupon
from tests.databases import Databases
from tests.postgresql import PostgresServer
from tests.programme import Programme
from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE

REDEEMERS_COUNT, DISPATCHERS_COUNT, SPENDERS_COUNT = 4, 2, 2
COUPONS_COUNT = 5_000
BEFORE_COUNT, AFTER_COUNT = 40, 20
PATIENCE_S = 60
UNUSED_NUMBER = 500_000


@dataclass
class Traffic:
    """Writers that redeem, dispatch and report spend until they are told to end.

    Attributes:
        acknowledged: The codes of redemptions that the operation has answered.
    """

    programme: Programme
    acknowledged: list[str] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _errors: list[BaseException] = field(default_factory=list)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Write for the time of the block; what went wrong is raised at its end."""
        threads = [threading.Thread(target=self._run, args=(it,)) for it in self._writers()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join(PATIENCE_S)
        if self._errors:
            raise self._errors[0]

    def await_more(self, count: int) -> None:
        """Return when so many more redemptions are acknowledged."""
        wanted = len(self.acknowledged) + count
        end = time.monotonic() + PATIENCE_S
        while len(self.acknowledged) < wanted:
            assert not self._errors, self._errors
            assert time.monotonic() < end, "the writers stand still"
            time.sleep(0.005)

    def _writers(self) -> list[Callable[[int], None]]:
        owner = self.programme.customer()
        codes = {}
        for name in ("Spring", "Summer"):
            self.programme.coupon_class(owner, name)
            codes[name] = self.programme.mint(owner, name, COUPONS_COUNT)
        left = iter(codes["Spring"])
        accounts = [self.programme.account(owner) for _ in range(REDEEMERS_COUNT)]

        def redeem(number: int) -> None:
            code = next(left)
            redeem_coupon(self.programme.call(), accounts[number % len(accounts)], code)
            self.acknowledged.append(code)

        def dispatch(number: int) -> None:
            emails: list[str | None] = [f"kim{number}.{it}@example.com" for it in range(3)]
            assert dispatch_coupons(self.programme.call(), emails, owner, "Summer") == []

        def spend(number: int) -> None:
            self.programme.spend(accounts[number % len(accounts)], "0.01")

        return (
            [redeem] * REDEEMERS_COUNT + [dispatch] * DISPATCHERS_COUNT + [spend] * SPENDERS_COUNT
        )

    def _run(self, write: Callable[[int], None]) -> None:
        try:
            number = 0
            while not self._is_over.is_set():
                number += 1
                write(number)
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            self._errors.append(error)


@pytest.fixture
def traffic(programme: Programme) -> Traffic:
    """Writers at the test's database."""
    return Traffic(programme)


def run(*words: object) -> None:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def copied_by_the_command(url: str, folder: Path) -> str:
    """The URL of what ``coupon-billing backup`` makes."""
    copy = folder / "copy.db"
    run(sys.executable, "-m", "service.cli", "backup", copy, "--database", url)
    return f"sqlite:///{copy}"


def copied_without_the_log(url: str, folder: Path) -> str:
    """The control: the file alone, as it lies there."""
    path = str(make_url(url).database)
    return f"sqlite:///{shutil.copy(path, folder / 'copy.db')}"


@dataclass
class PostgresBackup:
    """PostgreSQL's own programs."""

    server: PostgresServer
    databases: Databases
    folder: Path

    def dump(self, url: str, name: str, *options: str) -> Path:
        """Dump a database, or parts of it."""
        path = self.folder / name
        words = ("--format=custom", f"--file={path}", f"--dbname={url}")
        run(self.server.program("pg_dump"), *words, *options)
        return path

    def restored(self, *dumps: Path) -> str:
        """The URL of a fresh database with what was dumped."""
        url = self.databases.blank()
        for dump in dumps:
            words = ("--exit-on-error", "--no-owner", f"--dbname={url}")
            run(self.server.program("pg_restore"), *words, dump)
        return url


@pytest.fixture
def postgres_backup(
    postgresql_server: PostgresServer, databases: Databases, tmp_path: Path
) -> PostgresBackup:
    """PostgreSQL's own programs, on the tests' server."""
    return PostgresBackup(postgresql_server, databases, tmp_path)


@pytest.fixture
def open_copy() -> Iterator[Callable[[str], Programme]]:
    """Opens restored databases."""
    with ExitStack() as stack:

        def open_copy(url: str) -> Programme:
            database = Database(url)
            stack.callback(database.close)
            return Programme(database, _numbers=itertools.count(UNUSED_NUMBER))

        yield open_copy


def lost(programme: Programme, acknowledged: list[str]) -> set[str]:
    """The codes of which the database does not know that they are redeemed."""
    statement = select(coupon.c.code).where(coupon.c.redeemed_at.is_not(None))
    with programme.database.reading() as connection:
        return set(acknowledged) - set(connection.execute(statement).scalars())


def prove_that_it_is_whole(programme: Programme, acknowledged: list[str]) -> None:
    assert is_current(programme.database)
    assert check_database(programme.call()).is_clean
    assert lost(programme, acknowledged) == set()
    assert len(acknowledged) >= BEFORE_COUNT
    owner = programme.customer()
    account_id = programme.account(owner)
    redeem_coupon(programme.call(), account_id, programme.coupon(owner))
    programme.spend(account_id)
    assert check_database(programme.call()).is_clean


def taken_meanwhile(traffic: Traffic, take: Callable[[], str]) -> tuple[str, list[str]]:
    """What a backup answers that is taken amid writers, and what was acknowledged before."""
    with traffic.going_on():
        traffic.await_more(BEFORE_COUNT)
        acknowledged = list(traffic.acknowledged)
        taken = take()
        traffic.await_more(AFTER_COUNT)
    return taken, acknowledged


@ON_SQLITE
def test_a_copy_of_sqlite_is_whole(
    traffic: Traffic, database_url: str, tmp_path: Path, open_copy: Callable[[str], Programme]
) -> None:
    url, acknowledged = taken_meanwhile(
        traffic, lambda: copied_by_the_command(database_url, tmp_path)
    )
    with closing(sqlite3.connect(str(make_url(url).database))) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    prove_that_it_is_whole(open_copy(url), acknowledged)


@ON_SQLITE
def test_a_copy_without_the_log_would_be_noticed(
    traffic: Traffic, database_url: str, tmp_path: Path, open_copy: Callable[[str], Programme]
) -> None:
    url, acknowledged = taken_meanwhile(
        traffic, lambda: copied_without_the_log(database_url, tmp_path)
    )
    programme = open_copy(url)
    try:
        missing = lost(programme, acknowledged)
    except (DBAPIError, ServiceTroubleError):
        return
    assert missing or not check_database(programme.call()).is_clean


@ON_POSTGRESQL
def test_a_dump_of_postgresql_is_whole(
    traffic: Traffic,
    database_url: str,
    postgres_backup: PostgresBackup,
    open_copy: Callable[[str], Programme],
) -> None:
    dump, acknowledged = taken_meanwhile(
        traffic, lambda: str(postgres_backup.dump(database_url, "all"))
    )
    prove_that_it_is_whole(open_copy(postgres_backup.restored(Path(dump))), acknowledged)


@ON_POSTGRESQL
def test_a_dump_in_two_parts_would_be_noticed(
    traffic: Traffic,
    database_url: str,
    postgres_backup: PostgresBackup,
    open_copy: Callable[[str], Programme],
) -> None:
    def dump_in_parts() -> str:
        postgres_backup.dump(database_url, "tables", "--exclude-table-data=audit")
        traffic.await_more(AFTER_COUNT)
        postgres_backup.dump(database_url, "log", "--table=audit", "--data-only")
        return ""

    taken_meanwhile(traffic, dump_in_parts)
    parts = (postgres_backup.folder / "tables", postgres_backup.folder / "log")
    programme = open_copy(postgres_backup.restored(*parts))
    assert not check_database(programme.call()).is_clean


STEPS_COUNT = 20


@dataclass
class WritingBetween:
    """A ``Watch`` that writes whenever it is told, at first, and keeps what it is told."""

    programme: Programme
    done: list[int] = field(default_factory=list)

    def __call__(self, _step: str, done_count: int, _count: int) -> None:
        self.done.append(done_count)
        if len(self.done) < STEPS_COUNT:
            self.programme.customer()


@pytest.fixture
def writing_between(programme: Programme) -> WritingBetween:
    """A watch at a database of some size."""
    owner = programme.customer()
    programme.coupon_class(owner, "Spring")
    programme.mint(owner, "Spring", COUPONS_COUNT)

    return WritingBetween(programme)


@ON_SQLITE
def test_a_copy_begins_once_however_much_is_written(
    programme: Programme,
    tmp_path: Path,
    writing_between: WritingBetween,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backup, "PAGES_PER_STEP", 4)
    made = back_up(programme.call(), tmp_path / "copy.db", writing_between)
    *copying, verifying = writing_between.done
    assert len(copying) > STEPS_COUNT
    assert copying == sorted(set(copying))
    assert verifying == 0
    assert made.bytes_count == (tmp_path / "copy.db").stat().st_size


@ON_SQLITE
def test_a_copy_outside_a_transaction_would_begin_anew(
    programme: Programme, tmp_path: Path, writing_between: WritingBetween
) -> None:
    path = str(programme.database.url.database)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(":memory:")) as target:
        source.backup(
            target,
            pages=4,
            progress=lambda _status, left, total: writing_between("", total - left, total),
        )
    assert writing_between.done != sorted(set(writing_between.done))
