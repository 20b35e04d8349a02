"""What is told of coupons that a search found."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select

from service.domain.found_coupons import CouponKind, CouponStage, FoundCoupon
from service.storage.coupon_finder import OWNER, STAGE
from service.storage.discount_tables import (
    coupon_book,
    coupon_definition,
    coupon_instance,
    parent_coupon,
    unique_code,
)
from service.storage.party_tables import account
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption

_parent_of_code = parent_coupon.alias("parent_of_code")
_ROWS: Select[Any] = (
    select(
        coupon.c.coupon_id,
        coupon.c.code,
        OWNER.label("customer_id"),
        coupon.c.class_id,
        coupon_class.c.name.label("class_name"),
        coupon.c.batch_id,
        STAGE.label("stage"),
        coupon.c.sent_to_email,
        coupon.c.sent_at,
        account.c.account_id,
        account.c.number.label("account_number"),
        account.c.customer_id.label("account_customer_id"),
        coupon.c.claimed_at,
        coupon.c.redeemed_at,
        coupon.c.deleted_at,
        redemption.c.balance,
        func.coalesce(redemption.c.currency_code, coupon_terms.c.currency_code).label(
            "currency_code"
        ),
        redemption.c.expires_at,
        coupon_terms.c.end_date,
        coupon_terms.c.expiration_date,
        parent_coupon.c.name.label("parent_name"),
        _parent_of_code.c.name.label("unique_name"),
        coupon_definition.c.name.label("instance_name"),
        coupon_book.c.name.label("book_name"),
    )
    .select_from(coupon)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id, isouter=True)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id, isouter=True)
    .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(
        account,
        account.c.account_id == func.coalesce(redemption.c.account_id, coupon.c.claimed_account_id),
        isouter=True,
    )
    .join(parent_coupon, parent_coupon.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(unique_code, unique_code.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(
        _parent_of_code,
        _parent_of_code.c.coupon_id == unique_code.c.parent_coupon_id,
        isouter=True,
    )
    .join(
        coupon_instance,
        and_(
            coupon_instance.c.coupon_id == coupon.c.coupon_id,
            coupon_instance.c.parent_coupon_id.is_(None),
        ),
        isouter=True,
    )
    .join(
        coupon_definition,
        coupon_definition.c.definition_id == coupon_instance.c.definition_id,
        isouter=True,
    )
    .join(coupon_book, coupon_book.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .where(coupon.c.coupon_id.in_(bindparam("coupon_ids", expanding=True)))
)
_NAMES = {
    CouponKind.CLASS: "class_name",
    CouponKind.PARENT: "parent_name",
    CouponKind.UNIQUE: "unique_name",
    CouponKind.INSTANCE: "instance_name",
    CouponKind.BOOK: "book_name",
}


def find_rows(
    connection: Connection,
    coupon_ids: Collection[int],
    now: datetime,
    customer_ids: Collection[int] | None,
) -> list[FoundCoupon]:
    """Coupons by their numbers, in the same order; there may be none of a number.

    Args:
        connection: The transaction.
        coupon_ids: Which coupons.
        now: When coupons have ended, or not.
        customer_ids: Accounts of others are left out; None to tell all.
    """
    if not coupon_ids:
        return []
    rows = connection.execute(_ROWS, {"coupon_ids": list(coupon_ids), "now": now})
    found = {row.coupon_id: _found(row, customer_ids) for row in rows}
    return [found[coupon_id] for coupon_id in coupon_ids if coupon_id in found]


def _found(row: Row[Any], customer_ids: Collection[int] | None) -> FoundCoupon:
    kind = next(kind for kind, name in _NAMES.items() if getattr(row, name) is not None)
    is_told = customer_ids is None or row.account_customer_id in customer_ids
    ends = [it for it in (row.end_date, row.expiration_date) if it is not None]
    return FoundCoupon(
        coupon_id=row.coupon_id,
        code=row.code,
        kind=kind,
        customer_id=row.customer_id,
        class_id=row.class_id,
        name=getattr(row, _NAMES[kind]),
        batch_id=row.batch_id,
        stage=None if row.stage is None else CouponStage(row.stage),
        sent_to_email=row.sent_to_email,
        sent_at=row.sent_at,
        account_id=row.account_id if is_told else None,
        account_number=row.account_number if is_told else None,
        claimed_at=row.claimed_at,
        redeemed_at=row.redeemed_at,
        deleted_at=row.deleted_at,
        balance=row.balance,
        currency_code=row.currency_code,
        last_at=row.expires_at or min(ends, default=None),
    )
