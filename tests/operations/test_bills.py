"""Bills are discounted once, by what is in effect, and all of it adds up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from service.domain.bills import BillLine, Tier
from service.domain.coupon_instances import ExistingValue
from service.domain.definitions import Effect, Modifier, ModifierDomain, Operand
from service.domain.discount_errors import BILL_INVALID, BILL_REFERENCE_TAKEN
from service.domain.discounted_bills import LeftOut
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    CURRENCY_MISMATCH,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    SPEND_REFERENCE_TAKEN,
)
from service.domain.parent_coupons import CouponDiscount
from service.domain.roles import Role
from service.operations.bills import (
    apply_coupons_to_bill,
    estimate_discounts,
    get_bill,
    rollback_bill,
)
from service.operations.check_database import check_database
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.subscription_coupons import remove_coupon
from service.operations.subscriptions import end_subscription
from service.storage.discount_tables import bill, coupon_instance, coupon_use
from service.storage.naming import metadata
from service.storage.tables import spend
from tests.operations.bills import (
    EVERYTHING,
    TEN_OFF,
    TICK,
    applied,
    asked,
    attached,
    claim,
    costs,
    estimated,
    redeemed,
    rolled_back,
    seats,
    users,
    uses,
)
from tests.operations.simple_coupons import subscription
from tests.operations.traces import refused
from tests.programme import START, Clock, Programme, member, utc

# What coupons take off.


WORKED_EXAMPLES: dict[str, tuple[list[dict[str, Any]], BillLine, str, str]] = {
    "not compounded": ([{"percentage": 50}, {"cash": 10}], costs("100"), "60", "40"),
    "no more than all": ([{"percentage": 80}, {"cash": 30}], costs("100"), "100", "0"),
    "no more than the bill": ([{"cash": 50}], costs("30"), "30", "0"),
    "units": ([{"units_free": 5, "pricing_component": "users"}], users(12), "25", "35"),
    "rounded": ([{"percentage": "33.333333"}], costs("0.10"), "0.03", "0.07"),
}


@pytest.mark.parametrize("name", WORKED_EXAMPLES)
def test_a_claim_discounts_to_the_cent(
    programme: Programme, owner: int, order: str, name: str
) -> None:
    discounts, line, discount, due = WORKED_EXAMPLES[name]
    claim(programme, owner, order, discounts=tuple(exact_discount(**it) for it in discounts))
    billed = applied(programme, order, line)
    assert (billed.discount, billed.drawn, billed.due) == (Decimal(discount), 0, Decimal(due))
    assert check_database(programme.call()).is_clean


def exact_discount(**values: Any) -> CouponDiscount:
    money = {name: Decimal(values[name]) for name in {"percentage", "cash"} & values.keys()}
    return CouponDiscount(**{**values, **money})


def test_a_bill_tells_what_was_taken_off_and_why(
    programme: Programme, owner: int, order: str
) -> None:
    tiers = (Tier(2, Decimal(9), "small"), Tier(None, Decimal(5), "large"))
    first_five = CouponDiscount(pricing_component="users", units_free=5)
    code = claim(programme, owner, order, discounts=(first_five, *TEN_OFF))
    billed = applied(programme, order, users(12, *tiers), costs("2"))
    (instance,) = programme.rows(coupon_instance)
    assert (billed.reference, billed.currency_code, billed.billed_at) == ("january", "USD", START)
    assert (billed.cost, billed.discount, billed.due) == (70, 43, 27)
    assert [(it.component_id, it.cost, it.discount) for it in billed.lines] == [
        ("users", 68, Decimal("42.72")),
        ("support", 2, Decimal("0.28")),
    ]
    units, cash = billed.discounts
    assert {(it.instance_id, it.coupon_code, it.definition_name) for it in billed.discounts} == {
        (instance["reference"], code, "Summer")
    }
    assert [(it.first, it.last, it.unit_price, it.tier_id) for it in units.units] == [
        (1, 2, 9, "small"),
        (3, 5, 5, "large"),
    ]
    assert (units.component_id, units.domain) == ("users", ModifierDomain.PRICING_COMPONENT)
    assert (cash.component_id, cash.domain, cash.units) == (None, ModifierDomain.PRODUCT, ())
    assert (units.size, units.base, units.asked, units.amount) == (100, 33, 33, 33)
    assert (cash.operand, cash.asked, cash.amount) == (Operand.FIXED, 10, 10)
    assert units.explanation == "100 % of 33.00 USD (users: the first 5 units) is 33.00 USD."
    assert cash.explanation == "10.00 USD off 70.00 USD (the whole bill)."
    assert get_bill(programme.call(member(owner, Role.READ_ONLY)), order, "january") == billed


def test_uses_run_out(programme: Programme, owner: int, order: str) -> None:
    claim(programme, owner, order, uses_max=3, discounts=TEN_OFF)
    bills = [applied(programme, order, reference=f"bill {number}") for number in range(6)]
    assert [billed.discount for billed in bills] == [10, 10, 10, 0, 0, 0]
    assert uses(programme) == [(0, 3, 30)]
    assert [it.reason for it in bills[-1].left_out] == ["The coupon has no use left."]
    assert check_database(programme.call()).is_clean


@pytest.mark.prove
def test_a_thousand_bills_are_discounted_as_often_as_there_are_uses(
    programme: Programme, owner: int, order: str
) -> None:
    claim(programme, owner, order, uses_max=3, discounts=TEN_OFF)
    bills = [applied(programme, order, reference=f"bill {number}") for number in range(1000)]
    assert [billed.discount for billed in bills] == [10] * 3 + [0] * 997
    assert uses(programme) == [(0, 3, 30)]
    assert check_database(programme.call()).is_clean


def test_a_bill_that_a_coupon_takes_nothing_off_is_no_use(
    programme: Programme, owner: int, order: str
) -> None:
    free = CouponDiscount(units_free=1, pricing_component="users")
    claim(programme, owner, order, discounts=(free,))
    claim(programme, owner, order, coupon_code="ALL", discounts=EVERYTHING)
    claim(programme, owner, order, coupon_code="LATE")
    billed = applied(programme, order)
    assert [it.amount for it in billed.discounts] == [0, 100, 0]
    assert uses(programme) == [(None, 0, 0), (None, 1, 100), (None, 0, 0)]
    assert [row["amount"] for row in programme.rows(coupon_use)] == [100]


# Which coupons have a part.


def test_instances_of_the_account_have_a_part_and_those_of_others_have_none(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    another = subscription(programme, account)
    of_others = subscription(programme, programme.account(owner))
    attached(programme, owner, account)
    attached(programme, owner, another)
    attached(programme, owner, of_others)
    assert [billed_by(programme, it) for it in (order, another, of_others)] == [50, 100, 50]
    assert uses(programme) == [(1, 2, 100), (2, 1, 50), (2, 1, 50)]


def billed_by(programme: Programme, order: str) -> Decimal:
    return applied(programme, order, reference=f"of {order}").discount


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"initialised_at": START + TICK}, "The coupon has an effect only from {} on."),
        ({"valid_till": START - TICK}, "The coupon had an effect only till {}."),
        ({"remaining_uses": 0}, "The coupon has no use left."),
        ({"definition": {"currency_code": "EUR"}}, "The coupon is in EUR, not in USD."),
        (
            {"definition": {"rules": (seats("less_than", "only_while_recurring"),)}},
            f"A rule is not satisfied: {seats('less_than', 'only_while_recurring').sentence}.",
        ),
    ],
    ids=["later", "earlier", "used up", "currency", "rule"],
)
def test_what_has_no_part_is_left_out_with_the_reason(
    programme: Programme, owner: int, account: int, changes: dict[str, Any], reason: str
) -> None:
    attached(programme, owner, account, **changes)
    billed = applied(programme, subscription(programme, account), users(12))
    (instance,) = programme.rows(coupon_instance)
    instants = [it for it in changes.values() if isinstance(it, datetime)]
    text = reason.format(*(instant.isoformat() for instant in instants))
    expected = LeftOut(instance_id=instance["reference"], coupon_code=None, reason=text)
    assert billed.left_out == (expected,)
    assert (billed.discounts, billed.discount) == ((), 0)
    assert programme.rows(coupon_use) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"initialised_at": START, "valid_till": START},
        {"definition": {"currency_code": "USD"}},
        {"max_remaining_uses": None, "remaining_uses": None},
        {"definition": {"rules": (seats("equal_to", "only_while_recurring"),)}},
        {"definition": {"rules": (seats("less_than", "only_at_initialisation"),)}},
    ],
    ids=["to the instant", "currency", "unbounded", "rule", "rule of the beginning"],
)
def test_what_just_fits_has_a_part(
    programme: Programme, owner: int, account: int, changes: dict[str, Any]
) -> None:
    attached(programme, owner, account, **changes)
    lines = (users(4), replace(users(8), component_id="guests"))
    billed = applied(programme, subscription(programme, account), *lines)
    assert (billed.discount, billed.left_out) == (30, ())


def test_a_bill_of_the_past_has_the_coupons_of_then(
    programme: Programme, owner: int, order: str, clock: Clock
) -> None:
    code = claim(programme, owner, order, discounts=TEN_OFF)
    clock.move(days=10)
    remove_coupon(programme.call(), order, code)
    removed_at = clock()
    clock.move(days=10)
    at = {"before": START - TICK, "first": START, "last": removed_at - TICK, "after": removed_at}
    bills = {
        name: applied(programme, order, reference=name, billed_at=then) for name, then in at.items()
    }
    given = {name: billed.discount for name, billed in bills.items()}
    assert given == {"before": 0, "first": 10, "last": 10, "after": 0}
    # What was removed before is history, and needs no reason.
    assert {name: len(billed.left_out) for name, billed in bills.items()} == {
        "before": 1,
        "first": 0,
        "last": 0,
        "after": 0,
    }


def test_instances_bring_their_own_value_and_what_there_was_before(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    growth = Modifier(
        effect_amount=Decimal(10),
        operand=Operand.INSTANCE_PERCENT,
        effect=Effect.ALL,
        is_additional=True,
        domain=ModifierDomain.UNIT_OF_MEASURE,
        specifier="seat",
    )
    attached(
        programme,
        owner,
        account,
        definition={"modifiers": (growth,)},
        instance_discount_value=Decimal(20),
        existing_values=(ExistingValue(component_id="users", units=8),),
    )
    billed = applied(programme, order, users(12))
    assert billed.discount == 4  # 20 % of four units at 5
    assert (billed.discounts[0].component_id, billed.discounts[0].size) == ("seat", 20)


# Redeemed coupons of the account, afterwards.


def test_redeemed_coupons_draw_on_what_the_discounts_leave(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    code = redeemed(programme, owner, account, amount=Decimal(50))
    claim(programme, owner, order, discounts=TEN_OFF)
    first, second = (applied(programme, order, costs("40"), reference=it) for it in "ab")
    assert (first.discount, first.drawn, first.due) == (10, 30, 0)
    assert (second.discount, second.drawn, second.due) == (10, 20, 10)
    assert [(it.coupon_code, it.amount, it.explanation) for it in second.draws] == [
        (code, 20, "20.00 USD of its balance of 20.00 USD.")
    ]
    assert [(row["reference"], row["amount"]) for row in programme.rows(spend)] == [
        ("bill:a", 30),
        ("bill:b", 30),
    ]
    assert check_database(programme.call()).is_clean


def test_a_percentage_is_drawn_of_what_the_discounts_leave(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    redeemed(programme, owner, account, amount=Decimal(5), percent_off=Decimal(10))
    claim(programme, owner, order, discounts=TEN_OFF)
    first, second = (applied(programme, order, costs("50"), reference=it) for it in "ab")
    assert (first.discount, first.drawn, first.due) == (10, 4, 36)
    assert (second.discount, second.drawn, second.due) == (10, 1, 39)
    assert second.draws[0].explanation == (
        "10 % of what was left at its turn, at most its balance of 1.00 USD, is 1.00 USD."
    )


def test_what_is_left_counts_towards_a_spend_threshold(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    redeemed(programme, owner, account, spend_threshold=Decimal(60))
    bills = [applied(programme, order, costs("50"), reference=it) for it in "ab"]
    assert [(billed.drawn, len(billed.draws)) for billed in bills] == [(0, 0), (40, 1)]


def test_nothing_is_spent_where_nothing_is_left_or_in_another_currency(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    redeemed(programme, owner, account)
    claim(programme, owner, order, discounts=EVERYTHING)
    abroad = subscription(programme, account, currency_code="EUR")
    bills = [
        applied(programme, order),
        applied(programme, abroad, reference="x", currency_code="eur"),
    ]
    assert [(it.currency_code, it.due, it.draws) for it in bills] == [
        ("USD", 0, ()),
        ("EUR", 100, ()),
    ]
    assert programme.rows(spend) == []


def test_references_of_spends_of_bills_are_nobody_elses(
    programme: Programme, account: int, order: str
) -> None:
    applied(programme, order)
    call = programme.call()
    for reference in ("bill:january", " bill:", "bill:other"):
        for action in (
            lambda reference=reference: record_spend(call, account, Decimal(100), reference),
            lambda reference=reference: reverse_spend(call, account, reference),
        ):
            assert refused(programme, action).row is INPUT_INVALID


def test_a_spend_that_had_the_reference_before_is_in_the_way(
    programme: Programme, account: int, order: str
) -> None:
    recorded = programme.spend(account, "7")
    table = metadata.tables["spend"]
    programme.change(table, table.c.spend_id == recorded.spend_id, reference="bill:january")
    assert refused(programme, lambda: applied(programme, order)).row is SPEND_REFERENCE_TAKEN


# Once.


def test_a_repeat_is_answered_the_first_result(
    programme: Programme, owner: int, account: int, order: str, clock: Clock
) -> None:
    redeemed(programme, owner, account)
    claim(programme, owner, order, uses_max=1, discounts=TEN_OFF)
    first = applied(programme, order)
    before = programme.all_rows()
    clock.move(days=1)
    same = (costs("100.00"),)
    repeats = [
        applied(programme, order),
        applied(programme, f" {order} ", reference=" january ", lines=same, currency_code="usd"),
        applied(programme, order, billed_at=START),
    ]
    # In the same digits as well, which decimals that are equal need not have.
    assert repr(repeats) == repr([first] * 3)
    assert programme.all_rows() == before
    end_subscription(programme.call(), order)
    back = rolled_back(programme, order)
    assert back == replace(first, rolled_back_at=clock())
    assert applied(programme, order) == back == get_bill(programme.call(), order, "january")


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (costs("100"), costs("0", "other"))},
        {"lines": (replace(costs("100"), component_name="Support"),)},
        {"currency_code": "EUR"},
        {"billed_at": START - TICK},
    ],
    ids=["lines", "name", "currency", "instant"],
)
def test_a_reference_names_one_bill(
    programme: Programme, order: str, changes: dict[str, Any]
) -> None:
    applied(programme, order)
    error = refused(programme, lambda: applied(programme, order, **changes))
    assert error.row is BILL_REFERENCE_TAKEN
    assert error.details == f"january: subscription {order}, 100.00 USD at {START.isoformat()}"


def test_references_are_of_customers(programme: Programme, account: int, order: str) -> None:
    applied(programme, order)
    another = subscription(programme, account)
    assert refused(programme, lambda: applied(programme, another)).row is BILL_REFERENCE_TAKEN
    for action in (
        lambda: get_bill(programme.call(), another, "january"),
        lambda: rolled_back(programme, another),
        lambda: rolled_back(programme, order, "february"),
    ):
        assert refused(programme, action).row is ENTITY_NOT_EXISTENT
    of_others = subscription(programme, programme.account(programme.customer()))
    assert applied(programme, of_others).reference == "january"


# Who may, and what is accepted.


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"currency_code": "EUR"}, CURRENCY_MISMATCH),
        ({"currency_code": "XXX"}, CURRENCY_MISMATCH),
        ({"billed_at": START + TICK}, BILL_INVALID),
        ({"lines": ()}, BILL_INVALID),
        ({"subscription_reference": "unknown"}, ENTITY_NOT_EXISTENT),
        ({"coupon_codes": ("SUMMER",) * 101}, BILL_INVALID),
    ],
    ids=["currency", "no currency", "future", "lines", "subscription", "codes"],
)
@pytest.mark.parametrize("operation", [applied, estimated])
def test_what_cannot_be_billed_is_refused(
    programme: Programme,
    order: str,
    operation: Callable[..., object],
    changes: dict[str, Any],
    row: ErrorRow,
) -> None:
    assert refused(programme, lambda: operation(programme, order, **changes)).row is row


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"reference": None}, NULL_PARAMETER),
        ({"reference": " "}, NULL_PARAMETER),
        ({"reference": "x" * 129}, BILL_INVALID),
        ({"coupon_codes": ("SUMMER",)}, BILL_INVALID),
        ({"includes_applied": False}, BILL_INVALID),
    ],
    ids=["no reference", "blank", "long", "codes", "applied"],
)
def test_what_is_no_bill_is_refused(
    programme: Programme, order: str, changes: dict[str, Any], row: ErrorRow
) -> None:
    assert refused(programme, lambda: applied(programme, order, **changes)).row is row


def test_a_subscription_that_has_ended_is_billed_till_then(
    programme: Programme, order: str, clock: Clock
) -> None:
    ended_at = clock()
    end_subscription(programme.call(), order)
    clock.move(days=1)
    assert refused(programme, lambda: applied(programme, order)).row is BILL_INVALID
    late = {"billed_at": ended_at + TICK}
    assert refused(programme, lambda: applied(programme, order, **late)).row is BILL_INVALID
    longest = "x" * 128
    assert applied(programme, order, billed_at=ended_at, reference=longest).reference == longest


def test_only_operators_bill(programme: Programme, owner: int, order: str) -> None:
    applied(programme, order)
    call = programme.call(member(owner, Role.SUPER_ADMIN))
    for action in (
        lambda: apply_coupons_to_bill(call, asked(order)),
        lambda: apply_coupons_to_bill(call, asked("unknown")),
        lambda: rollback_bill(call, order, "january"),
    ):
        error = refused(programme, action)
        assert (error.row, error.details) == (NOT_AUTHORIZED, "only operators do this")


def test_others_learn_nothing_of_bills(programme: Programme, order: str) -> None:
    applied(programme, order)
    call = programme.call(member(programme.customer()))
    for reference in (order, "unknown"):
        for action in (
            lambda reference=reference: get_bill(call, reference, "january"),
            lambda reference=reference: estimate_discounts(call, asked(reference)),
        ):
            error = refused(programme, action)
            assert (error.row, error.details) == (NOT_AUTHORIZED, f"subscription {reference}")


def test_the_largest_answer_is_kept(programme: Programme, owner: int, order: str) -> None:
    claim(programme, owner, order)
    lines = tuple(costs("0.01", f"component {place}") for place in range(1000))
    billed = applied(programme, order, *lines, billed_at=utc(2026, 3, 1, 12))
    assert (billed.cost, billed.discount, len(billed.lines)) == (10, 5, 1000)
    assert applied(programme, order, *lines) == billed
    assert len(programme.rows(bill)) == 1
