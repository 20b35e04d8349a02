"""What the operations on discounts share: owners, traces, pages, and what is said twice."""

from typing import Any

from service.domain.discount_errors import DISCOUNT_INVALID
from service.domain.pages import PAGE_SIZE_MAX, PageWanted
from service.domain.refusals import ServiceError
from service.domain.search import Paging
from service.domain.traces import Trace
from service.soap.management.elements import given, read_page

__all__ = [
    "read_currency",
    "read_decision",
    "read_owner",
    "read_said_once",
    "read_wanted_page",
    "require_same",
    "trace_fields",
]

OWNER_DIGITS_MAX = 18
"""The longest number of a customer; more digits need not fit into 64 bits."""


def read_owner(organization_id: str | None) -> int:
    """Read whose a thing is.

    Raises:
        ServiceError: ``NullParameter``, or ``DiscountInvalid`` for what is no number.
    """
    text = given(organization_id, "OrganizationID").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= OWNER_DIGITS_MAX):
        raise ServiceError(DISCOUNT_INVALID, "OrganizationID must be the number of a customer")
    return int(text)


def read_currency(text: str | None) -> str | None:
    """Read a currency code, which may be in any case; None for none."""
    return text.strip().upper() or None if text else None


def read_decision(value: bool | None, *, default: bool) -> bool:
    """Read what may be left out."""
    return default if value is None else value


def read_wanted_page(page: Paging | None) -> PageWanted:
    """Read which page is wanted; nil is the first of the usual size. Raises ``PagingInvalid``."""
    return PageWanted() if page is None else read_page(page, PAGE_SIZE_MAX)


def read_said_once(element: Any, where: str, **names: str) -> str | None:
    """Read a value that has several elements, of which one is enough.

    Args:
        element: What has them.
        where: What the caller calls it, such as ``Discounts[0]``.
        names: The elements, by the names of their attributes.

    Raises:
        ServiceError: ``DiscountInvalid``: they say different things.
    """
    said = {getattr(element, attribute) or None for attribute in names} - {None}
    if len(said) > 1:
        texts = " and ".join(f"{where}.{name}" for name in names.values())
        raise ServiceError(DISCOUNT_INVALID, f"{texts} must be the same, or one of them alone")
    return next(iter(said), None)


def require_same(name: str, inner: str | None, outer: str | None) -> None:
    """Refuse an element that names another thing than the one around it.

    Raises:
        ServiceError: ``DiscountInvalid``.
    """
    if inner and inner != outer:
        raise ServiceError(DISCOUNT_INVALID, f"{name} is {inner!r}, not {outer!r}")


def trace_fields(trace: Trace | None) -> dict[str, Any]:
    """Who last changed a thing, and when, as the writers want it."""
    if trace is None:
        return dict.fromkeys(("created", "changed_by", "updated"))
    return {
        "created": trace.created_at,
        "changed_by": str(trace.changed_by),
        "updated": trace.updated_at,
    }
