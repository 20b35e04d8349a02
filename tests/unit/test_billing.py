"""What a bill is asked for and what is told of it, without a database."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.domain.billing import Candidate, content_digest, discount, units_of
from service.domain.bills import BillLine, Tier
from service.domain.coupon_instances import CouponInstance, InstanceTarget
from service.domain.coupon_rules import RuleFacts
from service.domain.definitions import CouponDefinition, Modifier, Operand
from service.domain.discounted_bills import BillRequest
from tests.programme import START, utc

USERS = BillLine(
    component_id="users",
    component_name="Users",
    unit_of_measure="seat",
    units=12,
    tiers=(Tier(4, Decimal(10), "few"), Tier(None, Decimal(5))),
)
SETUP = BillLine(component_id="setup", given_cost=Decimal(20))
REQUEST = BillRequest(
    subscription_reference="order", currency_code="USD", lines=(USERS, SETUP), reference="january"
)


def lines(**changes: Any) -> dict[str, Any]:
    return {"lines": (replace(USERS, **changes), SETUP)}


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "february"},
        {"billed_at": START},
        lines(tiers=(Tier(4, Decimal("10.0"), "few"), Tier(None, Decimal("5E+0")))),
        {"lines": (USERS, replace(SETUP, given_cost=Decimal("2E+1")))},
    ],
    ids=["reference", "instant", "prices", "cost"],
)
def test_the_same_content_has_the_same_digest(changes: dict[str, Any]) -> None:
    assert content_digest(replace(REQUEST, **changes)) == content_digest(REQUEST)
    assert len(content_digest(REQUEST)) == 32


@pytest.mark.parametrize(
    "changes",
    [
        {"subscription_reference": "other"},
        {"currency_code": "EUR"},
        {"lines": (SETUP, USERS)},
        {"lines": (USERS,)},
        lines(component_id="seats"),
        lines(component_name=None),
        lines(unit_of_measure=None),
        lines(units=11),
        lines(given_cost=Decimal(80)),
        lines(tiers=(Tier(4, Decimal(10)), Tier(None, Decimal(5)))),
        lines(tiers=(Tier(3, Decimal(10), "few"), Tier(None, Decimal(5)))),
        lines(tiers=(Tier(4, Decimal("10.000000000001"), "few"), Tier(None, Decimal(5)))),
    ],
)
def test_other_content_has_another_digest(changes: dict[str, Any]) -> None:
    assert content_digest(replace(REQUEST, **changes)) != content_digest(REQUEST)


def test_units_are_counted_by_their_measure() -> None:
    hours = BillLine(component_id="hours", unit_of_measure="hour", given_cost=Decimal(1))
    assert units_of([USERS, replace(USERS, units=3), SETUP, hours]) == {"seat": 15, "hour": 0}


def test_what_candidates_give_is_told_by_their_places() -> None:
    def candidate(number: int | None, percent: int, **changes: Any) -> Candidate:
        size = Decimal(percent)
        instance = CouponInstance(
            **{
                "customer_id": 1,
                "definition_id": "CDF-1",
                "instance_id": "CIN",
                "coupon_code": "CODE",
                "target": InstanceTarget.ACCOUNT,
                "target_id": "1",
                "initialised_at": START,
                "max_remaining_uses": 1,
                "remaining_uses": 1,
                **changes,
            }
        )
        kind = CouponDefinition(
            customer_id=1,
            name="Off",
            currency_code="USD",
            valid_from=START,
            modifiers=(Modifier(effect_amount=size, operand=Operand.PERCENT),) * 2,
        )
        return Candidate(instance=instance, definition=kind, number=number)

    later = {"initialised_at": utc(2026, 4, 1)}
    # Two that are alike, one later, one that finds nothing left.
    candidates = [
        candidate(None, 20),
        candidate(None, 20),
        candidate(7, 100, **later),
        candidate(8, 10),
        candidate(9, 50),
    ]
    billed = discount((USERS, SETUP), "USD", START, candidates, RuleFacts())
    assert billed.given == {0: 40, 1: 40, 3: 20}
    assert (billed.cost, billed.discount) == (100, 100)
    assert [it.instance_id for it in billed.discounts] == [None] * 4 + ["CIN"] * 4
    assert [it.reason for it in billed.left_out] == [
        "The coupon has an effect only from 2026-04-01T00:00:00+00:00 on."
    ]
    assert [(it.instance_id, it.coupon_code) for it in billed.left_out] == [("CIN", "CODE")]
