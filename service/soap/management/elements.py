"""What the operations for operators share: how elements are read, and how they are written."""

import json
from dataclasses import asdict
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, TypeVar

from service.domain.errors import INPUT_INVALID, NULL_PARAMETER, PAGING_INVALID
from service.domain.pages import PageWanted
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.domain.search import Paging
from service.domain.terms import CouponTerms, CouponType
from service.soap.declaration import declaring
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS

__all__ = [
    "given",
    "operation",
    "read_attributes",
    "read_page",
    "read_terms",
    "write_attributes",
    "write_class",
]

Value = TypeVar("Value")


operation = declaring(MANAGEMENT_OPERATIONS)
"""Declares an operation of the coupon management service."""


def given(value: Value | None, name: str) -> Value:
    """The value of an element that the operation needs.

    Raises:
        ServiceError: ``NullParameter``: it is absent, nil or empty.
    """
    if value is None or value == "":
        raise ServiceError(NULL_PARAMETER, name)
    return value


def read_terms(element: Any) -> CouponTerms:
    """Read terms; what is absent is without value. Raises ``NullParameter``."""
    terms = given(element, "Terms")
    return CouponTerms(
        coupon_type=CouponType(given(terms.coupon_type, "CouponType")),
        currency_code=given(terms.currency_code, "CurrencyCode"),
        amount=terms.amount or Decimal(0),
        percent_off=terms.percent_off,
        spend_threshold=terms.spend_threshold or Decimal(0),
        active_duration=terms.active_duration,
        start_date=terms.start_date,
        end_date=terms.end_date,
        expiration_date=terms.expiration_date,
        is_reservation_mandatory=bool(terms.is_reservation_mandatory),
    )


def read_page(page: Paging | None, size_max: int) -> PageWanted:
    """Read which page is wanted; what is unset counts as 0. Raises ``PagingInvalid``."""
    if page is None:
        raise ServiceError(PAGING_INVALID, "PageInfo is required")
    index, size = page.index or 0, page.size or 0
    if index < 0 or not 1 <= size <= size_max:
        text = f"Index {index} must be 0 or more, and Size {size} must be 1 to {size_max}"
        raise ServiceError(PAGING_INVALID, text)
    return PageWanted(index, size)


def read_attributes(elements: list[Any] | None) -> dict[str, Any] | None:
    """Read what is noted about coupons; None for nothing.

    Raises:
        ServiceError: ``NullParameter`` for an attribute without a name, or
            ``ApiInputValidationError`` for a name that comes twice.
    """
    attributes: dict[str, Any] = {}
    for place, element in enumerate(elements or []):
        name = given(element and element.name, f"Attributes[{place}].Name")
        if name in attributes:
            raise ServiceError(INPUT_INVALID, f"Attributes[{place}] repeats {name}")
        attributes[name] = element.value
    return attributes or None


def write_attributes(attributes: dict[str, Any] | None) -> list[SimpleNamespace]:
    """What is noted about coupons as the writers want it; what is no text is JSON."""
    return [
        SimpleNamespace(
            name=name, value=value if value is None or isinstance(value, str) else json.dumps(value)
        )
        for name, value in (attributes or {}).items()
    ]


def write_class(found: CouponClass) -> SimpleNamespace:
    """A class with its terms as the writers want it."""
    terms = asdict(found.terms) | {"coupon_type": found.terms.coupon_type.value}
    return SimpleNamespace(**asdict(found) | {"terms": SimpleNamespace(**terms)})
