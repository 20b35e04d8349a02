"""Databases for tests, on each kind of database that the service runs on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from sqlalchemy.engine import make_url

from service.storage.engine import Database
from service.storage.schema import upgrade
from tests.postgresql import PostgresServer


class Engine(Protocol):
    """Where databases are made, and removed."""

    def create(self, source_url: str | None) -> str:
        """A new database's URL: without tables, or a copy of another that nobody uses."""

    def drop(self, url: str) -> None:
        """Remove a database, whoever uses it."""


class SqliteEngine:
    """Databases that are files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def create(self, source_url: str | None) -> str:
        path = self._folder / f"{next(self._numbers)}.db"
        if source_url is not None:
            shutil.copy(str(make_url(source_url).database), path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        path = str(make_url(url).database)
        for file in (path, f"{path}-wal", f"{path}-shm"):
            Path(file).unlink(missing_ok=True)


class PostgresEngine:
    """Databases of a server."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server

    def create(self, source_url: str | None) -> str:
        name = f"test_{uuid4().hex}"
        source = "template1" if source_url is None else make_url(source_url).database
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        return self.server.url(name)

    def drop(self, url: str) -> None:
        self.server.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


class Databases:
    """Databases of one owner, who removes them all at the end."""

    def __init__(self, engine: Engine, template_url: str) -> None:
        self._engine = engine
        self._template_url = template_url
        self._urls: list[str] = []

    def new(self) -> str:
        """The URL of a new database that has the tables and no rows."""
        return self.copy(self._template_url)

    def blank(self) -> str:
        """The URL of a new database without tables."""
        return self._created(None)

    def copy(self, url: str) -> str:
        """The URL of a copy of a database, which nobody may use just now."""
        return self._created(url)

    def drop_all(self) -> None:
        """Remove every database that was made here."""
        while self._urls:
            self._engine.drop(self._urls.pop())

    def _created(self, source_url: str | None) -> str:
        self._urls.append(self._engine.create(source_url))
        return self._urls[-1]


@contextmanager
def template(engine: Engine) -> Iterator[str]:
    """A database with the tables and no rows, made once and copied for each test."""
    url = engine.create(None)
    database = Database(url)
    upgrade(database)
    database.close()
    yield url
    engine.drop(url)
