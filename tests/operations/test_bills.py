"""Bills are discounted once, by what is in effect, and taken back once, and all of it adds up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.bills import BillLine, Tier
from service.domain.coupon_instances import CouponInstance, ExistingValue, InstanceTarget
from service.domain.coupon_rules import (
    CouponRule,
    Preposition,
    RuleObject,
    Subject,
    ValidationStrategy,
)
from service.domain.definitions import Effect, Modifier, ModifierDomain, Operand
from service.domain.discount_errors import (
    BILL_INVALID,
    BILL_REFERENCE_TAKEN,
    CLAIM_LIMIT_REACHED,
    COUPON_ALREADY_APPLIED,
    COUPON_RETIRED,
    COUPON_RULE_BROKEN,
    PARENT_CODE_NOT_REDEEMABLE,
    STATE_INVALID,
)
from service.domain.discounted_bills import BillRequest, DiscountedBill, LeftOut
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_NOT_FOUND,
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
from service.operations.coupon_books import add_book, add_book_definition
from service.operations.coupon_instances import add_instance
from service.operations.definitions import add_definition
from service.operations.parent_coupons import retire_coupon
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.operations.subscriptions import end_subscription
from service.operations.unique_codes import generate_unique_codes
from service.storage.discount_tables import bill, coupon_instance, coupon_use
from service.storage.naming import metadata
from service.storage.tables import audit, redemption, spend
from tests.operations import handed_out
from tests.operations.faults import require_all_or_nothing
from tests.operations.simple_coupons import new_coupon, subscription
from tests.operations.traces import refused
from tests.programme import START, Clock, Programme, member, utc

TICK = timedelta(microseconds=1)
TEN_OFF = (CouponDiscount(cash=Decimal(10)),)
EVERYTHING = (CouponDiscount(percentage=Decimal(100)),)


@pytest.fixture
def order(programme: Programme, account: int) -> str:
    """The reference of a subscription of the account."""
    return subscription(programme, account)


def costs(cost: str, component: str = "support") -> BillLine:
    return BillLine(component_id=component, given_cost=Decimal(cost))


def users(count: int, *tiers: Tier) -> BillLine:
    prices = tiers or (Tier(None, Decimal(5)),)
    return BillLine(component_id="users", unit_of_measure="seat", units=count, tiers=prices)


def asked(order: str, *lines: BillLine, **changes: Any) -> BillRequest:
    """A bill of 100 USD for support, but for the changes."""
    request = BillRequest(
        subscription_reference=order,
        currency_code="USD",
        lines=lines or (costs("100"),),
        reference="january",
    )
    return replace(request, **changes)


def applied(programme: Programme, order: str, *lines: BillLine, **changes: Any) -> DiscountedBill:
    return apply_coupons_to_bill(programme.call(), asked(order, *lines, **changes))


def estimated(programme: Programme, order: str, *lines: BillLine, **changes: Any) -> DiscountedBill:
    return estimate_discounts(programme.call(), asked(order, *lines, **changes))


def rolled_back(programme: Programme, order: str, reference: str = "january") -> DiscountedBill:
    return rollback_bill(programme.call(), order, reference)


def claim(programme: Programme, owner: int, order: str, **changes: Any) -> str:
    """The code of a new coupon, which the subscription has claimed."""
    record = new_coupon(programme, owner, **changes)
    apply_coupon(programme.call(), order, record.coupon_code)
    return record.coupon_code


def attached(
    programme: Programme,
    owner: int,
    target_id: str | int | None = None,
    *,
    definition: dict[str, Any] | None = None,
    **changes: Any,
) -> CouponInstance:
    """An instance of a new definition of half the price, but for the changes.

    It is attached to the subscription, or the account, with this identifier; or is stock.
    """
    target = {str: InstanceTarget.SUBSCRIPTION, int: InstanceTarget.ACCOUNT}.get(
        type(target_id), InstanceTarget.NONE
    )
    kind = add_definition(programme.call(), handed_out.definition(owner, **(definition or {})))
    values = {"target": target, "target_id": str(target_id) if target_id else None, **changes}
    return add_instance(
        programme.call(), handed_out.stock(owner, kind.definition_id or "", **values)
    )


def redeemed(programme: Programme, owner: int, account: int, **changes: Any) -> str:
    """The code of a new coupon of Microsoft's kind that the account has redeemed."""
    code = programme.coupon(owner, **changes)
    redeem_coupon(programme.call(), account, code)
    return code


def uses(programme: Programme) -> list[tuple[int | None, int, Decimal]]:
    """Of each instance: uses left, used, given."""
    return [
        (row["remaining_uses"], row["used_count"], row["discount_value"])
        for row in programme.rows(coupon_instance)
    ]


