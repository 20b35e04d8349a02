"""Coupon definitions: what coupon instances discount, by modifiers, and for whom, by rules."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from service.domain.coupon_rules import RULES_MAX, CouponRule
from service.domain.discount_errors import STATE_INVALID
from service.domain.money import AMOUNT_MAX, STORED_UNIT, WHOLE_PERCENT, is_currency, is_whole
from service.domain.numbers import INT_MAX
from service.domain.refusals import ServiceError
from service.domain.texts import require, require_reference, require_text
from service.domain.traces import Trace

UNITS_MAX = INT_MAX
MODIFIERS_MAX = 100
"""How many modifiers a definition has at the most."""


class Operand(str, Enum):
    """How a modifier's amount is read: as money, or in percent of the unaltered cost.

    The two of an instance take its own ``instance_discount_value`` where it has one.
    """

    FIXED = "fixed"
    PERCENT = "percent"
    INSTANCE_FIXED = "instance_fixed"
    INSTANCE_PERCENT = "instance_percent"

    @property
    def is_percent(self) -> bool:
        """Whether the amount is in percent."""
        return self in {Operand.PERCENT, Operand.INSTANCE_PERCENT}

    @property
    def is_of_instance(self) -> bool:
        """Whether an instance may bring its own amount."""
        return self in {Operand.INSTANCE_FIXED, Operand.INSTANCE_PERCENT}


class Effect(str, Enum):
    """Which units a modifier discounts."""

    FIRST_UNITS = "discount_first_units"
    LAST_UNITS = "discount_last_units"
    CHEAPEST_UNITS = "discount_cheapest_units"
    ALL = "discount_all"


class ModifierDomain(str, Enum):
    """Which lines of a bill a modifier looks at."""

    PRODUCT = "product"
    UNIT_OF_MEASURE = "uom"
    PRICING_COMPONENT = "PricingComponent"


class DefinitionTarget(str, Enum):
    """What a definition is for; only products have an effect today."""

    PRODUCT = "product"
    ACCOUNT = "account"


class LifeState(str, Enum):
    """Whether a definition may be used."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    DELETED = "deleted"


