"""What tests of more than one folder share: a database, a clock, a programme."""

import gc
import os
import sys
from collections.abc import Generator, Iterator
from functools import cache, partial
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import create_engine, event
from typer.main import get_command

from service.opening import open_database
from service.operations.call_journal import CallJournal
from service.settings import Settings
from service.storage.engine import Database
from tests.databases import (
    Databases,
    Engine,
    PostgresEngine,
    SqliteEngine,
    Statements,
    folder_in_memory,
    template,
)
from tests.postgresql import PostgresServer
from tests.programme import Clock, Programme

# Some environments tell Python to keep nothing of what it compiles. Tests start processes by the
# hundred, and each would compile the whole service, and each of pytest's own all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A busy machine is slow, which proves nothing about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


QUICK_ON_POSTGRESQL = frozenset(
    {
        "concurrency",
        "deployment",
        "storage",
        "test_creation_job_workers.py",
        "test_creation_jobs.py",
        "test_dispatch_coupons.py",
        "test_every_error.py",
        "test_mint_coupons.py",
        "test_programme_figures.py",
        "test_redeem_coupon.py",
        "test_search_coupons.py",
    }
)
"""The tests, by folder or file, that meet both kinds of database in `make test`."""

SLOW_PROOFS = frozenset(
    {
        "concurrency/test_check_races.py",
        "concurrency/test_deletion_races.py",
        "concurrency/test_key_rushes.py",
        "concurrency/test_rushes.py",
        "crash/test_every_statement.py",
        "crash/test_keys.py",
        "crash/test_trouble.py",
        "deployment/test_contention.py",
        "deployment/test_example.py",
        "deployment/test_job_workers.py",
        "deployment/test_leases.py",
        "deployment/test_orphans.py",
        "docs/test_backup_page.py",
        "mail/test_crashes.py",
        "operations/test_check_ledger.py",
        "packaging/test_wheel.py",
        "storage/test_killed_waiters.py",
        "storage/test_upgrades.py",
    }
)
"""Short forms that still take long, of what quicker tests hold in part."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let nobody look for garbage in what is imported and collected: it stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to `make prove`, on PostgreSQL, what knows the database only through the operations."""
    for item in items:
        params: dict[str, object] = getattr(getattr(item, "callspec", None), "params", {})
        is_quick = not QUICK_ON_POSTGRESQL.isdisjoint({item.path.parent.name, item.path.name})
        is_slow = f"{item.path.parent.name}/{item.path.name}" in SLOW_PROOFS
        if is_slow or (params.get("engine_name") == "postgresql" and not is_quick):
            item.add_marker(pytest.mark.prove)


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Let all databases of the process share what SQLAlchemy compiles."""
    options = {"compiled_cache": Statements(2_000)}
    with pytest.MonkeyPatch.context() as patch:
        making = partial(create_engine, execution_options=options)
        patch.setattr("service.storage.engine.create_engine", making)
        yield


@pytest.fixture(scope="session", autouse=True)
def commands_declared_once() -> Iterator[None]:
    """Let a process make its parser of the command line once, as it does for who types one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """A running server that tests may fill, and must leave running."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The kind of database: what depends on it runs once on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def database_engine(engine_name: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Where databases are made."""
    if engine_name == "postgresql":
        yield PostgresEngine(request.getfixturevalue("postgresql_server"))
        return
    with folder_in_memory() as folder:
        yield SqliteEngine(folder)


@pytest.fixture(scope="session")
def template_url(database_engine: Engine) -> Iterator[str]:
    """A database with the tables and no rows, to be copied only."""
    with template(database_engine) as url:
        yield url


@pytest.fixture(scope="session")
def session_databases(database_engine: Engine, template_url: str) -> Iterator[Databases]:
    """Makes databases that several tests share."""
    databases = Databases(database_engine, template_url)
    yield databases
    databases.drop_all()


@pytest.fixture
def databases(database_engine: Engine, template_url: str) -> Iterator[Databases]:
    """Makes databases of the test's own."""
    databases = Databases(database_engine, template_url)
    yield databases
    databases.drop_all()


@pytest.fixture
def database_url(databases: Databases) -> str:
    """A database of the test's own, with the tables and no rows."""
    return databases.new()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of the test's own, opened."""
    database = Database(database_url)
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _reverse_what_has_no_order)
    yield database
    database.close()


def _reverse_what_has_no_order(connection: Any, _record: object) -> None:
    # A statement without ORDER BY that happens to answer in order would pass otherwise.
    connection.execute("PRAGMA reverse_unordered_selects = ON")


@pytest.fixture
def clock() -> Clock:
    """A clock at noon of 1 March 2026, UTC."""
    return Clock()


@pytest.fixture
def programme(database: Database, clock: Clock) -> Programme:
    """An empty coupon programme on the test's database."""
    return Programme(database, clock)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Let a password be checked in no time: the hash says how slowly."""
    with pytest.MonkeyPatch.context() as patch:
        _hash_by(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), patch)
        yield


@pytest.fixture
def slow_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a password take as long as it does for a service."""
    _hash_by(PasswordHasher(), monkeypatch)


def _hash_by(hasher: PasswordHasher, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("service.operations.secrets._hasher", hasher)
    nobodys_hash = hasher.hash("nobody's")
    patch.setattr("service.operations.secrets._nobodys_hash", lambda: nobodys_hash)


@pytest.fixture
def closed_applications(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the databases and journals of the applications that a test makes.

    An application of the service lives as long as its process, and never closes its own.
    """
    opened: list[Database] = []

    def remember(settings: Settings) -> Database:
        opened.append(open_database(settings))
        return opened[-1]

    journals: list[CallJournal] = []

    def remember_journal(*arguments: Any) -> CallJournal:
        journals.append(CallJournal(*arguments))
        return journals[-1]

    monkeypatch.setattr("service.app.open_database", remember)
    monkeypatch.setattr("service.app.CallJournal", remember_journal)
    yield
    # Each application sets up the log of the process.
    structlog.reset_defaults()
    for journal in journals:
        journal.close()
    for database in opened:
        database.close()
