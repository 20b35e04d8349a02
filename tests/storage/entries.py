"""A table of entries on SQLite, for tests of those who write into it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from service.storage.engine import Database, DatabaseLimits
from service.storage.prepared import run_text
from service.storage.writers_turn import Attempt

PATIENCE_S = 30
SHORT_S = 0.1
"""How long is waited for others where that is too short."""
TABLES = """
CREATE TABLE entry (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    parent INTEGER REFERENCES entry (place)
);
CREATE TRIGGER fatal BEFORE INSERT ON entry WHEN NEW.name = 'fatal'
BEGIN SELECT RAISE(ROLLBACK, 'fatal'); END;
CREATE TABLE counter (total INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
"""
Open = Callable[..., Database]


@contextmanager
def opening(path: Path) -> Iterator[Open]:
    """Opens one file with the tables above, as often as a test likes."""
    opened: list[Database] = []

    def open_with(query: str = "", **limits: float) -> Database:
        url = f"sqlite:///file:{path}?uri=true{query}"
        opened.append(Database(url, DatabaseLimits(**limits)))
        return opened[-1]

    first = open_with()
    with first.reading() as connection:
        driver(connection).executescript(TABLES)
    # Connections of one process share what they know of the files.
    first.close()
    yield open_with
    for database in opened:
        database.close()


@pytest.fixture
def open_with(tmp_path: Path) -> Iterator[Open]:
    """Opens one file of entries, as often as a test likes."""
    with opening(tmp_path / "entries.db") as open_with:
        yield open_with


def driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def names(database: Database) -> list[str]:
    """What has been written, in its order."""
    with database.reading() as connection:
        return [name for (name,) in run_text(connection, "SELECT name FROM entry ORDER BY place")]


def put(name: str) -> Attempt[str]:
    """Writes an entry, and answers its name."""

    def attempt(connection: Connection) -> str:
        run_text(connection, "INSERT INTO entry (name) VALUES (?)", (name,))
        return name

    return attempt
