"""A backup taken while others write has all that was acknowledged before, and nothing by half."""

import itertools
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service.domain.refusals import ServiceTroubleError
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
from tests.reliability.proofs import BACKUP, Report
from tests.storage.engines import ON_SQLITE

REDEEMERS_COUNT, DISPATCHERS_COUNT, SPENDERS_COUNT = 4, 2, 2
COUPONS_COUNT = 5_000
BEFORE_COUNT, AFTER_COUNT = 40, 20
PATIENCE_S = 60
UNUSED_NUMBER = 500_000
ROUNDS_COUNT, CONTROL_COUNT = 20, 5


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


def run(*words: object) -> None:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


class Copies(Protocol):
    """How a kind of database is copied; each way answers the URL of the restored copy."""

    def right(self, url: str, traffic: Traffic) -> Callable[[], str]:
        """Take a backup as the page about backups says; answers how it is restored."""

    def broken(self, url: str, traffic: Traffic) -> Callable[[], str]:
        """Take it as nobody should."""


@dataclass
class SqliteCopies:
    """By the command, and as a file without its log."""

    folder: Path
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def right(self, url: str, _traffic: Traffic) -> Callable[[], str]:
        copy = self._new()
        run(sys.executable, "-m", "service.cli", "backup", copy, "--database", url)
        return lambda: f"sqlite:///{copy}"

    def broken(self, url: str, _traffic: Traffic) -> Callable[[], str]:
        copy = shutil.copy(str(make_url(url).database), self._new())
        return lambda: f"sqlite:///{copy}"

    def _new(self) -> Path:
        return self.folder / f"{next(self._numbers)}.db"


@dataclass
class PostgresCopies:
    """By one dump, and by two of which the second is later."""

    server: PostgresServer
    databases: Databases
    folder: Path

    def right(self, url: str, _traffic: Traffic) -> Callable[[], str]:
        dump = self._dump(url, "all")
        return lambda: self._restored(dump)

    def broken(self, url: str, traffic: Traffic) -> Callable[[], str]:
        tables = self._dump(url, "tables", "--exclude-table-data=audit")
        traffic.await_more(AFTER_COUNT)
        log = self._dump(url, "log", "--table=audit", "--data-only")
        return lambda: self._restored(tables, log)

    def _dump(self, url: str, name: str, *options: str) -> Path:
        path = self.folder / name
        words = ("--format=custom", f"--file={path}", f"--dbname={url}")
        run(self.server.program("pg_dump"), *words, *options)
        return path

    def _restored(self, *dumps: Path) -> str:
        url = self.databases.blank()
        for dump in dumps:
            words = ("--exit-on-error", "--no-owner", f"--dbname={url}")
            run(self.server.program("pg_restore"), *words, dump)
        return url


@pytest.fixture
def copies(
    engine_name: str, databases: Databases, tmp_path: Path, request: pytest.FixtureRequest
) -> Copies:
    """How the test's kind of database is copied."""
    if engine_name == "sqlite":
        return SqliteCopies(tmp_path)
    return PostgresCopies(request.getfixturevalue("postgresql_server"), databases, tmp_path)


@contextmanager
def opened(url: str, first_number: int) -> Iterator[Programme]:
    database = Database(url)
    yield Programme(database, _numbers=itertools.count(first_number))
    database.close()


def wrong_in(programme: Programme, acknowledged: list[str]) -> str:
    """What is wrong in a restored database; nothing when it is whole."""
    try:
        if not is_current(programme.database):
            return "tables of another release"
        statement = select(coupon.c.code).where(coupon.c.redeemed_at.is_not(None))
        with programme.database.reading() as connection:
            lost = set(acknowledged) - set(connection.execute(statement).scalars())
        findings = check_database(programme.call())
    except (DBAPIError, ServiceTroubleError) as error:
        return str(error)
    return f"{len(lost)} lost" if lost else str(findings.breaches or findings.differences or "")


def redeem_another(programme: Programme) -> str:
    """Go on in a restored database; answers what is wrong in it afterwards."""
    owner = programme.customer()
    account_id = programme.account(owner)
    code = programme.coupon(owner)
    redeem_coupon(programme.call(), account_id, code)
    programme.spend(account_id)
    return wrong_in(programme, [code])


def sound(url: str) -> bool:
    """Whether the database itself finds nothing wrong with it; PostgreSQL did when it restored."""
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite":
        return True
    with closing(sqlite3.connect(str(parts.database))) as copy:
        return copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def wrong_backup(databases: Databases, take: Callable[[str, Traffic], Callable[[], str]]) -> str:
    """What is wrong in a backup that is taken amid writers and restored."""
    url = databases.new()
    with opened(url, 1) as programme:
        traffic = Traffic(programme)
        with traffic.going_on():
            traffic.await_more(BEFORE_COUNT)
            acknowledged = list(traffic.acknowledged)
            restored = take(url, traffic)
            traffic.await_more(AFTER_COUNT)
    copy_url = restored()
    if not sound(copy_url):
        return "integrity_check"
    with opened(copy_url, UNUSED_NUMBER) as programme:
        return wrong_in(programme, acknowledged) or redeem_another(programme)


@pytest.mark.prove
def test_a_backup_is_whole(databases: Databases, copies: Copies) -> None:
    assert wrong_backup(databases, copies.right) == ""


@pytest.mark.prove
def test_a_broken_backup_would_be_noticed(databases: Databases, copies: Copies) -> None:
    # One alone may be right by chance, when no writer was quick enough.
    assert any(wrong_backup(databases, copies.broken) for _ in range(CONTROL_COUNT))


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_every_backup_is_whole(databases: Databases, copies: Copies, report: Report) -> None:
    wrong = [it for _ in range(ROUNDS_COUNT) if (it := wrong_backup(databases, copies.right))]
    report.proof(BACKUP, rounds=ROUNDS_COUNT, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_broken_backups_are_noticed(databases: Databases, copies: Copies, report: Report) -> None:
    wrong = [it for _ in range(CONTROL_COUNT) if (it := wrong_backup(databases, copies.broken))]
    report.control(BACKUP, rounds=CONTROL_COUNT, failures=len(wrong))
    assert wrong != []


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
    made = back_up(programme.call(), programme.database, tmp_path / "copy.db", writing_between)
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