def seats(preposition: str, strategy: str) -> CouponRule:
    return CouponRule(
        subject=Subject.CURRENT_SUBSCRIPTION,
        preposition=Preposition(preposition),
        parameter="12",
        object=RuleObject.UNIT_OF_MEASURE,
        specifier="seat",
        strategy=ValidationStrategy(strategy),
    )


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
    assert repeats == [first] * 3
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


# Taken back.


def test_rolling_back_restores_everything_once(
    programme: Programme, owner: int, account: int, order: str, clock: Clock
) -> None:
    redeemed(programme, owner, account, amount=Decimal(50), spend_threshold=Decimal(20))
    claim(programme, owner, order, uses_max=3, discounts=TEN_OFF)
    attached(programme, owner, account, max_remaining_uses=None, remaining_uses=None)
    kept = (coupon_instance, redemption)
    before = [programme.rows(table) for table in kept]
    applied(programme, order)
    assert uses(programme) == [(2, 1, 10), (None, 1, 50)]
    (drawn,) = programme.rows(redemption)
    assert (drawn["balance"], drawn["is_active"]) == (30, True)
    clock.move(days=1)
    assert rolled_back(programme, order).rolled_back_at == clock()
    assert [programme.rows(table) for table in kept] == before
    assert [row["reversed_at"] for row in programme.rows(spend)] == [clock()]
    assert check_database(programme.call()).is_clean
    once = programme.all_rows()
    clock.move(days=1)
    rolled_back(programme, order)
    assert programme.all_rows() == once


def test_what_an_operator_has_given_meanwhile_is_no_more_than_all(
    programme: Programme, owner: int, order: str
) -> None:
    claim(programme, owner, order, uses_max=3, discounts=TEN_OFF)
    applied(programme, order)
    is_any = coupon_instance.c.instance_id > 0
    programme.change(coupon_instance, is_any, remaining_uses=3)
    rolled_back(programme, order)
    assert uses(programme) == [(3, 0, 0)]


def test_the_history_tells_of_bills_and_uses(programme: Programme, owner: int, order: str) -> None:
    claim(programme, owner, order, discounts=TEN_OFF)
    begun = len(programme.rows(audit))
    applied(programme, order)
    rolled_back(programme, order)
    told = [
        (row["action"], row["entity"], row["after"])
        for row in programme.rows(audit)[begun:]
        if row["entity"] != "spend"
    ]
    figures = {"subscription": order, "cost": "100.00", "discount": "10.00", "drawn": "0"}
    of_use = {"bill": "january", "amount": "10.00"}
    back = {"reference": "january", "rolled_back_at": START.isoformat()}
    assert told == [
        ("apply", "bill", {"reference": "january", **figures}),
        ("use", "instance", of_use),
        ("roll back", "bill", back),
        ("give back", "instance", {**of_use, "amount": "10"}),
    ]


