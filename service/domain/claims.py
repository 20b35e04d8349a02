"""Whether an account may claim a coupon: book it, so that nobody else can redeem it."""

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.errors import COUPON_WITHOUT_FEATURE, FEATURE_ALREADY_CLAIMED
from service.domain.programmes import Account
from service.domain.redemption import (
    CouponState,
    require_currency,
    require_free,
    require_lasting,
)
from service.domain.refusals import ServiceError


@dataclass(frozen=True, slots=True)
class ClaimableCoupon:
    """What a claim depends on, on the coupon's side.

    Attributes:
        feature_id: The feature of its class; None for none.
        claimed_at: When it was claimed; None when it is not.
    """

    coupon_id: int
    state: CouponState
    feature_id: int | None
    claimed_at: datetime | None

    def claimed(self, claim: "Claim") -> "ClaimableCoupon":
        """The coupon after the claim."""
        state = replace(self.state, claimed_account_id=claim.account_id)
        return replace(self, state=state, claimed_at=claim.claimed_at)


@dataclass(frozen=True, slots=True)
class Claim:
    """A coupon booked for an account.

    Attributes:
        feature_id: The feature that it is the account's only coupon of; None for a
            coupon of no feature, which only its owner can book.
    """

    coupon_id: int
    account_id: int
    feature_id: int | None
    claimed_at: datetime


def claim(
    coupon: ClaimableCoupon,
    account: Account,
    claimed_features: Container[int | None],
    now: datetime,
) -> Claim:
    """Decide over a claim at the instant ``now``; a coupon can be claimed before its StartDate.

    Args:
        coupon: What is claimed.
        account: For whom.
        claimed_features: The features of which the account has claimed a coupon.
        now: When.

    Raises:
        ServiceError: The first reason, in this order, why the account cannot claim
            the coupon: no feature, redeemed, class retired, claimed by another
            account, ended, expired, wrong currency, feature claimed before.
    """
    state = coupon.state
    if coupon.feature_id is None:
        raise ServiceError(COUPON_WITHOUT_FEATURE, f"coupon {state.code}")
    require_free(state, account.account_id)
    require_lasting(state.terms, now)
    require_currency(state.terms, account.currency_code)
    if coupon.feature_id in claimed_features:
        raise ServiceError(FEATURE_ALREADY_CLAIMED, f"feature {coupon.feature_id}")
    return Claim(coupon.coupon_id, account.account_id, coupon.feature_id, now)
