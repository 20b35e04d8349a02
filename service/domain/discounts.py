"""What coupon instances take off a bill: exact arithmetic, without any knowledge of who asks.

Each discount is reckoned from the unaltered cost or units; none compounds with another. The
modifiers of all instances are applied one after the other:

1. a higher precedence first;
2. then what is for a pricing component, then what is for a unit of measure, then what is for
   the whole bill, so that a bill's discount finds what its components have left;
3. then the instances in the order in which they were put into effect, and the modifiers of
   each in the order of their definition.

The order matters only where costs run out: a discount never takes more than what is left of
its lines, and what it cannot take is lost. Each discount is rounded once, half up to the
currency's minor unit, and its parts on the lines come to exactly that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from itertools import groupby
from operator import itemgetter

from service.domain.bills import EXACT, BillLine, UnitRange
from service.domain.definitions import Effect, Modifier, ModifierDomain
from service.domain.money import WHOLE_PERCENT, ZERO, minor_unit, round_to_minor_unit

_BREADTH = {
    ModifierDomain.PRICING_COMPONENT: 0,
    ModifierDomain.UNIT_OF_MEASURE: 1,
    ModifierDomain.PRODUCT: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one coupon instance offers to a bill.

    Attributes:
        instance_id: The instance.
        coupon_code: Its code; None for one without.
        name: Of its definition.
        modifiers: Those of its definition, in order.
        own_value: The instance's amount for the operands of an instance, if it has one.
        existing_units: Units that the subscription had already, by pricing component: a
            modifier that is additional leaves them out.
    """

    instance_id: str
    coupon_code: str | None
    name: str
    modifiers: tuple[Modifier, ...]
    own_value: Decimal | None = None
    existing_units: Mapping[str, int] = field(default_factory=dict)

    def amount_of(self, modifier: Modifier) -> Decimal:
        """The size of a modifier of its definition."""
        if modifier.operand.is_of_instance and self.own_value is not None:
            return self.own_value
        return modifier.effect_amount


