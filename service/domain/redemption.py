"""Whether an account may redeem a coupon, and what a redemption begins with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from service.domain.errors import (
    ACQUISITION_NOT_ELIGIBLE,
    COUPON_ALREADY_REDEEMED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_CLASS_RETIRED,
    COUPON_ENDED,
    COUPON_EXPIRED,
    COUPON_NOT_STARTED,
    COUPON_RESERVATION_REQUIRED,
    CURRENCY_MISMATCH,
)
from service.domain.instants import NO_END
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms, CouponType

NEW_CUSTOMER_DAYS = 30
"""How long a customer counts as new after its first spend."""


@dataclass(frozen=True, slots=True)
class CouponState:
    """What the redemption of a coupon depends on, on the coupon's side."""

    code: str
    terms: CouponTerms
    is_class_retired: bool
    claimed_account_id: int | None
    redeemed_account_id: int | None


@dataclass(frozen=True, slots=True)
class RedeemingAccount:
    """What the redemption depends on, on the account's side.

    Attributes:
        customer_first_spend_at: The first spend of the customer that the account
            bills to; None when it never spent.
        customer_has_acquisition: Whether an account of that customer redeemed an
            Acquisition coupon before.
    """

    account_id: int
    customer_id: int
    currency_code: str
    customer_first_spend_at: datetime | None
    customer_has_acquisition: bool


@dataclass(frozen=True, slots=True)
class NewRedemption:
    """What a redemption begins with."""

    redeemed_at: datetime
    expires_at: datetime
    granted: Decimal
    currency_code: str


def redeem(coupon: CouponState, account: RedeemingAccount, now: datetime) -> NewRedemption:
    """Decide over a redemption at the instant ``now``.

    Raises:
        ServiceError: The first reason, in this order, why the account cannot
            redeem the coupon: redeemed, class retired, claimed by another account, to
            be claimed first, not started, ended, expired, wrong currency, not a new
            customer.
    """
    terms = coupon.terms
    require_free(coupon, account.account_id)
    if terms.is_reservation_mandatory and coupon.claimed_account_id is None:
        raise ServiceError(COUPON_RESERVATION_REQUIRED, f"coupon {coupon.code}")
    if terms.start_date is not None and now < terms.start_date:
        raise ServiceError(COUPON_NOT_STARTED, f"StartDate is {terms.start_date.isoformat()}")
    require_lasting(terms, now)
    require_currency(terms, account.currency_code)
    if terms.coupon_type is CouponType.ACQUISITION:
        _require_new_customer(account, now)
    return NewRedemption(now, expiry_of(terms, now), terms.amount, account.currency_code)


def expiry_of(terms: CouponTerms, redeemed_at: datetime) -> datetime:
    """The last instant of use: by date or by duration, whichever comes first."""
    ends = [NO_END]
    if terms.expiration_date is not None:
        ends.append(terms.expiration_date)
    days_left = (NO_END - redeemed_at).days
    if terms.active_duration is not None and terms.active_duration <= days_left:
        ends.append(redeemed_at + timedelta(days=terms.active_duration))
    return min(ends)


def require_free(coupon: CouponState, account_id: int) -> None:
    """Let only a coupon through that the account may have.

    Raises:
        ServiceError: ``CouponAlreadyRedeemed``, ``CouponClassRetired`` or
            ``CouponClaimedByAnotherAccount``, in this order.
    """
    if coupon.redeemed_account_id is not None:
        whom = "this" if coupon.redeemed_account_id == account_id else "another"
        raise ServiceError(COUPON_ALREADY_REDEEMED, f"coupon {coupon.code}, by {whom} account")
    if coupon.is_class_retired:
        raise ServiceError(COUPON_CLASS_RETIRED, f"coupon {coupon.code}")
    if coupon.claimed_account_id not in {None, account_id}:
        raise ServiceError(COUPON_CLAIMED_BY_ANOTHER_ACCOUNT, f"coupon {coupon.code}")


def require_lasting(terms: CouponTerms, now: datetime) -> None:
    """Refuse a coupon whose time is over with ``CouponEnded`` or ``CouponExpired``."""
    if terms.end_date is not None and now > terms.end_date:
        raise ServiceError(COUPON_ENDED, f"EndDate was {terms.end_date.isoformat()}")
    if terms.expiration_date is not None and now > terms.expiration_date:
        raise ServiceError(
            COUPON_EXPIRED, f"ExpirationDate was {terms.expiration_date.isoformat()}"
        )


def require_currency(terms: CouponTerms, currency_code: str) -> None:
    """Refuse a coupon that is not in the account's currency with ``CurrencyMismatch``."""
    if terms.currency_code != currency_code:
        text = f"the coupon is in {terms.currency_code}, the account in {currency_code}"
        raise ServiceError(CURRENCY_MISMATCH, text)


def _require_new_customer(account: RedeemingAccount, now: datetime) -> None:
    first_spend_at = account.customer_first_spend_at
    if first_spend_at is not None and first_spend_at < now - timedelta(days=NEW_CUSTOMER_DAYS):
        text = f"the customer has spent since {first_spend_at.date().isoformat()}"
        raise ServiceError(ACQUISITION_NOT_ELIGIBLE, text)
    if account.customer_has_acquisition:
        text = "the customer has redeemed an Acquisition coupon before"
        raise ServiceError(ACQUISITION_NOT_ELIGIBLE, text)
