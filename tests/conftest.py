"""What tests of more than one folder share: a database, a clock, a programme."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.storage.engine import Database
from service.storage.schema import upgrade
from tests.programme import Clock, Programme


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
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    """A clock at noon of 1 March 2026, UTC."""
    return Clock()


@pytest.fixture
def programme(database: Database, clock: Clock) -> Programme:
    """An empty coupon programme on the test's database."""
    return Programme(database, clock)
