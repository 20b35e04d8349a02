"""Sliding windows: what may happen so often within a minute, counted for all processes at once."""

from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import BindParameter, Connection, Insert, bindparam, case, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from service.domain.limits import WINDOW
from service.storage.console_tables import SPELLED_LENGTH, sliding_window
from service.storage.prepared import Prepared, run_text

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
LOOKED_AT_COUNT = 32
"""How many windows are looked at whether they are old: more than a failure makes."""
WINDOW_OF_SUBJECT = select(sliding_window.c.instants).where(
    sliding_window.c.subject == bindparam("subject")
)
"""The instants of a subject, for ``is_full``."""
_FIND = Prepared(WINDOW_OF_SUBJECT)


def _count_one(dialect_name: str) -> Insert:
    """One more for a subject, if the oldest of as many as are allowed has left the window."""
    insert = (sqlite.insert if dialect_name == "sqlite" else postgresql.insert)(sliding_window)
    kept, new = sliding_window.c.instants, insert.excluded
    length = func.length(kept)
    full: BindParameter[int] = bindparam("full_length")
    oldest = func.substr(kept, length - full + 1, SPELLED_LENGTH)
    without_oldest = func.substr(kept, length - full + 1 + SPELLED_LENGTH)
    return insert.on_conflict_do_update(
        index_elements=[sliding_window.c.subject],
        set_={
            "instants": case((length < full, kept), else_=without_oldest).concat(new.instants),
        },
        where=or_(length < full, oldest <= bindparam("window_start")),
    )


_COUNT_ONE = Prepared(_count_one, keys=("subject", "instants"))


def count_one(connection: Connection, subject: bytes, count_max: int, now: datetime) -> bool:
    """Count one more for the subject, unless there were ``count_max`` in the minute before.

    One statement decides, and its verdict is for all processes. Of one that is one too many
    nothing is kept.

    Args:
        connection: A transaction that writes.
        subject: Whose window; 32 bytes.
        count_max: How many there may be.
        now: The instant, aware.

    Answers:
        Whether it was counted.
    """
    values: dict[str, Any] = {
        "subject": subject,
        "instants": _spelled(now),
        "full_length": count_max * SPELLED_LENGTH,
        "window_start": _spelled(now - WINDOW),
    }
    return _COUNT_ONE.count(connection, values) == 1


def commit_without_waiting(connection: Connection) -> None:
    """Let the transaction be over before it is on PostgreSQL's disk: a power cut may undo it.

    Others count in the same windows, and would wait for the disk one after the other.
    """
    if connection.dialect.name == "postgresql":
        run_text(connection, "SET LOCAL synchronous_commit = off")


def is_full(instants: str | None, count_max: int, now: datetime) -> bool:
    """Whether a window has ``count_max`` within the last minute; None is an empty one."""
    start = len(instants or "") - count_max * SPELLED_LENGTH
    if instants is None or start < 0:
        return False
    return instants[start : start + SPELLED_LENGTH] > _spelled(now - WINDOW)


def is_window_full(connection: Connection, subject: bytes, count_max: int, now: datetime) -> bool:
    """Whether one more would not be counted."""
    found = _FIND.row(connection, {"subject": subject})
    return is_full(found and found.instants, count_max, now)


def forget_old_windows(connection: Connection, near: bytes, now: datetime) -> None:
    """Drop windows out of which everything has passed; nobody is waited for.

    Only the next few are looked at: subjects are digests, so that over time it is everybody's
    turn, and of what the newest instant is there need be no index, which each count would change.

    Args:
        connection: A transaction that writes, and waits for nobody from here on.
        near: The subject with which the look begins.
        now: The instant, aware.
    """
    subject, kept = sliding_window.c.subject, sliding_window.c.instants
    newest = func.substr(kept, func.length(kept) - SPELLED_LENGTH + 1)
    next_few = select(subject).where(subject >= near).order_by(subject).limit(LOOKED_AT_COUNT)
    old = (
        select(subject)
        .where(subject.in_(next_few), newest <= _spelled(now - WINDOW))
        .with_for_update(skip_locked=True)
    )
    connection.execute(delete(sliding_window).where(subject.in_(old)))


def forget_window(connection: Connection, subject: bytes) -> None:
    """Drop the window of one subject."""
    connection.execute(delete(sliding_window).where(sliding_window.c.subject == subject))


def _spelled(instant: datetime) -> str:
    """Microseconds since 1970, in as many digits until the year 2286: their order is time's."""
    return f"{(instant - _EPOCH) // _MICROSECOND:0{SPELLED_LENGTH}}"
