"""The worker that keeps the journal of calls from growing for ever."""

from dataclasses import dataclass
from threading import Event

import structlog

from service.operations.call_journal import JournalKeeper

POLL_S = 1.0
"""How long to rest when no call is old."""
REST_S = 0.1
"""How long to rest after some were removed, so that others can write meanwhile."""

_log = structlog.get_logger("service.journal")


@dataclass(frozen=True, slots=True)
class JournalWorker:
    """Removes calls that are old."""

    keeper: JournalKeeper

    def drain(self, stop: Event) -> None:
        """Remove what is old until nothing is left, or ``stop`` is set."""
        while not stop.is_set() and self.keeper.forget_some():
            """Each time some."""

    def run(self, stop: Event) -> None:
        """Remove what is old, until ``stop`` is set, whatever ails the database."""
        while not stop.is_set():
            stop.wait(self._step())

    def _step(self) -> float:
        """Remove some calls; answers how long to rest."""
        try:
            return REST_S if self.keeper.forget_some() else POLL_S
        except Exception:  # noqa: BLE001 - the next round may find the database well
            _log.exception("journal")
            return POLL_S