@dataclass(frozen=True, slots=True)
class Selection:
    """What a modifier looks at of one line.

    Attributes:
        line: The place of the line in its bill.
        cost: Unaltered, of what is looked at.
        units: The units with their prices; empty when the line is looked at as a whole.
    """

    line: int
    cost: Decimal
    units: tuple[UnitRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What one modifier of one instance takes off a bill.

    Attributes:
        size: The modifier's amount: money or percent.
        selections: What it looks at.
        base: Unaltered cost of that; not rounded.
        asked: What the modifier comes to, rounded.
        amount: What it takes off: less than asked where no more is left.
        shares: Its parts, one for each line of the bill.
    """

    offer: Offer
    modifier: Modifier
    size: Decimal
    selections: tuple[Selection, ...]
    base: Decimal
    asked: Decimal
    amount: Decimal
    shares: tuple[Decimal, ...]

    @property
    def units_count(self) -> int:
        """How many units it looks at; 0 when it looks at lines as a whole."""
        return sum(priced.count for chosen in self.selections for priced in chosen.units)


@dataclass(frozen=True, slots=True)
class AppliedDiscounts:
    """A bill with its discounts.

    Attributes:
        costs: Of the lines, before any discount.
        discounts: In the order in which they were applied; also those that came to nothing.
    """

    costs: tuple[Decimal, ...]
    discounts: tuple[Discount, ...]

    @property
    def cost(self) -> Decimal:
        """Of all lines, before any discount."""
        return sum(self.costs, ZERO)

    @property
    def discount(self) -> Decimal:
        """What all discounts take off."""
        return sum((discount.amount for discount in self.discounts), ZERO)

    @property
    def net_costs(self) -> tuple[Decimal, ...]:
        """Of the lines, after the discounts."""
        return tuple(
            cost - sum((discount.shares[line] for discount in self.discounts), ZERO)
            for line, cost in enumerate(self.costs)
        )


def discount_bill(
    lines: Sequence[BillLine], currency_code: str, offers: Iterable[Offer]
) -> AppliedDiscounts:
    """Apply what the instances offer to a bill.

    Args:
        lines: What is charged for.
        currency_code: Of the bill; money that is offered is in it.
        offers: In the order in which the instances were put into effect.
    """
    with localcontext(EXACT):
        costs = tuple(line.cost_in(currency_code) for line in lines)
        rooms = list(costs)
        discounts = []
        for offer, modifier in _in_order(offers):
            selections = tuple(_select(lines, costs, offer, modifier))
            discount = _discount(offer, modifier, selections, rooms, currency_code)
            rooms = [room - share for room, share in zip(rooms, discount.shares, strict=True)]
            discounts.append(discount)
        return AppliedDiscounts(costs, tuple(discounts))


def _in_order(offers: Iterable[Offer]) -> list[tuple[Offer, Modifier]]:
    found = [
        (offer, modifier)
        for offer in offers
        for modifier in offer.modifiers
        if not modifier.is_deleted
    ]
    return sorted(found, key=lambda pair: (-pair[1].precedence, _BREADTH[pair[1].domain]))


def _discount(
    offer: Offer,
    modifier: Modifier,
    selections: tuple[Selection, ...],
    rooms: Sequence[Decimal],
    currency_code: str,
) -> Discount:
    base = sum((chosen.cost for chosen in selections), ZERO)
    size = offer.amount_of(modifier)
    exact = base * size / WHOLE_PERCENT if modifier.operand.is_percent else size
    asked = round_to_minor_unit(exact, currency_code)
    room = sum((rooms[chosen.line] for chosen in selections), ZERO)
    amount = min(asked, round_to_minor_unit(base, currency_code), room)
    weights = {chosen.line: chosen.cost for chosen in selections}
    shares = apportion(
        amount,
        [weights.get(line, ZERO) for line in range(len(rooms))],
        rooms,
        minor_unit(currency_code),
    )
    return Discount(
        offer=offer,
        modifier=modifier,
        size=size,
        selections=selections,
        base=base,
        asked=asked,
        amount=amount,
        shares=tuple(shares),
    )


def _select(
    lines: Sequence[BillLine], costs: Sequence[Decimal], offer: Offer, modifier: Modifier
) -> Iterator[Selection]:
    """What the modifier looks at, a selection for each line that has something to give."""
    places = [place for place, line in enumerate(lines) if _concerns(modifier, line)]
    if modifier.effect is Effect.ALL and not modifier.is_additional:
        yield from (Selection(place, costs[place]) for place in places if costs[place])
        return
    chosen = _choose(list(_countable_units(lines, places, offer, modifier)), modifier)
    in_order = sorted(chosen, key=lambda item: (item[0], item[1].first))
    for place, items in groupby(in_order, key=itemgetter(0)):
        units = tuple(units for _, units in items)
        cost = sum((unit_range.cost for unit_range in units), ZERO)
        if cost:
            yield Selection(place, cost, units)


def _concerns(modifier: Modifier, line: BillLine) -> bool:
    if modifier.domain is ModifierDomain.PRICING_COMPONENT:
        return line.is_of(modifier.specifier)
    if modifier.domain is ModifierDomain.UNIT_OF_MEASURE:
        return line.unit_of_measure == modifier.specifier
    return True


def _countable_units(
    lines: Sequence[BillLine], places: Iterable[int], offer: Offer, modifier: Modifier
) -> Iterator[tuple[int, UnitRange]]:
    """The units of these lines; for a modifier that is additional, those beyond the existing.

    Lines of one component share its existing units: what the first does not have, the next has.
    """
    existing = dict(offer.existing_units) if modifier.is_additional else {}
    for place in places:
        line = lines[place]
        before = existing.get(line.component_id, 0)
        existing[line.component_id] = max(before - (line.units or 0), 0)
        for units in line.ranges():
            if units.last > before:
                yield place, units.part(max(units.first, before + 1), units.last)


def _choose(priced: list[tuple[int, UnitRange]], modifier: Modifier) -> list[tuple[int, UnitRange]]:
    """The units that the modifier's effect names: so many, or all of them."""
    if modifier.effect is Effect.ALL:
        return priced
    is_last = modifier.effect is Effect.LAST_UNITS
    if modifier.effect is Effect.CHEAPEST_UNITS:
        priced = sorted(priced, key=lambda item: item[1].unit_price)
    wanted, chosen = modifier.specifier_amount or 0, []
    for place, units in reversed(priced) if is_last else priced:
        if not wanted:
            break
        count = min(wanted, units.count)
        wanted -= count
        if is_last:
            chosen.append((place, units.part(units.last - count + 1, units.last)))
        else:
            chosen.append((place, units.part(units.first, units.first + count - 1)))
    return chosen


def apportion(
    amount: Decimal, weights: Sequence[Decimal], rooms: Sequence[Decimal], unit: Decimal
) -> list[Decimal]:
    """Divide an amount among lines in proportion to their weights, to the last minor unit.

    A line whose part would be its room or more gets its room, and the others share the rest. What
    is left by rounding down goes to the lines of the largest weight, a minor unit each.

    Args:
        amount: A multiple of ``unit``, at most the rooms of all lines that have a weight.
        weights: One for each line, 0 or more.
        rooms: How much each line can take, in multiples of ``unit``.
        unit: The smallest amount of the currency.
    """
    shares = [ZERO] * len(weights)
    left = amount
    takers = [line for line, weight in enumerate(weights) if weight]
    while True:
        parts = _parts(left, {line: weights[line] for line in takers})
        full = {line for line, part in parts.items() if part >= rooms[line]}
        if not full:
            break
        for line in full:
            shares[line] = rooms[line]
            left -= rooms[line]
        takers = [line for line in takers if line not in full]
    for line, part in parts.items():
        shares[line] = part // unit * unit
    remainders = int((amount - sum(shares, ZERO)) / unit)
    for line in sorted(takers, key=lambda line: -weights[line])[:remainders]:
        shares[line] += unit
    return shares


def _parts(amount: Decimal, weights: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """The amount in proportion to the weights, not rounded."""
    whole = sum(weights.values(), ZERO)
    return {line: amount * weight / whole for line, weight in weights.items()}
