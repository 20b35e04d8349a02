"""Rules of users and what they asked, of classes, batches and coupons."""

from typing import Any

from sqlalchemy import Row, and_, exists, func, or_, select

from service.domain.codes import fold_code
from service.domain.jobs import JobStatus
from service.domain.names import normal_spelling
from service.domain.refusals import ServiceError
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.coupons import IS_UNUSED
from service.storage.invariants.rule import Rule
from service.storage.party_tables import account, membership, service_user, token
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    creation_job,
    idempotency_key,
    job,
    redemption,
    unfinished_import,
)


def _is_not_normal(row: Row[Any]) -> bool:
    return bool(normal_spelling(row.name) != row.name)


def _is_not_folded(row: Row[Any]) -> bool:
    return not row.code or bool(fold_code(row.code) != row.code)


def _is_not_valid(row: Row[Any]) -> bool:
    try:
        terms_of(row).require_valid()
    except ServiceError:
        return True
    return False


_made = (
    select(
        coupon.c.batch_id,
        func.count().label("made_count"),
        func.count(coupon.c.seq).label("there_count"),
    )
    .group_by(coupon.c.batch_id)
    .subquery()
)
# One that has failed may be retried.
_GOES_ON = or_(job.c.ended_at.is_(None), job.c.status == JobStatus.FAILED.value)
_HAS_ENDED = and_(
    ~select(creation_job.c.job_id)
    .join(job, job.c.job_id == creation_job.c.job_id)
    .where(creation_job.c.batch_id == coupon_batch.c.batch_id, _GOES_ON)
    .exists(),
    ~exists().where(unfinished_import.c.batch_id == coupon_batch.c.batch_id),
)

