"""Reading instants as XML Schema writes them."""

from contextlib import suppress
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.instants import NO_END, parse_instant
from tests.programme import utc

TICK = timedelta(microseconds=1)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(timezones=OFFSETS).filter(lambda it: 1 < it.year < NO_END.year)


@given(INSTANTS)
def test_every_instant_is_read_as_it_is_written(instant: datetime) -> None:
    found = parse_instant(instant.isoformat())
    assert found == instant
    assert found.tzinfo is timezone.utc


@given(st.dates())
def test_a_bare_date_begins_or_ends_its_day(day: date) -> None:
    begin = parse_instant(day.isoformat())
    end = parse_instant(day.isoformat(), bare_date_is_end=True)
    assert begin == utc(day.year, day.month, day.day)
    assert end - begin == timedelta(days=1) - TICK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-28T12:00:00Z", utc(2026, 2, 28, 12)),
        ("2026-02-28T12:00:00", utc(2026, 2, 28, 12)),
        ("\t2026-02-28T12:00:00Z\n ", utc(2026, 2, 28, 12)),
        ("2026-02-28T12:00:00.5+01:00", utc(2026, 2, 28, 11) + 500_000 * TICK),
        ("2026-02-28T12:00:00-14:00", utc(2026, 3, 1, 2)),
        ("2026-02-28T12:00:00.1234567Z", utc(2026, 2, 28, 12) + 123_456 * TICK),
        ("2026-02-28T12:00:00.9999999Z", utc(2026, 2, 28, 12) + 999_999 * TICK),
        ("2028-02-29T24:00:00Z", utc(2028, 3, 1)),
        ("2026-12-31T24:00:00.000Z", utc(2027, 1, 1)),
        ("2028-02-29", utc(2028, 2, 29)),
        ("9999-12-31T23:59:59Z", NO_END),
        ("0001-01-01T00:00:00Z", utc(1, 1, 1)),
    ],
)
def test_what_a_text_means(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


def test_an_end_with_a_time_stays_that_time() -> None:
    text = "2026-02-28T00:00:00Z"
    assert parse_instant(text, bare_date_is_end=True) == parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "now", "2026", "2026-02", "20260228", "2026-2-28", "28-02-2026", "26-02-28"),
        *("2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "0000-01-01"),
        *("-2026-02-28", "+2026-02-28", "12026-02-28", "2026-02-28Z", "2026/02/28"),
        *("2026-02-28 12:00:00", "2026-02-28t12:00:00", "2026-02-28T12:00:00z"),
        *("2026-02-28T", "2026-02-28T12", "2026-02-28T12:00", "2026-02-28T1:00:00"),
        *("2026-02-28T12:00:00.", "2026-02-28T12:00:00,5", "2026-02-28T25:00:00"),
        *("2026-02-28T12:60:00", "2026-02-28T12:00:60", "2026-02-28T24:00:01"),
        *("2026-02-28T24:00:00.5", "2026-02-28T12:00:00+1:00", "2026-02-28T12:00:00+0100"),
        *("2026-02-28T12:00:00+14:01", "2026-02-28T12:00:00+15:00", "2026-02-28T12:00:00+01:60"),
        *("2026-02-28T12:00:00 Z", "2026-02-28T12:00:00UTC", "2026-02-28T12:00:00Z."),
        *("9999-12-31T24:00:00Z", "9999-12-31T23:00:00-01:00", "0001-01-01T00:00:00+00:01"),
        *("\u0662\u0660\u0662\u0666-02-28", "2026-02-28\x00", "2026-02-28T12:00:00\u00bd"),
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- the messages are Python's or ours
        parse_instant(text)


@given(st.text())
def test_no_text_does_worse_than_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_instant(text).tzinfo is timezone.utc
