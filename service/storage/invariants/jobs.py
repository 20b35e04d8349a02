"""Rules of jobs that make coupons, and of the coupons that they make."""

from sqlalchemy import and_, func, or_, select

from service.domain.jobs import JobStatus
from service.storage.invariants.rule import Rule
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_terms,
    creation_job,
    job,
)

_PLACED = (JobStatus.COMPLETED.value, JobStatus.PATTERN_FULL.value, JobStatus.CANCELLED.value)
_made = (
    select(creation_job.c.batch_id, func.count(coupon.c.coupon_id).label("made_count"))
    .join(coupon, coupon.c.batch_id == creation_job.c.batch_id)
    .group_by(creation_job.c.batch_id)
    .subquery()
)

RULES = (
    Rule(
        # On PostgreSQL no foreign key says so: see the tables.
        text="a coupon has its class, its batch and its terms",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id)
        .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id, isouter=True)
        .join(coupon_batch, coupon_batch.c.batch_id == coupon.c.batch_id, isouter=True)
        .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id, isouter=True)
        .where(
            # Codes of coupons that discount bills have neither.
            coupon.c.class_id.is_not(None),
            or_(
                coupon_class.c.class_id.is_(None),
                coupon_batch.c.batch_id.is_(None),
                coupon_terms.c.terms_id.is_(None),
            ),
        ),
    ),
    Rule(
        text="a job counts the coupons that it has made, wherever it is",
        entity="job",
        # No index finds the coupons of a batch: they are counted once for all jobs.
        key=None,
        suspects=select(creation_job.c.job_id)
        .join(_made, _made.c.batch_id == creation_job.c.batch_id, isouter=True)
        .where(creation_job.c.created_amount != func.coalesce(_made.c.made_count, 0)),
    ),
    Rule(
        text="a job is completed when it has made all coupons, and only then",
        entity="job",
        key=job.c.job_id,
        suspects=select(job.c.job_id)
        .join(creation_job, creation_job.c.job_id == job.c.job_id)
        .where(
            or_(
                and_(
                    job.c.status == JobStatus.COMPLETED.value,
                    creation_job.c.created_amount != creation_job.c.number_of_coupons,
                ),
                and_(
                    job.c.status.in_((JobStatus.PATTERN_FULL.value, JobStatus.CANCELLED.value)),
                    creation_job.c.created_amount == creation_job.c.number_of_coupons,
                ),
            )
        ),
    ),
    Rule(
        text="the coupons of a job that has ended are in its batch, each at its place",
        entity="job",
        key=job.c.job_id,
        suspects=select(job.c.job_id)
        .join(creation_job, creation_job.c.job_id == job.c.job_id)
        .join(coupon_batch, coupon_batch.c.batch_id == creation_job.c.batch_id)
        .where(
            job.c.status.in_(_PLACED),
            or_(
                creation_job.c.placed_amount != creation_job.c.created_amount,
                creation_job.c.created_amount != coupon_batch.c.created_count,
            ),
        ),
    ),
    Rule(
        text="the coupons of a job that has not ended, or has failed, are not counted",
        entity="job",
        key=job.c.job_id,
        suspects=select(job.c.job_id)
        .join(creation_job, creation_job.c.job_id == job.c.job_id)
        .join(coupon_batch, coupon_batch.c.batch_id == creation_job.c.batch_id)
        .where(job.c.status.not_in(_PLACED), coupon_batch.c.created_count != 0),
    ),
)
