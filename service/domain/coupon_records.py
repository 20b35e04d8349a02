"""Simple coupons as operators read them: a parent, a unique code, or a claim of either."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from service.domain.coupon_instances import CouponInstance, InstanceTarget
from service.domain.parent_coupons import ParentCoupon, UniqueCode
from service.domain.traces import Trace, trace_in


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
        is_deleted: Whether the coupon is retired, or the unique code that this is about.
        trace: Of what this is about; for a unique code that nobody has, who last changed the
            parent.
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


def record_of_parent(parent: ParentCoupon) -> CouponRecord:
    """What is known of a stored parent itself."""
    return CouponRecord(
        parent=parent,
        coupon_code=parent.coupon_code,
        parent_code=None,
        is_deleted=parent.retired_at is not None,
        trace=trace_in(parent.trace),
    )


def record_of_code(parent: ParentCoupon, code: UniqueCode) -> CouponRecord:
    """What is known of a unique code that nobody has."""
    changed_by = trace_in(parent.trace).changed_by
    return CouponRecord(
        parent=parent,
        coupon_code=code.coupon_code,
        parent_code=parent.coupon_code,
        applies_to=InstanceTarget.NONE,
        valid_until=code.retired_at,
        is_deleted=parent.retired_at is not None or code.retired_at is not None,
        trace=Trace(code.created_at, changed_by, code.retired_at),
    )


def record_of_claim(
    parent: ParentCoupon, code: UniqueCode | None, claim: CouponInstance
) -> CouponRecord:
    """What is known of a stored claim.

    Args:
        parent: The coupon that was claimed.
        code: The unique code by which it was; None for the parent code.
        claim: The claim.
    """
    return CouponRecord(
        parent=parent,
        coupon_code=code.coupon_code if code else parent.coupon_code,
        parent_code=parent.coupon_code,
        applies_to=claim.target,
        applies_to_id=claim.target_id,
        remaining_uses=claim.remaining_uses,
        used_count=claim.used_count,
        discount_value=claim.discount_value,
        valid_until=claim.removed_at,
        is_deleted=parent.retired_at is not None
        or (code is not None and code.retired_at is not None),
        trace=trace_in(claim.trace),
    )
