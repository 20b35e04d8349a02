"""Coupons claimed for accounts, by the accounts or by the coupons' owner."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Exists, Select, bindparam, exists, or_, select, update
from sqlalchemy.exc import IntegrityError

from service.domain.claims import Claim, ClaimableCoupon
from service.domain.redemption import CouponState
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.coupons import IS_LASTING, IS_THERE, IS_UNUSED
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    redemption,
)
from service.storage.trouble import is_unique_violation

_CLAIMABLE = (
    select(
        coupon.c.coupon_id,
        coupon.c.code,
        coupon.c.claimed_account_id,
        coupon.c.claimed_at,
        coupon_class.c.feature_id,
        coupon_class.c.retired_at,
        redemption.c.account_id.label("redeemed_account_id"),
        *TERMS_COLUMNS,
    )
    .select_from(coupon)
    .join(coupon_class)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .join(redemption, isouter=True)
    .where(coupon.c.code.in_(bindparam("codes", expanding=True)), IS_THERE)
    # One order for all, so that two requests do not each wait for the other's coupon.
    .order_by(coupon.c.coupon_id)
    .with_for_update(of=coupon)
)
_CLAIMED_FEATURES = select(coupon.c.claimed_account_id, coupon.c.claimed_feature_id).where(
    coupon.c.claimed_account_id.in_(bindparam("account_ids", expanding=True)),
    coupon.c.claimed_feature_id.is_not(None),
)
_CLAIM = (
    update(coupon)
    .where(
        coupon.c.coupon_id == bindparam("claimed_coupon_id"),
        coupon.c.claimed_at.is_(None),
        coupon.c.redeemed_at.is_(None),
        coupon.c.deleted_at.is_(None),
        exists().where(
            coupon_class.c.class_id == coupon.c.class_id, coupon_class.c.retired_at.is_(None)
        ),
    )
    .values(
        claimed_account_id=bindparam("account_id"),
        claimed_at=bindparam("now"),
        claimed_feature_id=bindparam("feature_id"),
    )
)
_OPEN = (
    select(coupon.c.coupon_id)
    .select_from(coupon_place)
    .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .where(
        coupon_place.c.batch_id == coupon_batch.c.batch_id,
        coupon_terms.c.currency_code == bindparam("currency_code"),
        coupon.c.claimed_at.is_(None),
        coupon.c.redeemed_at.is_(None),
        IS_LASTING,
    )
    .correlate(coupon_batch)
)
_IS_AHEAD = coupon_place.c.seq >= coupon_batch.c.unused_from


def _has_batch(opened: Select[Any]) -> Exists:
    """Whether a batch of the feature has such a coupon; SQLite would begin with all coupons."""
    return (
        exists()
        .select_from(coupon_class)
        .where(
            coupon_batch.c.class_id == coupon_class.c.class_id,
            coupon_class.c.feature_id == bindparam("feature_id"),
            coupon_class.c.retired_at.is_(None),
            opened.exists(),
        )
    )


# The first is part of the second, and mostly answers it at once.
_HAS_OPEN = select(or_(_has_batch(_OPEN.where(_IS_AHEAD, IS_UNUSED)), _has_batch(_OPEN)))


def find_claimable(connection: Connection, codes: Collection[str]) -> dict[str, ClaimableCoupon]:
    """Those of the folded codes that coupons have, and what a claim must know of these."""
    return {
        row.code: ClaimableCoupon(
            coupon_id=row.coupon_id,
            state=CouponState(
                code=row.code,
                terms=terms_of(row),
                is_class_retired=row.retired_at is not None,
                claimed_account_id=row.claimed_account_id,
                redeemed_account_id=row.redeemed_account_id,
            ),
            feature_id=row.feature_id,
            claimed_at=row.claimed_at,
        )
        for row in connection.execute(_CLAIMABLE, {"codes": list(codes)})
    }


def claimed_features(
    connection: Connection, account_ids: Collection[int]
) -> defaultdict[int, set[int | None]]:
    """The features of which each account has claimed a coupon."""
    features: defaultdict[int, set[int | None]] = defaultdict(set)
    for account_id, feature_id in connection.execute(
        _CLAIMED_FEATURES, {"account_ids": list(account_ids)}
    ):
        features[account_id].add(feature_id)
    return features


def record_claims(connection: Connection, claims: Sequence[Claim]) -> bool:
    """Book the coupons if everything that was decided upon still holds.

    Returns:
        Whether it does. When not, another caller was quicker: the transaction
        must be rolled back and the decision made again.
    """
    rows = [
        {
            "claimed_coupon_id": claim.coupon_id,
            "account_id": claim.account_id,
            "feature_id": claim.feature_id,
            "now": claim.claimed_at,
        }
        for claim in claims
    ]
    try:
        return connection.execute(_CLAIM, rows).rowcount == len(rows)
    except IntegrityError as error:
        # The UNIQUE index decides between two coupons of a feature for one account.
        if is_unique_violation(error):
            return False
        raise


def has_open_coupon(
    connection: Connection, feature_id: int, currency_code: str, now: datetime
) -> bool:
    """Whether a coupon of the feature, in this currency, can be claimed by whoever knows it."""
    values = {"feature_id": feature_id, "currency_code": currency_code, "now": now}
    return bool(connection.execute(_HAS_OPEN, values).scalar_one())
