"""SearchCoupons."""

from service.domain.coupons import Coupon
from service.domain.search import SearchRequest, check_search
from service.operations.calls import Call
from service.storage import coupon_search


def search_coupons(call: Call, request: SearchRequest) -> tuple[Coupon, ...]:
    """Answer one page of a customer's coupons.

    A coupon tells who redeemed it only when the redeeming account bills to the
    coupon's owner, and who claimed it only on request.

    Raises:
        ServiceError: The request is not valid (see ``check_search``), or
            ``UserIsNotAuthorized``: the caller has no right on the customer.
    """
    query = check_search(request)
    call.caller.require_read(query.customer_id)
    with call.database.reading() as connection:
        return coupon_search.search_coupons(connection, query)
