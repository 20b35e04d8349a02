"""A call is refused exactly when it is one too many, and is free again at the right millisecond."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import SimpleNamespace

import pytest
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import delete

from service.operations.windows import IN_PROCESS, DatabaseWindows, LibraryWindows, Window, Windows
from service.storage.console_tables import sliding_window
from service.storage.engine import Database, DatabaseLimits
from tests.limits.schedules import differences
from tests.programme import Clock
from tests.reliability.proofs import SCHEDULED_CALLS, Report

FEW_COUNT, MANY_COUNT = 8, 1_000
FEW = pytest.param(FEW_COUNT, id="few")
MANY = pytest.param(MANY_COUNT, id="many", marks=[pytest.mark.prove, pytest.mark.timeout(900)])
AT_ONCE = 16
CONTROLS_COUNT = 5
KIM = Window("user", 1, 3)


@pytest.fixture
def library_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the library."""
    told = SimpleNamespace(time=lambda: clock().timestamp())
    for module in ("memory", "redis"):
        monkeypatch.setattr(f"limits.storage.{module}.time", told)
    return clock


@pytest.fixture(params=["memory", "redis"])
def library(library_clock: Clock, request: pytest.FixtureRequest) -> LibraryWindows:
    """Windows of the library, in this process and in Redis."""
    is_here = request.param == "memory"
    return LibraryWindows(IN_PROCESS if is_here else request.getfixturevalue("redis_url"))


@pytest.mark.parametrize("count", [FEW, MANY])
def test_windows_of_the_library_decide_as_the_model(
    library: LibraryWindows, clock: Clock, count: int
) -> None:
    # Redis has each schedule once: what it counted for the few stays.
    assert differences(library, clock, range(count, 2 * count)) == []


def test_windows_of_the_library_that_do_not_slide_would_be_noticed(
    library: LibraryWindows, clock: Clock
) -> None:
    library._limiter = FixedWindowRateLimiter(library._limiter.storage)
    assert differences(library, clock, range(CONTROLS_COUNT)) != []


@pytest.mark.parametrize("count", [FEW, MANY])
def test_windows_in_the_database_decide_as_the_model(
    database: Database, clock: Clock, report: Report, count: int
) -> None:
    found = differences(DatabaseWindows(database, clock), clock, range(count))
    if count == MANY_COUNT:
        report.proof(SCHEDULED_CALLS, rounds=count, failures=len(found))
    assert found == []


class FixedWindows(DatabaseWindows):
    """Windows that begin with each minute of the clock, and are empty then."""

    minute: datetime | None = None

    def count(self, windows: Sequence[Window]) -> Window | None:
        begun, self.minute = self.minute, self._clock().replace(second=0, microsecond=0)
        if begun != self.minute:
            with self._database.writing() as connection:
                connection.execute(delete(sliding_window))
        return super().count(windows)


def test_windows_that_do_not_slide_would_be_noticed(
    database: Database, clock: Clock, report: Report
) -> None:
    found = differences(FixedWindows(database, clock), clock, range(CONTROLS_COUNT))
    report.control(SCHEDULED_CALLS, rounds=CONTROLS_COUNT, failures=len(found))
    assert found != []


def test_a_lower_limit_holds_at_once(database: Database, clock: Clock) -> None:
    windows = DatabaseWindows(database, clock)
    for _ in range(3):
        assert windows.count([KIM]) is None
        clock.move(seconds=10)
    lower = KIM._replace(count_max=2)
    assert windows.count([lower]) == lower
    clock.move(seconds=40)
    assert windows.count([lower]) is None
    assert windows.count([lower]) == lower


def _counted(windows: Windows) -> int:
    """How many of many calls at once are counted, each for a user and its customers."""
    customers = [Window("customer", number, 100) for number in (2, 1)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        full = pool.map(
            lambda _: windows.count([*customers, KIM._replace(count_max=10)]), range(40)
        )
        return sum(it is None for it in full)


def test_of_many_calls_at_once_as_many_are_counted_as_may_be(
    database_url: str, clock: Clock
) -> None:
    database = Database(database_url, DatabaseLimits(connections_max=AT_ONCE))
    assert _counted(DatabaseWindows(database, clock)) == 10
    database.close()


def test_in_the_process_too(library_clock: Clock) -> None:
    assert _counted(LibraryWindows()) == 10


def test_in_redis_no_more_than_may_be(redis_url: str) -> None:
    assert _counted(LibraryWindows(redis_url)) == 10
