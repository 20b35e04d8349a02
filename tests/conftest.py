"""What tests of more than one folder share: a database, a clock, a programme."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import event

from service.storage.engine import Database
from service.storage.schema import upgrade
from tests.programme import Clock, Programme

# A busy machine is slow, which proves nothing about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def empty_database_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and no rows, made once and copied for each test."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture
def database(tmp_path: Path, empty_database_file: Path) -> Iterator[Database]:
    """A database of the test's own, without rows."""
    path = shutil.copy(empty_database_file, tmp_path / "test.db")
    database = Database(f"sqlite:///{path}")
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


@pytest.fixture
def closed_applications(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the databases of the applications that a test makes.

    An application of the service lives as long as its process, and never closes its own.
    """
    opened: list[Database] = []

    def open_database(url: str) -> Database:
        opened.append(Database(url))
        return opened[-1]

    monkeypatch.setattr("service.app.Database", open_database)
    yield
    for database in opened:
        database.close()
