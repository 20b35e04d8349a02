"""The terms under which coupons of a class are given."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from service.domain.errors import TERMS_INVALID
from service.domain.money import (
    AMOUNT_MAX,
    STORED_UNIT,
    WHOLE_PERCENT,
    is_currency,
    is_whole,
    minor_unit,
)
from service.domain.refusals import ServiceError

ACTIVE_DURATION_DAYS_MAX = 36_500


class CouponType(str, Enum):
    """Who may redeem: new customers only, or everybody."""

    ACQUISITION = "Acquisition"
    RETENTION = "Retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerms:
    """What a coupon is worth, to whom, and when.

    Attributes:
        amount: Face value; for a percentage coupon the most that it gives, 0 for
            no bound.
        percent_off: Discount in percent, above 0 and at most 100, six decimals;
            None for an amount coupon.
        spend_threshold: What the account must spend after redemption before the
            coupon can be consumed.
        active_duration: Days of use from redemption; None for no bound.
        start_date: First instant of redemption, included.
        end_date: Last instant of redemption, included.
        expiration_date: Last instant of use, included.
        is_reservation_mandatory: Whether only the account that has claimed a coupon
            may redeem it.
    """

    coupon_type: CouponType
    currency_code: str
    amount: Decimal = Decimal(0)
    percent_off: Decimal | None = None
    spend_threshold: Decimal = Decimal(0)
    active_duration: int | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    expiration_date: datetime | None = None
    is_reservation_mandatory: bool = False

    def require_valid(self) -> None:
        """Refuse terms that no coupon can have.

        Raises:
            ServiceError: ``TermsInvalid``, naming the term and its bound.
        """
        _require(is_currency(self.currency_code), f"CurrencyCode {self.currency_code!r} is unknown")
        _require_amount("Amount", self.amount, self.currency_code)
        _require_amount("SpendThreshold", self.spend_threshold, self.currency_code)
        _require_percent(self.percent_off)
        _require(
            self.percent_off is not None or self.amount > 0,
            "Amount above 0 or PercentOff is needed",
        )
        _require(
            self.active_duration is None or 1 <= self.active_duration <= ACTIVE_DURATION_DAYS_MAX,
            f"ActiveDuration must be from 1 to {ACTIVE_DURATION_DAYS_MAX} days",
        )
        _require_order("StartDate", self.start_date, "EndDate", self.end_date)
        _require_order("StartDate", self.start_date, "ExpirationDate", self.expiration_date)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ServiceError(TERMS_INVALID, otherwise)


def _require_amount(name: str, amount: Decimal, currency_code: str) -> None:
    _require(amount.is_finite() and 0 <= amount <= AMOUNT_MAX, f"{name} must be 0 to {AMOUNT_MAX}")
    unit = minor_unit(currency_code)
    _require(is_whole(amount, unit), f"{name} must be a multiple of {unit} {currency_code}")


def _require_percent(percent: Decimal | None) -> None:
    if percent is None:
        return
    _require(
        percent.is_finite() and 0 < percent <= WHOLE_PERCENT,
        f"PercentOff must be above 0 and at most {WHOLE_PERCENT}",
    )
    _require(is_whole(percent, STORED_UNIT), "PercentOff has at most 6 decimals")


def _require_order(
    first: str, earlier: datetime | None, second: str, later: datetime | None
) -> None:
    _require(
        earlier is None or later is None or earlier <= later, f"{second} must not be before {first}"
    )
