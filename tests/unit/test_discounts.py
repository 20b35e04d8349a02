"""What coupon instances take off a bill, by tables."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.bills import BillLine, Tier, UnitRange
from service.domain.definitions import Effect, Modifier, ModifierDomain, Operand
from service.domain.discounts import AppliedDiscounts, Offer, apportion, discount_bill
from service.domain.parent_coupons import CouponDiscount


def charge(component: str, cost: str, **changes: Any) -> BillLine:
    return BillLine(component_id=component, given_cost=Decimal(cost), **changes)


def metered(component: str, units: int, *prices: tuple[int | None, str]) -> BillLine:
    """Units at prices, each up to a unit."""
    tiers = tuple(Tier(up_to, Decimal(price), f"to {up_to}") for up_to, price in prices)
    return BillLine(component_id=component, unit_of_measure="seats", units=units, tiers=tiers)


def flat(component: str, units: int, price: str) -> BillLine:
    return metered(component, units, (None, price))


def percent(size: str, component: str | None = None) -> Modifier:
    return CouponDiscount(pricing_component=component, percentage=Decimal(size)).as_modifier()


def cash(size: str, component: str | None = None) -> Modifier:
    return CouponDiscount(pricing_component=component, cash=Decimal(size)).as_modifier()


def units_free(count: int, component: str) -> Modifier:
    return CouponDiscount(pricing_component=component, units_free=count).as_modifier()


def offer(*modifiers: Modifier, **changes: Any) -> Offer:
    values = {"instance_id": "CIN-1", "coupon_code": "SPRING", "name": "Spring"}
    return Offer(modifiers=modifiers, **{**values, **changes})


def applied(
    lines: list[BillLine], *modifiers: Modifier, currency: str = "USD", **changes: Any
) -> AppliedDiscounts:
    """A bill with one coupon."""
    return discount_bill(lines, currency, [offer(*modifiers, **changes)])


def due(bill: AppliedDiscounts) -> str:
    return str(bill.cost - bill.discount)


def amounts(bill: AppliedDiscounts) -> list[str]:
    return [str(discount.amount) for discount in bill.discounts]


def shares(bill: AppliedDiscounts) -> list[list[str]]:
    return [[str(share) for share in discount.shares] for discount in bill.discounts]


# --- The examples of the simple coupons ------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "modifiers", "expected"),
    [
        ([charge("a", "100")], [percent("50", "a"), cash("10", "a")], "40.00"),
        ([charge("a", "100")], [percent("80", "a"), cash("30", "a")], "0.00"),
        ([charge("a", "30")], [cash("50")], "0.00"),
        ([flat("users", 12, "5")], [units_free(5, "users")], "35.00"),
        ([charge("a", "100")], [percent("50"), cash("10")], "40.00"),
        ([charge("a", "100")], [cash("10"), percent("8")], "82.00"),
        ([charge("a", "100"), charge("b", "7")], [cash("50", "b")], "100.00"),
        ([charge("a", "100")], [cash("50", "b")], "100.00"),
        ([charge("a", "100")], [units_free(3, "a")], "100.00"),  # it has no units
        ([charge("a", "0")], [cash("50"), percent("100")], "0.00"),
        ([charge("a", "100")], [], "100.00"),
    ],
)
def test_a_coupon_takes_its_discounts_off_the_unaltered_cost(
    lines: list[BillLine], modifiers: list[Modifier], expected: str
) -> None:
    assert due(applied(lines, *modifiers)) == expected


def test_what_a_cap_cuts_off_is_lost() -> None:
    bill = applied([charge("a", "30"), charge("b", "70")], cash("50", "a"), cash("5"))
    (component, whole) = bill.discounts
    assert (component.base, component.asked, component.amount) == (30, 50, 30)
    assert (whole.base, whole.asked, whole.amount) == (100, 5, 5)
    assert due(bill) == "65.00"


def test_discounts_of_components_and_of_the_bill_are_mixed() -> None:
    lines = [flat("users", 12, "5"), flat("calls", 100, "0.1"), flat("storage", 5, "4")]
    bill = applied(
        lines,
        cash("10"),
        percent("8"),
        percent("50", "users"),
        units_free(2, "calls"),
        units_free(1, "storage"),
    )
    assert amounts(bill) == ["30.00", "0.20", "4.00", "10.00", "7.20"]
    assert shares(bill)[3:] == [["6.67", "1.11", "2.22"], ["4.80", "0.80", "1.60"]]
    assert [str(cost) for cost in bill.net_costs] == ["18.53", "7.89", "12.18"]
    assert due(bill) == "38.60"


# --- Which units ------------------------------------------------------------------------------

TIERED = metered("users", 10, (3, "10"), (6, "2"), (None, "6"))  # 30 + 6 + 24


@pytest.mark.parametrize(
    ("effect", "count", "units", "base"),
    [
        (Effect.FIRST_UNITS, 5, [(1, 3, "10"), (4, 5, "2")], "34"),
        (Effect.FIRST_UNITS, 3, [(1, 3, "10")], "30"),
        (Effect.FIRST_UNITS, 1, [(1, 1, "10")], "10"),
        (Effect.FIRST_UNITS, 0, [], "0"),
        (Effect.LAST_UNITS, 5, [(6, 6, "2"), (7, 10, "6")], "26"),
        (Effect.LAST_UNITS, 4, [(7, 10, "6")], "24"),
        (Effect.LAST_UNITS, 1, [(10, 10, "6")], "6"),
        (Effect.CHEAPEST_UNITS, 5, [(4, 6, "2"), (7, 8, "6")], "18"),
        (Effect.CHEAPEST_UNITS, 8, [(1, 1, "10"), (4, 6, "2"), (7, 10, "6")], "40"),
        (Effect.CHEAPEST_UNITS, 99, [(1, 3, "10"), (4, 6, "2"), (7, 10, "6")], "60"),
        (Effect.FIRST_UNITS, 99, [(1, 3, "10"), (4, 6, "2"), (7, 10, "6")], "60"),
        (Effect.LAST_UNITS, 99, [(1, 3, "10"), (4, 6, "2"), (7, 10, "6")], "60"),
    ],
)
def test_an_effect_names_units(
    effect: Effect, count: int, units: list[tuple[int, int, str]], base: str
) -> None:
    half = Modifier(
        effect_amount=Decimal(50), operand=Operand.PERCENT, effect=effect, specifier_amount=count
    )
    (discount,) = applied([TIERED], half).discounts
    found = [priced for chosen in discount.selections for priced in chosen.units]
    assert [(it.first, it.last, str(it.unit_price)) for it in found] == units
    assert discount.units_count == sum(last - first + 1 for first, last, _ in units)
    assert discount.base == Decimal(base)
    assert discount.amount == Decimal(base) / 2


def test_units_keep_the_names_of_their_tiers() -> None:
    (discount,) = applied([TIERED], units_free(4, "users")).discounts
    assert discount.selections[0].units[1] == UnitRange(4, 4, Decimal(2), "to 6")


def test_units_of_a_bill_are_counted_line_by_line() -> None:
    lines = [flat("a", 2, "3"), charge("setup", "20"), flat("b", 4, "1")]
    first, last, cheapest = (
        Modifier(
            effect_amount=Decimal(100), operand=Operand.PERCENT, effect=effect, specifier_amount=3
        )
        for effect in (Effect.FIRST_UNITS, Effect.LAST_UNITS, Effect.CHEAPEST_UNITS)
    )
    assert shares(applied(lines, first)) == [["6.00", "0", "1.00"]]
    assert shares(applied(lines, last)) == [["0", "0", "3.00"]]
    assert shares(applied(lines, cheapest)) == [["0", "0", "3.00"]]


def test_of_units_of_one_price_the_first_are_the_cheapest() -> None:
    cheapest = Modifier(
        effect_amount=Decimal(100),
        operand=Operand.PERCENT,
        effect=Effect.CHEAPEST_UNITS,
        specifier_amount=3,
    )
    assert shares(applied([flat("a", 2, "3"), flat("b", 2, "3")], cheapest)) == [["6.00", "3.00"]]


def test_money_off_units_takes_no_more_than_the_units_cost() -> None:
    ten_off_two = Modifier(
        effect_amount=Decimal(10),
        operand=Operand.FIXED,
        effect=Effect.FIRST_UNITS,
        specifier_amount=2,
    )
    bill = applied([flat("a", 5, "3")], ten_off_two)
    assert (amounts(bill), bill.discounts[0].asked, bill.discounts[0].base) == (["6.00"], 10, 6)


def test_units_that_cost_nothing_leave_nothing_to_discount() -> None:
    bill = applied([metered("a", 3, (2, "0"), (None, "5"))], units_free(2, "a"))
    assert (bill.discounts[0].selections, amounts(bill)) == ((), ["0.00"])


def test_a_line_that_costs_nothing_is_not_looked_at() -> None:
    bill = applied([charge("a", "0"), charge("b", "1")], percent("50"))
    assert [chosen.line for chosen in bill.discounts[0].selections] == [1]


# --- Additional units -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "existing", "units"),
    [
        ({}, 0, [(1, 3), (4, 6), (7, 10)]),
        ({}, 4, [(5, 6), (7, 10)]),
        ({}, 6, [(7, 10)]),
        ({}, 9, [(10, 10)]),
        ({}, 10, []),
        ({}, 99, []),
        ({"effect": Effect.FIRST_UNITS, "specifier_amount": 3}, 4, [(5, 6), (7, 7)]),
        ({"effect": Effect.LAST_UNITS, "specifier_amount": 3}, 8, [(9, 10)]),
        ({"effect": Effect.CHEAPEST_UNITS, "specifier_amount": 2}, 5, [(6, 6), (7, 7)]),
    ],
)
def test_an_additional_discount_leaves_existing_units_out(
    changes: dict[str, Any], existing: int, units: list[tuple[int, int]]
) -> None:
    half = Modifier(
        effect_amount=Decimal(50), operand=Operand.PERCENT, is_additional=True, **changes
    )
    (discount,) = applied([TIERED], half, existing_units={"users": existing}).discounts
    found = [priced for chosen in discount.selections for priced in chosen.units]
    assert [(priced.first, priced.last) for priced in found] == units


def test_existing_units_are_those_of_the_component() -> None:
    half = Modifier(effect_amount=Decimal(50), operand=Operand.PERCENT, is_additional=True)
    bill = applied([flat("a", 4, "1"), flat("b", 4, "1")], half, existing_units={"b": 3})
    assert shares(bill) == [["2.00", "0.50"]]


def test_lines_of_one_component_share_its_existing_units() -> None:
    half = Modifier(effect_amount=Decimal(50), operand=Operand.PERCENT, is_additional=True)
    lines = [flat("a", 4, "1"), flat("a", 4, "1"), flat("a", 4, "1")]
    assert shares(applied(lines, half, existing_units={"a": 7})) == [["0", "0.50", "2.00"]]


def test_a_line_without_units_uses_no_existing_units_up() -> None:
    half = Modifier(effect_amount=Decimal(50), operand=Operand.PERCENT, is_additional=True)
    lines = [charge("a", "9"), flat("a", 4, "1")]
    assert shares(applied(lines, half, existing_units={"a": 3})) == [["0", "0.50"]]


def test_what_is_not_additional_knows_no_existing_units() -> None:
    bill = applied([TIERED], units_free(1, "users"), existing_units={"users": 9})
    assert amounts(bill) == ["10.00"]


def test_an_additional_discount_of_the_whole_looks_at_units_alone() -> None:
    half = Modifier(effect_amount=Decimal(50), operand=Operand.PERCENT, is_additional=True)
    assert shares(applied([charge("setup", "20"), flat("a", 2, "1")], half)) == [["0", "1.00"]]


# --- Which lines ------------------------------------------------------------------------------


def test_a_component_is_named_by_its_identifier_or_its_name() -> None:
    lines = [charge("PRC-1", "100", component_name="Users"), charge("PRC-2", "100")]
    bill = applied(lines, percent("10", "PRC-1"), percent("20", "Users"), percent("30", "users"))
    assert shares(bill) == [["10.00", "0"], ["20.00", "0"], ["0", "0"]]


def test_a_unit_of_measure_names_all_lines_that_are_counted_in_it() -> None:
    lines = [flat("a", 2, "3"), charge("b", "5"), flat("c", 1, "4")]
    tenth = Modifier(
        effect_amount=Decimal(10),
        operand=Operand.PERCENT,
        domain=ModifierDomain.UNIT_OF_MEASURE,
        specifier="seats",
    )
    assert shares(applied(lines, tenth)) == [["0.60", "0", "0.40"]]


# --- How much ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operand", "own_value", "expected"),
    [
        (Operand.FIXED, None, "20.00"),
        (Operand.FIXED, "7", "20.00"),
        (Operand.PERCENT, "7", "40.00"),
        (Operand.INSTANCE_FIXED, None, "20.00"),
        (Operand.INSTANCE_FIXED, "7", "7.00"),
        (Operand.INSTANCE_FIXED, "0", "0.00"),
        (Operand.INSTANCE_PERCENT, None, "40.00"),
        (Operand.INSTANCE_PERCENT, "7", "14.00"),
        (Operand.INSTANCE_PERCENT, "150", "200.00"),  # no more than all of it
    ],
)
def test_an_instance_may_bring_its_own_amount(
    operand: Operand, own_value: str | None, expected: str
) -> None:
    modifier = Modifier(effect_amount=Decimal(20), operand=operand)
    own = None if own_value is None else Decimal(own_value)
    bill = applied([charge("a", "200")], modifier, own_value=own)
    assert amounts(bill) == [expected]
    assert bill.discounts[0].size == (own if operand.is_of_instance and own is not None else 20)


@pytest.mark.parametrize(
    ("currency", "cost", "size", "expected"),
    [
        ("USD", "0.05", "10", "0.01"),  # half a cent goes up
        ("USD", "0.04", "10", "0.00"),
        ("USD", "100", "33.333333", "33.33"),
        ("JPY", "105", "10", "11"),
        ("JPY", "104", "10", "10"),
        ("KWD", "0.105", "10", "0.011"),
        ("USD", "999999999999.99", "100", "999999999999.99"),
    ],
)
def test_a_discount_is_rounded_half_up_to_the_minor_unit(
    currency: str, cost: str, size: str, expected: str
) -> None:
    assert amounts(applied([charge("a", cost)], percent(size), currency=currency)) == [expected]


def test_money_is_rounded_to_the_currency_of_the_bill() -> None:
    assert amounts(applied([charge("a", "9")], cash("2.5"), currency="JPY")) == ["3"]


def test_a_percentage_of_units_is_of_their_exact_cost() -> None:
    # 3 calls cost 0.0045, of which 0.00 is charged; half of 9 calls, 0.0135, is 0.00675.
    bill = applied([metered("calls", 9, (None, "0.0015"))], percent("50", "calls"))
    assert amounts(bill) == ["0.01"]
    half = Modifier(
        effect_amount=Decimal(100),
        operand=Operand.PERCENT,
        effect=Effect.FIRST_UNITS,
        specifier_amount=3,
    )
    (discount,) = applied([metered("calls", 9, (None, "0.0015"))], half).discounts
    assert (discount.base, discount.asked) == (Decimal("0.0045"), 0)


def test_no_digit_is_lost_before_the_rounding() -> None:
    """Of 32 digits: 28 of them, as many as Python keeps, would come to half a cent."""
    price = "599943520001.450200014502"
    third = Modifier(
        effect_amount=Decimal("33.333333"),
        operand=Operand.PERCENT,
        effect=Effect.FIRST_UNITS,
        specifier_amount=1,
    )
    assert amounts(applied([flat("a", 1, price)], third)) == ["199981171334.00"]


# --- In which order ---------------------------------------------------------------------------


def test_components_come_before_units_of_measure_and_these_before_the_bill() -> None:
    whole = Modifier(effect_amount=Decimal(60), operand=Operand.FIXED)
    seats = Modifier(
        effect_amount=Decimal(60),
        operand=Operand.FIXED,
        domain=ModifierDomain.UNIT_OF_MEASURE,
        specifier="seats",
    )
    bill = applied([flat("a", 100, "1")], whole, seats, cash("30", "a"))
    assert amounts(bill) == ["30.00", "60.00", "10.00"]


def test_a_higher_precedence_comes_before_all() -> None:
    urgent = Modifier(effect_amount=Decimal(90), operand=Operand.FIXED, precedence=1)
    late = Modifier(effect_amount=Decimal(90), operand=Operand.FIXED, precedence=-1)
    bill = applied([charge("a", "100")], late, cash("30", "a"), urgent)
    assert [str(it.modifier.precedence) for it in bill.discounts] == ["1", "0", "-1"]
    assert amounts(bill) == ["90.00", "10.00", "0.00"]


def test_instances_come_in_their_order_and_modifiers_in_theirs() -> None:
    first = offer(cash("60"), cash("20"), instance_id="CIN-1")
    second = offer(cash("30"), instance_id="CIN-2")
    bill = discount_bill([charge("a", "100")], "USD", [first, second])
    told = [(it.offer.instance_id, str(it.amount)) for it in bill.discounts]
    assert told == [("CIN-1", "60.00"), ("CIN-1", "20.00"), ("CIN-2", "20.00")]
    bill = discount_bill([charge("a", "100")], "USD", [second, first])
    assert amounts(bill) == ["30.00", "60.00", "10.00"]


def test_a_discount_finds_only_what_others_have_left_of_its_own_lines() -> None:
    lines = [charge("a", "50"), charge("b", "50")]
    first = Modifier(effect_amount=Decimal(60), operand=Operand.FIXED, precedence=1)
    bill = applied(lines, first, cash("40", "a"))
    assert shares(bill) == [["30.00", "30.00"], ["20.00", "0"]]


def test_a_modifier_that_is_deleted_takes_nothing() -> None:
    gone = Modifier(effect_amount=Decimal(10), operand=Operand.FIXED, is_deleted=True)
    assert applied([charge("a", "100")], gone).discounts == ()


def test_a_bill_without_coupons_is_its_lines() -> None:
    bill = discount_bill([charge("a", "1.005"), flat("b", 3, "0.335")], "USD", [])
    assert [str(cost) for cost in bill.net_costs] == ["1.01", "1.01"]
    assert (bill.costs, bill.cost, bill.discount) == (bill.net_costs, Decimal("2.02"), 0)


# --- Parts of lines ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "weights", "rooms", "expected"),
    [
        (0, [1, 1], [9, 9], [0, 0]),
        (10, [1, 1], [9, 9], [5, 5]),
        (10, [1, 1, 1], [9, 9, 9], [4, 3, 3]),
        (11, [1, 1, 1], [9, 9, 9], [4, 4, 3]),
        (10, [1, 1, 2], [9, 9, 9], [2, 2, 6]),  # 2.5, 2.5, 5: the largest gets the remainder
        (11, [5, 5, 90], [9, 9, 90], [1, 0, 10]),  # a minor unit each
        (10, [1, 3], [9, 5], [5, 5]),  # what does not fit goes to the others
        (10, [1, 3, 6], [9, 9, 0], [2, 8, 0]),
        (10, [1, 1, 8], [1, 9, 3], [1, 6, 3]),
        (3, [1, 0, 1], [2, 9, 1], [2, 0, 1]),
        (10, [2, 1, 1], [5, 9, 9], [5, 3, 2]),  # the largest has no room for the remainder
        (9, [1, 2, 3], [2, 3, 4], [2, 3, 4]),
        (1, [1, 2], [1, 0], [1, 0]),
        (2, [1, 1, 1], [0, 9, 9], [0, 1, 1]),
    ],
)
def test_an_amount_is_divided_in_proportion(
    amount: int, weights: list[int], rooms: list[int], expected: list[int]
) -> None:
    cents = [Decimal(room) / 100 for room in rooms]
    parts = apportion(
        Decimal(amount) / 100, [Decimal(weight) for weight in weights], cents, Decimal("0.01")
    )
    assert [int(part * 100) for part in parts] == expected


def test_a_discount_of_the_bill_is_divided_to_the_last_cent() -> None:
    lines = [charge("a", "10"), charge("b", "10"), charge("c", "10")]
    assert shares(applied(lines, cash("10"))) == [["3.34", "3.33", "3.33"]]
    assert shares(applied(lines, cash("11"), currency="JPY")) == [["4", "4", "3"]]
