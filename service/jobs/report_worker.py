"""The worker that keeps what the console shows: it counts classes, and forgets old calls."""

from dataclasses import dataclass
from threading import Event

import structlog

from service.operations.call_journal import JournalKeeper
from service.operations.count_figures import FigureCounter

POLL_S = 1.0
"""How long to rest when nothing is to be counted."""
REST_SHARE = 10
"""How many times as long as a stretch of a count the rest after it is: callers have the machine
first."""

_log = structlog.get_logger("service.reports")


@dataclass(frozen=True, slots=True)
class ReportWorker:
    """Counts the classes that changed, one after the other, and removes calls that are old."""

    counter: FigureCounter
    keeper: JournalKeeper

    def drain(self, stop: Event) -> None:
        """Count what changed and remove what is old until nothing is left, or ``stop`` is set."""
        while not stop.is_set() and (self.counter.count_next() or self.keeper.forget_some()):
            """Each of them is a step."""

    def run(self, stop: Event) -> None:
        """Count and remove, until ``stop`` is set, whatever ails the database."""
        while not stop.is_set():
            stop.wait(self._step(stop))

    def _step(self, stop: Event) -> float:
        """Count a class, and remove some calls; answers how long to rest."""

        def rest(seconds: float) -> bool:
            return stop.wait(seconds * REST_SHARE)

        try:
            forgotten_count = self.keeper.forget_some()
            counted = self.counter.count_next(rest)
        except Exception:  # noqa: BLE001 - the next round may find the database well
            _log.exception("reports")
            return POLL_S
        if counted is not None:
            # It has rested already.
            return 0.0
        return POLL_S / REST_SHARE if forgotten_count else POLL_S
