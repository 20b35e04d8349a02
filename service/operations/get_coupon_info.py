"""GetCouponInfo."""

from service.domain.coupon_info import CouponInfo
from service.domain.errors import NULL_PARAMETER
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.storage.coupon_info import find_coupon_info


def get_coupon_info(call: Call, customer_id: int | None) -> list[CouponInfo]:
    """Tell about every coupon that accounts which bill to the customer have claimed or redeemed.

    The oldest claim comes first, or the oldest redemption of coupons that were
    redeemed without a claim.

    Raises:
        ServiceError: ``NullParameter`` (CustomerId), ``UserIsNotAuthorized`` or
            ``IdTooLarge``.
    """
    if not customer_id:
        raise ServiceError(NULL_PARAMETER, "CustomerId")
    call.caller.require_read(customer_id)
    with call.database.reading() as connection:
        return find_coupon_info(connection, customer_id, call.now)
