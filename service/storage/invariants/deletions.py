"""Rules of coupons that were deleted, and of the jobs that deleted them."""

from sqlalchemy import and_, func, literal, or_, select, union_all

from service.domain.jobs import JobKind
from service.storage.invariants.history import number_after
from service.storage.invariants.rule import Rule
from service.storage.tables import audit, coupon, coupon_batch, creation_job, deletion_job, job

_IS_TOLD = and_(audit.c.entity == "coupon_batch", audit.c.action == "delete")
_DELETED_COUNT = number_after("deleted_count")
_gone = union_all(
    select(
        coupon.c.batch_id, coupon.c.deleted_at.label("at"), literal(1).label("difference")
    ).where(coupon.c.deleted_at.is_not(None)),
    select(audit.c.entity_id, audit.c.at, -_DELETED_COUNT).where(_IS_TOLD),
).subquery()
_gone_otherwise = (
    select(_gone.c.batch_id)
    .group_by(_gone.c.batch_id, _gone.c.at)
    .having(func.sum(_gone.c.difference) != 0)
)
_entries = (
    select(number_after("job_id").label("job_id"), _DELETED_COUNT.label("deleted_count"))
    .where(_IS_TOLD)
    .subquery()
)
_told = (
    select(_entries.c.job_id, func.sum(_entries.c.deleted_count).label("deleted_count"))
    .group_by(_entries.c.job_id)
    .subquery()
)

RULES = (
    Rule(
        text="the audit log tells how many coupons of a batch were deleted, and when",
        entity="coupon_batch",
        # No index finds the coupons that are deleted: they are counted once for all batches.
        key=None,
        suspects=select(coupon_batch.c.batch_id).where(
            coupon_batch.c.batch_id.in_(_gone_otherwise)
        ),
    ),
    Rule(
        text="a job counts the coupons that it has deleted, as the audit log tells",
        entity="job",
        key=None,
        suspects=select(deletion_job.c.job_id)
        .join(_told, _told.c.job_id == deletion_job.c.job_id, isouter=True)
        .where(deletion_job.c.deleted_amount != func.coalesce(_told.c.deleted_count, 0)),
    ),
    Rule(
        text="a job says what it makes, or what it deletes",
        entity="job",
        key=job.c.job_id,
        suspects=select(job.c.job_id)
        .join(creation_job, creation_job.c.job_id == job.c.job_id, isouter=True)
        .join(deletion_job, deletion_job.c.job_id == job.c.job_id, isouter=True)
        .where(
            or_(
                (job.c.kind == JobKind.CREATION.value) != creation_job.c.job_id.is_not(None),
                (job.c.kind == JobKind.DELETION.value) != deletion_job.c.job_id.is_not(None),
            )
        ),
    ),
)
