"""Simple coupons: a parent code and its unique codes, which discount subscriptions' bills.

Beneath each of them is a coupon definition; each of its discounts is a modifier there.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from service.domain.codes import PLACE, CodePattern
from service.domain.definitions import (
    MODIFIERS_MAX,
    UNITS_MAX,
    Effect,
    Modifier,
    ModifierDomain,
    Operand,
)
from service.domain.discount_errors import (
    COUPON_RETIRED,
    PARENT_CODE_NOT_REDEEMABLE,
    RATE_PLAN_MISMATCH,
)
from service.domain.errors import CURRENCY_MISMATCH
from service.domain.money import (
    AMOUNT_MAX,
    STORED_UNIT,
    WHOLE_PERCENT,
    is_currency,
    is_whole,
    minor_unit,
)
from service.domain.numbers import INT_MAX
from service.domain.programmes import Subscription
from service.domain.refusals import ServiceError
from service.domain.texts import require, require_text
from service.domain.traces import Trace

COUNT_MAX = INT_MAX
"""How many claims or uses can be named; more are no bound."""
SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SUFFIX_SEPARATOR = "-"
SUFFIX_LENGTH = 4
SUFFIX_LENGTH_MAX = 32


class LimitScope(str, Enum):
    """Whether all claims of a coupon are counted together, or those of each code apart."""

    COUPON = "coupon"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponDiscount:
    """One discount of a simple coupon: units, percent or money, one of the three.

    Attributes:
        pricing_component: Identifier or name of the component; None for the whole bill.
        units_free: How many units of the component are not charged, the first ones.
        percentage: Of the unaltered cost, in percent, at most 100.
        cash: Money in the coupon's currency, for each bill.
        unit_of_measure: What the units of the component are called, if known.
    """

    pricing_component: str | None = None
    units_free: int | None = None
    percentage: Decimal | None = None
    cash: Decimal | None = None
    unit_of_measure: str | None = None
    trace: Trace | None = None

    def require_valid(self, where: str, currency_code: str | None) -> None:
        """Refuse a discount that cannot be; raises ``DiscountInvalid``."""
        require_text(f"{where}.PricingComponent", self.pricing_component)
        require_text(f"{where}.UnitOfMeasureName", self.unit_of_measure)
        kinds = [self.units_free, self.percentage, self.cash]
        require(
            sum(kind is not None for kind in kinds) == 1,
            f"{where} must have one of CashDiscount, PercentageDiscount and UnitsFree",
        )
        if self.units_free is not None:
            require(0 <= self.units_free <= UNITS_MAX, f"{where}.UnitsFree: 0 to {UNITS_MAX}")
            require(bool(self.pricing_component), f"{where}.UnitsFree needs a PricingComponent")
        if self.percentage is not None:
            is_percent = self.percentage.is_finite() and 0 <= self.percentage <= WHOLE_PERCENT
            require(
                is_percent and is_whole(self.percentage, STORED_UNIT),
                f"{where}.PercentageDiscount must be 0 to {WHOLE_PERCENT}, at most 6 decimals",
            )
        if self.cash is not None:
            unit = STORED_UNIT if currency_code is None else minor_unit(currency_code)
            require(
                self.cash.is_finite()
                and 0 <= self.cash <= AMOUNT_MAX
                and is_whole(self.cash, unit),
                f"{where}.CashDiscount must be a multiple of {unit}, 0 to {AMOUNT_MAX}",
            )

    def as_modifier(self) -> Modifier:
        """The modifier that gives this discount."""
        operand = Operand.FIXED if self.cash is not None else Operand.PERCENT
        is_units = self.units_free is not None
        amount = self.cash if self.cash is not None else self.percentage
        is_of_component = bool(self.pricing_component)
        domain = ModifierDomain.PRICING_COMPONENT if is_of_component else ModifierDomain.PRODUCT
        return Modifier(
            effect_amount=Decimal(WHOLE_PERCENT) if amount is None else amount,
            operand=operand,
            effect=Effect.FIRST_UNITS if is_units else Effect.ALL,
            specifier_amount=self.units_free,
            domain=domain,
            specifier=self.pricing_component or None,
            unit_of_measure=self.unit_of_measure,
        )


def discount_of(modifier: Modifier) -> CouponDiscount:
    """The discount of a simple coupon that became this modifier."""
    is_units = modifier.effect is Effect.FIRST_UNITS
    amount = None if is_units else modifier.effect_amount
    is_percent = modifier.operand is Operand.PERCENT
    return CouponDiscount(
        pricing_component=modifier.specifier,
        units_free=modifier.specifier_amount if is_units else None,
        percentage=amount if is_percent else None,
        cash=None if is_percent else amount,
        unit_of_measure=modifier.unit_of_measure,
        trace=modifier.trace,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which product, or rate plan, a coupon is for; by identifier or name, as it was given."""

    product: str | None = None
    product_id: str | None = None
    product_name: str | None = None
    rate_plan: str | None = None
    rate_plan_id: str | None = None
    rate_plan_name: str | None = None

    def includes(self, product_id: str, rate_plan_id: str) -> bool:
        """Whether it is for a subscription to that product at that rate plan."""
        products = {self.product, self.product_id, self.product_name} - {None}
        plans = {self.rate_plan, self.rate_plan_id, self.rate_plan_name} - {None}
        return (not products or product_id in products) and (not plans or rate_plan_id in plans)

    @property
    def has_rate_plan(self) -> bool:
        """Whether it is for one rate plan, which has a currency of its own."""
        return any((self.rate_plan, self.rate_plan_id, self.rate_plan_name))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentCoupon:
    """A simple coupon.

    Attributes:
        coupon_code: The parent code, and how unique codes begin.
        coupons_max: How many claims are possible, a unique code counting as one from when
            it is made; None for no bound.
        uses_max: How many bills each claim discounts; None for no bound.
        currency_code: ISO 4217; None for that of the subscription, only with a rate plan.
        is_redeemable: Whether the parent code itself can be claimed.
        limit_scope: What ``coupons_max`` bounds.
        claims_count: How many claims were taken of ``coupons_max``.
        retired_at: When it was retired: neither claims nor codes are given since then.
    """

    customer_id: int
    coupon_code: str
    name: str
    discounts: tuple[CouponDiscount, ...]
    coupons_max: int | None = None
    uses_max: int | None = None
    currency_code: str | None = None
    scope: Scope = Scope()
    is_redeemable: bool = True
    limit_scope: LimitScope = LimitScope.COUPON
    claims_count: int = 0
    retired_at: datetime | None = None
    trace: Trace | None = None

    def require_valid(self) -> None:
        """Refuse a coupon that cannot be; raises ``DiscountInvalid``."""
        require_text("Name", self.name, is_needed=True)
        code = self.currency_code
        require(code is None or is_currency(code), f"Currency {code!r} is unknown")
        require(
            code is not None or self.scope.has_rate_plan,
            "Currency is needed unless a ProductRatePlan is named",
        )
        for name, count in (("Coupons", self.coupons_max), ("Uses", self.uses_max)):
            text = f"{name} must be 1 to {COUNT_MAX}, or left out for no bound"
            require(count is None or 1 <= count <= COUNT_MAX, text)
        for name, named in asdict(self.scope).items():
            require_text(name, named, is_needed=named is not None)
        require(
            1 <= len(self.discounts) <= MODIFIERS_MAX, f"Discounts has 1 to {MODIFIERS_MAX} items"
        )
        for place, discount in enumerate(self.discounts):
            discount.require_valid(f"Discounts[{place}]", code)

    @property
    def code_claims_max(self) -> int | None:
        """How often each unique code can be claimed; None for no bound."""
        return 1 if self.limit_scope is LimitScope.COUPON else self.coupons_max

    def require_claimable(self, subscription: Subscription, *, by_parent_code: bool) -> None:
        """Let only a subscription through that the coupon is for.

        Args:
            subscription: Whose bills it would discount.
            by_parent_code: Whether the parent code was given, not a unique code.

        Raises:
            ServiceError: The first reason, in this order: ``CouponRetired``,
                ``ParentCodeNotRedeemable``, ``CurrencyMismatch``, ``RatePlanMismatch``.
        """
        if self.retired_at is not None:
            raise ServiceError(COUPON_RETIRED, f"coupon {self.coupon_code}")
        if by_parent_code and not self.is_redeemable:
            raise ServiceError(PARENT_CODE_NOT_REDEEMABLE, f"coupon {self.coupon_code}")
        theirs = subscription.currency_code
        if self.currency_code not in {None, theirs}:
            text = f"the coupon is in {self.currency_code}, the subscription in {theirs}"
            raise ServiceError(CURRENCY_MISMATCH, text)
        if not self.scope.includes(subscription.product_id, subscription.rate_plan_id):
            text = f"the subscription is to {subscription.product_id}, {subscription.rate_plan_id}"
            raise ServiceError(RATE_PLAN_MISMATCH, text)


@dataclass(frozen=True, slots=True)
class UniqueCode:
    """A code that was made of a coupon's parent code.

    Attributes:
        claims_count: How often it was claimed; removing a claim gives none back.
        retired_at: When it was retired; None while it can be claimed.
    """

    coupon_code: str
    claims_count: int
    created_at: datetime
    retired_at: datetime | None


def suffix_pattern(parent_code: str, codes_count: int, separator: str, length: int) -> CodePattern:
    """The pattern of a coupon's unique codes: longer as long as they would fill over half of it.

    Args:
        parent_code: How they begin; free of ``#``.
        codes_count: How many there are to be in all.
        separator: What stands between that and what is drawn.
        length: How many characters are drawn at least.
    """
    while 2 * codes_count > len(SUFFIX_ALPHABET) ** length:
        length += 1
    return CodePattern(f"{parent_code}{separator}{PLACE * length}", SUFFIX_ALPHABET)
