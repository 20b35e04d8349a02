"""Coupon books and their kinds. The statement that draws a coupon of a book is a verdict."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, select, update

from service.domain.coupon_books import BookDefinition, CouponBook
from service.domain.definitions import LifeState, Period
from service.domain.traces import Trace
from service.storage import references
from service.storage.discount_tables import (
    coupon_book,
    coupon_book_definition,
    coupon_definition,
)
from service.storage.statements import new_id
from service.storage.tables import coupon
from service.storage.traces import trace_of, trace_values

_BOOK_DEFINITIONS: Select[Any] = (
    select(coupon_book_definition, coupon_definition.c.reference.label("definition_reference"))
    .join(
        coupon_definition,
        coupon_definition.c.definition_id == coupon_book_definition.c.definition_id,
    )
    .order_by(coupon_book_definition.c.book_definition_id)
)
_BOOKS: Select[Any] = (
    select(
        coupon_book,
        coupon_book_definition.c.reference.label("book_definition_reference"),
        coupon_definition.c.reference.label("definition_reference"),
        coupon.c.code,
    )
    .join(
        coupon_book_definition,
        coupon_book_definition.c.book_definition_id == coupon_book.c.book_definition_id,
    )
    .join(
        coupon_definition,
        coupon_definition.c.definition_id == coupon_book_definition.c.definition_id,
    )
    .outerjoin(coupon, coupon.c.coupon_id == coupon_book.c.coupon_id)
    .order_by(coupon_book.c.book_id)
)
HAS_CODE = coupon_book.c.coupon_id.is_not(None)
IS_ATTACHABLE = ~coupon_book.c.is_deleted & (coupon_book.c.remaining_coupons > 0)
"""Whether the book has a coupon left, and is not retired."""


@dataclass(frozen=True, slots=True)
class StoredBookDefinition:
    """A kind of books, and the number of its row."""

    number: int
    book_definition: BookDefinition


@dataclass(frozen=True, slots=True)
class StoredBook:
    """A book, the number of its row, and what it points to.

    Attributes:
        code: The number of its code; None for a book without one.
        definition_id: The reference of the definition of its coupons.
    """

    number: int
    code: int | None
    definition_id: str
    book: CouponBook


def add_book_definition(
    connection: Connection, new: BookDefinition, definition: int, changed_by: int, now: datetime
) -> int:
    """Insert a kind of books; answers its number.

    Args:
        connection: A transaction that writes.
        new: The kind; a reference that is not given is drawn.
        definition: The number of the definition of its coupons.
        changed_by: Who adds it.
        now: When.
    """
    values = {
        "reference": references.given_or_drawn(new.book_definition_id, references.BOOK_DEFINITION),
        "customer_id": new.customer_id,
        "definition_id": definition,
        **_book_definition_values(new),
        **trace_values(Trace(now, changed_by)),
    }
    return new_id(connection.execute(insert(coupon_book_definition).values(values)))


def replace_book_definition(
    connection: Connection, number: int, new: BookDefinition, changed_by: int, now: datetime
) -> None:
    """Give a kind all of what is said, but its owner, its reference and its definition."""
    statement = (
        update(coupon_book_definition)
        .where(coupon_book_definition.c.book_definition_id == number)
        .values(**_book_definition_values(new), changed_by=changed_by, updated_at=now)
    )
    connection.execute(statement)


def find_book_definitions(
    connection: Connection,
    *conditions: ColumnElement[bool],
    offset: int = 0,
    limit: int | None = None,
) -> list[StoredBookDefinition]:
    """Kinds of books, the oldest first.

    Args:
        connection: The transaction.
        conditions: On ``coupon_book_definition`` and ``coupon_definition``.
        offset: How many are skipped.
        limit: How many are answered at most; None for all.
    """
    statement = _BOOK_DEFINITIONS.where(*conditions).offset(offset).limit(limit)
    rows = connection.execute(statement)
    return [StoredBookDefinition(row.book_definition_id, _book_definition_of(row)) for row in rows]


def find_book_definition(connection: Connection, reference: str) -> StoredBookDefinition | None:
    """A kind of books by its reference."""
    found = find_book_definitions(connection, coupon_book_definition.c.reference == reference)
    return found[0] if found else None


def lock_book_definition(connection: Connection, reference: str, *, is_shared: bool) -> None:
    """Let nobody change the kind until the commit; what is decided on is read afterwards.

    Args:
        connection: A transaction that writes.
        reference: Of the kind; one that does not exist is passed over.
        is_shared: Whether others may have it so as well, who only use it.
    """
    statement = select(coupon_book_definition.c.book_definition_id).where(
        coupon_book_definition.c.reference == reference
    )
    connection.execute(statement.with_for_update(read=is_shared, key_share=not is_shared))


def add_book(
    connection: Connection,
    new: CouponBook,
    *,
    book_definition: int,
    code: int | None,
    changed_by: int,
    now: datetime,
) -> int:
    """Insert a book; answers its number.

    Args:
        connection: A transaction that writes.
        new: The book; a reference that is not given is drawn.
        book_definition: The number of its kind.
        code: The number of its code; None for a book without one.
        changed_by: Who adds it.
        now: When.
    """
    values = {
        "reference": references.given_or_drawn(new.book_id, references.BOOK),
        "customer_id": new.customer_id,
        "book_definition_id": book_definition,
        "coupon_id": code,
        **_book_values(new),
        **trace_values(Trace(now, changed_by)),
    }
    return new_id(connection.execute(insert(coupon_book).values(values)))


def replace_book(
    connection: Connection, number: int, new: CouponBook, code: int | None, author: Trace
) -> None:
    """Give a book all of what is said, but its owner, its reference and its kind.

    Args:
        connection: A transaction that writes.
        number: Of the book, which is locked.
        new: What is said.
        code: The number of its code; None for a book without one.
        author: Who changes it, and when: a trace as of something new.
    """
    statement = (
        update(coupon_book)
        .where(coupon_book.c.book_id == number)
        .values(
            **_book_values(new),
            coupon_id=code,
            changed_by=author.changed_by,
            updated_at=author.created_at,
        )
    )
    connection.execute(statement)


def find_books(
    connection: Connection,
    *conditions: ColumnElement[bool],
    offset: int = 0,
    limit: int | None = None,
) -> list[StoredBook]:
    """Books, the oldest first.

    Args:
        connection: The transaction.
        conditions: On ``coupon_book``, ``coupon_book_definition``, ``coupon_definition``, and
            ``coupon``: its code.
        offset: How many are skipped.
        limit: How many are answered at most; None for all.
    """
    rows = connection.execute(_BOOKS.where(*conditions).offset(offset).limit(limit))
    return [
        StoredBook(row.book_id, row.coupon_id, row.definition_reference, _book_of(row))
        for row in rows
    ]


def find_book(connection: Connection, *conditions: ColumnElement[bool]) -> StoredBook | None:
    """The one book of which the conditions hold, if there is one."""
    found = find_books(connection, *conditions, limit=1)
    return found[0] if found else None


def lock_book(connection: Connection, number: int) -> StoredBook:
    """A book that exists, as it stays until the commit but for what is done here."""
    is_meant = coupon_book.c.book_id == number
    # Joined rows are read as they were before the wait: so lock first, then read.
    statement = select(coupon_book.c.book_id).where(is_meant)
    connection.execute(statement.with_for_update(key_share=True))
    return find_books(connection, is_meant)[0]


def draw_coupon(connection: Connection, number: int) -> bool:
    """Take a coupon of a book; whether there was one, and the book is not retired."""
    statement = (
        update(coupon_book)
        .where(coupon_book.c.book_id == number, IS_ATTACHABLE)
        .values(remaining_coupons=coupon_book.c.remaining_coupons - 1)
    )
    return connection.execute(statement).rowcount == 1


def _book_definition_values(new: BookDefinition) -> dict[str, Any]:
    period = new.instance_duration_period
    return {
        "crm_id": new.crm_id,
        "name": new.name,
        "description": new.description,
        "minimum": new.minimum,
        "maximum": new.maximum,
        "step": new.step,
        "valid_from": new.valid_from,
        "valid_till": new.valid_till,
        "instance_duration": new.instance_duration,
        "instance_duration_period": None if period is None else period.value,
        "state": new.state.value,
    }


def _book_definition_of(row: Row[Any]) -> BookDefinition:
    period = row.instance_duration_period
    return BookDefinition(
        book_definition_id=row.reference,
        customer_id=row.customer_id,
        definition_id=row.definition_reference,
        crm_id=row.crm_id,
        name=row.name,
        description=row.description,
        minimum=row.minimum,
        maximum=row.maximum,
        step=row.step,
        valid_from=row.valid_from,
        valid_till=row.valid_till,
        instance_duration=row.instance_duration,
        instance_duration_period=None if period is None else Period(period),
        state=LifeState(row.state),
        trace=trace_of(row),
    )


def _book_values(new: CouponBook) -> dict[str, Any]:
    return {
        "crm_id": new.crm_id,
        "name": new.name,
        "cost": new.cost,
        "max_remaining_coupons": new.max_remaining_coupons,
        "remaining_coupons": new.remaining_coupons,
        "maximum_coupon_uses": new.maximum_coupon_uses,
        "is_deleted": new.is_deleted,
    }


def _book_of(row: Row[Any]) -> CouponBook:
    return CouponBook(
        book_id=row.reference,
        customer_id=row.customer_id,
        book_definition_id=row.book_definition_reference,
        book_code=row.code,
        crm_id=row.crm_id,
        name=row.name,
        cost=row.cost,
        max_remaining_coupons=row.max_remaining_coupons,
        remaining_coupons=row.remaining_coupons,
        maximum_coupon_uses=row.maximum_coupon_uses,
        is_deleted=row.is_deleted,
        trace=trace_of(row),
    )
