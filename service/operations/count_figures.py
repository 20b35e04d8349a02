"""What the worker does for the console: it counts the classes that have changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Protocol, TypeVar

from service.operations.attempts import decide
from service.operations.calls import utc_now
from service.storage import kept_figures
from service.storage.class_counts import Count
from service.storage.engine import Database

Result = TypeVar("Result")


class Run(Protocol):
    """Calls a function, somewhere; answers what it answers."""

    def __call__(self, function: Callable[[], Result], /) -> Result:
        """Call it."""


def at_once(function: Callable[[], Result]) -> Result:
    """Call a function in this thread."""
    return function()


@dataclass(frozen=True, slots=True)
class ClassCounted:
    """A class that was counted, and how long that took."""

    class_id: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FigureCounter:
    """Counts classes, one at a time; the one that was counted longest ago comes first.

    Any number of workers may count at once: a count that is older than the one kept is dropped.

    Attributes:
        clock: What the time is.
        count: Where it counts, which takes seconds of the processor for a million coupons.
    """

    database: Database
    clock: Callable[[], datetime] = utc_now
    count: Run = at_once

    def count_next(self) -> ClassCounted | None:
        """Count a class that changed since it was counted; None when none did."""
        begun, now = perf_counter(), self.clock()
        with self.database.reading() as connection:
            has_news = kept_figures.has_news(connection)
        if has_news:
            decide(self.database, lambda connection: kept_figures.note_changes(connection, now))
        counted = self.count(lambda: self._count_stalest(now))
        if counted is None:
            return None
        class_id, audit_id, count = counted
        decide(
            self.database,
            lambda connection: kept_figures.keep(connection, class_id, count, audit_id, now),
        )
        return ClassCounted(class_id, perf_counter() - begun)

    def _count_stalest(self, now: datetime) -> tuple[int, int, Count] | None:
        # Nobody who writes waits for the count.
        with self.database.reading() as connection:
            return kept_figures.count_stalest(connection, now)
