"""What holds of every bill and every coupon: no example, but all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.domain.bills import BillLine, Tier, require_valid_lines
from service.domain.definitions import Effect, Modifier, ModifierDomain, Operand
from service.domain.discounts import AppliedDiscounts, Offer, discount_bill
from service.domain.money import minor_unit

COMPONENTS = ("users", "calls", "setup", "storage")
MEASURES = ("seats", "gigabytes")


@dataclass(frozen=True)
class Case:
    """A bill and the coupons of its subscription."""

    currency: str
    lines: tuple[BillLine, ...]
    offers: tuple[Offer, ...]

    def discounted(self) -> AppliedDiscounts:
        return discount_bill(self.lines, self.currency, self.offers)


def amounts(most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(0, most, places=places, allow_nan=False)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    ends = draw(st.lists(st.integers(1, 30), unique=True, max_size=3).map(sorted))
    prices = st.sampled_from([2, 4]).flatmap(lambda places: amounts(20, places))
    return tuple(Tier(end, draw(prices)) for end in [*ends, None])


@st.composite
def bill_lines(draw: st.DrawFn, component: str) -> BillLine:
    """A charge, or units."""
    if draw(st.booleans()):
        return BillLine(component_id=component, given_cost=draw(amounts(200, 2)))
    return BillLine(
        component_id=component,
        unit_of_measure=draw(st.sampled_from(MEASURES)),
        units=draw(st.integers(0, 40)),
        tiers=draw(tiers()),
    )


def specifiers(domain: ModifierDomain) -> tuple[str | None, ...]:
    named: dict[ModifierDomain, tuple[str | None, ...]] = {
        ModifierDomain.PRICING_COMPONENT: COMPONENTS,
        ModifierDomain.UNIT_OF_MEASURE: MEASURES,
        ModifierDomain.PRODUCT: (None,),
    }
    return named[domain]


@st.composite
def modifiers(draw: st.DrawFn, **fixed: Any) -> Modifier:
    """Any modifier, or any that has the given fields."""
    operand = draw(st.sampled_from(Operand))
    domain = fixed.get("domain") or draw(st.sampled_from(ModifierDomain))
    values = {
        "operand": operand,
        "effect_amount": draw(amounts(100 if operand.is_percent else 300, 2)),
        "effect": draw(st.sampled_from(Effect)),
        "specifier_amount": draw(st.integers(0, 50)),
        "is_additional": draw(st.booleans()),
        "domain": domain,
        "specifier": draw(st.sampled_from(specifiers(domain))),
        "precedence": draw(st.integers(-1, 1)),
    }
    return Modifier(**{**values, **fixed})


@st.composite
def cases(draw: st.DrawFn, **fixed: Any) -> Case:
    """A bill of up to four components with up to three coupons of up to three modifiers."""
    components = draw(st.lists(st.sampled_from(COMPONENTS), unique=True, min_size=1))
    offers = [
        Offer(
            instance_id=f"CIN-{number}",
            coupon_code=None,
            name="",
            modifiers=tuple(draw(st.lists(modifiers(**fixed), max_size=3))),
            own_value=draw(st.none() | amounts(150, 2)),
            existing_units=draw(st.dictionaries(st.sampled_from(COMPONENTS), st.integers(0, 40))),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    return Case(currency, tuple(draw(bill_lines(it)) for it in components), tuple(offers))


def more(case: Case, extra: Modifier) -> Case:
    """The same with one more coupon."""
    last = Offer(instance_id="CIN-X", coupon_code=None, name="", modifiers=(extra,))
    return replace(case, offers=(*case.offers, last))


# Each component has a line of its own, and none is looked at in part: whatever has one level and
# one precedence then looks at the same lines, or at others.
WHOLE = {"effect": Effect.ALL, "is_additional": False, "precedence": 0}


@given(cases())
def test_discounts_stay_within_the_bill_and_each_of_its_lines(case: Case) -> None:
    require_valid_lines(case.lines, case.currency)
    bill = case.discounted()
    unit = minor_unit(case.currency)
    for discount in bill.discounts:
        assert sum(discount.shares) == discount.amount <= discount.asked
        assert all(share >= 0 and share % unit == 0 for share in discount.shares)
        looked_at = {chosen.line for chosen in discount.selections}
        assert {line for line, share in enumerate(discount.shares) if share} <= looked_at
    assert all(0 <= net <= cost for net, cost in zip(bill.net_costs, bill.costs, strict=True))
    assert 0 <= bill.discount <= bill.cost
    assert sum(bill.net_costs) == bill.cost - bill.discount


@given(cases(**WHOLE), st.randoms(use_true_random=False))
def test_the_total_is_the_same_in_every_order_of_one_level(case: Case, random: Any) -> None:
    expected = case.discounted().discount
    offers = [replace(it, modifiers=_shuffled(it.modifiers, random)) for it in case.offers]
    assert replace(case, offers=_shuffled(offers, random)).discounted().discount == expected


def _shuffled(items: Sequence[Any], random: Any) -> tuple[Any, ...]:
    return tuple(random.sample(items, len(items)))


@given(cases(**WHOLE), st.data())
def test_a_larger_discount_never_raises_what_is_due(case: Case, data: st.DataObject) -> None:
    extra = data.draw(modifiers(**WHOLE))
    most = 100 if extra.operand.is_percent else 300
    larger = replace(extra, effect_amount=data.draw(st.decimals(extra.effect_amount, most)))
    assert more(case, larger).discounted().discount >= more(case, extra).discounted().discount


@given(cases(), modifiers(**{**WHOLE, "precedence": 2}, domain=ModifierDomain.PRODUCT))
def test_of_a_coupon_before_all_others_only_rounding_can_raise_what_is_due(
    case: Case, extra: Modifier
) -> None:
    before, after = case.discounted(), more(case, extra).discounted()
    # The parts of a discount's lines are rounded: each may shift a minor unit from line to line.
    slack = minor_unit(case.currency) * len(case.lines) * len(after.discounts)
    assert after.discount >= before.discount - slack


@given(cases())
def test_a_bill_of_a_thousand_times_as_much_is_discounted_as_much_more(case: Case) -> None:
    """In yen, whose minor unit is a thousand times that of the Kuwaiti dinar."""
    factor = Decimal(1000)
    offers = tuple(replace(offer, own_value=None) for offer in case.offers)
    scaled = Case(
        "JPY",
        tuple(_scaled_line(line, factor) for line in case.lines),
        tuple(_scaled_offer(offer, factor) for offer in offers),
    )
    bill = Case("KWD", case.lines, offers).discounted()
    assert scaled.discounted().net_costs == tuple(net * factor for net in bill.net_costs)


def _scaled_line(line: BillLine, factor: Decimal) -> BillLine:
    cost = None if line.given_cost is None else line.given_cost * factor
    prices = (replace(tier, unit_price=tier.unit_price * factor) for tier in line.tiers)
    return replace(line, given_cost=cost, tiers=tuple(prices))


def _scaled_offer(offer: Offer, factor: Decimal) -> Offer:
    scaled = (
        it if it.operand.is_percent else replace(it, effect_amount=it.effect_amount * factor)
        for it in offer.modifiers
    )
    return replace(offer, modifiers=tuple(scaled))


# --- Another way to reckon the same, with fractions -------------------------------------------


def unit_prices(case: Case, offer: Offer, modifier: Modifier) -> list[Fraction]:
    """The price of each single unit that a modifier looks at, in order."""
    prices = []
    for line in case.lines:
        if modifier.specifier in {None, line.component_id, line.unit_of_measure}:
            existing = offer.existing_units.get(line.component_id, 0)
            skipped = existing if modifier.is_additional else 0
            prices += [_price(line, number) for number in range(1, (line.units or 0) + 1)][skipped:]
    wanted = modifier.specifier_amount or 0
    if modifier.effect is Effect.FIRST_UNITS:
        return prices[:wanted]
    if modifier.effect is Effect.LAST_UNITS:
        return prices[max(len(prices) - wanted, 0) :]
    if modifier.effect is Effect.CHEAPEST_UNITS:
        return sorted(prices)[:wanted]
    return prices


def _price(line: BillLine, number: int) -> Fraction:
    tier = next(it for it in line.tiers if it.up_to is None or number <= it.up_to)
    return Fraction(tier.unit_price)


def rounded(amount: Fraction, currency: str) -> Fraction:
    """Half up to the minor unit, in whole numbers alone."""
    units = amount / Fraction(minor_unit(currency))
    return Fraction(
        (2 * units.numerator + units.denominator) // (2 * units.denominator)
    ) * Fraction(minor_unit(currency))


def base_of(case: Case, offer: Offer, modifier: Modifier) -> Fraction:
    if modifier.effect is not Effect.ALL or modifier.is_additional:
        return sum(unit_prices(case, offer, modifier), Fraction(0))
    return sum(
        (
            cost_of(line, case.currency)
            for line in case.lines
            if modifier.specifier in {None, line.component_id, line.unit_of_measure}
        ),
        Fraction(0),
    )


def cost_of(line: BillLine, currency: str) -> Fraction:
    if line.given_cost is not None:
        return rounded(Fraction(line.given_cost), currency)
    units = range(1, (line.units or 0) + 1)
    return rounded(sum((_price(line, number) for number in units), Fraction(0)), currency)


def asked_of(case: Case, offer: Offer, modifier: Modifier) -> Fraction:
    size = Fraction(modifier.effect_amount)
    if modifier.operand.value.startswith("instance_") and offer.own_value is not None:
        size = Fraction(offer.own_value)
    if modifier.operand.value.endswith("percent"):
        size = base_of(case, offer, modifier) * size / 100
    return rounded(size, case.currency)


@given(cases())
def test_a_discount_asks_for_what_fractions_come_to_whatever_the_others_are(case: Case) -> None:
    for discount in case.discounted().discounts:
        offer, modifier = discount.offer, discount.modifier
        assert discount.base == base_of(case, offer, modifier)
        assert discount.asked == asked_of(case, offer, modifier)


@given(cases())
def test_a_single_discount_takes_what_it_asks_for_up_to_what_it_is_for(case: Case) -> None:
    for offer in case.offers:
        for modifier in offer.modifiers:
            alone = replace(case, offers=(replace(offer, modifiers=(modifier,)),))
            base = base_of(case, offer, modifier)
            most = min(rounded(base, case.currency), _costs(alone))
            assert alone.discounted().discount == min(asked_of(case, offer, modifier), most)


def _costs(alone: Case) -> Fraction:
    """Of the lines that a single discount looks at."""
    bill = alone.discounted()
    lines = [chosen.line for chosen in bill.discounts[0].selections]
    return sum((Fraction(bill.costs[line]) for line in lines), Fraction(0))


@given(cases(**WHOLE))
def test_what_no_cap_cuts_off_is_the_sum_of_all(case: Case) -> None:
    asked = [asked_of(case, it, modifier) for it in case.offers for modifier in it.modifiers]
    bill = case.discounted()
    if all(discount.amount == discount.asked for discount in bill.discounts):
        assert bill.discount == sum(asked)
    else:
        assert bill.discount < sum(asked)
