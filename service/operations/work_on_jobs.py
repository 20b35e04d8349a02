"""What a worker does next: a job of any kind, to its end or until it fails."""

from collections.abc import Callable
from dataclasses import dataclass

from service.domain.jobs import JobKind, JobStatus, LeasedJob
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.operations.delete_coupons import delete_coupons
from service.operations.job_work import JobDesk, JobStoppedError
from service.operations.make_coupons import make_coupons
from service.storage.jobs import LeaseLostError

_WORK: dict[JobKind, Callable[[JobDesk, LeasedJob], JobStatus]] = {
    JobKind.CREATION: make_coupons,
    JobKind.DELETION: delete_coupons,
}


class JobsUnavailableError(Exception):
    """The database cannot be used just now; its cause is the database's own error."""


@dataclass(frozen=True, slots=True)
class WorkDone:
    """What came of a job that a worker had.

    Attributes:
        status: ``pending`` when it goes on later, or with another worker.
        failure: The name of what failed, for the log: what a database says of its own errors
            quotes codes. The job itself has all of it. None when nothing failed.
    """

    job: LeasedJob
    status: JobStatus
    failure: str | None = None


def work_on_next_job(desk: JobDesk) -> WorkDone | None:
    """Take the job that is due longest, and do it; None when none is due.

    Raises:
        JobsUnavailableError: The failure could not even be noted.
    """
    try:
        job = desk.take()
        return None if job is None else _work_on(desk, job)
    except Exception as error:
        raise JobsUnavailableError from error


def _work_on(desk: JobDesk, job: LeasedJob) -> WorkDone:
    try:
        return WorkDone(job, _WORK[job.kind](desk, job))
    except LeaseLostError:
        return WorkDone(job, JobStatus.PENDING, LeaseLostError.__name__)
    except JobStoppedError:
        desk.give_back(job)
        return WorkDone(job, JobStatus.PENDING)
    except Exception as error:  # noqa: BLE001 - whatever fails is counted, told, and tried again
        return _settle_failure(desk, job, error)


def _settle_failure(desk: JobDesk, job: LeasedJob, error: Exception) -> WorkDone:
    is_refusal = isinstance(error, ServiceError) and not isinstance(error, ServiceTroubleError)
    reason = error.reason if isinstance(error, ServiceTroubleError) else str(error)
    text = f"{type(error).__name__}: {reason}" if not is_refusal else str(error)
    try:
        status = desk.fail(job, text, is_permanent=is_refusal)
    except LeaseLostError:
        status = JobStatus.PENDING
    name = error.row.symbol if isinstance(error, ServiceError) else type(error).__name__
    return WorkDone(job, status, name)
