"""Simple coupons as operators read them: a parent, a unique code, or a claim of either."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from service.domain.coupon_instances import InstanceTarget
from service.domain.parent_coupons import ParentCoupon
from service.domain.traces import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponRecord:
    """What is known of one code, or of one claim.

    Attributes:
        parent: The coupon itself, with its discounts and bounds.
        coupon_code: The code that this is about; of a claim, the code that was claimed.
        parent_code: The parent's; None for the parent itself.
        applies_to: What a claim discounts; ``NONE`` for a unique code that nobody has; None
            for the parent itself.
        applies_to_id: The reference of that subscription.
        remaining_uses: How many bills a claim still discounts; None for no bound, and for
            what is no claim.
        used_count: How many it has discounted; None for what is no claim.
        discount_value: What it has given in all; None for what is no claim.
        valid_until: When a claim was removed, or a unique code retired; None before.
        is_deleted: Whether the coupon is retired.
    """

    parent: ParentCoupon
    coupon_code: str
    parent_code: str | None
    is_deleted: bool
    trace: Trace
    applies_to: InstanceTarget | None = None
    applies_to_id: str | None = None
    remaining_uses: int | None = None
    used_count: int | None = None
    discount_value: Decimal | None = None
    valid_until: datetime | None = None
