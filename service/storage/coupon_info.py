"""The coupons that a customer's accounts have claimed or redeemed."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, union

from service.domain.account_coupons import HeldCoupon
from service.domain.coupon_info import CouponInfo, coupon_info, coupon_status
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
_COUPONS: Select[Any] = (
    select(
        coupon.c.coupon_id,
        coupon.c.code,
        coupon.c.claimed_account_id,
        coupon.c.claimed_at,
        coupon_class.c.customer_id,
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
)
_INFO = Prepared(
    _COUPONS.where(coupon.c.coupon_id.in_(_COUPON_IDS), coupon.c.deleted_at.is_(None)).order_by(
        func.coalesce(coupon.c.claimed_at, redemption.c.redeemed_at), coupon.c.coupon_id
    )
)
_ACCOUNT_COUPONS = _COUPONS.order_by(coupon.c.coupon_id.desc())


def find_account_coupons(
    connection: Connection, account_id: int, before: int | None, count_max: int, now: datetime
) -> list[HeldCoupon]:
    """The coupons that an account claimed or redeemed, the newest first.

    Args:
        connection: The transaction.
        account_id: Whose coupons.
        before: Only those with lower numbers; None for all.
        count_max: How many at most.
        now: When their status is told.
    """
    claimed = select(coupon.c.coupon_id).where(
        coupon.c.claimed_at.is_not(None),
        coupon.c.claimed_account_id == account_id,
        coupon.c.deleted_at.is_(None),
    )
    redeemed = select(redemption.c.coupon_id).where(redemption.c.account_id == account_id)
    # Each has an index of its own: of neither is more read than the page can have.
    newest = union(*(_newest(it, before, count_max) for it in (claimed, redeemed)))
    wanted = _ACCOUNT_COUPONS.where(coupon.c.coupon_id.in_(newest)).limit(count_max)
    return [_held_coupon_of(row, now) for row in connection.execute(wanted)]


def _newest(coupon_ids: Select[int], before: int | None, count_max: int) -> Select[int]:
    number = coupon_ids.selected_columns[0]
    if before is not None:
        coupon_ids = coupon_ids.where(number < before)
    return select(coupon_ids.order_by(number.desc()).limit(count_max).subquery())


def _held_coupon_of(row: Any, now: datetime) -> HeldCoupon:
    terms = terms_of(row)
    redeemed = None if row.account_id is None else redeemed_of(row)
    ends = [it for it in (terms.end_date, terms.expiration_date) if it is not None]
    return HeldCoupon(
        coupon_id=row.coupon_id,
        code=row.code,
        customer_id=row.customer_id,
        status=coupon_status(
            terms, is_claimed=row.claimed_at is not None, redeemed=redeemed, now=now
        ),
        claimed_at=row.claimed_at,
        redeemed_at=redeemed.redeemed_at if redeemed else None,
        activated_at=redeemed.activated_at if redeemed else None,
        last_at=redeemed.expires_at if redeemed else min(ends, default=None),
        percent_off=terms.percent_off,
        granted=redeemed.granted if redeemed else terms.amount,
        balance=redeemed.balance if redeemed else None,
        spend_threshold=terms.spend_threshold,
        spent_to_threshold=redeemed.spend_to_threshold if redeemed else Decimal(0),
        currency_code=terms.currency_code,
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
