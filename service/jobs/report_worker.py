"""The worker that keeps what the console shows: it counts classes."""

from dataclasses import dataclass
from threading import Event

import structlog

from service.operations.count_figures import FigureCounter, Rest

POLL_S = 1.0
"""How long to rest when nothing is to be counted."""
REST_SHARE = 10
"""How many times as long as a stretch of a count the rest after it is: callers have the machine
first."""

_log = structlog.get_logger("service.reports")


@dataclass(frozen=True, slots=True)
class ReportWorker:
    """Counts the classes that changed, one after the other."""

    counter: FigureCounter

    def drain(self, stop: Event) -> None:
        """Count what changed until nothing is left, or ``stop`` is set."""
        while not stop.is_set() and self.counter.count_next():
            """Each of them is a step."""

    def run(self, stop: Event) -> None:
        """Count, until ``stop`` is set, whatever ails the database."""

        def rest(seconds: float) -> bool:
            return stop.wait(seconds * REST_SHARE)

        while not stop.is_set():
            if not self._has_counted(rest):
                stop.wait(POLL_S)

    def _has_counted(self, rest: Rest) -> bool:
        try:
            return self.counter.count_next(rest) is not None
        except Exception:  # noqa: BLE001 - the next round may find the database well
            _log.exception("reports")
            return False
