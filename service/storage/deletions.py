"""Coupons deleted, so that the places of their batch stay dense.

A coupon that is deleted keeps its row, as its code is never used again, and loses its place.
The gap is filled by a coupon from the end of the batch.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)

from service.domain.codes import fold_code
from service.domain.deletion import DeletionFilters, DeletionJob, Validity
from service.domain.jobs import JobQuery, JobStatus
from service.storage import bulk
from service.storage.jobs import conditions, paged
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    deletion_job,
    job,
)
from service.storage.types import Id, Instant

Integers = NDArray[np.int64]

_MARK = {
    "sqlite": """
        UPDATE coupon SET seq = NULL, deleted_at = :now FROM json_each(:coupon_ids) AS chosen
        WHERE coupon_id = chosen.value AND redeemed_at IS NULL AND deleted_at IS NULL
    """,
    "postgresql": """
        UPDATE coupon SET seq = NULL, deleted_at = :now
        FROM unnest(CAST(:coupon_ids AS bigint[])) AS chosen (coupon_id)
        WHERE coupon.coupon_id = chosen.coupon_id AND redeemed_at IS NULL AND deleted_at IS NULL
    """,
}
_FILL = {
    "sqlite": """
        UPDATE coupon_place SET coupon_id = gap.value FROM json_each(:gaps) AS gap
        WHERE batch_id = :batch_id AND seq = CAST(gap.key AS INTEGER)
    """,
    "postgresql": """
        UPDATE coupon_place SET coupon_id = gap.coupon_id
        FROM unnest(CAST(:seqs AS integer[]), CAST(:coupon_ids AS bigint[])) AS gap (seq, coupon_id)
        WHERE batch_id = :batch_id AND coupon_place.seq = gap.seq
    """,
}
_JOBS: Select[Any] = (
    select(
        job.c.job_id,
        job.c.created_at,
        job.c.customer_id,
        job.c.class_id,
        coupon_class.c.name.label("class_name"),
        deletion_job.c.filters,
        job.c.status,
        deletion_job.c.deleted_amount,
        job.c.fail_count,
        job.c.errors,
        job.c.created_by,
        job.c.communicated,
        job.c.chunk_execution_count,
        job.c.ended_at,
    )
    .select_from(job)
    .join(deletion_job, deletion_job.c.job_id == job.c.job_id)
    .join(coupon_class, coupon_class.c.class_id == job.c.class_id, isouter=True)
)

_ENDS = (coupon_terms.c.end_date, coupon_terms.c.expiration_date)


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What the worker of a deletion job has to do, and how far it is.

    Attributes:
        created_at: The instant at which ``filters.valid`` looks.
        batch_id: The batch at hand; None before the first.
        seq: The places from this one on are done in it.
    """

    job_id: int
    customer_id: int
    class_id: int | None
    filters: DeletionFilters
    created_at: datetime
    batch_id: int | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Places of a batch, to be looked at together: from the first to before the end.

    Attributes:
        coupons_count: How many places the batch has.
        unused_from: No coupon before this place can be handed out.
    """

    batch_id: int
    class_id: int
    first: int
    end: int
    coupons_count: int
    unused_from: int


@dataclass(frozen=True, slots=True)
class Victims:
    """Coupons to be deleted, in the order of their places."""

    coupon_ids: Integers
    seqs: Integers

    def __len__(self) -> int:
        return len(self.seqs)


def add_deletion_job(connection: Connection, job_id: int, filters: DeletionFilters) -> None:
    """Insert what a deletion job has beside its row of ``job``."""
    connection.execute(insert(deletion_job).values(job_id=job_id, filters=filters.as_json()))


def find_deletion_jobs(connection: Connection, query: JobQuery) -> list[DeletionJob]:
    """A page of a customer's deletion jobs, newest first."""
    statement = _JOBS.where(*conditions(query))
    if query.batch_id is not None:
        # Not as_integer: on PostgreSQL that has 32 bits, and a number with more is an error.
        batch_id = cast(deletion_job.c.filters["batch_id"].as_string(), Id)
        statement = statement.where(batch_id == query.batch_id)
    return [
        DeletionJob(
            **{
                **row,
                "filters": DeletionFilters.from_json(row["filters"]),
                "status": JobStatus(row["status"]),
            }
        )
        for row in connection.execute(paged(statement, query)).mappings()
    ]


