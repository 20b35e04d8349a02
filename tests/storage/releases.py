"""Databases as released revisions left them: ``python -m tests.storage.releases`` keeps one.

A revision that has been released is in the hands of users, with data in it. Each keeps a
database that the code of its time has filled, as statements in ``released/``: those of
SQLite and those of PostgreSQL, which make tables and rows without any code of today.
"""

import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from service.storage import schema
from service.storage.engine import Database
from tests.databases import PostgresEngine, SqliteEngine
from tests.operations.lived import Lived
from tests.postgresql import PostgresServer
from tests.programme import Programme

FOLDER = Path(__file__).with_name("released")


def revisions() -> list[str]:
    """Every revision, the first one first."""
    scripts = ScriptDirectory.from_config(schema._config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def dump_path(revision: str, engine_name: str) -> Path:
    """Where a revision's database is kept."""
    return FOLDER / f"{revision}.{engine_name}.sql"


def load(url: str, revision: str) -> None:
    """Make tables and rows of a revision in a database that has none."""
    parts = make_url(url)
    name = parts.get_backend_name()
    statements = dump_path(revision, name).read_text(encoding="utf-8")
    if name == "sqlite":
        with closing(sqlite3.connect(str(parts.database))) as connection:
            connection.executescript(statements)
    else:
        address = parts.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statements.encode())


def _dump_sqlite(url: str) -> str:
    with closing(sqlite3.connect(str(make_url(url).database))) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def _dump_postgresql(server: PostgresServer, url: str) -> str:
    options = ("--no-owner", "--no-privileges", "--rows-per-insert=100")
    done = subprocess.run(
        [server.program("pg_dump"), *options, f"--dbname={url}"],
        capture_output=True,
        text=True,
        check=True,
    )
    # Lines with a backslash are for psql.
    lines = done.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("\\"))


def _keep(url: str, engine_name: str, dump: Callable[[str], str]) -> None:
    database = Database(url)
    Lived(Programme(database)).build()
    database.close()
    path = dump_path(revisions()[-1], engine_name)
    with path.open("x", encoding="utf-8") as file:
        file.write(dump(url))
    print(path)  # noqa: T201 - for who typed the command


def main() -> None:
    """Fill a database of each kind, at the newest revision, and keep both.

    Raises:
        FileExistsError: The revision has its databases; they are never changed.
    """
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _keep(SqliteEngine(Path(folder)).create(None), "sqlite", _dump_sqlite)
    server = PostgresServer()
    try:
        server.start()
        url = PostgresEngine(server).create(None)
        _keep(url, "postgresql", lambda url: _dump_postgresql(server, url))
    finally:
        server.remove()


if __name__ == "__main__":
    main()
