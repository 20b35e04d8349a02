"""The search for coupons of those who run a programme."""

from service.domain.found_coupons import CouponSearch, FoundCoupon
from service.domain.listings import Listing
from service.operations.calls import Call


def find_coupons(
    call: Call, search: CouponSearch, after: str | None = None, size: int = 50
) -> Listing[FoundCoupon]:
    """A page of the coupons that are as the search says, among those that the caller may see.

    Args:
        call: Whose call it is.
        search: Which coupons.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (customer, class or account) or
            ``PagingInvalid``.
    """
    raise NotImplementedError
