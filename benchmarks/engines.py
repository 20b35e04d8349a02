"""The databases that are measured, and the program of each that loads a file into a table."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy.engine import make_url

from benchmarks.own_service import CLASS_NAME, new_call, start_class
from benchmarks.processes import Finished, run_watched
from service.operations.classes import require_class_in_use
from service.operations.initialise import FirstKeys
from service.storage import coupons
from service.storage.engine import Database
from tests.databases import PostgresEngine, SqliteEngine
from tests.postgresql import PostgresServer

POSTGRES_SETTINGS = {"fsync": "on", "shared_buffers": "512MB"}
"""Unlike tests, a benchmark keeps what it writes."""

# Those of the service without what is empty in every row. The shell fills columns that the file
# does not have, but complains in each line; this spares it that, and the service's checks.
_SHELL_TABLES = """
    CREATE TABLE coupon (
        coupon_id INTEGER NOT NULL PRIMARY KEY, class_id INTEGER NOT NULL,
        terms_id INTEGER NOT NULL, batch_id INTEGER NOT NULL, seq INTEGER,
        code VARCHAR(100) NOT NULL UNIQUE
    );
    CREATE TABLE coupon_place (
        batch_id INTEGER NOT NULL, seq INTEGER NOT NULL, coupon_id INTEGER NOT NULL,
        PRIMARY KEY (batch_id, seq)
    ) WITHOUT ROWID
"""
# Its own numbers ascend with the lines, while the codes are in no order.
_SHELL_COUPONS = """
    SELECT place.seq + 1, class_id, terms_id, place.batch_id, place.seq, code
    FROM coupon_place AS place JOIN coupon USING (coupon_id) ORDER BY place.batch_id, place.seq
"""
_SHELL_PLACES = "SELECT batch_id, seq, seq + 1 FROM coupon_place ORDER BY batch_id, seq"


@dataclass(frozen=True)
class Files:
    """The rows of a job as files that the database's program loads."""

    coupons: Path
    places: Path


class Loader(Protocol):
    """The program of a database."""

    name: str

    def export(self, url: str, folder: Path) -> Files:
        """Write the coupons and places of a database into files of the folder."""

    def load(self, files: Files, count: int) -> tuple[Finished, int]:
        """Load them into a new database, which is removed; answers its size in bytes as well."""


@dataclass
class Engine:
    """A kind of database.

    Attributes:
        loader: None where its program is not installed.
        server_ids: The first process of its server, if it has one.
    """

    name: str
    makes: SqliteEngine | PostgresEngine
    loader: Loader | None
    server_ids: tuple[int, ...] = ()
    urls: list[str] = field(default_factory=list)

    def new(self) -> tuple[str, FirstKeys]:
        """A database with a class that has no coupons, and its first keys."""
        url = self.makes.create(None)
        self.urls.append(url)
        database = Database(url)
        keys = start_class(database)
        database.close()
        return url, keys

    def drop(self, url: str) -> None:
        """Remove a database."""
        self.urls.remove(url)
        self.makes.drop(url)

    def drop_all(self) -> None:
        """Remove what is left."""
        for url in list(self.urls):
            self.drop(url)


@contextmanager
def engines(folder: Path) -> Iterator[list[Engine]]:
    """Both kinds of database, for the time of the block.

    Args:
        folder: Where the files of SQLite are.
    """
    shell = shutil.which("sqlite3")
    sqlite = Engine(
        "SQLite", SqliteEngine(folder), SqliteShell(Path(shell), folder) if shell else None
    )
    server = PostgresServer(POSTGRES_SETTINGS)
    try:
        server.start()
        makes = PostgresEngine(server)
        postgresql = Engine("PostgreSQL", makes, None, (server.process_id,))
        if server.program("psql").exists():
            postgresql.loader = Psql(server.program("psql"), postgresql)
        yield [sqlite, postgresql]
        sqlite.drop_all()
    finally:
        server.remove()


