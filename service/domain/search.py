"""What SearchCoupons may be asked: predicates, ordering, paging, additional fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, NamedTuple

from service.domain.errors import (
    BATCH_TOO_LARGE,
    INPUT_INVALID,
    PAGING_INVALID,
    PREDICATE_INVALID,
    PREDICATE_MISSING,
)
from service.domain.instants import parse_instant
from service.domain.names import normal_spelling
from service.domain.numbers import ID_MAX
from service.domain.refusals import ServiceError

PREDICATES_COUNT_MAX = 4
PAGE_SIZE_MAX = 100
ID_DIGITS_MAX = len(str(ID_MAX))

ORDER_BY_CLASS_NAME = "CouponClassName"
ORDER_BY_START_DATE = "CouponStartDate"
RETURN_CLAIM_INFO = "CouponClaimInfo"


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


@dataclass(frozen=True, slots=True)
class CouponQuery:
    """A search that has been checked.

    Attributes:
        customer_id: The owner of the coupons.
        class_name: Only coupons of this class.
        is_redeemed: Only coupons that are, or are not, redeemed.
        starts_from: Only coupons whose StartDate is at or after this instant.
        order_by: ``CouponClassName`` or ``CouponStartDate``.
        descending: Whether the order is turned round; ties keep their order.
        offset: How many coupons come before the page.
        size: How many coupons the page has at the most, 1 to 100.
        with_claim_info: Whether ClaimInfo is wanted.
    """

    customer_id: int = 0
    class_name: str | None = None
    is_redeemed: bool | None = None
    starts_from: datetime | None = None
    order_by: str = ORDER_BY_CLASS_NAME
    descending: bool = False
    offset: int = 0
    size: int = PAGE_SIZE_MAX
    with_claim_info: bool = False


def check_search(request: SearchRequest) -> CouponQuery:
    """Turn what was asked into a query, or refuse it.

    Raises:
        ServiceError: ``BatchTooLarge``, ``PredicateInvalid``,
            ``RequiredPredicateMissing``, ``ApiInputValidationError`` (ordering) or
            ``PagingInvalid``, in this order.
    """
    query = _with_predicates(CouponQuery(), request.predicates or [])
    query = _with_ordering(query, request.ordering or [])
    query = _with_page(query, request.page_info)
    wanted = request.return_additional_fields or []
    return replace(query, with_claim_info=RETURN_CLAIM_INFO in wanted)


def _with_predicates(query: CouponQuery, predicates: list[Predicate | None]) -> CouponQuery:
    if len(predicates) > PREDICATES_COUNT_MAX:
        text = (
            f"Predicates has {len(predicates)} items, at most {PREDICATES_COUNT_MAX} are accepted"
        )
        raise ServiceError(BATCH_TOO_LARGE, text)
    return replace(query, **read_predicates(predicates, _RULES))


class PredicateRule(NamedTuple):
    """What a predicate may be: its field with an operator, what it is called, how it is read.

    ``read`` raises ValueError for a text that is no such value.
    """

    field: str
    operator: str
    name: str
    read: Callable[[str], Any]


def read_predicates(
    predicates: list[Predicate | None], rules: Sequence[PredicateRule]
) -> dict[str, Any]:
    """Read the values of predicates, by the names that the rules give them.

    Raises:
        ServiceError: ``PredicateInvalid``, or ``RequiredPredicateMissing`` when the
            customer is not given.
    """
    values: dict[str, Any] = {}
    for place, predicate in enumerate(predicates):
        where = f"Predicates[{place}]"
        if predicate is None or not predicate.field:
            raise ServiceError(PREDICATE_INVALID, f"{where} has no Field")
        rule = _find_rule(predicate, rules, where)
        if rule.name in values:
            raise ServiceError(PREDICATE_INVALID, f"{where} repeats {predicate.field}")
        try:
            values[rule.name] = rule.read((predicate.value or "").strip())
        except ValueError as error:
            raise ServiceError(PREDICATE_INVALID, f"{where}.Value: {error}") from error
    if "customer_id" not in values:
        raise ServiceError(PREDICATE_MISSING, "CustomerId Equals is required")
    return values


def _find_rule(predicate: Predicate, rules: Sequence[PredicateRule], where: str) -> PredicateRule:
    of_field = [rule for rule in rules if rule.field == predicate.field]
    if not of_field:
        fields = ", ".join(dict.fromkeys(rule.field for rule in rules))
        text = f"{where}.Field {predicate.field!r} is not one of {fields}"
        raise ServiceError(PREDICATE_INVALID, text)
    for rule in of_field:
        if rule.operator == predicate.operator:
            return rule
    operators = " or ".join(rule.operator for rule in of_field)
    text = f"{where}.Operator for {predicate.field} must be {operators}"
    raise ServiceError(PREDICATE_INVALID, text)


def read_id(text: str) -> int:
    """Read a positive number of 64 bits; raises ValueError."""
    is_number = text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX
    if not (is_number and 0 < int(text) <= ID_MAX):
        raise ValueError(f"{text[:40]!r} is not an identifier")
    return int(text)


def read_name(text: str) -> str:
    """Read a name as it is compared; raises ValueError for an empty one."""
    if not text:
        raise ValueError("the name is empty")
    return normal_spelling(text)


def _read_bool(text: str) -> bool:
    truth = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if truth is None:
        raise ValueError(f"{text[:40]!r} is not true, false, 1 or 0")
    return truth


def _read_day(text: str) -> datetime:
    """Only year, month and day count: the instant is moved to its day's midnight in UTC."""
    instant = parse_instant(text)
    return datetime.combine(instant.date(), time.min, tzinfo=instant.tzinfo)


_RULES = (
    PredicateRule("CustomerId", "Equals", "customer_id", read_id),
    PredicateRule("CouponClassName", "Equals", "class_name", read_name),
    PredicateRule("IsRedeemed", "Equals", "is_redeemed", _read_bool),
    PredicateRule("StartDate", "GreaterThanEquals", "starts_from", _read_day),
)


def _with_ordering(query: CouponQuery, ordering: list[OrderBy | None]) -> CouponQuery:
    """Take the first ordering; the contract ignores further ones."""
    if not ordering:
        return query
    first = ordering[0] or OrderBy()
    if first.field not in {ORDER_BY_CLASS_NAME, ORDER_BY_START_DATE}:
        text = f"Ordering[0].Field must be {ORDER_BY_CLASS_NAME} or {ORDER_BY_START_DATE}"
        raise ServiceError(INPUT_INVALID, text)
    return replace(query, order_by=first.field, descending=first.order == "Descending")


def _with_page(query: CouponQuery, page: Paging | None) -> CouponQuery:
    if page is None:
        raise ServiceError(PAGING_INVALID, "PageInfo is required")
    index, size = page.index or 0, page.size or 0
    _require_page(index >= 0, f"Index is {index}, it must be 0 or more")
    _require_page(1 <= size <= PAGE_SIZE_MAX, f"Size is {size}, it must be 1 to {PAGE_SIZE_MAX}")
    return replace(query, offset=index * size, size=size)


def _require_page(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ServiceError(PAGING_INVALID, otherwise)
