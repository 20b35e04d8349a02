"""Books of coupons and their kinds: added, changed, shown, retired."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from service.domain.coupon_books import BookDefinition, CouponBook
from service.domain.definitions import LifeState, Period
from service.domain.search import Paging
from service.operations import coupon_books
from service.operations.calls import Call
from service.soap.declaration import ContractService
from service.soap.management.discount_elements import (
    read_decision,
    read_owner,
    read_wanted_page,
    trace_fields,
)
from service.soap.management.elements import given, operation

__all__ = ["BookOperations"]


class BookOperations(ContractService):
    """What an operator does with books of coupons."""

    @operation(changes=True)
    def AddCouponBookDefinition(call: Call, coupon_book_definition: Any) -> SimpleNamespace:
        """Add a kind of books."""
        new = _read_kind(coupon_book_definition, call.now)
        return _write_kind(coupon_books.add_book_definition(call, new))

    @operation(changes=True)
    def UpdateCouponBookDefinition(call: Call, coupon_book_definition: Any) -> SimpleNamespace:
        """Change a kind of books."""
        changed = _read_kind(coupon_book_definition)
        return _write_kind(coupon_books.update_book_definition(call, changed))

    @operation()
    def GetCouponBookDefinition(call: Call, id_: str | None) -> SimpleNamespace:
        """Show a kind of books."""
        return _write_kind(coupon_books.get_book_definition(call, given(id_, "Id")))

    @operation()
    def GetCouponBookDefinitions(
        call: Call,
        customer_id: int | None,
        coupon_definition_id: str | None,
        include_retired: bool | None,
        page_info: Paging | None,
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the kinds of books of a customer."""
        page = coupon_books.list_book_definitions(
            call,
            given(customer_id, "CustomerId"),
            read_wanted_page(page_info),
            definition_id=coupon_definition_id or None,
            includes_retired=read_decision(include_retired, default=True),
        )
        return [_write_kind(found) for found in page.items], page.has_more

    @operation(changes=True)
    def RetireCouponBookDefinition(call: Call, id_: str | None) -> SimpleNamespace:
        """Retire a kind of books."""
        return _write_kind(coupon_books.retire_book_definition(call, given(id_, "Id")))

    @operation(changes=True)
    def AddCouponBook(call: Call, coupon_book: Any) -> SimpleNamespace:
        """Add a book."""
        return _write_book(coupon_books.add_book(call, _read_book(coupon_book, is_new=True)))

    @operation(changes=True)
    def UpdateCouponBook(call: Call, coupon_book: Any) -> SimpleNamespace:
        """Change a book."""
        changed = _read_book(coupon_book, is_new=False)
        return _write_book(coupon_books.update_book(call, changed))

    @operation()
    def GetCouponBook(call: Call, id_: str | None, book_code: str | None) -> SimpleNamespace:
        """Show a book, by its identifier or its code."""
        found = coupon_books.get_book(call, book_id=id_ or None, book_code=book_code or None)
        return _write_book(found)

    @operation()
    def GetCouponBooks(
        call: Call,
        customer_id: int | None,
        coupon_book_definition_id: str | None,
        is_attachable: bool | None,
        has_code: bool | None,
        include_retired: bool | None,
        page_info: Paging | None,
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the books of a customer."""
        query = coupon_books.BookQuery(
            customer_id=given(customer_id, "CustomerId"),
            book_definition_id=coupon_book_definition_id or None,
            is_attachable=is_attachable,
            has_code=has_code,
            includes_retired=read_decision(include_retired, default=True),
        )
        page = coupon_books.list_books(call, query, read_wanted_page(page_info))
        return [_write_book(found) for found in page.items], page.has_more

    @operation(changes=True)
    def RetireCouponBook(call: Call, id_: str | None) -> SimpleNamespace:
        """Retire a book."""
        return _write_book(coupon_books.retire_book(call, given(id_, "Id")))


def _read_kind(element: Any, now: datetime | None = None) -> BookDefinition:
    """Read a kind of books.

    Args:
        element: The kind.
        now: From when a new one is valid that does not say so; None for one that must.
    """
    kind = given(element, "CouponBookDefinition")
    period = kind.instance_duration_period
    return BookDefinition(
        book_definition_id=kind.id or None,
        customer_id=read_owner(kind.organization_id),
        definition_id=given(kind.coupon_definition_id, "CouponDefinitionID"),
        crm_id=kind.crm_id or None,
        name=given(kind.name, "Name"),
        description=kind.description or "",
        minimum=given(kind.minimum, "Minimum"),
        maximum=given(kind.maximum, "Maximum"),
        step=given(kind.step, "Step"),
        valid_from=given(kind.definition_valid_from or now, "DefinitionValidFrom"),
        valid_till=kind.definition_valid_till,
        instance_duration=kind.instance_duration,
        instance_duration_period=Period(period) if period else None,
        state=LifeState(kind.state or LifeState.PRODUCTION),
    )


def _write_kind(found: BookDefinition) -> SimpleNamespace:
    period = found.instance_duration_period
    return SimpleNamespace(
        **trace_fields(found.trace),
        id=found.book_definition_id,
        crm_id=found.crm_id,
        organization_id=str(found.customer_id),
        coupon_definition_id=found.definition_id,
        name=found.name,
        description=found.description,
        minimum=found.minimum,
        maximum=found.maximum,
        step=found.step,
        definition_valid_from=found.valid_from,
        definition_valid_till=found.valid_till,
        instance_duration=found.instance_duration,
        instance_duration_period=period and period.value,
        state=found.state.value,
    )


def _read_book(element: Any, *, is_new: bool) -> CouponBook:
    """Read a book; a new one has as many coupons left as it began with, unless it says so."""
    book = given(element, "CouponBook")
    size = given(book.max_remaining_coupons, "MaxRemainingCoupons")
    left = size if is_new and book.remaining_coupons is None else book.remaining_coupons
    return CouponBook(
        book_id=book.id or None,
        book_code=book.book_code or None,
        customer_id=read_owner(book.organization_id),
        book_definition_id=given(book.coupon_book_definition_id, "CouponBookDefinitionID"),
        crm_id=book.crm_id or None,
        name=given(book.name, "Name"),
        cost=Decimal(0) if book.cost is None else book.cost,
        remaining_coupons=given(left, "RemainingCoupons"),
        max_remaining_coupons=size,
        maximum_coupon_uses=given(book.maximum_coupon_uses, "MaximumCouponUses"),
    )


def _write_book(found: CouponBook) -> SimpleNamespace:
    return SimpleNamespace(
        book_code=found.book_code,
        **trace_fields(found.trace),
        id=found.book_id,
        crm_id=found.crm_id,
        organization_id=str(found.customer_id),
        coupon_book_definition_id=found.book_definition_id,
        name=found.name,
        cost=found.cost,
        remaining_coupons=found.remaining_coupons,
        max_remaining_coupons=found.max_remaining_coupons,
        maximum_coupon_uses=found.maximum_coupon_uses,
        deleted=found.is_deleted,
    )
