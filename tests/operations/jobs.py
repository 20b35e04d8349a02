"""Jobs that have begun, and workers that do them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from service.domain.jobs import CreationJob, JobQuery
from service.domain.roles import COMMAND_LINE
from service.operations.calls import OperationLimits
from service.operations.check_database import check_database
from service.operations.creation_jobs import NewCreationJob, add_creation_job, get_creation_jobs
from service.operations.job_work import JobDesk
from service.operations.work_on_jobs import WorkDone, work_on_next_job
from service.storage.tables import coupon, coupon_batch, coupon_class, coupon_place
from tests.programme import Programme

LEASE = timedelta(minutes=1)
ATTEMPTS_MAX = 3
CHUNK = 100


def begin_creation(programme: Programme, customer_id: int, class_name: str = "Spring") -> int:
    """A job that has made no coupon yet; answers its batch."""
    asked = NewCreationJob(customer_id=customer_id, class_name=class_name, number_of_coupons=10)
    return add_creation_job(programme.call(), asked).batch_id


def new(programme: Programme, owner: int, count: int, **values: Any) -> CreationJob:
    """A job of the command line, or of a caller."""
    caller = values.pop("caller", COMMAND_LINE)
    limits = OperationLimits(job_chunk_coupons=CHUNK)
    asked = NewCreationJob(
        customer_id=owner, class_name="Spring", number_of_coupons=count, **values
    )
    return add_creation_job(replace(programme.call(caller), limits=limits), asked)


def found(programme: Programme, owner: int, **values: Any) -> list[CreationJob]:
    return get_creation_jobs(programme.call(), JobQuery(customer_id=owner, **values))


def require_whole(programme: Programme, batch_id: int, count: int) -> None:
    """The batch has so many coupons, each at a place of its own, and everything adds up."""
    rows = [row for row in programme.rows(coupon) if row["batch_id"] == batch_id]
    assert sorted(row["seq"] for row in rows) == list(range(count))
    assert len({row["code"] for row in rows}) == count
    places = {row["seq"]: row["coupon_id"] for row in programme.rows(coupon_place)}
    assert places == {row["seq"]: row["coupon_id"] for row in rows}
    (batch,) = programme.rows(coupon_batch)
    assert (batch["created_count"], batch["coupons_count"]) == (count, count)
    assert programme.rows(coupon_class)[0]["coupons_count"] == count
    assert check_database(programme.call()).breaches == []


def desk(programme: Programme, chunk_length: int = CHUNK) -> JobDesk:
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