def test_a_bill_is_written_as_a_whole_or_not_at_all(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    redeemed(programme, owner, account)
    claim(programme, owner, order, discounts=TEN_OFF)
    require_all_or_nothing(programme, lambda: applied(programme, order))
    require_all_or_nothing(programme, lambda: rolled_back(programme, order))


# Estimates.


def test_an_estimate_is_what_the_bill_becomes(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    redeemed(programme, owner, account)
    claim(programme, owner, order, discounts=TEN_OFF)
    before = programme.all_rows()
    call = programme.call(member(owner, Role.READ_ONLY))
    estimate = estimate_discounts(call, asked(order))
    assert programme.all_rows() == before
    assert (estimate.discount, estimate.drawn, estimate.due) == (10, 50, 40)
    assert replace(estimate, reference="january") == applied(programme, order)


def test_an_estimate_reckons_with_codes_as_if_they_were_claimed(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    claim(programme, owner, order, discounts=TEN_OFF)
    new_coupon(programme, owner, coupon_code="HALF", uses_max=1)
    attached(programme, owner, coupon_code="STOCK")
    before = programme.all_rows()
    codes = ("half", "HALF ", "Stock")
    bills = [
        estimated(programme, order, coupon_codes=codes),
        estimated(programme, order, coupon_codes=codes, includes_applied=False),
        estimated(programme, order, includes_applied=False),
    ]
    assert [it.discount for it in bills] == [100, 100, 0]
    assert [it.coupon_code for it in bills[0].discounts] == ["SUMMER", "HALF", "STOCK"]
    assert [it.instance_id is None for it in bills[0].discounts] == [False, True, True]
    assert programme.all_rows() == before


def test_an_estimate_refuses_what_could_not_be_claimed(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    claim(programme, owner, order)
    other = subscription(programme, account)
    claim(programme, owner, other, coupon_code="ONCE", coupons_max=1)
    new_coupon(programme, programme.customer(), coupon_code="OTHERS")
    attached(programme, programme.customer(), coupon_code="FOREIGN")
    attached(programme, owner, account, coupon_code="TAKEN")
    rule = seats("equal_to", "only_at_initialisation")
    attached(programme, owner, coupon_code="RULED", definition={"rules": (rule,)})
    early = {"valid_from": START + TICK}
    attached(programme, owner, coupon_code="USED", remaining_uses=0)
    attached(programme, owner, coupon_code="OVER", valid_till=START - TICK)
    attached(programme, owner, coupon_code="EUROS", definition={"currency_code": "EUR"})
    attached(programme, owner, coupon_code="EARLY", definition=early)
    expected = {
        "SUMMER": COUPON_ALREADY_APPLIED,
        "ONCE": CLAIM_LIMIT_REACHED,
        "OTHERS": COUPON_NOT_FOUND,
        "FOREIGN": COUPON_NOT_FOUND,
        "UNKNOWN": COUPON_NOT_FOUND,
        "TAKEN": STATE_INVALID,
        "RULED": COUPON_RULE_BROKEN,
        "EARLY": STATE_INVALID,
        "USED": STATE_INVALID,
        "OVER": STATE_INVALID,
        "EUROS": CURRENCY_MISMATCH,
        "": NULL_PARAMETER,
    }
    rows = {
        code: refused(
            programme, lambda code=code: estimated(programme, order, coupon_codes=(code,))
        )
        for code in expected
    }
    assert {code: error.row for code, error in rows.items()} == expected


def test_an_estimate_of_too_much_is_refused(programme: Programme, owner: int, order: str) -> None:
    lines = [costs("1", f"part {number}") for number in range(1_000)]
    for code in ("ONE", "TWO", "MORE"):
        new_coupon(programme, owner, coupon_code=code, discounts=TEN_OFF * 100)
    claim(programme, owner, order, discounts=TEN_OFF * 100)
    error = refused(
        programme, lambda: estimated(programme, order, *lines, coupon_codes=("ONE", "TWO"))
    )
    assert (error.row, "200000" in error.details) == (BILL_INVALID, True)
    small = estimated(programme, order, *lines[:100], coupon_codes=("ONE", "TWO", "MORE"))
    assert (small.cost, small.due) == (100, 0)


def test_an_estimate_reckons_with_unique_codes(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    new_coupon(programme, owner, is_redeemable=False)
    free, taken, retired = generate_unique_codes(programme.call(), "SUMMER", 3)
    apply_coupon(programme.call(), subscription(programme, account), taken)
    retire_coupon(programme.call(), retired)
    assert estimated(programme, order, coupon_codes=(free,)).discount == 50
    expected = {
        (taken,): CLAIM_LIMIT_REACHED,
        (retired,): COUPON_RETIRED,
        ("SUMMER",): PARENT_CODE_NOT_REDEEMABLE,
    }
    rows = {
        codes: refused(
            programme, lambda codes=codes: estimated(programme, order, coupon_codes=codes)
        )
        for codes in expected
    }
    assert {codes: error.row for codes, error in rows.items()} == expected


def test_an_estimate_counts_a_coupon_once(programme: Programme, owner: int, order: str) -> None:
    new_coupon(programme, owner)
    codes = ("SUMMER", *generate_unique_codes(programme.call(), "SUMMER", 1))
    error = refused(programme, lambda: estimated(programme, order, coupon_codes=codes))
    assert (error.row, error.details) == (
        COUPON_ALREADY_APPLIED,
        "coupon SUMMER is named twice",
    )


@pytest.mark.parametrize("is_over", [False, True])
def test_an_estimate_reckons_with_coupons_of_books(
    programme: Programme, owner: int, order: str, clock: Clock, is_over: bool
) -> None:
    call = programme.call()
    kind = add_definition(call, handed_out.definition(owner)).definition_id or ""
    packs = handed_out.book_definition(owner, kind, valid_till=START)
    of_kind = add_book_definition(call, packs).book_definition_id or ""
    pack = add_book(call, handed_out.book(owner, of_kind)).book_id
    add_instance(call, handed_out.stock(owner, kind, book_id=pack, coupon_code="PACKED"))
    clock.move(seconds=int(is_over))
    if is_over:
        error = refused(programme, lambda: estimated(programme, order, coupon_codes=("PACKED",)))
        assert error.row is STATE_INVALID
    else:
        assert estimated(programme, order, coupon_codes=("PACKED",)).discount == 50


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
