"""Jobs: taken by workers under a lease, kept while they work, ended.

Each statement of a worker is conditional on the number of its lease, the fence: who has lost
the job changes nothing any more.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from service.domain.codes import CodePattern
from service.domain.jobs import (
    CreationJob,
    JobKind,
    JobQuery,
    JobReport,
    JobStatus,
    LeasedJob,
    with_error,
)
from service.domain.mail import DEFAULT_LANGUAGE
from service.storage.outbox import queue_report
from service.storage.party_tables import customer, service_user
from service.storage.statements import new_id
from service.storage.tables import (
    coupon_batch,
    coupon_class,
    creation_job,
    deletion_job,
    job,
)

_LEASED_COLUMNS = (
    job.c.job_id,
    job.c.kind,
    job.c.customer_id,
    job.c.class_id,
    job.c.created_by,
    job.c.fail_count,
    job.c.lease_number,
    job.c.cancel_requested_at,
)
_IS_DUE = (
    job.c.status == JobStatus.PENDING.value,
    job.c.next_attempt_at <= bindparam("now"),
)
_OLDEST_DUE = (
    select(job.c.job_id)
    .where(*_IS_DUE)
    .order_by(job.c.next_attempt_at, job.c.job_id)
    .limit(1)
    # Two workers take different jobs instead of waiting for one another.
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(job)
    .where(job.c.job_id == _OLDEST_DUE.scalar_subquery(), *_IS_DUE)
    .values(lease_number=job.c.lease_number + 1, next_attempt_at=bindparam("lease_ends_at"))
    .returning(*_LEASED_COLUMNS)
)
_OF_LEASE = update(job).where(
    job.c.job_id == bindparam("leased_job_id"),
    job.c.lease_number == bindparam("held_number"),
    job.c.status == JobStatus.PENDING.value,
)
_KEEP = _OF_LEASE.values(
    next_attempt_at=bindparam("lease_ends_at"),
    chunk_execution_count=job.c.chunk_execution_count + bindparam("chunks_count"),
).returning(*_LEASED_COLUMNS)
_CREATION_JOBS: Select[Any] = (
    select(
        *(column for column in job.c if column.name not in {"kind", "status", "lease_number"}),
        job.c.status,
        *(column for column in creation_job.c if column.name not in {"job_id", "terms_id"}),
        coupon_class.c.name.label("class_name"),
        coupon_batch.c.attributes,
    )
    .select_from(job)
    .join(creation_job, creation_job.c.job_id == job.c.job_id)
    .join(coupon_class, coupon_class.c.class_id == job.c.class_id)
    .join(coupon_batch, coupon_batch.c.batch_id == creation_job.c.batch_id)
)
_NOT_TOLD = {"next_attempt_at", "first_coupon_id", "placed_amount"}
_REPORT: Select[Any] = (
    select(
        job.c.job_id,
        job.c.kind,
        job.c.status,
        job.c.errors,
        creation_job.c.created_amount,
        creation_job.c.number_of_coupons,
        creation_job.c.batch_id,
        deletion_job.c.deleted_amount,
        coupon_class.c.name.label("class_name"),
        coupon_class.c.language,
        customer.c.name.label("customer_name"),
    )
    .select_from(job)
    .join(customer, customer.c.customer_id == job.c.customer_id)
    .join(coupon_class, coupon_class.c.class_id == job.c.class_id, isouter=True)
    .join(creation_job, creation_job.c.job_id == job.c.job_id, isouter=True)
    .join(deletion_job, deletion_job.c.job_id == job.c.job_id, isouter=True)
    .where(job.c.job_id == bindparam("job_id"))
)


class LeaseLostError(Exception):
    """The job is another worker's, or has ended: undo the transaction and leave it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationJobRow:
    """What a creation job says beside what every job says."""

    batch_id: int
    terms_id: int
    number_of_coupons: int
    code_pattern: str
    code_alphabet: str
    usage_limit: int
    discount_limit: Decimal | None
    reservation_limit: int | None
    start_date: datetime | None
    expiry_date: datetime | None
    is_reservation_mandatory: bool
    chunk_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationPlan:
    """What the worker of a creation job has to do, and how far it is.

    Attributes:
        first_coupon_id: No coupon of the job has a lower number; None before the first.
        placed_amount: How many places are written; from the first one on, no coupon is made.
    """

    class_id: int
    terms_id: int
    batch_id: int
    pattern: CodePattern
    number_of_coupons: int
    chunk_size: int
    first_coupon_id: int | None
    created_amount: int
    placed_amount: int


def add_job(
    connection: Connection,
    kind: JobKind,
    *,
    customer_id: int,
    class_id: int | None,
    created_by: int,
    now: datetime,
) -> int:
    """Insert a job that is due at once; answers its number."""
    values: dict[str, Any] = {
        "kind": kind.value,
        "customer_id": customer_id,
        "class_id": class_id,
        "created_by": created_by,
        "created_at": now,
        "next_attempt_at": now,
        "errors": [],
    }
    return new_id(connection.execute(insert(job).values(values)))


