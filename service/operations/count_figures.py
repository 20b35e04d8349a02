"""What the worker does for the console: it counts the classes that have changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from service.operations.attempts import decide
from service.operations.calls import utc_now
from service.storage import kept_figures
from service.storage.engine import Database
from service.storage.kept_figures import RunningCount

Rest = Callable[[float], bool]
"""Rests from work of some seconds; answers whether to give up what is left of it."""


def no_rest(_seconds: float) -> bool:
    """Go on at once."""
    return False


@dataclass(frozen=True, slots=True)
class FigureCounter:
    """Counts classes, one at a time; the one that was counted longest ago comes first.

    A large class is counted in stretches, each in a transaction of its own: while one reads, SQLite
    cannot begin its write-ahead log anew, which would grow by what callers write until all is read.

    Any number of workers may count at once: a count that is older than the one kept is dropped.

    Attributes:
        clock: What the time is.
    """

    database: Database
    clock: Callable[[], datetime] = utc_now

    def count_next(self, rest: Rest = no_rest) -> int | None:
        """Count a class that changed since it was counted.

        Args:
            rest: Rests after each stretch.

        Returns:
            The class; None when none did change, or when its count was given up.
        """
        now = self.clock()
        with self.database.reading() as connection:
            news = kept_figures.find_news(connection, now)
        if news is not None:
            decide(self.database, lambda connection: kept_figures.note_news(connection, news))
        counted = self._count(now, rest)
        if counted is None:
            return None
        decide(self.database, lambda connection: kept_figures.keep(connection, counted, now))
        return counted.class_id

    def _count(self, now: datetime, rest: Rest) -> RunningCount | None:
        begun_at = perf_counter()
        with self.database.reading() as connection:
            running = kept_figures.begin_count(connection, now)
        if running is None:
            return None
        for stretch in running.stretches:
            if rest(perf_counter() - begun_at):
                return None
            begun_at = perf_counter()
            with self.database.reading() as connection:
                kept_figures.go_on_counting(connection, running, stretch, now)
        return None if rest(perf_counter() - begun_at) else running
