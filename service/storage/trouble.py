"""Trouble with the database, told in the terms of the service.

Errors of drivers come here and go no further: a transaction that lost a race is
``LostRaceError`` and may be run again; what keeps the database from its work is
``ServiceTroubleError``, with the row ``ServiceBusy`` or ``ServiceUnavailable``.
Anything else is a bug and is left as it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    SERVICE_BUSY,
    SERVICE_UNAVAILABLE,
)
from service.domain.refusals import ServiceTroubleError

# Of PostgreSQL; appendix A of its manual.
_LOST_RACE = frozenset(
    {
        "23505",  # another transaction was first to insert what is unique
        "40001",  # serialisation failure
        "40P01",  # deadlock
    }
)
_BUSY = frozenset(
    {
        "53300",  # too many connections
        "55P03",  # lock not available within lock_timeout
        "57014",  # cancelled by statement_timeout
    }
)
_UNAVAILABLE = frozenset(
    {
        "25006",  # a standby, which only reads
        "25P03",  # idle_in_transaction_session_timeout
    }
)
_OF_A_STANDBY = "during recovery"
"""Ends what a standby says to whoever asks it for what only its primary does."""
_UNAVAILABLE_CLASSES = frozenset(
    {
        "08",  # connection
        "28",  # sign-in
        "3D",  # no such database
        "53",  # disk full, out of memory
        "57",  # shut down or starting
        "58",  # operating system
    }
)
# Of SQLite, whose driver tells numbers from Python 3.11 on only.
_SQLITE_BUSY = ("database is locked", "database table is locked")
_SQLITE_READ_ONLY = "attempt to write a readonly database"
_SQLITE_UNAVAILABLE = (
    _SQLITE_READ_ONLY,
    "database disk image is malformed",
    "database or disk is full",
    "disk I/O error",
    "file is not a database",
    "unable to open database file",
)


class LostRaceError(Exception):
    """Another transaction changed what was decided on: undo this one and decide again."""


@contextmanager
def trouble_told() -> Iterator[None]:
    """Turn what a driver raises inside the block.

    Raises:
        LostRaceError: A serialisation failure, a deadlock, or on PostgreSQL a row that
            exists already: on SQLite, which has one writer at a time, that is a bug.
        ServiceTroubleError: ``ServiceBusy`` or ``ServiceUnavailable``.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise ServiceTroubleError(SERVICE_BUSY, "every connection is in use") from error
    except DBAPIError as error:
        _leave_values_out(error)
        if _is_lost_race(error):
            raise LostRaceError(str(error.orig)) from error
        row = _row_of(error)
        if row is None:
            raise
        raise ServiceTroubleError(row, str(error.orig).strip()) from error


def _leave_values_out(error: DBAPIError) -> None:
    """Keep PostgreSQL's sentence and drop its details, which tell the row: errors are logged."""
    sentence = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    if error.orig is not None and sentence is not None:
        error.orig.args = error.args = (sentence,)


def _is_lost_race(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _LOST_RACE


def _row_of(error: DBAPIError) -> ErrorRow | None:
    """What callers are told of it; None for a bug."""
    state = getattr(error.orig, "sqlstate", None)
    text = str(error.orig)
    if state in _BUSY or is_locked(error):
        return SERVICE_BUSY
    is_known = state in _UNAVAILABLE or (state or "")[:2] in _UNAVAILABLE_CLASSES
    is_of_standby = state is not None and text.endswith(_OF_A_STANDBY)
    is_told = is_known or is_of_standby or text.startswith(_SQLITE_UNAVAILABLE)
    if is_told or error.connection_invalidated:
        return SERVICE_UNAVAILABLE
    is_unreachable = isinstance(error, OperationalError) and not state and not _is_of_sqlite(error)
    return SERVICE_UNAVAILABLE if is_unreachable else None


def is_of_no_more_use(error: BaseException) -> bool:
    """Whether a driver's error is about its connection, beyond what SQLAlchemy knows of.

    A file that was opened while it could not be written only reads, for ever: the next
    transaction is to open it anew.
    """
    return str(error).startswith(_SQLITE_READ_ONLY)


def is_locked(error: DBAPIError | sqlite3.Error) -> bool:
    """Whether SQLite refused a statement because another process writes."""
    told = error.orig if isinstance(error, DBAPIError) else error
    return str(told).startswith(_SQLITE_BUSY)


def is_unique_violation(error: DBAPIError) -> bool:
    """Whether a row was refused because another one has what is unique."""
    return _is_lost_race(error) or str(error.orig).startswith("UNIQUE constraint failed")


def _is_of_sqlite(error: DBAPIError) -> bool:
    return isinstance(error.orig, sqlite3.Error)
