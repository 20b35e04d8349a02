"""Random schedules of calls, and a model of which of them are within the limits."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from service.domain.limits import WINDOW
from service.operations.windows import Window, Windows
from tests.programme import Clock

CALLS_COUNT = 40
PAUSES_MS = (0, 1, 500, 7_000, 15_000, 29_999, 30_000, 59_998, 60_000)
# So many numbers of users and customers has each schedule for itself.
NUMBERS_COUNT = 10


@dataclass
class Model:
    """Counts as a person would: by a list of all instants.

    A call that is a minute old to the microsecond counts here or not, as the clock of a schedule
    never comes to it.
    """

    counted: dict[Window, list[datetime]] = field(default_factory=dict)

    def count(self, windows: Sequence[Window], now: datetime) -> bool:
        """Whether a call is within the limits; it counts if it is."""
        if any(self._recent(it, now) >= it.count_max for it in windows):
            return False
        for window in windows:
            self.counted.setdefault(window, []).append(now)
        return True

    def _recent(self, window: Window, now: datetime) -> int:
        return sum(now - it < WINDOW for it in self.counted.get(window, []))


def differences(windows: Windows, clock: Clock, seeds: Sequence[int]) -> list[int]:
    """The seeds of the schedules in which windows and model decide differently."""
    return [seed for seed in seeds if _differs(windows, clock, seed)]


def _differs(windows: Windows, clock: Clock, seed: int) -> bool:
    model = Model()
    draw = random.Random(seed)
    first = seed * NUMBERS_COUNT
    callers = [
        [
            Window("user", first + user, draw.randint(1, 4)),
            *(Window("customer", first + it, count_max) for it in range(draw.randint(0, 2))),
        ]
        for count_max in [draw.randint(1, 6)]
        for user in range(3)
    ]
    for _ in range(CALLS_COUNT):
        clock.move(milliseconds=draw.choice(PAUSES_MS), microseconds=5)
        called = draw.choice(callers)
        if (windows.count(called) is None) != model.count(called, clock()):
            return True
    return False
