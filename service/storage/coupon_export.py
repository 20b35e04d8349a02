"""Reading coupons in the order in which they are handed out, a piece at a time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, select

from service.domain.csv_export import UNUSED, CouponUse
from service.domain.terms import CouponTerms
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.party_tables import account
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    redemption,
)

_BATCHES = (
    select(coupon_batch.c.batch_id, coupon_class.c.name, coupon_batch.c.coupons_count)
    .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
    .where(coupon_class.c.customer_id == bindparam("customer_id"))
    .order_by(coupon_class.c.name, coupon_batch.c.batch_id)
)
_IS_AT_PLACE = and_(
    coupon_place.c.batch_id == bindparam("batch_id"),
    coupon_place.c.seq >= bindparam("first"),
    coupon_place.c.seq < bindparam("end"),
)
_CODES = (
    select(coupon.c.code)
    .select_from(coupon_place)
    .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
    .where(_IS_AT_PLACE)
    .order_by(coupon_place.c.seq)
)
# Who redeemed it is shown when the account bills to the coupon's owner.
_COUPONS = (
    _CODES.add_columns(
        coupon.c.terms_id,
        coupon.c.sent_to_email,
        coupon.c.sent_at,
        coupon.c.claimed_account_id,
        coupon.c.claimed_at,
        account.c.account_id,
        coupon.c.redeemed_at,
    )
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(
        account,
        and_(
            account.c.account_id == redemption.c.account_id,
            account.c.customer_id == coupon_class.c.customer_id,
        ),
        isouter=True,
    )
)
_TERMS = select(coupon_terms.c.terms_id, *TERMS_COLUMNS).where(
    coupon_terms.c.terms_id.in_(bindparam("terms_ids", expanding=True))
)


class ExportedBatch(NamedTuple):
    """A batch whose coupons are exported: its places are 0 to ``coupons_count`` - 1."""

    batch_id: int
    class_name: str
    coupons_count: int


class ExportedCoupon(NamedTuple):
    """A coupon that is exported."""

    code: str
    terms_id: int
    use: CouponUse


def list_batches(
    connection: Connection, customer_id: int, class_id: int | None, batch_id: int | None
) -> list[ExportedBatch]:
    """A customer's batches, or those of one class, or one; in the order of handing out."""
    statement = _BATCHES
    if class_id is not None:
        statement = statement.where(coupon_batch.c.class_id == class_id)
    if batch_id is not None:
        statement = statement.where(coupon_batch.c.batch_id == batch_id)
    rows = connection.execute(statement, {"customer_id": customer_id})
    return [ExportedBatch(*row) for row in rows]


def read_codes(connection: Connection, batch_id: int, places: range) -> Sequence[str]:
    """The codes at some places of a batch."""
    values = {"batch_id": batch_id, "first": places.start, "end": places.stop}
    return connection.scalars(_CODES, values).all()


def read_coupons(connection: Connection, batch_id: int, places: range) -> Iterator[ExportedCoupon]:
    """The coupons at some places of a batch."""
    values = {"batch_id": batch_id, "first": places.start, "end": places.stop}
    for code, terms_id, *use in connection.execute(_COUPONS, values):
        is_used = any(it is not None for it in use)
        yield ExportedCoupon(code, terms_id, CouponUse(*use) if is_used else UNUSED)


def find_terms(connection: Connection, terms_ids: Sequence[int]) -> dict[int, CouponTerms]:
    """Terms by their numbers."""
    rows = connection.execute(_TERMS, {"terms_ids": terms_ids})
    return {row.terms_id: terms_of(row) for row in rows}
