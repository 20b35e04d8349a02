"""A coupon as the contract shows it: terms, dispatch, redemption and claim.

These are tuples, as a page makes hundreds of them: a frozen dataclass takes five times as long.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class CouponRedemption(NamedTuple):
    """Who redeemed a coupon, and what is left of it.

    Attributes:
        spend_to_threshold: What the account has spent towards SpendThreshold
            since the redemption.
        balance: What is left to draw.
        expiration_date: Last instant at which it can be drawn.
        activation_date: When spend reached the threshold; None before.
    """

    account_id: int
    account_number: str
    spend_to_threshold: Decimal
    balance: Decimal
    currency_code: str
    redemption_date: datetime
    expiration_date: datetime
    activation_date: datetime | None


class CouponClaimInfo(NamedTuple):
    """The account that a coupon is booked for."""

    account_id: int
    account_number: str
    claim_date: datetime


class Coupon(NamedTuple):
    """A coupon as SearchCoupons answers it; the names are the contract's.

    Money is in ``currency_code``, dates are aware and in UTC, ``percent_off`` is
    in percent (10 is a tenth), ``active_duration`` in days.
    """

    coupon_code: str
    class_name: str
    coupon_type: str
    amount: Decimal
    spend_threshold: Decimal
    currency_code: str
    percent_off: Decimal | None
    active_duration: int | None
    expiration_date: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    send_to_email: str | None
    send_to_date: datetime | None
    is_redeemed: bool
    redemption_info: CouponRedemption | None
    claim_info: CouponClaimInfo | None