def find_plan(connection: Connection, job_id: int) -> DeletionPlan:
    """What a deletion job has to do, and how far it is."""
    statement = (
        select(
            job.c.job_id,
            job.c.customer_id,
            job.c.class_id,
            deletion_job.c.filters,
            job.c.created_at,
            deletion_job.c.batch_id,
            deletion_job.c.seq,
        )
        .join(deletion_job, deletion_job.c.job_id == job.c.job_id)
        .where(job.c.job_id == job_id)
    )
    row = connection.execute(statement).mappings().one()
    return DeletionPlan(**{**row, "filters": DeletionFilters.from_json(row["filters"])})


def next_stretch(connection: Connection, plan: DeletionPlan, length: int) -> Stretch | None:
    """The places that come next: the newest batch first, and in it the last ones; None at the end.

    Args:
        connection: The transaction.
        plan: How far the job is.
        length: How many places at most.
    """
    batches = (
        select(
            coupon_batch.c.batch_id,
            coupon_batch.c.class_id,
            coupon_batch.c.coupons_count,
            coupon_batch.c.unused_from,
        )
        .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
        .where(*_batches_meant(plan), coupon_batch.c.coupons_count > 0)
        .order_by(coupon_batch.c.batch_id.desc())
        .limit(1)
    )
    row = connection.execute(batches).one_or_none()
    if row is None:
        return None
    is_begun = row.batch_id == plan.batch_id and plan.seq is not None
    end = min(plan.seq or 0, row.coupons_count) if is_begun else row.coupons_count
    first = max(0, end - length)
    return Stretch(row.batch_id, row.class_id, first, end, row.coupons_count, row.unused_from)


def _batches_meant(plan: DeletionPlan) -> list[ColumnElement[bool]]:
    """The batches that are not done, with a coupon that the job may be about."""
    filters = plan.filters
    meant = [coupon_class.c.customer_id == plan.customer_id]
    if plan.class_id is not None:
        meant.append(coupon_class.c.class_id == plan.class_id)
    if filters.batch_id is not None:
        meant.append(coupon_batch.c.batch_id == filters.batch_id)
    if filters.created_before is not None:
        meant.append(coupon_batch.c.created_at < filters.created_before)
    if filters.created_after is not None:
        meant.append(coupon_batch.c.created_at > filters.created_after)
    if plan.batch_id is not None:
        last = plan.batch_id if plan.seq else plan.batch_id - 1
        meant.append(coupon_batch.c.batch_id <= last)
    return meant


def has_victims(connection: Connection, plan: DeletionPlan, stretch: Stretch) -> bool:
    """Whether there are coupons at these places that are to be deleted."""
    if _is_compared_here(plan.filters):
        return len(find_victims(connection, plan, stretch)) > 0
    return bool(connection.scalar(select(_victims(plan, stretch).exists())))


def find_victims(connection: Connection, plan: DeletionPlan, stretch: Stretch) -> Victims:
    """The coupons at these places that the filters let through, and that are not redeemed."""
    statement = _victims(plan, stretch).order_by(coupon_place.c.seq)
    if _is_compared_here(plan.filters):
        compared = plan.filters.compared
        wanted = compared(plan.filters.value or "")
        found = connection.execute(statement.add_columns(coupon.c.code))
        rows = [row for row in found if compared(row.code) == wanted]
    else:
        rows = list(connection.execute(statement))
    return Victims(
        np.array([row.coupon_id for row in rows], dtype=np.int64),
        np.array([row.seq for row in rows], dtype=np.int64),
    )


def _is_compared_here(filters: DeletionFilters) -> bool:
    """Whether codes are compared in a way that no database has."""
    return filters.value is not None and not filters.exact_match


def _victims(plan: DeletionPlan, stretch: Stretch) -> Select[Any]:
    statement = (
        select(coupon_place.c.seq, coupon.c.coupon_id)
        .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
        .where(
            coupon_place.c.batch_id == stretch.batch_id,
            coupon_place.c.seq >= stretch.first,
            coupon_place.c.seq < stretch.end,
            coupon.c.redeemed_at.is_(None),
            *_coupons_meant(plan.filters),
        )
    )
    terms_meant = _terms_meant(plan.filters, plan.created_at)
    if not terms_meant:
        return statement
    matching = select(coupon_terms.c.terms_id).where(*terms_meant)
    return statement.where(coupon.c.terms_id.in_(matching))


def _coupons_meant(filters: DeletionFilters) -> list[ColumnElement[bool]]:
    meant: list[ColumnElement[bool]] = []
    if filters.recipient_account_id is not None:
        meant.append(coupon.c.claimed_account_id == filters.recipient_account_id)
    if filters.value is not None and filters.exact_match:
        meant.append(coupon.c.code == fold_code(filters.value))
    if filters.usable is False:
        # Those that are left are the redeemed ones, and these are left out.
        meant.append(coupon.c.redeemed_at.is_not(None))
    return meant


