"""Coupons as the pages of the account that has them show them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from service.domain.coupon_info import CouponStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCoupon:
    """A coupon that an account claimed or redeemed; money is in ``currency_code``.

    Attributes:
        customer_id: Whose coupon it is; it may be another than whom the account bills to.
        claimed_at: None when it was redeemed without a claim.
        redeemed_at: None before.
        activated_at: When it first became the one that draws; None before.
        last_at: When it can be redeemed last, or, redeemed, drawn last; None for ever.
        percent_off: Of each spend, in percent; None for an amount coupon.
        granted: The most that it gives in all; 0 for a percentage without bound.
        balance: What is left of that; None until it is redeemed.
        spend_threshold: What must be spent before it can be drawn.
        spent_to_threshold: What has been spent towards that, never more than it.
    """

    coupon_id: int
    code: str
    customer_id: int
    status: CouponStatus
    claimed_at: datetime | None
    redeemed_at: datetime | None
    activated_at: datetime | None
    last_at: datetime | None
    percent_off: Decimal | None
    granted: Decimal
    balance: Decimal | None
    spend_threshold: Decimal
    spent_to_threshold: Decimal
    currency_code: str
