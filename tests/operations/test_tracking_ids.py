"""TrackingIds that the service gives."""

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from uuid import RFC_4122, UUID

from service.operations.calls import new_tracking_id, utc_now

MILLISECOND = timedelta(milliseconds=1)


def begins_at(tracking_id: str) -> datetime:
    """The instant that it begins with."""
    return datetime.fromtimestamp((UUID(tracking_id).int >> 80) / 1000, timezone.utc)


def test_tracking_ids_are_guids_of_version_7_each_another() -> None:
    given = [new_tracking_id() for _ in range(10_000)]
    assert len(set(given)) == len(given)
    assert {(UUID(it).variant, UUID(it).version) for it in given} == {(RFC_4122, 7)}
    assert all(it == str(UUID(it)) for it in given)


def test_tracking_ids_begin_with_the_millisecond() -> None:
    before = utc_now() - MILLISECOND
    given = [new_tracking_id() for _ in range(10_000)]
    assert before <= begins_at(given[0]) <= begins_at(given[-1]) <= utc_now()
    assert all(first[:13] <= second[:13] for first, second in pairwise(given))


def test_all_bits_of_tracking_ids_but_time_and_version_are_drawn() -> None:
    ones = zeros = 0
    for _ in range(1_000):
        number = UUID(new_tracking_id()).int
        ones |= number
        zeros |= ~number
    fixed = 0b1111 << 76 | 0b11 << 62
    drawn = (1 << 80) - 1 & ~fixed
    assert ones & zeros & ((1 << 80) - 1) == drawn
