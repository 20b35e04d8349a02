"""Numbers of calls: GUIDs in the order of time."""

from uuid import RFC_4122, UUID

import pytest

from service.domain import tracking
from service.domain.tracking import new_tracking_id

COUNT = 1_000


def test_each_is_a_guid_of_its_own() -> None:
    told = [new_tracking_id() for _ in range(COUNT)]
    assert len({*told}) == COUNT
    assert [str(UUID(it)) for it in told] == told
    assert {(UUID(it).version, UUID(it).variant) for it in told} == {(7, RFC_4122)}


def test_they_ascend_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # From 1970 on, and until the bits of the time are all set.
    instants = [0, 1_000_000, 1_795_444_621_212_586_000, ((1 << 48) - 1) * 1_000_000]
    told = []
    for instant in instants:
        monkeypatch.setattr(tracking.time, "time_ns", lambda instant=instant: instant)
        told.append(new_tracking_id())
    assert sorted(told) == told
    assert [int(it.replace("-", "")[:12], 16) for it in told] == [
        it // 1_000_000 for it in instants
    ]
