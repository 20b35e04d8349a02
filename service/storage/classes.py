"""Coupon classes and their terms."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from service.domain.names import caseless
from service.domain.numbers import ID_MAX
from service.domain.programmes import CouponClass
from service.domain.terms import CouponTerms, CouponType
from service.storage.statements import new_id
from service.storage.tables import coupon, coupon_class, coupon_terms
from service.storage.types import Id

RETIREMENT_LOCK = 20_803
"""The first number of the advisory locks of classes; any will do that no other program uses."""
TERMS_COLUMNS = tuple(column for column in coupon_terms.c if column.name != "terms_id")

_CLASSES = select(coupon_class, *TERMS_COLUMNS).join(coupon_terms)
_CLASSES_OF_CODES = (
    select(coupon.c.class_id)
    .distinct()
    .where(coupon.c.code == func.any(bindparam("codes", type_=ARRAY(Text))))
    # In one order for all, as each waits for whoever retires one of them.
    .order_by(coupon.c.class_id)
    .subquery()
)


def _lock_number(class_id: Any) -> Any:
    # An advisory lock has two numbers of four bytes; that two classes share one does no harm.
    return cast(class_id % (2**31 - 1), Integer)


def keeping_in_use(class_id: ColumnElement[int]) -> ColumnElement[Any]:
    """What keeps a class in use as ``keep_in_use`` does, as a column of a SELECT."""
    return func.pg_advisory_xact_lock_shared(
        literal(RETIREMENT_LOCK, Integer), _lock_number(class_id)
    )


_KEEP_IN_USE = select(keeping_in_use(_CLASSES_OF_CODES.c.class_id))


def terms_of(row: Any) -> CouponTerms:
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
        is_reservation_mandatory=row.is_reservation_mandatory,
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
        # Joined rows are read as they were before the wait: so lock first, then read.
        connection.execute(select(coupon_class.c.class_id).where(*is_meant).with_for_update())
    row = connection.execute(_CLASSES.where(*is_meant)).one_or_none()
    return None if row is None else _class_of(row)


def find_class_by_id(connection: Connection, class_id: int) -> CouponClass | None:
    """A class by its number."""
    if class_id > ID_MAX:
        return None
    row = connection.execute(_CLASSES.where(coupon_class.c.class_id == class_id)).one_or_none()
    return None if row is None else _class_of(row)


def find_owner(connection: Connection, class_id: int) -> int | None:
    """Whose class it is; None when there is none of this number."""
    if class_id > ID_MAX:
        return None
    statement = select(coupon_class.c.customer_id).where(coupon_class.c.class_id == class_id)
    return connection.execute(statement).scalar_one_or_none()


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


def search_classes(
    connection: Connection,
    customer_id: int,
    *,
    name_part: str | None,
    coupon_type: CouponType | None,
    feature_id: int | None,
    is_retired: bool | None,
    after: str | None = None,
    offset: int,
    size: int,
) -> list[CouponClass]:
    """Classes of a customer, by name; None asks for any.

    Args:
        connection: The transaction.
        customer_id: Whose classes.
        name_part: What stands in the name, as ``service.domain.names.caseless`` has it. The
            names of all classes are read then: databases know no letters but ASCII's.
        coupon_type: Of the terms that the class has now.
        feature_id: The feature whose adoption it rewards.
        is_retired: Whether it is retired.
        after: The name of a class; those up to it are left out.
        offset: How many are skipped of the others.
        size: How many are answered at most.
    """
    retired = coupon_class.c.retired_at.is_not(None)
    wanted = [coupon_class.c.customer_id == customer_id]
    if coupon_type is not None:
        wanted.append(coupon_terms.c.coupon_type == coupon_type.value)
    if feature_id is not None:
        wanted.append(coupon_class.c.feature_id == literal(feature_id, Id))
    if is_retired is not None:
        wanted.append(retired if is_retired else ~retired)
    if after is not None:
        wanted.append(coupon_class.c.name > after)
    statement = _CLASSES.where(*wanted).order_by(coupon_class.c.name)
    if name_part is None:
        page = statement.limit(size).offset(offset)
    else:
        columns = (coupon_class.c.class_id, coupon_class.c.name)
        names = connection.execute(statement.with_only_columns(*columns))
        found = (class_id for class_id, name in names if name_part in caseless(name))
        class_ids = list(islice(found, offset, offset + size))
        page = statement.where(coupon_class.c.class_id.in_(class_ids))
    return [_class_of(row) for row in connection.execute(page)]


def update_class(connection: Connection, class_id: int, **values: Any) -> None:
    """Change columns of a class."""
    connection.execute(
        update(coupon_class).where(coupon_class.c.class_id == class_id).values(values)
    )


def keep_in_use(connection: Connection, codes: Collection[str]) -> None:
    """Let nobody retire the classes of these coupons until the commit.

    Whoever retires one at the moment is waited for. To be called before anything else is
    locked. Many may keep a class in use at once, and who comes after somebody that is to
    retire it waits, so that retiring takes its turn. On SQLite a writer is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_KEEP_IN_USE, {"codes": list(codes)})


def keep_class_in_use(connection: Connection, class_id: int) -> None:
    """As ``keep_in_use``, for a class that is known; read it again afterwards."""
    if connection.dialect.name == "postgresql":
        number = _lock_number(literal(class_id))
        connection.execute(select(func.pg_advisory_xact_lock_shared(RETIREMENT_LOCK, number)))


def wait_for_users(connection: Connection, class_id: int) -> None:
    """Wait until nobody keeps the class in use, and let nobody do so until the commit."""
    if connection.dialect.name == "postgresql":
        number = _lock_number(literal(class_id))
        connection.execute(select(func.pg_advisory_xact_lock(RETIREMENT_LOCK, number)))


def have_class_alone(connection: Connection, class_id: int) -> None:
    """Let nobody hand out, claim, redeem or retire anything of the class until the commit.

    Whoever does so at the moment is waited for. To be called before anything else is locked.
    """
    is_meant = coupon_class.c.class_id == class_id
    # In the order of whoever retires it. What points to the class need not wait.
    statement = select(coupon_class.c.class_id).where(is_meant).with_for_update(key_share=True)
    connection.execute(statement)
    wait_for_users(connection, class_id)


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
