"""Copying the database."""

from pathlib import Path

from service.operations.calls import Call
from service.storage import backup
from service.storage.backup import Backup
from service.storage.engine import Database
from service.storage.watching import Watch


class NotSqliteError(Exception):
    """The database is none that the service copies; PostgreSQL has programs for it."""


def back_up(call: Call, database: Database, path: Path, watch: Watch) -> Backup:
    """Copy an SQLite database into a new file while the service goes on.

    See ``service.storage.backup.copy_sqlite``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only).
        NotSqliteError: The database is not SQLite.
        BackupFailedError: No copy was made.
    """
    call.caller.require_operator()
    if database.engine.dialect.name != "sqlite":
        raise NotSqliteError
    return backup.copy_sqlite(database, path, watch)