def size_of(url: str) -> int:
    """How many bytes coupons and places take, with their indexes; on SQLite the whole file."""
    if not url.startswith("sqlite"):
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT pg_total_relation_size('coupon') + pg_total_relation_size('coupon_place')"
            ).fetchone()
        assert row is not None
        return int(row[0])
    path = _path_of(url)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def whole_size_of(url: str) -> int:
    """How many bytes a database takes as it is, while it is used."""
    if not url.startswith("sqlite"):
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])
    path = _path_of(url)
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(it.stat().st_size for it in files if it.exists())


class SqliteShell:
    """``sqlite3``, with its own settings and the codes in random order, as files have them."""

    name = "`sqlite3 .import`, random order"

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._path = folder / "imported.db"

    def export(self, url: str, folder: Path) -> Files:
        """As ``Loader`` says."""
        files = Files(folder / "shell-coupons.csv", folder / "shell-places.csv")
        with closing(sqlite3.connect(_path_of(url))) as database:
            _write_csv(files.coupons, database.execute(_SHELL_COUPONS))
            _write_csv(files.places, database.execute(_SHELL_PLACES))
        return files

    def load(self, files: Files, count: int) -> tuple[Finished, int]:
        """As ``Loader`` says."""
        with closing(sqlite3.connect(self._path)) as database:
            database.executescript(_SHELL_TABLES)
        imports = [
            f".import --csv {files.coupons} coupon",
            f".import --csv {files.places} coupon_place",
        ]
        finished = run_watched([self._program, self._path, *imports])
        with closing(sqlite3.connect(self._path)) as database:
            _require_count(database.execute("SELECT count(*) FROM coupon_place").fetchone(), count)
        size = self._path.stat().st_size
        self._path.unlink()
        return finished, size


class Psql:
    """``psql``, into the tables of the service, with the codes in their order."""

    name = "`psql \\copy`, in order"

    def __init__(self, program: Path, engine: Engine) -> None:
        self._program = program
        self._engine = engine

    def export(self, url: str, folder: Path) -> Files:
        """As ``Loader`` says."""
        files = Files(folder / "psql-coupons.csv", folder / "psql-places.csv")
        coupons_columns = "class_id, terms_id, batch_id, seq, code"
        for path, query in (
            (files.coupons, f"SELECT {coupons_columns} FROM coupon ORDER BY coupon_id"),
            (files.places, "SELECT batch_id, seq, coupon_id FROM coupon_place ORDER BY 1, 2"),
        ):
            run_watched([self._program, url, "-c", f"\\copy ({query}) TO '{path}' (FORMAT csv)"])
        return files

    def load(self, files: Files, count: int) -> tuple[Finished, int]:
        """As ``Loader`` says."""
        url, _ = self._engine.new()
        _add_batch(url)
        copies = (
            f"\\copy coupon (class_id, terms_id, batch_id, seq, code) FROM '{files.coupons}'",
            f"\\copy coupon_place (batch_id, seq, coupon_id) FROM '{files.places}'",
        )
        words = [word for copy in copies for word in ("-c", f"{copy} (FORMAT csv)")]
        finished = run_watched([self._program, url, "-v", "ON_ERROR_STOP=1", *words])
        with psycopg.connect(url) as connection:
            _require_count(
                connection.execute("SELECT count(*) FROM coupon_place").fetchone(), count
            )
        size = size_of(url)
        self._engine.drop(url)
        return finished, size


def _add_batch(url: str) -> None:
    """What the coupons belong to."""
    database = Database(url)
    call = new_call(database)
    with database.writing() as connection:
        found = require_class_in_use(connection, 1, CLASS_NAME, lock=True)
        coupons.add_batch(connection, found.class_id, 1, call.now, start_date=None)
    database.close()


def _write_csv(path: Path, rows: sqlite3.Cursor) -> None:
    with path.open("w", encoding="ascii") as file:
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)


def _path_of(url: str) -> Path:
    return Path(str(make_url(url).database))


def _require_count(row: tuple[int, ...] | None, count: int) -> None:
    if row != (count,):
        raise RuntimeError(f"{row} rows were loaded, not {count}")
