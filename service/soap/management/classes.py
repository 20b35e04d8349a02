"""Coupon classes: added, shown, given other terms, retired."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from types import SimpleNamespace
from typing import Any

from service.domain.codes import DEFAULT_ALPHABET, DEFAULT_PATTERN
from service.domain.mail import DEFAULT_LANGUAGE
from service.domain.pages import PAGE_SIZE_MAX
from service.domain.search import Paging
from service.domain.terms import CouponType
from service.operations import classes
from service.operations.calls import Call
from service.operations.search_classes import ClassQuery, search_coupon_classes
from service.soap.declaration import ContractService
from service.soap.management.elements import given, operation, read_page, read_terms, write_class

__all__ = ["ClassOperations"]


class ClassOperations(ContractService):
    """What an operator does with coupon classes."""

    @operation(changes=True)
    def AddCouponClass(call: Call, coupon_class: Any) -> int:
        """Add a coupon class."""
        element = given(coupon_class, "CouponClass")
        new = classes.NewClass(
            customer_id=given(element.customer_id, "CustomerId"),
            name=given(element.name, "Name"),
            terms=read_terms(element.terms),
            feature_id=element.feature_id,
            code_pattern=element.code_pattern or DEFAULT_PATTERN,
            code_alphabet=element.code_alphabet or DEFAULT_ALPHABET,
            language=element.language or DEFAULT_LANGUAGE,
        )
        return classes.add_class(call, new)

    @operation()
    def GetCouponClass(call: Call, customer_id: int | None, class_name: str | None) -> Any:
        """Show a coupon class."""
        return _coupon_class(call, customer_id, class_name)

    @operation()
    def GetCouponClasses(call: Call, customer_id: int | None) -> list[Any]:
        """Show the coupon classes of a customer."""
        found = classes.list_classes(call, given(customer_id, "CustomerId"))
        return [write_class(it) for it in found]

    @operation()
    def SearchCouponClasses(
        call: Call,
        customer_id: int | None,
        name: str | None,
        coupon_type: str | None,
        feature_id: int | None,
        is_retired: bool | None,
        page_info: Paging | None,
    ) -> tuple[list[Any], bool]:
        """Show a page of the coupon classes of a customer."""
        page = read_page(page_info, PAGE_SIZE_MAX)
        query = ClassQuery(
            customer_id=given(customer_id, "CustomerId"),
            name=name,
            coupon_type=CouponType(coupon_type) if coupon_type else None,
            feature_id=feature_id,
            is_retired=is_retired,
        )
        found = search_coupon_classes(call, query, page)
        return [write_class(it) for it in found.items], found.has_more

    @operation(changes=True)
    def UpdateCouponClass(
        call: Call, customer_id: int | None, class_name: str | None, terms: Any
    ) -> Any:
        """Give a class other terms."""
        new_terms = read_terms(terms)
        owner = given(customer_id, "CustomerId")
        classes.update_class(call, owner, class_name or "", lambda _old: new_terms)
        return _coupon_class(call, customer_id, class_name)

    @operation(changes=True)
    def RetireCouponClass(call: Call, customer_id: int | None, class_name: str | None) -> Any:
        """Retire a class."""
        classes.retire_class(call, given(customer_id, "CustomerId"), class_name or "")
        return _coupon_class(call, customer_id, class_name)


def _coupon_class(call: Call, customer_id: int | None, class_name: str | None) -> SimpleNamespace:
    owner = given(customer_id, "CustomerId")
    return write_class(classes.show_class(call, owner, class_name or ""))
