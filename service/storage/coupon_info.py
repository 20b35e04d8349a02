"""The coupons that a customer's accounts have claimed or redeemed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, union

from service.domain.coupon_info import CouponInfo, coupon_info
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.ledger import redeemed_of
from service.storage.party_tables import account
from service.storage.prepared import Prepared
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption

_ACCOUNT_IDS = select(account.c.account_id).where(account.c.customer_id == bindparam("customer_id"))
# A union, as each of the two conditions has an index and both together have none.
_COUPON_IDS = union(
    select(coupon.c.coupon_id).where(
        coupon.c.claimed_at.is_not(None), coupon.c.claimed_account_id.in_(_ACCOUNT_IDS)
    ),
    select(redemption.c.coupon_id).where(redemption.c.account_id.in_(_ACCOUNT_IDS)),
)
_INFO = Prepared(
    select(
        coupon.c.coupon_id,
        coupon.c.claimed_account_id,
        coupon.c.claimed_at,
        coupon_class.c.feature_id,
        redemption.c.account_id,
        redemption.c.granted,
        redemption.c.balance,
        redemption.c.spend_to_threshold,
        redemption.c.redeemed_at,
        redemption.c.expires_at,
        redemption.c.activated_at,
        redemption.c.is_active,
        *TERMS_COLUMNS,
    )
    .select_from(coupon)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .join(redemption, isouter=True)
    .where(coupon.c.coupon_id.in_(_COUPON_IDS), coupon.c.deleted_at.is_(None))
    .order_by(func.coalesce(coupon.c.claimed_at, redemption.c.redeemed_at), coupon.c.coupon_id)
)


def find_coupon_info(connection: Connection, customer_id: int, now: datetime) -> list[CouponInfo]:
    """What is to be told of each coupon, oldest claim or redemption first.

    Raises:
        ServiceError: ``IdTooLarge``.
    """
    return [_info_of(row, now) for row in _INFO.rows(connection, {"customer_id": customer_id})]


def _info_of(row: Any, now: datetime) -> CouponInfo:
    return coupon_info(
        terms_of(row),
        coupon_id=row.coupon_id,
        account_id=row.account_id or row.claimed_account_id,
        feature_id=row.feature_id,
        claimed_at=row.claimed_at,
        redeemed=None if row.account_id is None else redeemed_of(row),
        now=now,
    )
