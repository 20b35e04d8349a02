"""Databases for tests, on each kind of database that the service runs on."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from uuid import uuid4

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.util import LRUCache

from service.storage.all_tables import metadata
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
    """Databases of a server.

    A new one costs a tenth of a second until its first answer: copies of a database are
    emptied and used again, unless somebody has changed their tables, or put much into them.
    """

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._sources: dict[str, str] = {}
        self._tables: dict[str, list[tuple[object, ...]]] = {}
        self._emptied: defaultdict[str, list[str]] = defaultdict(list)

    def create(self, source_url: str | None) -> str:
        if source_url is None:
            return self._new("template1")
        url = self._emptied[source_url].pop() if self._emptied[source_url] else None
        if url is None:
            url = self._new(str(make_url(source_url).database))
            if self._is_empty(source_url):
                self._sources[url] = source_url
        return url

    def drop(self, url: str) -> None:
        source_url = self._sources.get(url)
        if source_url is not None and self._emptied_again(url, source_url):
            self._emptied[source_url].append(url)
        else:
            self._sources.pop(url, None)
            self.server.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _new(self, source: str) -> str:
        name = f"test_{uuid4().hex}"
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        return self.server.url(name)

    def _is_empty(self, url: str) -> bool:
        """Whether the database has tables and no rows; looked at once, as nobody changes it."""
        if url not in self._tables:
            statement = " UNION ALL ".join(f"SELECT 1 FROM {name}" for name in _TABLES)
            with self._connected(url) as connection:
                has_rows = connection.execute(f"{statement} LIMIT 1".encode()).fetchall()
                self._tables[url] = [] if has_rows else connection.execute(_DESCRIPTION).fetchall()
        return self._tables[url] != []

    def _emptied_again(self, url: str, source_url: str) -> bool:
        with self._connected(url) as connection:
            if connection.execute(_DESCRIPTION).fetchall() != self._tables[source_url]:
                return False
            connection.execute(_END_OTHERS)
            is_large = connection.execute(_IS_LARGE).fetchone() == (True,)
            connection.execute(_TRUNCATION if is_large else _DELETION)
        return True

    def _connected(self, url: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(url, autocommit=True)


_TABLES = tuple(table.name for table in metadata.sorted_tables)
_END_OTHERS = b"""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Forty tables take fifty times as long as their rows, while these are few. What was many,
# or has been counted for the planner, leaves traces that only this removes.
_TRUNCATION = f"TRUNCATE {', '.join(_TABLES)} RESTART IDENTITY".encode()
_DELETION = f"""
    BEGIN;
    SET LOCAL session_replication_role = replica;
    {"".join(f"DELETE FROM {name};" for name in _TABLES)}
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
    COMMIT
""".encode()
_IS_LARGE = b"""
    SELECT bool_or(reltuples >= 0 OR pg_relation_size(oid) > 1000000) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
_DESCRIPTION = b"""
    -- Names have 63 characters at most, also those of the definitions below, were they not texts.
    SELECT relname::text, attname::text, atttypid, attnotnull, attisdropped
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL
    SELECT conname, version_num, 0, convalidated, false
    FROM pg_constraint, alembic_version
    WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT indexname, indexdef, 0, true, false FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'setting', array_to_string(setconfig, ','), 0, true, false
    FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
    WHERE datname = current_database()
    ORDER BY 1, 2, 3
"""


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder of files whose commits wait for no disk, where the machine has room for one."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM_BYTES_MIN
    with TemporaryDirectory(prefix="coupon-billing-", dir=memory if has_room else None) as folder:
        yield Path(folder)


# The largest proofs fill a quarter of it.
_ROOM_BYTES_MIN = 8 * 2**30


class Statements(LRUCache[Any, Any]):
    """What SQLAlchemy has compiled, once for all databases of a kind.

    It keeps that for each engine, of which a service has one and most tests have their own:
    compiling was a fifth of their time.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        dialect, *statement = key
        return super().get((dialect.name, *statement), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        dialect, *statement = key
        super().__setitem__((dialect.name, *statement), compiled)


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
