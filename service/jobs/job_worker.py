"""The worker that does jobs: it makes and deletes coupons by the thousand."""

from collections import Counter
from collections.abc import Callable
from threading import Event

import structlog

from service.domain.jobs import JobStatus
from service.operations.job_work import JobDesk
from service.operations.work_on_jobs import JobsUnavailableError, WorkDone, work_on_next_job

NoteTurn = Callable[[str, str], None]

_log = structlog.get_logger("service.jobs")


class JobWorker:
    """Takes jobs that are due, one after the other, and does them.

    Any number of workers may run at once, and each job is done by one of them. The
    job of one that is killed at any moment is taken by another when its lease ends,
    and goes on after the last chunk that was committed.

    Args:
        desk: Where the jobs are.
        note: Is told of each turn at a job: its kind, and the status it was left in.
    """

    def __init__(self, desk: JobDesk, note: NoteTurn | None = None) -> None:
        self._desk = desk
        self._note = note
        self.outcomes: Counter[JobStatus] = Counter()
        """How many jobs were left in which status; ``pending`` means they go on."""

    def drain(self, stop: Event) -> None:
        """Do what is due until nothing is, or ``stop`` is set."""
        while not stop.is_set() and (done := work_on_next_job(self._desk)):
            self._tell(done)

    def run(self, stop: Event, poll_s: float) -> None:
        """Do what becomes due, until ``stop`` is set, whatever ails the database.

        Args:
            stop: Ends the work after the chunk at hand.
            poll_s: How long to rest when nothing is due, or the database fails.
        """
        while not stop.is_set():
            try:
                self.drain(stop)
            except JobsUnavailableError:
                _log.exception("database")
            stop.wait(poll_s)

    def _tell(self, done: WorkDone) -> None:
        self.outcomes[done.status] += 1
        if self._note is not None:
            self._note(done.job.kind.value, done.status.value)
        _log.info(
            "job",
            job_id=done.job.job_id,
            kind=done.job.kind.value,
            lease=done.job.lease_number,
            status=done.status.value,
            error=done.failure,
        )
