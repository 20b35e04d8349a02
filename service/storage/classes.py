"""Coupon classes and their terms."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from service.domain.programmes import CouponClass
from service.domain.terms import CouponTerms, CouponType
from service.storage.statements import new_id
from service.storage.tables import coupon_class, coupon_terms

TERMS_COLUMNS = tuple(column for column in coupon_terms.c if column.name != "terms_id")

_CLASSES = select(coupon_class, *TERMS_COLUMNS).join(coupon_terms)


def terms_of(row: Row[Any]) -> CouponTerms:
    """The terms in a row that has every column of ``TERMS_COLUMNS``."""
    return CouponTerms(
        coupon_type=CouponType(row.coupon_type),
        currency_code=row.currency_code,
        amount=row.amount,
        percent_off=row.percent_off,
        spend_threshold=row.spend_threshold,
        active_duration=row.active_duration,
        start_date=row.start_date,
        end_date=row.end_date,
        expiration_date=row.expiration_date,
    )


def add_terms(connection: Connection, terms: CouponTerms) -> int:
    """Insert terms; answers their number. Terms are never changed afterwards."""
    values = {**asdict(terms), "coupon_type": terms.coupon_type.value}
    return new_id(connection.execute(insert(coupon_terms).values(values)))


def add_class(
    connection: Connection,
    customer_id: int,
    name: str,
    terms_id: int,
    *,
    feature_id: int | None,
    code_pattern: str,
    code_alphabet: str,
    language: str,
    now: datetime,
) -> int:
    """Insert a coupon class; answers its number."""
    values = {
        "customer_id": customer_id,
        "name": name,
        "terms_id": terms_id,
        "feature_id": feature_id,
        "code_pattern": code_pattern,
        "code_alphabet": code_alphabet,
        "language": language,
        "created_at": now,
    }
    return new_id(connection.execute(insert(coupon_class).values(values)))


def find_class(
    connection: Connection, customer_id: int, name: str, *, lock: bool = False
) -> CouponClass | None:
    """A customer's class by its name; locked, it stays as it is until the commit."""
    is_meant = (coupon_class.c.customer_id == customer_id, coupon_class.c.name == name)
    if lock:
        # In a statement of its own: one that waits for a lock sees the terms of before,
        # and of the terms that it finds in the class then, nothing.
        connection.execute(select(coupon_class.c.class_id).where(*is_meant).with_for_update())
    row = connection.execute(_CLASSES.where(*is_meant)).one_or_none()
    return None if row is None else _class_of(row)


def find_owners(
    connection: Connection, name: str, customer_ids: Collection[int] | None
) -> list[int]:
    """Customers that have a class of this name, at most two of them.

    Args:
        connection: The transaction.
        name: Of the class.
        customer_ids: Among whom to look; None for all customers.
    """
    statement = select(coupon_class.c.customer_id).where(coupon_class.c.name == name)
    if customer_ids is not None:
        statement = statement.where(coupon_class.c.customer_id.in_(customer_ids))
    return list(connection.scalars(statement.order_by(coupon_class.c.customer_id).limit(2)))


def list_classes(connection: Connection, customer_id: int) -> list[CouponClass]:
    """A customer's classes, by name."""
    statement = _CLASSES.where(coupon_class.c.customer_id == customer_id)
    return [_class_of(row) for row in connection.execute(statement.order_by(coupon_class.c.name))]


def update_class(connection: Connection, class_id: int, **values: Any) -> None:
    """Change columns of a class."""
    connection.execute(
        update(coupon_class).where(coupon_class.c.class_id == class_id).values(values)
    )


def _class_of(row: Row[Any]) -> CouponClass:
    return CouponClass(
        class_id=row.class_id,
        customer_id=row.customer_id,
        name=row.name,
        terms_id=row.terms_id,
        terms=terms_of(row),
        feature_id=row.feature_id,
        code_pattern=row.code_pattern,
        code_alphabet=row.code_alphabet,
        language=row.language,
        coupons_count=row.coupons_count,
        retired_at=row.retired_at,
    )
