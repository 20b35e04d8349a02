"""Bringing a database to the tables of this release."""

from contextlib import suppress
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, func, select
from sqlalchemy.engine import URL

from service.storage.engine import Database

FILE_MODE = 0o600
UPGRADE_LOCK = 0x636F75706F6E
"""The number of the advisory lock; any will do that no other program uses."""


def upgrade(database: Database) -> None:
    """Create the tables, or change those of an earlier release, keeping the data.

    A new SQLite file is readable by its owner only: whoever reads a code can redeem it.

    Raises:
        CommandError: The database is of a later release, or has rows that point nowhere;
            it is left as it was.
    """
    if _is_missing_file(database.url):
        # Where it cannot be made, the database itself says why.
        with suppress(OSError):
            Path(str(database.url.database)).touch(mode=FILE_MODE)
    with database.upgrading() as connection:
        if connection.dialect.name == "postgresql":
            _await_turn(connection)
        if _revision(connection) == _head():
            return
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite":
            _require_no_stray(connection)


def _await_turn(connection: Connection) -> None:
    """One of several that start at once upgrades, and the others find it done."""
    # However long it takes: a change of many rows is no statement that hangs.
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
    # Who waits for a table longer than callers do keeps them waiting behind it.
    connection.exec_driver_sql("SET LOCAL lock_timeout = DEFAULT")


def _require_no_stray(connection: Connection) -> None:
    strays = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if strays:
        raise CommandError(f"the upgrade would leave {len(strays)} rows that point nowhere")


def is_current(database: Database) -> bool:
    """Whether the database has the tables of this release; a missing file stays missing."""
    if _is_missing_file(database.url):
        return False
    with database.reading() as connection:
        return _revision(connection) == _head()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def _head() -> str | None:
    """The newest revision; looked up once, as the migrations of a release do not change."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _is_missing_file(url: URL) -> bool:
    is_file = url.get_backend_name() == "sqlite" and url.database
    return bool(is_file) and not Path(str(url.database)).exists()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "service.storage:migrations")
    config.set_main_option("path_separator", "os")
    return config
