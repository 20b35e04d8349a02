"""SearchCouponClasses: the classes of a customer, a page at a time."""

from dataclasses import dataclass

from service.domain.errors import PAGING_INVALID
from service.domain.names import caseless
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.domain.terms import CouponType
from service.operations.calls import Call
from service.storage import classes

PAGE_SIZE_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassQuery:
    """Which classes are searched; None asks for any.

    Attributes:
        customer_id: Whose classes.
        name: A part of the name; capital and small letters are the same.
        coupon_type: Of the terms that the class has now.
        feature_id: The feature whose adoption it rewards.
        is_retired: Whether it is retired.
        after: The name of the last class of the page before: the database finds the next
            page as quickly as the first one.
        index: Which page of those after it; the first is 0.
        size: Classes in a page, 1 to 1,000.
    """

    customer_id: int
    name: str | None = None
    coupon_type: CouponType | None = None
    feature_id: int | None = None
    is_retired: bool | None = None
    after: str | None = None
    index: int = 0
    size: int = 100


@dataclass(frozen=True, slots=True)
class ClassPage:
    """A page of classes.

    Attributes:
        classes: In the order of their names.
        has_more: Whether there is a page after this one.
    """

    classes: list[CouponClass]
    has_more: bool


def search_coupon_classes(call: Call, query: ClassQuery) -> ClassPage:
    """Search a customer's classes, by name. A page past the end is empty.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(query.customer_id)
    if query.index < 0:
        raise ServiceError(PAGING_INVALID, f"Index is {query.index}, it must be 0 or more")
    if not 1 <= query.size <= PAGE_SIZE_MAX:
        text = f"Size is {query.size}, it must be 1 to {PAGE_SIZE_MAX}"
        raise ServiceError(PAGING_INVALID, text)
    with call.database.reading() as connection:
        found = classes.search_classes(
            connection,
            query.customer_id,
            name_part=caseless(query.name or "") or None,
            coupon_type=query.coupon_type,
            feature_id=query.feature_id,
            is_retired=query.is_retired,
            after=query.after,
            offset=query.index * query.size,
            # One more, to know whether there is a next page.
            size=query.size + 1,
        )
    return ClassPage(found[: query.size], len(found) > query.size)
