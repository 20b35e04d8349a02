"""The audit log, searched: by an index where one leads to few, else from its end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.errors import NOT_AUTHORIZED, PAGING_INVALID
from service.domain.listings import write_key
from service.domain.recorded import ChangeSearch, FoundChange
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Role
from service.operations.audit_log import find_changes
from service.operations.users import add_user, disable_user
from service.storage import audit_search, newest_first
from tests.programme import START, Clock, Programme, member

HOURS_COUNT = 12


@pytest.fixture(params=["patient", "impatient"])
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once as it is, once so that each page looks at two entries only."""
    if request.param == "impatient":
        monkeypatch.setattr(newest_first, "PATIENCE_S", 0)
        monkeypatch.setattr(newest_first, "STRETCH_LENGTH_MIN", 2)
        monkeypatch.setattr(audit_search, "FEW_COUNT_MAX", 1)


def found(programme: Programme, size: int = 3, **search: Any) -> list[FoundChange]:
    """The changes on all pages."""
    changes: list[FoundChange] = []
    after = None
    for _ in range(100):
        page = find_changes(programme.call(), ChangeSearch(**search), after, size)
        assert page.is_cut_short == (page.after is not None and len(page.items) < size)
        changes += page.items
        after = page.after
        if after is None:
            assert changes == sorted(changes, key=lambda it: -it.audit_id)
            return changes
    raise AssertionError("the pages do not end")


@pytest.fixture
def fill(programme: Programme, clock: Clock) -> None:
    """A user and a customer each hour; every third user is disabled half an hour later."""
    for number in range(HOURS_COUNT):
        add_user(programme.call(), f"user {number}", Role.OPERATOR, None)
        programme.customer()
        clock.move(minutes=30)
        if number % 3 == 0:
            disable_user(programme.call(), f"user {number}")
        clock.move(minutes=30)


@pytest.mark.usefixtures("fill", "patience")
def test_changes_are_found_by_what_is_known_of_them(programme: Programme) -> None:
    everything = found(programme)
    assert len(everything) == 2 * HOURS_COUNT + HOURS_COUNT // 3
    assert {it.user_name for it in everything} == {COMMAND_LINE.user_name}
    assert found(programme, entity="user", action="disable") == [
        it for it in everything if it.action == "disable"
    ]
    first = everything[-1]
    assert (first.entity, first.action, first.before) == ("user", "add", None)
    assert first.after is not None
    assert first.after["name"] == "user 0"
    assert {it.action for it in found(programme, entity="user", entity_id=first.entity_id)} == {
        "add",
        "disable",
    }
    assert found(programme, tracking_id=first.tracking_id) == [first]
    assert found(programme, user_name="command line", size=200) == everything
    nothing: list[dict[str, Any]] = [
        {"user_name": "nobody"},
        {"entity": "user", "entity_id": 2**70},
        {"action": "add\0x"},
        {"tracking_id": "x"},
    ]
    for search in nothing:
        assert found(programme, **search) == []


@pytest.mark.usefixtures("fill", "patience")
@pytest.mark.parametrize("hours", [(0, 1), (3, 7), (5.5, 5.5), (-9, 99)])
def test_a_time_is_found_by_halving(programme: Programme, hours: tuple[float, float]) -> None:
    since, before = (START + timedelta(hours=it) for it in hours)

    def is_between(at: datetime) -> bool:
        return since <= at < before

    expected = [it for it in found(programme) if is_between(it.at)]
    assert found(programme, since=since, before=before) == expected


def test_an_empty_log_has_no_changes(programme: Programme) -> None:
    assert found(programme) == found(programme, since=START) == []


def test_the_log_is_for_operators(programme: Programme, owner: int) -> None:
    with pytest.raises(ServiceError) as refusal:
        find_changes(programme.call(member(owner, Role.SUPER_ADMIN)), ChangeSearch())
    assert refusal.value.row is NOT_AUTHORIZED
    with pytest.raises(ServiceError) as refusal:
        find_changes(programme.call(), ChangeSearch(), write_key("x"))
    assert refusal.value.row is PAGING_INVALID
