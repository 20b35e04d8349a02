"""Instants as people and contracts write them: UTC, aware, microseconds."""

import re
from datetime import date, datetime, time, timedelta, timezone

NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
"""What the contract shows for a date that never comes."""

_LEXICAL = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:T(?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d+))?"
    r"(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?)?",
    re.ASCII,
)


def parse_instant(text: str, *, bare_date_is_end: bool = False) -> datetime:
    """Read a date, or a date with a time, as XML Schema writes them.

    Args:
        text: ``2026-02-28`` or ``2026-02-28T12:00:00.5+01:00``. Without a zone it
            is in UTC; fractions finer than a microsecond are cut off; ``24:00:00``
            is the next day's midnight; white space around it does not count.
        bare_date_is_end: A date without a time means the day's last microsecond
            instead of its midnight.

    Raises:
        ValueError: The text is not a date, or lies outside the years 1 to 9999.
    """
    match = _LEXICAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a date such as 2026-02-28 or 2026-02-28T12:00:00Z")
    day = date.fromisoformat(match["date"])
    if match["time"] is None:
        clock = time.max if bare_date_is_end else time.min
        return datetime.combine(day, clock, tzinfo=timezone.utc)
    try:
        return _at(day, match["time"], match["fraction"] or "") - _offset(match["zone"])
    except OverflowError as error:
        raise ValueError(f"{text[:40]!r} is outside the years 1 to 9999") from error


def _at(day: date, clock: str, fraction: str) -> datetime:
    microsecond = int(fraction[:6].ljust(6, "0"))
    if clock == "24:00:00" and not fraction.strip("0"):
        return datetime.combine(day, time.min, tzinfo=timezone.utc) + timedelta(days=1)
    moment = time.fromisoformat(clock).replace(microsecond=microsecond)
    return datetime.combine(day, moment, tzinfo=timezone.utc)


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta()
    distance = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -distance if zone[0] == "-" else distance


def month_bounds(instant: datetime) -> tuple[datetime, datetime]:
    """The first instants of a month of UTC and of the one after it; an instant of it tells which.

    After the last month that there is comes the last instant.
    """
    utc = instant.astimezone(timezone.utc)
    first = datetime(utc.year, utc.month, 1, tzinfo=timezone.utc)
    if (utc.year, utc.month) == (NO_END.year, NO_END.month):
        return first, datetime.max.replace(tzinfo=timezone.utc)
    following = utc.year * 12 + utc.month
    return first, datetime(following // 12, following % 12 + 1, 1, tzinfo=timezone.utc)