RULES = (
    Rule(
        text="a user has a role",
        entity="user",
        key=service_user.c.user_id,
        suspects=select(service_user.c.user_id)
        .join(membership, isouter=True)
        .where(membership.c.membership_id.is_(None)),
    ),
    Rule(
        text="a user who is disabled has no token in force",
        entity="token",
        key=token.c.token_id,
        suspects=select(token.c.token_id)
        .join(service_user)
        .where(service_user.c.disabled_at.is_not(None), token.c.revoked_at.is_(None)),
    ),
    Rule(
        text="a user's name is spelled as it is looked up",
        entity="user",
        key=service_user.c.user_id,
        suspects=select(service_user.c.user_id, service_user.c.name),
        is_broken=_is_not_normal,
    ),
    Rule(
        text="a request with a key has its answer",
        entity="user",
        key=idempotency_key.c.user_id,
        suspects=select(idempotency_key.c.user_id)
        .distinct()
        .where(idempotency_key.c.reply.is_(None), idempotency_key.c.error_symbol.is_(None)),
    ),
    Rule(
        text="a class's name is spelled as it is looked up",
        entity="coupon_class",
        key=coupon_class.c.class_id,
        suspects=select(coupon_class.c.class_id, coupon_class.c.name),
        is_broken=_is_not_normal,
    ),
    Rule(
        text="terms are such as a class may have",
        entity="coupon_terms",
        key=coupon_terms.c.terms_id,
        suspects=select(coupon_terms.c.terms_id, *TERMS_COLUMNS),
        is_broken=_is_not_valid,
    ),
    Rule(
        text="a class counts the coupons of its batches",
        entity="coupon_class",
        key=coupon_class.c.class_id,
        suspects=select(coupon_class.c.class_id)
        .join(coupon_batch, coupon_batch.c.class_id == coupon_class.c.class_id, isouter=True)
        .group_by(coupon_class.c.class_id, coupon_class.c.coupons_count)
        .having(
            coupon_class.c.coupons_count != func.coalesce(func.sum(coupon_batch.c.coupons_count), 0)
        ),
    ),
    Rule(
        text="a batch counts its places, and they run from 0 without gaps",
        entity="coupon_batch",
        key=coupon_batch.c.batch_id,
        suspects=select(coupon_batch.c.batch_id)
        .join(coupon_place, coupon_place.c.batch_id == coupon_batch.c.batch_id, isouter=True)
        # The places of a job that is at work are not all written.
        .where(_HAS_ENDED)
        .group_by(coupon_batch.c.batch_id, coupon_batch.c.coupons_count)
        .having(
            or_(
                func.count(coupon_place.c.coupon_id) != coupon_batch.c.coupons_count,
                # The places are UNIQUE in the batch: no other way is left to number them.
                func.min(coupon_place.c.seq) != 0,
                func.max(coupon_place.c.seq) != coupon_batch.c.coupons_count - 1,
            )
        ),
    ),
    Rule(
        text="the coupon at a place of a batch is of the batch, and knows the place",
        entity="coupon_batch",
        key=coupon_place.c.batch_id,
        suspects=select(coupon_place.c.batch_id)
        .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id, isouter=True)
        .where(
            or_(
                coupon.c.coupon_id.is_(None),
                coupon.c.batch_id != coupon_place.c.batch_id,
                coupon.c.seq.is_distinct_from(coupon_place.c.seq),
            )
        )
        .distinct(),
    ),
    Rule(
        text="a batch counts its coupons, and made no more than were asked for",
        entity="coupon_batch",
        # No index finds the coupons of a batch: they are counted once for all batches.
        key=None,
        suspects=select(coupon_batch.c.batch_id)
        .join(_made, _made.c.batch_id == coupon_batch.c.batch_id, isouter=True)
        .where(
            _HAS_ENDED,
            or_(
                coupon_batch.c.created_count != func.coalesce(_made.c.made_count, 0),
                coupon_batch.c.coupons_count != func.coalesce(_made.c.there_count, 0),
                coupon_batch.c.created_count > coupon_batch.c.requested_count,
            ),
        ),
    ),
    Rule(
        text="no coupon that can be handed out comes before the place where a batch is begun",
        entity="coupon_batch",
        key=coupon_batch.c.batch_id,
        suspects=select(coupon_batch.c.batch_id)
        .distinct()
        .join(coupon_place, coupon_place.c.batch_id == coupon_batch.c.batch_id)
        .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
        .where(coupon_place.c.seq < coupon_batch.c.unused_from, IS_UNUSED),
    ),
    Rule(
        text="a batch whose coupons have one StartDate tells it",
        entity="coupon_batch",
        key=coupon_batch.c.batch_id,
        suspects=select(coupon_batch.c.batch_id)
        .distinct()
        .join(coupon_place, coupon_place.c.batch_id == coupon_batch.c.batch_id)
        .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
        .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
        .where(
            coupon_batch.c.has_one_start,
            coupon_terms.c.start_date.is_distinct_from(coupon_batch.c.start_date),
        ),
    ),
    Rule(
        text="a coupon is of the class of its batch",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id)
        .join(coupon_batch, coupon_batch.c.batch_id == coupon.c.batch_id)
        .where(coupon.c.class_id != coupon_batch.c.class_id),
    ),
    Rule(
        text="a code is folded as it is looked up",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id, coupon.c.code),
        is_broken=_is_not_folded,
    ),
    Rule(
        text="a claim is of the feature of its coupon's class",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id)
        .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
        .where(
            coupon.c.claimed_at.is_not(None),
            coupon.c.claimed_feature_id.is_distinct_from(coupon_class.c.feature_id),
        ),
    ),
    Rule(
        text="a coupon is claimed for an account in its currency",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id)
        .join(account, account.c.account_id == coupon.c.claimed_account_id)
        .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
        .where(account.c.currency_code != coupon_terms.c.currency_code),
    ),
    Rule(
        text="a coupon that is claimed is redeemed by no other account",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .join(coupon, coupon.c.coupon_id == redemption.c.coupon_id)
        .where(
            and_(
                coupon.c.claimed_account_id.is_not(None),
                coupon.c.claimed_account_id != redemption.c.account_id,
            )
        ),
    ),
)