def _terms_meant(filters: DeletionFilters, now: datetime) -> list[ColumnElement[bool]]:
    start, ends = coupon_terms.c.start_date, _ENDS
    meant: list[ColumnElement[bool]] = []
    if filters.starts_before is not None:
        meant.append(start < filters.starts_before)
    if filters.starts_after is not None:
        meant.append(start > filters.starts_after)
    if filters.expires_before is not None:
        meant.append(or_(*(end < filters.expires_before for end in ends)))
    if filters.expires_after is not None:
        meant.append(or_(*(end.is_not(None) for end in ends)))
        meant += [or_(end.is_(None), end > filters.expires_after) for end in ends]
    if filters.valid is not None:
        meant += _valid(Validity(filters.valid), now)
    return meant


def _valid(validity: Validity, now: datetime) -> list[ColumnElement[bool]]:
    start = coupon_terms.c.start_date
    if validity is Validity.EXPIRED:
        return [or_(*(end < now for end in _ENDS))]
    if validity is Validity.FUTURE:
        return [start > now]
    lasts = [or_(end.is_(None), end >= now) for end in _ENDS]
    return [or_(start.is_(None), start <= now), *lasts]


def delete_coupons(
    connection: Connection, stretch: Stretch, victims: Victims, now: datetime
) -> bool:
    """Delete coupons, and fill their places from the end of the batch.

    Nobody else may change coupons of the class meanwhile.

    Returns:
        Whether each of them was there still and not redeemed. When not, the
        transaction must be rolled back and the decision made again.
    """
    if _mark(connection, victims, now) != len(victims):
        return False
    coupons_count = stretch.coupons_count - len(victims)
    gaps = victims.seqs[victims.seqs < coupons_count]
    _fill(connection, stretch.batch_id, coupons_count, gaps)
    unused_from = int(gaps[0]) if len(gaps) else stretch.unused_from
    connection.execute(
        update(coupon_batch)
        .where(coupon_batch.c.batch_id == stretch.batch_id)
        .values(coupons_count=coupons_count, unused_from=min(unused_from, stretch.unused_from))
    )
    connection.execute(
        update(coupon_class)
        .where(coupon_class.c.class_id == stretch.class_id)
        .values(coupons_count=coupon_class.c.coupons_count - len(victims))
    )
    return True


def _mark(connection: Connection, victims: Victims, now: datetime) -> int:
    # Neighbours are in one page of the database, which is then written once.
    ids: Any = np.sort(victims.coupon_ids).tolist()
    if connection.dialect.name == "sqlite":
        ids = json.dumps(ids)
    statement = text(_MARK[connection.dialect.name]).bindparams(bindparam("now", type_=Instant()))
    return connection.execute(statement, {"coupon_ids": ids, "now": now}).rowcount


def _fill(connection: Connection, batch_id: int, coupons_count: int, gaps: Integers) -> None:
    """Leave a batch with this number of places, those that lost their coupons filled again."""
    beyond = and_(coupon_place.c.batch_id == batch_id, coupon_place.c.seq >= coupons_count)
    left = (
        select(coupon_place.c.coupon_id)
        .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
        .where(beyond, coupon.c.deleted_at.is_(None))
        .order_by(coupon_place.c.seq)
    )
    movers = np.array(connection.scalars(left).all() if len(gaps) else [], dtype=np.int64)
    connection.execute(delete(coupon_place).where(beyond))
    if not len(gaps):
        return
    ids, seqs = movers.tolist(), gaps.tolist()
    if connection.dialect.name == "sqlite":
        values = {"batch_id": batch_id, "gaps": json.dumps(dict(zip(seqs, ids, strict=True)))}
    else:
        values = {"batch_id": batch_id, "seqs": seqs, "coupon_ids": ids}
    connection.execute(text(_FILL[connection.dialect.name]), values)
    bulk.move(connection, movers, gaps)


def note_deleted(connection: Connection, plan: DeletionPlan, stretch: Stretch, count: int) -> None:
    """Note that places are done, and count the coupons that were deleted there."""
    connection.execute(
        update(deletion_job)
        .where(deletion_job.c.job_id == plan.job_id)
        .values(
            batch_id=stretch.batch_id,
            seq=stretch.first,
            deleted_amount=deletion_job.c.deleted_amount + count,
        )
    )