def add_creation_job(connection: Connection, job_id: int, new: CreationJobRow) -> None:
    """Insert what a creation job has beside its row of ``job``."""
    values = {name: getattr(new, name) for name in new.__slots__}
    connection.execute(insert(creation_job).values(job_id=job_id, **values))


# What workers do.


def take_due(connection: Connection, now: datetime, lease_ends_at: datetime) -> LeasedJob | None:
    """Take the job that is due longest; None when none is.

    It is due again at the end of the lease, unless it is kept or ended before.
    """
    values = {"now": now, "lease_ends_at": lease_ends_at}
    row = connection.execute(_TAKE, values).one_or_none()
    return None if row is None else _leased(row)


def keep(
    connection: Connection, leased: LeasedJob, lease_ends_at: datetime, *, chunks_count: int
) -> LeasedJob:
    """Keep a job until a later end of the lease; no other worker takes it before the commit.

    Args:
        connection: The transaction of the chunk.
        leased: The job as it was taken.
        lease_ends_at: When the worker counts as dead, unless it keeps the job again.
        chunks_count: How many tries of a chunk the transaction is.

    Returns:
        The job as it is now.

    Raises:
        LeaseLostError: Another worker has it, or it has ended.
    """
    values = {**_held(leased), "lease_ends_at": lease_ends_at, "chunks_count": chunks_count}
    row = connection.execute(_KEEP, values).one_or_none()
    if row is None:
        raise LeaseLostError(f"job {leased.job_id}")
    return _leased(row)


def give_back(connection: Connection, leased: LeasedJob, now: datetime) -> None:
    """Let another worker take the job at once, if it is still this one's."""
    connection.execute(_OF_LEASE.values(next_attempt_at=now), _held(leased))


def note_failure(connection: Connection, leased: LeasedJob, error: str, due: datetime) -> None:
    """Count a chunk that failed, and try again when it is due.

    Raises:
        LeaseLostError: Another worker has the job, or it has ended.
    """
    _change(
        connection,
        leased,
        fail_count=job.c.fail_count + 1,
        chunk_execution_count=job.c.chunk_execution_count + 1,
        errors=with_error(_errors(connection, leased.job_id), error),
        next_attempt_at=due,
    )


def end(
    connection: Connection,
    leased: LeasedJob,
    status: JobStatus,
    now: datetime,
    error: str | None = None,
) -> None:
    """End a job, and queue the mail to who created it.

    Args:
        connection: The transaction.
        leased: The job as it was taken.
        status: How it ends.
        now: When.
        error: Why it failed, to be told with its errors; None when it did not.

    Raises:
        LeaseLostError: Another worker has the job, or it has ended.
    """
    values: dict[str, Any] = {"status": status.value, "ended_at": now}
    if error is not None:
        values["errors"] = with_error(_errors(connection, leased.job_id), error)
    _change(connection, leased, **values)
    _queue_report(connection, leased, now)


def _errors(connection: Connection, job_id: int) -> list[str]:
    return list(connection.execute(select(job.c.errors).where(job.c.job_id == job_id)).scalar_one())


def _change(connection: Connection, leased: LeasedJob, **values: Any) -> None:
    if connection.execute(_OF_LEASE.values(values), _held(leased)).rowcount != 1:
        raise LeaseLostError(f"job {leased.job_id}")


def _queue_report(connection: Connection, leased: LeasedJob, now: datetime) -> None:
    """Queue the mail about the end, if who created the job can be sent any."""
    recipient = select(service_user.c.email).where(
        service_user.c.user_id == leased.created_by,
        service_user.c.email.is_not(None),
        service_user.c.disabled_at.is_(None),
    )
    email = connection.execute(recipient).scalar_one_or_none()
    if email is not None:
        queue_report(connection, leased.job_id, email, now)


def note_communicated(connection: Connection, job_id: int) -> None:
    """The creator of a job was told of its end."""
    connection.execute(update(job).where(job.c.job_id == job_id).values(communicated=True))


def find_report(connection: Connection, job_id: int) -> JobReport:
    """What a mail about the end of a job tells."""
    row = connection.execute(_REPORT, {"job_id": job_id}).one()
    kind = JobKind(row.kind)
    is_creation = kind is JobKind.CREATION
    return JobReport(
        job_id=row.job_id,
        kind=kind,
        status=JobStatus(row.status),
        amount=row.created_amount if is_creation else row.deleted_amount,
        number_of_coupons=row.number_of_coupons,
        class_name=row.class_name,
        customer_name=row.customer_name,
        batch_id=row.batch_id,
        last_error=row.errors[-1] if row.errors else None,
        language=row.language or DEFAULT_LANGUAGE,
    )


# Creation jobs.


