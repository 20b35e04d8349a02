"""Copying an SQLite database while others write to it."""

import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from service.storage.engine import Database
from service.storage.watching import Watch

PAGES_PER_STEP = 256
"""How many pages are copied before ``Watch`` is told again."""
COPYING = "copying"
VERIFYING = "verifying the copy"


class BackupFailedError(Exception):
    """No copy was made; its text says why."""


class UnsoundCopyError(BackupFailedError):
    """The copy is not sound, and was thrown away: the database itself may be damaged."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made.

    Attributes:
        file: Where it is.
        bytes_count: Its size.
        revision: Of its tables.
    """

    file: str
    bytes_count: int
    revision: str


def copy_sqlite(database: Database, path: Path, watch: Watch) -> Backup:
    """Copy one state of the database into a new file, which only its owner can read.

    What is committed before the copy begins is in it, and nothing of what is committed
    later. Nobody waits for it: others read and write meanwhile, and what they write stays
    in the write-ahead log until the copy is done. The file has its name only when all of
    it is on the disk, and was found sound.

    Args:
        database: On SQLite.
        path: Where nothing may be yet.
        watch: Is told how many pages are copied.

    Raises:
        BackupFailedError: There is something already, or it cannot be written;
            ``UnsoundCopyError`` when the copy is damaged.
    """
    if os.path.lexists(path):
        raise BackupFailedError("there is something already")
    try:
        # Beside its place, so that it can be given its name in one step.
        descriptor, name = tempfile.mkstemp(".partial", f".{path.name}.", path.parent)
    except OSError as error:
        raise BackupFailedError(str(error)) from error
    partial = Path(name)
    try:
        with database.reading() as connection:
            revision = _copy(connection, partial, watch)
        watch(VERIFYING, 0, 1)
        _verify(partial, revision)
        os.fsync(descriptor)
        os.link(partial, path)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(str(error)) from error
    finally:
        os.close(descriptor)
        partial.unlink()
    _sync_folder(path.parent)
    return Backup(str(path), path.stat().st_size, revision)


def _copy(connection: Connection, partial: Path, watch: Watch) -> str:
    """Copy what the transaction sees; answers the revision of the tables."""
    # The first statement decides which state the transaction sees from then on. Without
    # one, the copy would begin anew whenever somebody has written.
    statement = "SELECT version_num FROM alembic_version"
    revision = str(connection.exec_driver_sql(statement).scalar_one())
    source: Any = connection.connection.driver_connection

    def tell(_status: int, remaining: int, total: int) -> None:
        watch(COPYING, total - remaining, total)

    with closing(sqlite3.connect(partial, isolation_level=None)) as target:
        source.backup(target, pages=PAGES_PER_STEP, progress=tell)
        # One file, without a log beside it; the service turns the log on again.
        target.execute("PRAGMA journal_mode = DELETE")
    return revision


def _verify(partial: Path, revision: str) -> None:
    with closing(sqlite3.connect(f"file:{partial}?mode=ro", uri=True)) as copy:
        wrong = [text for (text,) in copy.execute("PRAGMA integrity_check") if text != "ok"]
        wrong += [f"foreign key: {row}" for row in copy.execute("PRAGMA foreign_key_check")]
        (copied,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    if copied != revision:
        wrong.append(f"tables of revision {copied} instead of {revision}")
    if wrong:
        raise UnsoundCopyError("; ".join(wrong))


def _sync_folder(folder: Path) -> None:
    """Let the file's name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
