"""What SearchCoupons may be asked: predicates, ordering, paging, additional fields."""

from dataclasses import dataclass, field
from datetime import date, datetime

__all__ = ["CouponQuery", "OrderBy", "Paging", "Predicate", "SearchRequest"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """One condition of a search, as the caller wrote it."""

    field: str | None = None
    operator: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class OrderBy:
    """One ordering of a search, as the caller wrote it."""

    field: str | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """A page of a search, as the caller wrote it; what is unset counts as 0."""

    index: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The four elements of SearchCouponsRequest."""

    predicates: list[Predicate | None] | None = None
    ordering: list[OrderBy | None] | None = None
    page_info: Paging | None = None
    return_additional_fields: list[str] | None = None
