"""Jobs as workers see them: taken under a lease, done in chunks, ended or tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter, sleep
from typing import TypeVar

from sqlalchemy import Connection

from service.domain.jobs import JobStatus, LeasedJob, job_back_off
from service.domain.tracking import new_tracking_id
from service.operations.attempts import decide
from service.operations.calls import utc_now
from service.storage import audit, jobs
from service.storage.engine import Database

Result = TypeVar("Result")
REST_SHARE = 0.1
"""How long a worker rests after a chunk on SQLite, as a share of the chunk's time."""


class JobStoppedError(Exception):
    """The worker was asked to end between two chunks."""


@dataclass(frozen=True, slots=True)
class JobDesk:
    """The jobs of a database as workers see them; each method is one transaction.

    A job that is taken is leased: another worker takes it when this one has died.

    Attributes:
        lease: How long a worker may take from one chunk to the next.
        attempts_max: After how many failed chunks a job has failed.
        is_stopping: Whether the worker is asked to end after the chunk at hand.
        clock: What the time is; workers on several machines must agree on it.
        chunk_length: How many coupons a deletion looks at in one transaction.
    """

    database: Database
    lease: timedelta
    attempts_max: int
    is_stopping: Callable[[], bool] = lambda: False
    clock: Callable[[], datetime] = utc_now
    chunk_length: int = 50_000

    def take(self) -> LeasedJob | None:
        """Take the job that is due longest; None when none is."""
        now = self.clock()
        return decide(
            self.database, lambda connection: jobs.take_due(connection, now, now + self.lease)
        )

    def do_chunk(
        self,
        job: LeasedJob,
        work: Callable[[Connection, LeasedJob], Result],
        *,
        chunks_count: int = 1,
    ) -> Result:
        """Do a chunk, and keep the job, in one transaction; answers what the work answers.

        Args:
            job: As it was taken.
            work: Writes the chunk and what the job has come to by it. It is given the job
                as it is now, and may be run more than once.
            chunks_count: How many chunks it is; 0 for what is none.

        Raises:
            LeaseLostError: Another worker has the job.
            JobStoppedError: The worker is to end.
        """
        if self.is_stopping():
            raise JobStoppedError

        def attempt(connection: Connection) -> Result:
            ends_at = self.clock() + self.lease
            kept = jobs.keep(connection, job, ends_at, chunks_count=chunks_count)
            return work(connection, kept)

        begun = perf_counter()
        result = decide(self.database, attempt)
        self._rest(perf_counter() - begun)
        return result

    def _rest(self, worked_s: float) -> None:
        """Let others write: on SQLite they look only now and then whether they may."""
        if self.database.engine.dialect.name == "sqlite":
            sleep(worked_s * REST_SHARE)

    def end(
        self, connection: Connection, job: LeasedJob, status: JobStatus, error: str | None = None
    ) -> None:
        """End a job, in the transaction of its last chunk, and queue the mail about it."""
        author = self.author(job)
        jobs.end(connection, job, status, author.at, error)
        change = audit.Change("finish", "job", job.job_id, after={"status": status.value})
        audit.append(connection, author, [change])

    def author(self, job: LeasedJob) -> audit.Author:
        """The job as the audit log names it: whoever created it, now."""
        return audit.Author(job.created_by, new_tracking_id(), self.clock())

    def give_back(self, job: LeasedJob) -> None:
        """Let another worker have the job."""
        now = self.clock()
        decide(self.database, lambda connection: jobs.give_back(connection, job, now))

    def fail(self, job: LeasedJob, error: str, *, is_permanent: bool) -> JobStatus:
        """Count a failed chunk: try again later, or fail.

        Args:
            job: As it was taken.
            error: What is told of it.
            is_permanent: Whether no try will be better than this one.

        Returns:
            The job's status.

        Raises:
            LeaseLostError: Another worker has the job.
        """

        def attempt(connection: Connection) -> JobStatus:
            kept = jobs.keep(connection, job, self.clock() + self.lease, chunks_count=0)
            due = self.clock() + job_back_off(kept.fail_count + 1)
            jobs.note_failure(connection, job, error, due)
            if not is_permanent and kept.fail_count + 1 < self.attempts_max:
                return JobStatus.PENDING
            self.end(connection, job, JobStatus.FAILED)
            return JobStatus.FAILED

        return decide(self.database, attempt)
