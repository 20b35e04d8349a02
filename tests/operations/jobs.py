"""Jobs that have begun, and workers that do them."""

from datetime import timedelta

from service.operations.creation_jobs import NewCreationJob, add_creation_job
from service.operations.job_work import JobDesk
from service.operations.work_on_jobs import WorkDone, work_on_next_job
from tests.programme import Programme

LEASE = timedelta(minutes=1)
ATTEMPTS_MAX = 3


def begin_creation(programme: Programme, customer_id: int, class_name: str = "Spring") -> int:
    """A job that has made no coupon yet; answers its batch."""
    new = NewCreationJob(customer_id=customer_id, class_name=class_name, number_of_coupons=10)
    return add_creation_job(programme.call(), new).batch_id


def desk(programme: Programme, chunk_length: int = 100) -> JobDesk:
    """The jobs of the programme as workers see them, at its clock's instant."""
    return JobDesk(
        programme.database,
        LEASE,
        ATTEMPTS_MAX,
        clock=programme.clock,
        chunk_length=chunk_length,
    )


def work(programme: Programme) -> WorkDone | None:
    """Do the next job to its end."""
    return work_on_next_job(desk(programme))
