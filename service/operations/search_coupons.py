"""SearchCoupons."""

from service.domain.coupons import Coupon
from service.domain.search import SearchRequest
from service.operations.calls import Call


def search_coupons(call: Call, request: SearchRequest) -> list[Coupon]:
    """Answer one page of a customer's coupons."""
    raise NotImplementedError
