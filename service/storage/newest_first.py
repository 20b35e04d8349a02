"""Lists that only grow, read from their newest row on: the audit log, and the calls.

Their numbers ascend with time, so that no index of the instants is needed.
"""

from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Select, func, select

PATIENCE_S = 0.08
"""After so long no further stretch is looked at."""
STRETCH_LENGTH_MIN, STRETCH_LENGTH_MAX = 500, 20_000
"""How many numbers are looked at together: at first, and at the most."""
GROWTH_SHARE = 10
"""A stretch may take this share of the patience before the next one is no longer."""
DISORDER_MAX = timedelta(minutes=10)
"""How much earlier than a row before it a row may be, as machines have clocks of their own."""


class Stretches(NamedTuple):
    """The rows of a page, and where the next one begins.

    Attributes:
        before: The next page has lower numbers than this; None when the list ends here.
        searched_count: How many numbers were looked at.
    """

    rows: list[Row[Any]]
    before: int | None
    searched_count: int


def search(
    connection: Connection,
    statement: Select[Any],
    number: Column[int],
    *,
    first: int,
    before: int,
    size: int,
) -> Stretches:
    """Look through a list from its end, until a page is full or the patience ends.

    Args:
        connection: The transaction.
        statement: Selects what is wanted, with the number first.
        number: By which the list is in order.
        first: No lower number is looked at.
        before: Only lower numbers are looked at.
        size: How many rows at most.
    """
    patient_until = perf_counter() + PATIENCE_S
    found: list[Row[Any]] = []
    end, length = before, STRETCH_LENGTH_MIN
    while end > first:
        begun, begin = perf_counter(), max(end - length, first)
        some = statement.where(number >= begin, number < end).order_by(number.desc())
        found += connection.execute(some.limit(size - len(found))).all()
        if len(found) == size:
            last = int(found[-1][0])
            return Stretches(found, last if last > first else None, before - last)
        end, length = begin, longer(length, perf_counter() - begun)
        if perf_counter() > patient_until and end > first:
            return Stretches(found, end, before - end)
    return Stretches(found, None, before - end)


def longer(length: int, seconds: float) -> int:
    """How long the stretch after one is that took so long: it doubles while that is little."""
    return min(2 * length, STRETCH_LENGTH_MAX) if seconds < PATIENCE_S / GROWTH_SHARE else length


def bounds(
    connection: Connection,
    number: Column[int],
    at: Column[datetime],
    since: datetime | None,
    before: datetime | None,
) -> tuple[int, int]:
    """Between which numbers the rows of a time are: from the first to before the second.

    Rows of other times are among them, too.
    """
    first, end = _ends(connection, number)
    if since is not None:
        first = _first_at(connection, number, at, (first, end), since - DISORDER_MAX)
    if before is not None:
        end = _first_at(connection, number, at, (first, end), before + DISORDER_MAX)
    return first, end


def _ends(connection: Connection, number: Column[int]) -> tuple[int, int]:
    """The first number, and the one behind the last."""
    # Asked for both at once, SQLite would read everything.
    low, high = (select(end(number)).scalar_subquery() for end in (func.min, func.max))
    first, last = connection.execute(select(low, high)).one()
    return (0, 0) if last is None else (first, last + 1)


def _first_at(
    connection: Connection,
    number: Column[int],
    at: Column[datetime],
    ends: tuple[int, int],
    instant: datetime,
) -> int:
    """The number from which on rows are of the instant or later, by halving."""
    low, end = ends
    while low < end:
        middle = (low + end) // 2
        statement = select(at).where(number >= middle).order_by(number).limit(1)
        if connection.execute(statement).scalar_one() < instant:
            low = middle + 1
        else:
            end = middle
    return low
