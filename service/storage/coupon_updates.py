"""New terms for coupons that exist: for one coupon, or for a whole batch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, select, update

from service.domain.terms import CouponTerms
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.party_tables import account
from service.storage.statements import take_any_time
from service.storage.tables import coupon, coupon_batch, coupon_class, coupon_place, coupon_terms

_BATCH_COLUMNS = (
    coupon_batch.c.batch_id,
    coupon_batch.c.class_id,
    coupon_class.c.retired_at,
    (coupon_batch.c.created_count == 0).label("is_being_made"),
)
_BATCH = (
    select(*_BATCH_COLUMNS)
    .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
    .where(
        coupon_class.c.customer_id == bindparam("customer_id"),
        coupon_batch.c.batch_id == bindparam("batch_id"),
    )
)
_COUPON = (
    select(
        coupon.c.coupon_id,
        coupon.c.code,
        coupon.c.redeemed_at,
        coupon.c.terms_id,
        *_BATCH_COLUMNS,
        *TERMS_COLUMNS,
    )
    .select_from(coupon)
    .join(coupon_batch, coupon_batch.c.batch_id == coupon.c.batch_id)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .where(
        coupon_class.c.customer_id == bindparam("customer_id"),
        coupon.c.code == bindparam("code"),
        coupon.c.deleted_at.is_(None),
    )
)
_CAN_CHANGE = (coupon.c.redeemed_at.is_(None), coupon.c.deleted_at.is_(None))
_CLAIMED_IN_OTHER_CURRENCY = (
    select(coupon.c.code)
    .join(account, account.c.account_id == coupon.c.claimed_account_id)
    .where(
        *_CAN_CHANGE,
        coupon.c.claimed_at.is_not(None),
        coupon.c.batch_id == bindparam("batch_id"),
        account.c.currency_code != bindparam("currency_code"),
    )
    .limit(1)
)
_UPDATE_COUPON = (
    update(coupon)
    .where(coupon.c.coupon_id == bindparam("updated_coupon_id"), *_CAN_CHANGE)
    .values(terms_id=bindparam("new_terms_id"))
)
# No index finds the coupons of a batch, and their places are in no order of their numbers: the
# range that has them all, and little else, is read from its beginning to its end.
_UPDATE_RANGE = (
    update(coupon)
    .where(
        coupon.c.coupon_id.between(bindparam("first"), bindparam("last")),
        coupon.c.batch_id == bindparam("updated_batch_id"),
        *_CAN_CHANGE,
    )
    .values(terms_id=bindparam("new_terms_id"))
)
_RANGE = select(func.min(coupon_place.c.coupon_id), func.max(coupon_place.c.coupon_id)).where(
    coupon_place.c.batch_id == bindparam("batch_id")
)
_REDEEMED_WITH_OTHER_START = exists(
    select(coupon.c.coupon_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .where(
        coupon.c.batch_id == bindparam("batch_id"),
        coupon.c.redeemed_at.is_not(None),
        coupon_terms.c.start_date.is_distinct_from(
            bindparam("start_date", type_=coupon_terms.c.start_date.type)
        ),
    )
)


@dataclass(frozen=True, slots=True)
class UpdatableBatch:
    """A batch whose coupons are to have new terms.

    Attributes:
        is_being_made: Whether a job or an import has not come to its end.
    """

    batch_id: int
    class_id: int
    is_class_retired: bool
    is_being_made: bool


@dataclass(frozen=True, slots=True)
class UpdatableCoupon:
    """A coupon that is to have new terms, with those that it has."""

    coupon_id: int
    code: str
    terms_id: int
    terms: CouponTerms
    is_redeemed: bool
    batch: UpdatableBatch


def find_batch(connection: Connection, customer_id: int, batch_id: int) -> UpdatableBatch | None:
    """A customer's batch by its number."""
    values = {"customer_id": customer_id, "batch_id": batch_id}
    row = connection.execute(_BATCH, values).one_or_none()
    return None if row is None else _batch_of(row)


def find_coupon(connection: Connection, customer_id: int, code: str) -> UpdatableCoupon | None:
    """A customer's coupon by its folded code."""
    values = {"customer_id": customer_id, "code": code}
    row = connection.execute(_COUPON, values).one_or_none()
    if row is None:
        return None
    return UpdatableCoupon(
        row.coupon_id,
        row.code,
        row.terms_id,
        terms_of(row),
        is_redeemed=row.redeemed_at is not None,
        batch=_batch_of(row),
    )


def _batch_of(row: Row[Any]) -> UpdatableBatch:
    return UpdatableBatch(row.batch_id, row.class_id, row.retired_at is not None, row.is_being_made)


def find_claimed_in_other_currency(
    connection: Connection, batch_id: int, currency_code: str, coupon_id: int | None = None
) -> str | None:
    """The code of a coupon that is claimed for an account in another currency; None for none.

    Args:
        connection: The transaction.
        batch_id: The coupon's batch.
        currency_code: The currency that its terms are to have.
        coupon_id: The only coupon to look at; None for all that could have new terms.
    """
    statement = _CLAIMED_IN_OTHER_CURRENCY
    if coupon_id is not None:
        statement = statement.where(coupon.c.coupon_id == coupon_id)
    values = {"batch_id": batch_id, "currency_code": currency_code}
    found: str | None = connection.scalar(statement, values)
    return found


def update_coupon(
    connection: Connection, found: UpdatableCoupon, terms_id: int, start_date: datetime | None
) -> bool:
    """Give a coupon other terms; answers whether it is there still and not redeemed."""
    values = {"updated_coupon_id": found.coupon_id, "new_terms_id": terms_id}
    if connection.execute(_UPDATE_COUPON, values).rowcount != 1:
        return False
    batch = coupon_batch.c.batch_id == found.batch.batch_id
    starts_otherwise = coupon_batch.c.start_date.is_distinct_from(start_date)
    is_alone = coupon_batch.c.coupons_count == 1
    for statement in (
        update(coupon_batch).where(batch, ~is_alone, starts_otherwise).values(has_one_start=False),
        update(coupon_batch)
        .where(batch, is_alone)
        .values(has_one_start=True, start_date=start_date),
    ):
        connection.execute(statement)
    return True


def update_batch(
    connection: Connection, batch_id: int, terms_id: int, start_date: datetime | None
) -> int:
    """Give the coupons of a batch other terms; answers how many were not redeemed yet.

    The batch must not be one that is still being made.
    """
    take_any_time(connection)
    first, last = connection.execute(_RANGE, {"batch_id": batch_id}).one()
    if first is None:
        return 0
    values = {"updated_batch_id": batch_id, "new_terms_id": terms_id, "first": first, "last": last}
    updated_count = connection.execute(_UPDATE_RANGE, values).rowcount
    starts = {"batch_id": batch_id, "start_date": start_date}
    differs = bool(connection.scalar(select(_REDEEMED_WITH_OTHER_START), starts))
    connection.execute(
        update(coupon_batch)
        .where(coupon_batch.c.batch_id == batch_id)
        .values(has_one_start=not differs, start_date=start_date)
    )
    return updated_count
