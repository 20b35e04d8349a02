"""Bills: what is charged for, before any discount."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from service.domain.discount_errors import BILL_INVALID
from service.domain.money import AMOUNT_MAX, ZERO, is_whole, round_to_minor_unit
from service.domain.numbers import INT_MAX
from service.domain.refusals import ServiceError

UNITS_MAX = INT_MAX
LINES_MAX = 1_000
TIERS_MAX = 100
PRICE_DECIMALS_MAX = 12
EXACT = Context(prec=60)
"""Enough digits for the most units at the longest price, and a percentage of that."""
_PRICE_UNIT = Decimal(1).scaleb(-PRICE_DECIMALS_MAX)


@dataclass(frozen=True, slots=True)
class Tier:
    """A price that holds for the units of a line up to one of them.

    Attributes:
        up_to: The last unit of the tier, counted from 1; None for all that follow.
        unit_price: For one unit, in the currency of the bill; 0 or more.
        tier_id: What the caller calls it.
    """

    up_to: int | None
    unit_price: Decimal
    tier_id: str | None = None


@dataclass(frozen=True, slots=True)
class UnitRange:
    """Neighbouring units of a line that have one price.

    Attributes:
        first, last: Counted from 1, both included.
    """

    first: int
    last: int
    unit_price: Decimal
    tier_id: str | None = None

    @property
    def count(self) -> int:
        """How many units they are."""
        return self.last - self.first + 1

    @property
    def cost(self) -> Decimal:
        """Of all of them, not rounded."""
        return self.count * self.unit_price

    def part(self, first: int, last: int) -> "UnitRange":
        """Those of its units, both included."""
        return UnitRange(first, last, self.unit_price, self.tier_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """What is charged for one pricing component.

    Attributes:
        component_id: The component, whatever its version.
        component_name: What people call it; discounts may name it either way.
        unit_of_measure: What its units are called; None for a component without units.
        units: How many; None for a component without units.
        tiers: What they cost, from the first unit on; the last tier has no end, or one that
            is at least ``units``.
        given_cost: What the caller charges; None to reckon it from units and prices.
    """

    component_id: str
    component_name: str | None = None
    unit_of_measure: str | None = None
    units: int | None = None
    tiers: tuple[Tier, ...] = ()
    given_cost: Decimal | None = None

    def ranges(self) -> Iterator[UnitRange]:
        """The units with their prices, from the first on; nothing for a line without them."""
        first = 1
        for tier in self.tiers:
            last = self.units or 0
            if tier.up_to is not None:
                last = min(last, tier.up_to)
            if last >= first:
                yield UnitRange(first, last, tier.unit_price, tier.tier_id)
                first = last + 1

    def cost_in(self, currency_code: str) -> Decimal:
        """What the line costs before any discount, in whole minor units."""
        with localcontext(EXACT):
            cost = self.given_cost
            if cost is None:
                cost = sum((priced.cost for priced in self.ranges()), ZERO)
            return round_to_minor_unit(cost, currency_code)

    def is_of(self, component: str | None) -> bool:
        """Whether it is the component's that is so called."""
        return component is not None and component in {self.component_id, self.component_name}


def require_valid_lines(lines: tuple[BillLine, ...], currency_code: str) -> None:
    """Refuse lines that no bill can have.

    A cost that is given beside prices must be what they come to.

    Raises:
        ServiceError: ``BillInvalid``, naming the line and its bound.
    """
    _require(1 <= len(lines) <= LINES_MAX, f"a bill has 1 to {LINES_MAX} Lines")
    for place, line in enumerate(lines):
        _require_valid(line, f"Lines[{place}]", currency_code)
    total = sum((line.cost_in(currency_code) for line in lines), ZERO)
    _require(total <= AMOUNT_MAX, f"all Lines together cost more than {AMOUNT_MAX}")


def _require_valid(line: BillLine, where: str, currency_code: str) -> None:
    _require(bool(line.component_id), f"{where}.PricingComponentID is needed")
    cost = line.given_cost
    _require(
        cost is None or (cost.is_finite() and 0 <= cost <= AMOUNT_MAX),
        f"{where}.Cost must be 0 to {AMOUNT_MAX}",
    )
    _require(line.units is None or 0 <= line.units <= UNITS_MAX, f"{where}.Units: 0 to {UNITS_MAX}")
    _require((line.units is None) == (not line.tiers), f"{where} has Units and prices, or neither")
    _require(line.units is not None or cost is not None, f"{where} needs Cost, or Units and prices")
    _require_tiers(line, where)
    reckoned = BillLine(component_id=line.component_id, units=line.units, tiers=line.tiers)
    if line.units is not None and cost is not None:
        expected = reckoned.cost_in(currency_code)
        _require(
            round_to_minor_unit(cost, currency_code) == expected,
            f"{where}.Cost is {cost}, its Units cost {expected}",
        )


def _require_tiers(line: BillLine, where: str) -> None:
    _require(len(line.tiers) <= TIERS_MAX, f"{where} has at most {TIERS_MAX} Tiers")
    covered = 0
    for place, tier in enumerate(line.tiers):
        price, here = tier.unit_price, f"{where}.Tiers[{place}]"
        _require(
            price.is_finite() and 0 <= price <= AMOUNT_MAX and is_whole(price, _PRICE_UNIT),
            f"{here}.UnitPrice must be 0 to {AMOUNT_MAX}, at most {PRICE_DECIMALS_MAX} decimals",
        )
        is_last = place == len(line.tiers) - 1
        _require(is_last or tier.up_to is not None, f"{here}.UpTo is needed before the last tier")
        _require(tier.up_to is None or tier.up_to > covered, f"{here}.UpTo is not above {covered}")
        covered = UNITS_MAX if tier.up_to is None else tier.up_to
    _require(covered >= (line.units or 0), f"{where}.Tiers end at unit {covered}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ServiceError(BILL_INVALID, otherwise)
