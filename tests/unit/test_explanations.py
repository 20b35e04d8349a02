"""Discounts in words."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.bills import BillLine, Tier
from service.domain.definitions import Effect, Modifier, ModifierDomain, Operand
from service.domain.discounts import Offer, discount_bill
from service.domain.explanations import explain, explain_draw
from service.domain.ledger import Movement, RedeemedCoupon
from tests.programme import START

USERS = BillLine(
    component_id="users",
    unit_of_measure="seats",
    units=12,
    tiers=(Tier(4, Decimal(10)), Tier(None, Decimal(5))),
)  # 80.00
SETUP = BillLine(component_id="setup", given_cost=Decimal(20))
OF_USERS = {"domain": ModifierDomain.PRICING_COMPONENT, "specifier": "users"}


def explained(
    size: str,
    operand: Operand = Operand.PERCENT,
    *,
    currency: str = "USD",
    lines: tuple[BillLine, ...] = (USERS, SETUP),
    **changes: Any,
) -> str:
    """What is said of one discount."""
    modifier = Modifier(effect_amount=Decimal(size), operand=operand, **changes)
    offer = Offer(
        instance_id="CIN-1",
        coupon_code="SPRING",
        name="Spring",
        modifiers=(modifier,),
        existing_units={"users": 9},
    )
    (discount,) = discount_bill(lines, currency, [offer]).discounts
    return explain(discount, currency)


@pytest.mark.parametrize(
    ("size", "changes", "expected"),
    [
        ("50", {}, "50 % of 100.00 USD (the whole bill) is 50.00 USD."),
        ("12.50", OF_USERS, "12.5 % of 80.00 USD (users) is 10.00 USD."),
        ("0", OF_USERS, "0 % of 80.00 USD (users) is 0.00 USD."),
        (
            "25",
            {"domain": ModifierDomain.UNIT_OF_MEASURE, "specifier": "seats"},
            "25 % of 80.00 USD (seats) is 20.00 USD.",
        ),
        (
            "100",
            {**OF_USERS, "effect": Effect.FIRST_UNITS, "specifier_amount": 5},
            "100 % of 45.00 USD (users: the first 5 units) is 45.00 USD.",
        ),
        (
            "50",
            {**OF_USERS, "effect": Effect.LAST_UNITS, "specifier_amount": 1},
            "50 % of 5.00 USD (users: the last 1 unit) is 2.50 USD.",
        ),
        (
            "50",
            {"effect": Effect.CHEAPEST_UNITS, "specifier_amount": 99},
            "50 % of 80.00 USD (the whole bill: the cheapest 12 units) is 40.00 USD.",
        ),
        (
            "10",
            {**OF_USERS, "is_additional": True},
            "10 % of 15.00 USD (users: 3 additional units) is 1.50 USD.",
        ),
        (
            "10",
            {
                **OF_USERS,
                "is_additional": True,
                "effect": Effect.FIRST_UNITS,
                "specifier_amount": 2,
            },
            "10 % of 10.00 USD (users: the first 2 additional units) is 1.00 USD.",
        ),
    ],
)
def test_a_percentage_tells_what_it_is_of(
    size: str, changes: dict[str, Any], expected: str
) -> None:
    assert explained(size, **changes) == expected


def test_money_tells_what_it_comes_off() -> None:
    assert explained("30", Operand.FIXED, **OF_USERS) == "30.00 USD off 80.00 USD (users)."


def test_a_specifier_beside_the_whole_bill_has_no_meaning() -> None:
    assert explained("1", Operand.FIXED, specifier="x").endswith("(the whole bill).")


def test_money_that_is_more_than_there_is_tells_what_it_takes_off() -> None:
    expected = "90.00 USD off 80.00 USD (users). 80.00 USD is taken off: no more is left."
    assert explained("90", Operand.FIXED, **OF_USERS) == expected


def test_what_the_bill_does_not_charge_for_is_not_discounted() -> None:
    expected = "Nothing is taken off: the bill charges nothing for api."
    of_api = {"domain": ModifierDomain.PRICING_COMPONENT, "specifier": "api"}
    assert explained("50", **of_api) == expected


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (
            "60",
            "40.00 USD is taken off: no more is left.",
        ),
        (
            "100",
            "Nothing is taken off: nothing is left.",
        ),
    ],
)
def test_what_others_have_taken_is_told(percent: str, expected: str) -> None:
    modifiers = (
        Modifier(effect_amount=Decimal(percent), operand=Operand.PERCENT, precedence=1),
        Modifier(effect_amount=Decimal(50), operand=Operand.PERCENT),
    )
    offer = Offer(instance_id="CIN-1", coupon_code=None, name="Both", modifiers=modifiers)
    *_, second = discount_bill((USERS, SETUP), "USD", [offer]).discounts
    reckoned = "50 % of 100.00 USD (the whole bill) is 50.00 USD."
    assert explain(second, "USD") == f"{reckoned} {expected}"


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        ("JPY", "50 % of 100 JPY (the whole bill) is 50 JPY."),
        ("KWD", "50 % of 100.000 KWD (the whole bill) is 50.000 KWD."),
    ],
)
def test_money_has_the_decimals_of_its_currency(currency: str, expected: str) -> None:
    assert explained("50", currency=currency) == expected


def test_what_units_cost_is_told_exactly() -> None:
    calls = BillLine(component_id="calls", units=9, tiers=(Tier(None, Decimal("0.001500000000")),))
    expected = "50 % of 0.0045 USD (calls: the first 3 units) is 0.00 USD."
    first = {"effect": Effect.FIRST_UNITS, "specifier_amount": 3}
    of_calls = {"domain": ModifierDomain.PRICING_COMPONENT, "specifier": "calls"}
    assert explained("50", lines=(calls,), **first, **of_calls) == expected


@pytest.mark.parametrize(
    ("percent_off", "granted", "currency", "expected"),
    [
        (None, "50", "USD", "40.00 USD of its balance of 50.00 USD."),
        (None, "50", "JPY", "40 JPY of its balance of 50 JPY."),
        ("12.50", "0", "USD", "12.5 % of what was left at its turn is 40.00 USD."),
        (
            "10",
            "50",
            "USD",
            "10 % of what was left at its turn, at most its balance of 50.00 USD, is 40.00 USD.",
        ),
    ],
)
def test_what_redeemed_coupons_pay_is_told(
    percent_off: str | None, granted: str, currency: str, expected: str
) -> None:
    coupon = RedeemedCoupon(
        coupon_id=1,
        currency_code=currency,
        percent_off=None if percent_off is None else Decimal(percent_off),
        granted=Decimal(granted),
        balance=Decimal(granted),
        spend_threshold=Decimal(0),
        spend_to_threshold=Decimal(0),
        redeemed_at=START,
        expires_at=START,
    )
    movement = Movement(coupon, START, is_active=True, drawn=Decimal(40))
    assert explain_draw(movement) == expected