class Period(str, Enum):
    """In what the duration of an instance is counted; periods are billing periods."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    PERIODS = "periods"


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """One discount of a definition.

    Attributes:
        modifier_id: Its name in the service; None for one that is to be made.
        effect_amount: How much, read through ``operand``: 0 or more, six decimals.
        operand: Money, or percent of the unaltered cost.
        effect: Which units; all of them, or ``specifier_amount`` units.
        is_additional: Whether only units above the existing values of the instance count.
        specifier_amount: How many units; of no meaning for ``Effect.ALL``.
        domain: Which lines: all, those of a unit of measure, those of a pricing component.
        specifier: Which unit of measure or pricing component; None for all lines.
        precedence: A higher number is applied earlier.
        unit_of_measure: What the units of a simple coupon's component are called, if known.
        is_deleted: Whether it counts no more.
        trace: None for one that is to be made.
    """

    effect_amount: Decimal
    operand: Operand
    effect: Effect = Effect.ALL
    is_additional: bool = False
    specifier_amount: int | None = None
    domain: ModifierDomain = ModifierDomain.PRODUCT
    specifier: str | None = None
    precedence: int = 0
    unit_of_measure: str | None = None
    is_deleted: bool = False
    modifier_id: str | None = None
    trace: Trace | None = None

    def require_valid(self, where: str) -> None:
        """Refuse a modifier that no bill can be reckoned with.

        Args:
            where: What the caller calls it, such as ``Modifiers[0]``.

        Raises:
            ServiceError: ``DiscountInvalid``, naming the element and its bound.
        """
        require_reference(f"{where}.Id", self.modifier_id)
        require_text(f"{where}.Specifier", self.specifier)
        amount = self.effect_amount
        most = Decimal(WHOLE_PERCENT) if self.operand.is_percent else AMOUNT_MAX
        require(
            amount.is_finite() and 0 <= amount <= most and is_whole(amount, STORED_UNIT),
            f"{where}.EffectAmount must be 0 to {most} with at most 6 decimals",
        )
        units = self.specifier_amount
        require(
            units is None or 0 <= units <= UNITS_MAX,
            f"{where}.SpecifierAmount must be 0 to {UNITS_MAX}",
        )
        require(
            self.effect is Effect.ALL or units is not None,
            f"{where}.SpecifierAmount is needed for {self.effect.value}",
        )
        require(
            self.domain is ModifierDomain.PRODUCT or bool(self.specifier),
            f"{where}.Specifier is needed for the domain {self.domain.value}",
        )
        require(
            abs(self.precedence) <= UNITS_MAX,
            f"{where}.Precedence must be -{UNITS_MAX} to {UNITS_MAX}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponDefinition:
    """What instances discount, for whom, and for how long.

    Attributes:
        definition_id: Its name in the service, 1 to 64 characters; None for one that is to
            be made without one.
        customer_id: Whose it is.
        currency_code: ISO 4217; None for that of whatever is billed.
        valid_from: From when instances may be put into effect, included.
        valid_till: Until when, included; None for no end.
        instance_duration: How long an instance lasts from then on; None or 0 for no bound.
        instance_duration_period: In what that is counted.
        fixed_end_date: When every instance ends; None for no such date.
    """

    customer_id: int
    name: str
    currency_code: str | None
    valid_from: datetime
    modifiers: tuple[Modifier, ...]
    rules: tuple[CouponRule, ...] = ()
    definition_id: str | None = None
    crm_id: str | None = None
    description: str = ""
    customer_code: str | None = None
    target: DefinitionTarget = DefinitionTarget.PRODUCT
    valid_till: datetime | None = None
    instance_duration: int | None = None
    instance_duration_period: Period | None = None
    fixed_end_date: datetime | None = None
    state: LifeState = LifeState.PRODUCTION
    trace: Trace | None = None

    def require_valid(self) -> None:
        """Refuse a definition that cannot be; raises ``DiscountInvalid``."""
        require_reference("Id", self.definition_id)
        require_text("Name", self.name, is_needed=True)
        require_text("CrmID", self.crm_id)
        require_text("CustomerCode", self.customer_code)
        code = self.currency_code
        require(code is None or is_currency(code), f"Currency {code!r} is unknown")
        require(
            self.valid_till is None or self.valid_from <= self.valid_till,
            "DefinitionValidTill must not be before DefinitionValidFrom",
        )
        duration = self.instance_duration
        require(
            duration is None or 0 <= duration <= UNITS_MAX,
            f"InstanceDuration must be 0 to {UNITS_MAX}",
        )
        require(
            not duration or self.instance_duration_period is not None,
            "InstanceDurationPeriod is needed with an InstanceDuration",
        )
        require(len(self.modifiers) <= MODIFIERS_MAX, f"at most {MODIFIERS_MAX} Modifiers")
        for place, modifier in enumerate(self.modifiers):
            modifier.require_valid(f"Modifiers[{place}]")
        require(len(self.rules) <= RULES_MAX, f"at most {RULES_MAX} Rules")
        for place, rule in enumerate(self.rules):
            rule.require_valid(f"Rules[{place}]")

    def require_usable(self, now: datetime) -> None:
        """Let instances be put into effect only in production and within the window.

        Raises:
            ServiceError: ``StateInvalid``.
        """
        what = f"definition {self.name}"
        require_in_use(what, self.state, now, since=self.valid_from, till=self.valid_till)


def require_in_use(
    what: str, state: LifeState, now: datetime, *, since: datetime, till: datetime | None
) -> None:
    """Let only what is in production be used, and within its window; both ends are included.

    Raises:
        ServiceError: ``StateInvalid``, saying why.
    """
    if state is not LifeState.PRODUCTION:
        word = "retired" if state is LifeState.DELETED else f"in {state.value}"
        raise ServiceError(STATE_INVALID, f"{what} is {word}")
    if now < since:
        raise ServiceError(STATE_INVALID, f"{what} is valid from {since.isoformat()}")
    if till is not None and now > till:
        raise ServiceError(STATE_INVALID, f"{what} was valid till {till.isoformat()}")


def end_of_instance(definition: CouponDefinition, since: datetime) -> datetime | None:
    """The last instant of an instance that is put into effect then; None for no end.

    Months and years are calendar months: from January 31 a month lasts to the last day of
    February. Billing periods are counted as uses, not as time.
    """
    ends = [definition.fixed_end_date, _end_of_duration(definition, since)]
    return min((end for end in ends if end is not None), default=None)


def _end_of_duration(definition: CouponDefinition, since: datetime) -> datetime | None:
    count, period = definition.instance_duration, definition.instance_duration_period
    if not count or period is None or period is Period.PERIODS:
        return None
    try:
        if period in {Period.MONTHS, Period.YEARS}:
            return _months_later(since, count * (12 if period is Period.YEARS else 1))
        return since + timedelta(**{period.value: count})
    except (OverflowError, ValueError):
        return None  # Beyond the year 9999: no end.


def _months_later(since: datetime, months: int) -> datetime:
    year, month = divmod(since.year * 12 + since.month - 1 + months, 12)
    last_day = monthrange(year, month + 1)[1]
    return since.replace(year=year, month=month + 1, day=min(since.day, last_day))
