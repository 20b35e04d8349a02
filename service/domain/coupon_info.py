"""A coupon as GetCouponInfo shows it: who has it, and how far its life has come."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from service.domain.errors import ID_TOO_LARGE
from service.domain.ledger import RedeemedCoupon
from service.domain.numbers import INT_MAX
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms, CouponType

COUPON_TYPE_CODES = {CouponType.ACQUISITION: 1, CouponType.RETENTION: 2}
"""CouponType as a byte; Microsoft publishes no values, these are ours."""


class CouponStatus(IntEnum):
    """How far the life of a coupon has come; Microsoft publishes no values, these are ours."""

    AVAILABLE = 0
    CLAIMED = 1
    WAITING = 2
    """Redeemed; it has not reached its spend threshold, or another coupon is active."""
    ACTIVE = 3
    USED_UP = 4
    EXPIRED = 5
    """Redeemed and past its expiry, or not redeemed and past EndDate or ExpirationDate."""


@dataclass(frozen=True, slots=True)
class CouponInfo:
    """A coupon that an account claimed or redeemed; the names are the contract's.

    Money is in ``currency_code``, dates are aware and in UTC, ``percent_off`` is in
    percent, ``active_duration`` in days.

    Attributes:
        expiration_date: Last instant of use; of a redeemed coupon that of its
            redemption.
        coupon_value: The face value.
        upfront_spending: The contract's other kind of coupon, which we have not.
        spend_to_threshold: What is required, not what has been spent.
        balance: What is left to draw; None until it is redeemed.
    """

    account_id: int
    coupon_id: int
    claim_date: datetime | None
    status: CouponStatus
    redemption_date: datetime | None
    expiration_date: datetime | None
    percent_off: Decimal | None
    coupon_value: Decimal
    upfront_spending: None
    active_duration: int | None
    spend_to_threshold: Decimal
    start_date: datetime | None
    end_date: datetime | None
    balance: Decimal | None
    currency_code: str
    feature_id: int | None
    coupon_type: int


def coupon_status(
    terms: CouponTerms, *, is_claimed: bool, redeemed: RedeemedCoupon | None, now: datetime
) -> CouponStatus:
    """The status of a coupon at the instant ``now``; dates are themselves included."""
    if redeemed is not None:
        return _redeemed_status(redeemed, now)
    lasts = (terms.end_date, terms.expiration_date)
    if any(last is not None and now > last for last in lasts):
        return CouponStatus.EXPIRED
    return CouponStatus.CLAIMED if is_claimed else CouponStatus.AVAILABLE


def _redeemed_status(redeemed: RedeemedCoupon, now: datetime) -> CouponStatus:
    if redeemed.is_used_up:
        return CouponStatus.USED_UP
    if now > redeemed.expires_at:
        return CouponStatus.EXPIRED
    return CouponStatus.ACTIVE if redeemed.is_active else CouponStatus.WAITING


def coupon_info(
    terms: CouponTerms,
    *,
    coupon_id: int,
    account_id: int,
    feature_id: int | None,
    claimed_at: datetime | None,
    redeemed: RedeemedCoupon | None,
    now: datetime,
) -> CouponInfo:
    """Tell about a coupon at the instant ``now``.

    Args:
        terms: Those that it was minted with.
        coupon_id: Its number.
        account_id: Who redeemed it, else who claimed it.
        feature_id: Of its class.
        claimed_at: When it was claimed; None when it was not.
        redeemed: What the ledger has of it; None when it is not redeemed.
        now: When.

    Raises:
        ServiceError: ``IdTooLarge``: the coupon or the account.
    """
    for name, number in (("AccountId", account_id), ("CouponId", coupon_id)):
        if number > INT_MAX:
            raise ServiceError(ID_TOO_LARGE, f"{name} {number}")
    is_claimed = claimed_at is not None
    return CouponInfo(
        account_id=account_id,
        coupon_id=coupon_id,
        claim_date=claimed_at,
        status=coupon_status(terms, is_claimed=is_claimed, redeemed=redeemed, now=now),
        redemption_date=redeemed.redeemed_at if redeemed else None,
        expiration_date=redeemed.expires_at if redeemed else terms.expiration_date,
        percent_off=terms.percent_off,
        coupon_value=terms.amount,
        upfront_spending=None,
        active_duration=terms.active_duration,
        spend_to_threshold=terms.spend_threshold,
        start_date=terms.start_date,
        end_date=terms.end_date,
        balance=redeemed.balance if redeemed else None,
        currency_code=terms.currency_code,
        feature_id=feature_id,
        coupon_type=COUPON_TYPE_CODES[terms.coupon_type],
    )
