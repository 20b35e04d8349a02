"""What the service shows, made from the model."""

from datetime import datetime
from typing import Any

from service.domain.coupon_info import CouponInfo, CouponStatus
from service.domain.coupons import Coupon as ShownCoupon
from service.domain.coupons import CouponClaimInfo, CouponRedemption
from service.domain.ledger import Spend as ShownSpend
from tests.property.model import Coupon, Spend

COUPON_TYPE_CODES = {"Acquisition": 1, "Retention": 2}


def expected_coupon(coupon: Coupon) -> ShownCoupon:
    """As SearchCoupons shows it, with ClaimInfo, to those who belong to its owner."""
    terms = coupon.terms
    return ShownCoupon(
        coupon_code=coupon.code,
        class_name=terms.name,
        coupon_type=terms.kind,
        amount=terms.amount,
        spend_threshold=terms.threshold,
        currency_code=terms.currency,
        percent_off=terms.percent,
        active_duration=terms.days,
        expiration_date=terms.expires,
        start_date=terms.start,
        end_date=terms.end,
        send_to_email=coupon.sent[0] if coupon.sent else None,
        send_to_date=coupon.sent[1] if coupon.sent else None,
        is_redeemed=coupon.account is not None,
        redemption_info=_redemption(coupon),
        claim_info=_claim(coupon),
    )


def _redemption(coupon: Coupon) -> CouponRedemption | None:
    account = coupon.account
    if account is None or account.customer != coupon.terms.customer:
        return None
    return CouponRedemption(
        account_id=account.account_id,
        account_number=account.number,
        spend_to_threshold=coupon.counted,
        balance=coupon.left,
        currency_code=account.currency,
        redemption_date=coupon.redeemed_at,
        expiration_date=coupon.expires_at,
        activation_date=coupon.activated_at,
    )


def _claim(coupon: Coupon) -> CouponClaimInfo | None:
    if coupon.claimed is None:
        return None
    account, claimed_at = coupon.claimed
    return CouponClaimInfo(account.account_id, account.number, claimed_at)


def expected_info(coupon: Coupon, now: datetime) -> CouponInfo:
    """As GetCouponInfo shows a coupon that was claimed or redeemed."""
    terms, is_redeemed = coupon.terms, coupon.account is not None
    holder = coupon.account or (coupon.claimed and coupon.claimed[0])
    assert holder
    return CouponInfo(
        account_id=holder.account_id,
        coupon_id=coupon.coupon_id,
        claim_date=coupon.claimed[1] if coupon.claimed else None,
        status=CouponStatus(coupon.status(now)),
        redemption_date=coupon.redeemed_at if is_redeemed else None,
        expiration_date=coupon.expires_at if is_redeemed else terms.expires,
        percent_off=terms.percent,
        coupon_value=terms.amount,
        upfront_spending=None,
        active_duration=terms.days,
        spend_to_threshold=terms.threshold,
        start_date=terms.start,
        end_date=terms.end,
        balance=coupon.left if is_redeemed else None,
        currency_code=terms.currency,
        feature_id=terms.feature,
        coupon_type=COUPON_TYPE_CODES[terms.kind],
    )


def shown_spend(spend: ShownSpend) -> tuple[Any, ...]:
    """A spend as the service answers it, but for what a model cannot know."""
    effects = {it.coupon_code: (it.towards_threshold, it.drawn) for it in spend.lines}
    return (
        spend.account_id,
        spend.reference,
        spend.amount,
        spend.spent_at,
        spend.reversed_at is not None,
        {code: effect for code, effect in effects.items() if any(effect)},
    )


def expected_spend(spend: Spend) -> tuple[Any, ...]:
    """A spend of the model in the same form."""
    return (
        spend.account.account_id,
        spend.reference,
        spend.amount,
        spend.spent_at,
        spend.is_reversed,
        spend.effects,
    )
