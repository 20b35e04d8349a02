"""Who calls too often, or too often at once, is refused by the number that the contract has."""

from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations import call_limits
from service.operations.call_limits import CallLimits, CallRates
from service.operations.windows import DatabaseWindows, LibraryWindows, Window, Windows
from service.storage.console_tables import SPELLED_LENGTH, sliding_window
from tests.ports import free_port
from tests.programme import Programme

KIM = Caller(7, "Kim", {1: Role.STANDARD})
TIM = Caller(8, "Tim", {1: Role.STANDARD, 2: Role.READ_ONLY})


@pytest.fixture
def told() -> list[str]:
    """Why calls were not counted."""
    return []


@pytest.fixture
def windows(programme: Programme) -> Windows:
    return DatabaseWindows(programme.database, programme.clock)


def answer(limits: CallLimits, caller: Caller) -> str:
    """What becomes of a call."""
    try:
        with limits.admitted(caller):
            return "ok"
    except ServiceError as error:
        return f"{error.row.code} {error.details}"


def test_a_user_is_refused_after_its_calls_of_a_minute(
    programme: Programme, windows: Windows, told: list[str]
) -> None:
    limits = CallLimits(CallRates(user_calls_per_minute=3), windows, told.append)
    answers = [answer(limits, KIM) for _ in range(5)]
    assert answers == ["ok"] * 3 + ["117 3 calls of user 7 within a minute"] * 2
    assert answer(limits, TIM) == "ok"
    programme.clock.move(seconds=59, microseconds=999_999)
    assert answer(limits, KIM).startswith("117")
    programme.clock.move(microseconds=1)
    assert answer(limits, KIM) == "ok"


def test_the_users_of_a_customer_share_its_calls(windows: Windows, told: list[str]) -> None:
    limits = CallLimits(CallRates(customer_calls_per_minute=2), windows, told.append)
    assert [answer(limits, it) for it in (KIM, TIM)] == ["ok", "ok"]
    assert answer(limits, KIM) == "117 2 calls of customer 1 within a minute"
    assert [answer(limits, COMMAND_LINE) for _ in range(3)] == ["ok"] * 3


def test_a_call_that_is_refused_counts_for_nobody(
    programme: Programme, windows: Windows, told: list[str]
) -> None:
    limits = CallLimits(CallRates(3, customer_calls_per_minute=1), windows, told.append)
    assert [answer(limits, it)[:3] for it in (KIM, TIM, TIM)] == ["ok", "117", "117"]
    assert {len(it["instants"]) for it in programme.rows(sliding_window)} == {SPELLED_LENGTH}
    assert len(programme.rows(sliding_window)) == 2


def test_of_a_customer_s_calls_so_many_run_at_once(windows: Windows, told: list[str]) -> None:
    limits = CallLimits(CallRates(customer_calls_at_once=2), windows, told.append)
    with ExitStack() as running:
        for caller in (KIM, TIM):
            running.enter_context(limits.admitted(caller))
        assert answer(limits, KIM) == "207 2 calls of customer 1 at once"
        assert answer(limits, TIM) == "207 2 calls of customer 1 at once"
        assert answer(limits, Caller(9, "Jo", {2: Role.STANDARD})) == "ok"
    assert answer(limits, KIM) == "ok"


def test_a_call_that_fails_gives_its_place_back(windows: Windows, told: list[str]) -> None:
    limits = CallLimits(CallRates(1, customer_calls_at_once=1), windows, told.append)
    with pytest.raises(ZeroDivisionError), limits.admitted(KIM):
        raise ZeroDivisionError
    for _ in range(2):
        assert answer(limits, KIM).startswith("117")


class BrokenWindows(Windows):
    """Windows that cannot be looked through."""

    asked = 0

    def count(self, windows: Sequence[Window]) -> Window | None:
        self.asked += 1
        raise OSError("no such window")


def test_calls_go_on_when_they_cannot_be_counted(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(call_limits, "monotonic", lambda: now)
    broken = BrokenWindows()
    limits = CallLimits(CallRates(1), broken, told.append)
    assert [answer(limits, KIM) for _ in range(5)] == ["ok"] * 5
    assert (told, broken.asked) == (["no such window"], 1)
    now += call_limits.REST_S
    assert answer(limits, KIM) == "ok"
    assert (len(told), broken.asked) == (2, 2)


def test_calls_go_on_without_redis(told: list[str]) -> None:
    windows = LibraryWindows(f"redis://127.0.0.1:{free_port()}/0")
    limits = CallLimits(CallRates(1), windows, told.append)
    assert [answer(limits, KIM) for _ in range(3)] == ["ok"] * 3
    assert len(told) == 1
    assert "refused" in told[0]
