"""SearchCouponClasses: the classes of a customer, a page at a time."""

from dataclasses import dataclass

from service.domain.names import caseless
from service.domain.pages import Page, PageWanted
from service.domain.programmes import CouponClass
from service.domain.terms import CouponType
from service.operations.calls import Call
from service.operations.pages import page_of, require_page
from service.storage import classes


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
            page as quickly as the first one. Pages are then counted from there.
    """

    customer_id: int
    name: str | None = None
    coupon_type: CouponType | None = None
    feature_id: int | None = None
    is_retired: bool | None = None
    after: str | None = None


def search_coupon_classes(call: Call, query: ClassQuery, page: PageWanted) -> Page[CouponClass]:
    """Search a customer's classes, in the order of their names.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(query.customer_id)
    require_page(page)
    with call.database.reading() as connection:
        found = classes.search_classes(
            connection,
            query.customer_id,
            name_part=caseless(query.name or "") or None,
            coupon_type=query.coupon_type,
            feature_id=query.feature_id,
            is_retired=query.is_retired,
            after=query.after,
            offset=page.offset,
            # One more, to know whether there is a next page.
            size=page.size + 1,
        )
    return page_of(found, page)
