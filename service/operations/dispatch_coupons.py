"""DispatchCoupons."""

from service.domain.errors import BatchError
from service.operations.calls import Call


def dispatch_coupons(
    call: Call,
    send_to_emails: list[str | None] | None,
    customer_id: int | None,
    coupon_class_name: str | None,
) -> list[BatchError]:
    """Send one coupon of the class to each address; answers the addresses that got none."""
    raise NotImplementedError
