"""What a coupon programme consists of: customers, accounts, subscriptions, classes, batches."""

from dataclasses import dataclass
from datetime import datetime

from service.domain.terms import CouponTerms


@dataclass(frozen=True, slots=True)
class Customer:
    """Who owns coupon classes, and whom accounts bill to."""

    customer_id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An account that redeems coupons, and the customer that it bills to.

    Attributes:
        email: Where its mail goes; None for an account that is sent none.
    """

    account_id: int
    customer_id: int
    number: str
    currency_code: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class CouponClass:
    """What coupons are minted from, owned by one customer.

    Attributes:
        terms: The terms of coupons minted from now on; each coupon keeps those
            that it was minted with.
        language: Of the mails that its coupons are sent in, as BCP 47 names it.
        coupons_count: How many coupons the class has.
        retired_at: When it was retired; None while it is in use.
    """

    class_id: int
    customer_id: int
    name: str
    terms_id: int
    terms: CouponTerms
    feature_id: int | None
    code_pattern: str
    code_alphabet: str
    language: str
    coupons_count: int
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an account buys again and again.

    Attributes:
        reference: What the operator's own programs call it; unique in the service.
        product_id: What is bought, as those programs call it.
        rate_plan_id: At which of the product's prices, likewise.
        currency_code: In which it is billed.
        ended_at: Since when it is not bought any more; None while it runs.
    """

    subscription_id: int
    account_id: int
    reference: str
    product_id: str
    rate_plan_id: str
    currency_code: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one minting made.

    Attributes:
        requested_count: How many coupons were asked for.
        created_count: How many were made; fewer when the pattern was used up.
        codes: The codes, in ascending order.
        density: Codes of the pattern per coupon of the class; below
            ``codes.DENSITY_MIN`` they can be guessed.
    """

    batch_id: int
    requested_count: int
    created_count: int
    codes: list[str]
    density: int

    @property
    def status(self) -> str:
        """``completed``, or ``coupon pattern full`` when codes ran out."""
        is_complete = self.created_count == self.requested_count
        return "completed" if is_complete else "coupon pattern full"
