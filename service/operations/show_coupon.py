"""One coupon with everything that happened to it."""

from dataclasses import dataclass

from service.domain.codes import fold_code
from service.domain.coupons import Coupon
from service.domain.errors import COUPON_NOT_FOUND
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.storage import audit, coupon_search
from service.storage.audit import Event


@dataclass(frozen=True, slots=True)
class ShownCoupon:
    """A coupon and its owner, and what happened to it and its batch, oldest first."""

    coupon_id: int
    customer_id: int
    batch_id: int
    coupon: Coupon
    history: list[Event]


def show_coupon(call: Call, coupon_code: str) -> ShownCoupon:
    """Look a coupon up by its code.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only: the history names
            users and accounts of any customer) or ``CouponNotFound``.
    """
    call.caller.require_operator()
    code = fold_code(coupon_code)
    with call.database.reading() as connection:
        found = coupon_search.find_coupon(connection, code)
        if found is None:
            raise ServiceError(COUPON_NOT_FOUND, f"coupon {code[:100]}")
        minted = audit.history(connection, "coupon_batch", found.batch_id)
        used = audit.history(connection, "coupon", found.coupon_id)
    return ShownCoupon(
        found.coupon_id, found.customer_id, found.batch_id, found.coupon, minted + used
    )