def find_plan(connection: Connection, job_id: int) -> CreationPlan:
    """What a creation job has to do, and how far it is."""
    statement = (
        select(creation_job, job.c.class_id)
        .join(job, job.c.job_id == creation_job.c.job_id)
        .where(creation_job.c.job_id == job_id)
    )
    row = connection.execute(statement).one()
    return CreationPlan(
        class_id=row.class_id,
        terms_id=row.terms_id,
        batch_id=row.batch_id,
        pattern=CodePattern(row.code_pattern, row.code_alphabet),
        number_of_coupons=row.number_of_coupons,
        chunk_size=row.chunk_size,
        first_coupon_id=row.first_coupon_id,
        created_amount=row.created_amount,
        placed_amount=row.placed_amount,
    )


def note_created(connection: Connection, job_id: int, first_coupon_id: int, count: int) -> None:
    """Count coupons that a chunk has made; none of them has a lower number than the first."""
    statement = (
        update(creation_job)
        .where(creation_job.c.job_id == job_id)
        .values(
            created_amount=creation_job.c.created_amount + count,
            first_coupon_id=func.coalesce(creation_job.c.first_coupon_id, first_coupon_id),
        )
    )
    connection.execute(statement)


def note_placed(connection: Connection, job_id: int, count: int) -> None:
    """Count places that a chunk has written."""
    connection.execute(
        update(creation_job)
        .where(creation_job.c.job_id == job_id)
        .values(placed_amount=creation_job.c.placed_amount + count)
    )


def is_class_retired(connection: Connection, class_id: int) -> bool:
    """Whether nothing is made of the class any more."""
    statement = select(coupon_class.c.retired_at).where(coupon_class.c.class_id == class_id)
    return connection.execute(statement).scalar_one() is not None


# What operations do.


def find_creation_jobs(connection: Connection, query: JobQuery) -> list[CreationJob]:
    """A page of a customer's creation jobs, newest first."""
    statement = _CREATION_JOBS.where(*conditions(query))
    if query.batch_id is not None:
        statement = statement.where(creation_job.c.batch_id == query.batch_id)
    rows = connection.execute(paged(statement, query)).mappings()
    return [_creation_job(dict(row)) for row in rows]


def conditions(query: JobQuery) -> list[Any]:
    """What the rows of ``job``, and of ``coupon_class`` beside it, must be like."""
    asked = {
        job.c.customer_id: query.customer_id,
        job.c.job_id: query.job_id,
        coupon_class.c.name: query.class_name,
        job.c.status: query.status.value if query.status else None,
    }
    found = [column == value for column, value in asked.items() if value is not None]
    if query.created_from is not None:
        found.append(job.c.created_at >= query.created_from)
    if query.created_before is not None:
        found.append(job.c.created_at < query.created_before)
    if query.before_job_id is not None:
        found.append(job.c.job_id < query.before_job_id)
    return found


def paged(statement: Select[Any], query: JobQuery) -> Select[Any]:
    """The page that is asked for, newest first."""
    return (
        statement.order_by(job.c.job_id.desc()).limit(query.size).offset(query.index * query.size)
    )


def lock_job(connection: Connection, job_id: int, kind: JobKind) -> Row[Any] | None:
    """The row of a job, which stays as it is until the commit; None when there is none."""
    statement = select(job).where(job.c.job_id == job_id, job.c.kind == kind.value)
    return connection.execute(statement.with_for_update()).one_or_none()


def request_cancel(connection: Connection, job_id: int, now: datetime) -> None:
    """Ask for the early end of a job, and make it due: who has it may be dead, or at rest."""
    values = {"cancel_requested_at": now, "next_attempt_at": now}
    connection.execute(update(job).where(job.c.job_id == job_id).values(values))


def reopen(connection: Connection, job_id: int, now: datetime) -> None:
    """Let a job that has failed go on, with its failures forgotten."""
    values: dict[str, Any] = {
        "status": JobStatus.PENDING.value,
        "ended_at": None,
        "communicated": False,
        "fail_count": 0,
        "errors": [],
        "next_attempt_at": now,
    }
    connection.execute(update(job).where(job.c.job_id == job_id).values(values))


def _held(leased: LeasedJob) -> dict[str, int]:
    return {"leased_job_id": leased.job_id, "held_number": leased.lease_number}


def _leased(row: Row[Any]) -> LeasedJob:
    values = dict(row._mapping)  # noqa: SLF001 - the name under which SQLAlchemy publishes it
    return LeasedJob(**{**values, "kind": JobKind(row.kind)})


def _creation_job(row: dict[str, Any]) -> CreationJob:
    values = {name: value for name, value in row.items() if name not in _NOT_TOLD}
    pattern = CodePattern(row["code_pattern"], row["code_alphabet"])
    return CreationJob(
        **{**values, "status": JobStatus(row["status"])},
        density=pattern.density(row["number_of_coupons"]),
    )
