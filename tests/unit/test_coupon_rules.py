"""Rules: which sentences have a meaning, and whom they hold for."""

from dataclasses import replace
from typing import Any

import pytest

from service.domain.coupon_rules import (
    RULE_DEPTH_MAX,
    RULES_MAX,
    CouponRule,
    Polarity,
    Preposition,
    RuleFacts,
    RuleObject,
    Subject,
    ValidationStrategy,
    check_rules,
)
from service.domain.discount_errors import DISCOUNT_INVALID
from service.domain.refusals import ServiceError

ONLY_INITIALLY = ValidationStrategy.ONLY_AT_INITIALISATION
ONLY_RECURRING = ValidationStrategy.ONLY_WHILE_RECURRING


def rule(**changes: Any) -> CouponRule:
    """For new customers, unless told otherwise."""
    values = {
        "subject": Subject.USER,
        "polarity": Polarity.DOES_NOT,
        "preposition": Preposition.GREATER_THAN,
        "parameter": "0",
        "object": RuleObject.SUBSCRIPTION,
        "strategy": ValidationStrategy.WHILE_RECURRING_OR_INITIALISATION,
    }
    return CouponRule(**{**values, **changes})


def of_seats(**changes: Any) -> CouponRule:
    values = {
        "subject": Subject.CURRENT_SUBSCRIPTION,
        "polarity": Polarity.DOES,
        "object": RuleObject.UNIT_OF_MEASURE,
        "specifier": "seats",
        "parameter": "5",
    }
    return rule(**{**values, **changes})


def equal_to(counted: RuleObject, parameter: str, **changes: Any) -> CouponRule:
    values = {"object": counted, "parameter": parameter, "preposition": Preposition.EQUAL_TO}
    return rule(polarity=Polarity.DOES, **values, **changes)


def of_children(*children: CouponRule, **changes: Any) -> CouponRule:
    values = {
        "subject": Subject.CHILD_RULES,
        "object": RuleObject.SATISFACTION,
        "polarity": Polarity.DOES,
        "preposition": Preposition.GREATER_THAN_OR_EQUAL_TO,
        "parameter": "1",
    }
    return rule(children=children, **{**values, **changes})


def holds(checked: CouponRule, *, is_initialisation: bool = True, **facts: Any) -> bool:
    found = check_rules([checked], RuleFacts(**facts), is_initialisation=is_initialisation)
    return found.is_satisfied


TRUE, FALSE = rule(), rule(polarity=Polarity.DOES)


# --- Whom they hold for -----------------------------------------------------------------------


def test_new_customers_are_those_without_another_subscription() -> None:
    assert holds(rule())
    assert not holds(rule(), product_ids=("PRD-1",))
    assert RuleFacts().is_new_user
    assert not RuleFacts(product_ids=("PRD-1",)).is_new_user


@pytest.mark.parametrize(
    ("preposition", "expected"),
    [
        (Preposition.LESS_THAN, [True, False, False]),
        (Preposition.LESS_THAN_OR_EQUAL_TO, [True, True, False]),
        (Preposition.EQUAL_TO, [False, True, False]),
        (Preposition.GREATER_THAN_OR_EQUAL_TO, [False, True, True]),
        (Preposition.GREATER_THAN, [False, False, True]),
    ],
)
def test_a_preposition_compares(preposition: Preposition, expected: list[bool]) -> None:
    compared = of_seats(preposition=preposition)
    assert [holds(compared, units={"seats": count}) for count in (4, 5, 6)] == expected
    untrue = replace(compared, polarity=Polarity.DOES_NOT)
    assert [not holds(untrue, units={"seats": count}) for count in (4, 5, 6)] == expected


def test_units_are_those_of_the_measure_and_none_where_it_has_none() -> None:
    assert not holds(of_seats(), units={"gigabytes": 9})
    assert holds(of_seats(preposition=Preposition.EQUAL_TO, parameter="0"))


def test_parameters_may_have_decimals() -> None:
    assert holds(of_seats(parameter="4.5"), units={"seats": 5})
    assert not holds(of_seats(parameter="5.0"), units={"seats": 5})


@pytest.mark.parametrize(
    ("checked", "facts", "expected"),
    [
        (equal_to(RuleObject.PRODUCT, "A"), {"product_ids": ("B", "A")}, True),
        (equal_to(RuleObject.PRODUCT, "A"), {"product_ids": ("B",)}, False),
        (equal_to(RuleObject.PRODUCT, "A"), {"rate_plan_ids": ("A",), "product_id": "A"}, False),
        (equal_to(RuleObject.RATE_PLAN, "A"), {"rate_plan_ids": ("B", "A")}, True),
        (equal_to(RuleObject.RATE_PLAN, "A"), {"product_ids": ("A",), "rate_plan_id": "A"}, False),
    ],
)
def test_a_user_has_what_its_other_subscriptions_are_to(
    checked: CouponRule, facts: dict[str, Any], expected: bool
) -> None:
    assert holds(checked, **facts) is expected


@pytest.mark.parametrize(
    ("counted", "facts", "expected"),
    [
        (RuleObject.PRODUCT, {"product_id": "A"}, True),
        (RuleObject.PRODUCT, {"product_id": "B", "rate_plan_id": "A"}, False),
        (RuleObject.PRODUCT, {"product_ids": ("A",)}, False),
        (RuleObject.RATE_PLAN, {"rate_plan_id": "A"}, True),
        (RuleObject.RATE_PLAN, {"rate_plan_id": "B", "product_id": "A"}, False),
    ],
)
def test_a_subscription_has_its_own_product_and_rate_plan(
    counted: RuleObject, facts: dict[str, Any], expected: bool
) -> None:
    checked = equal_to(counted, "A", subject=Subject.CURRENT_SUBSCRIPTION)
    assert holds(checked, **facts) is expected


# --- Rules of rules ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ([TRUE], True),
        ([FALSE], False),
        ([FALSE, TRUE], True),
        ([TRUE, TRUE], True),
        ([replace(TRUE, is_deleted=True), FALSE], False),
        ([replace(TRUE, strategy=ONLY_RECURRING), FALSE], False),
        ([of_children(FALSE, TRUE), FALSE], True),
    ],
)
def test_satisfied_children_are_counted(children: list[CouponRule], expected: bool) -> None:
    assert holds(of_children(*children)) is expected


def test_children_may_all_be_needed_or_none() -> None:
    both = of_children(TRUE, TRUE, preposition=Preposition.EQUAL_TO, parameter="2")
    assert holds(both)
    assert not holds(replace(both, children=(TRUE, FALSE)))
    assert holds(of_children(FALSE, FALSE, polarity=Polarity.DOES_NOT))


# --- When they are looked at ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "at_initialisation", "while_recurring"),
    [
        (ONLY_INITIALLY, True, False),
        (ONLY_RECURRING, False, True),
        (ValidationStrategy.WHILE_RECURRING_OR_INITIALISATION, True, True),
    ],
)
def test_a_strategy_says_when_a_rule_is_looked_at(
    strategy: ValidationStrategy, at_initialisation: bool, while_recurring: bool
) -> None:
    broken = replace(FALSE, strategy=strategy)
    assert holds(broken, is_initialisation=True) is not at_initialisation
    assert holds(broken, is_initialisation=False) is not while_recurring


def test_all_rules_at_the_top_must_hold_and_the_broken_ones_are_told() -> None:
    rules = [TRUE, FALSE, replace(FALSE, is_deleted=True), of_children(FALSE)]
    found = check_rules(rules, RuleFacts(), is_initialisation=False)
    assert found.broken_rules == (FALSE, rules[3])
    assert (found.is_satisfied, found.is_initialisation, found.is_new_user) == (False, False, True)


def test_without_rules_anybody_may() -> None:
    found = check_rules([], RuleFacts(product_ids=("A",)), is_initialisation=True)
    assert (found.is_satisfied, found.is_initialisation, found.is_new_user) == (True, True, False)


# --- Sentences --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checked", "sentence"),
    [
        (rule(), "user does not have greater than 0 subscription"),
        (of_seats(), "current subscription does have greater than 5 unit of measure seats"),
        (
            equal_to(RuleObject.RATE_PLAN, "gold_plan"),
            "user does have equal to gold_plan product rate plan id",
        ),
        (
            of_children(TRUE),
            "child rules does have greater than or equal to 1 satisfaction",
        ),
    ],
)
def test_a_rule_reads_as_a_sentence(checked: CouponRule, sentence: str) -> None:
    checked.require_valid("Rules[0]")
    assert checked.sentence == sentence


def nested(depth: int) -> CouponRule:
    innermost = rule()
    for _ in range(depth - 1):
        innermost = of_children(innermost)
    return innermost


@pytest.mark.parametrize(
    "checked",
    [
        rule(parameter="-1.5"),
        of_children(*(rule(),) * RULES_MAX),
        nested(RULE_DEPTH_MAX),
        equal_to(RuleObject.PRODUCT, "A", subject=Subject.CURRENT_SUBSCRIPTION),
    ],
)
def test_rules_may_be_like_this(checked: CouponRule) -> None:
    checked.require_valid("Rules[0]")


OBJECT_OF = "Rules[0].Object of the subject"
OF_SUBSCRIPTION = "product_id, product_rate_plan_id, unit_of_measure"
NOT_A_NUMBER = "Rules[0].Parameter must be a number for subscription"


@pytest.mark.parametrize(
    ("checked", "reason"),
    [
        (rule(parameter="many"), NOT_A_NUMBER),
        (rule(parameter=""), NOT_A_NUMBER),
        (rule(parameter="NaN"), NOT_A_NUMBER),
        (rule(parameter="Infinity"), NOT_A_NUMBER),
        (equal_to(RuleObject.PRODUCT, ""), "Rules[0].Parameter is needed"),
        (
            equal_to(RuleObject.RATE_PLAN, "A", subject=Subject.CHILD_RULES),
            f"{OBJECT_OF} child_rules must be one of satisfaction",
        ),
        (
            rule(object=RuleObject.UNIT_OF_MEASURE),
            f"{OBJECT_OF} user must be one of product_id, product_rate_plan_id, subscription",
        ),
        (
            of_seats(object=RuleObject.SUBSCRIPTION),
            f"{OBJECT_OF} current_subscription must be one of {OF_SUBSCRIPTION}",
        ),
        (
            replace(equal_to(RuleObject.PRODUCT, "A"), preposition=Preposition.LESS_THAN),
            "Rules[0].Preposition must be equal_to for product_id",
        ),
        (of_seats(specifier=None), "Rules[0].Specifier is needed"),
        (of_seats(specifier="x" * 256), "Rules[0].Specifier has at most 255 characters"),
        (of_children(), "Rules[0].ChildRules are for child_rules alone"),
        (rule(children=(rule(),)), "Rules[0].ChildRules are for child_rules alone"),
        (of_children(*(rule(),) * (RULES_MAX + 1)), "Rules[0]: at most 100 ChildRules"),
        (
            of_children(rule(), rule(parameter="x")),
            "Rules[0].ChildRules[1].Parameter must be a number for subscription",
        ),
        (
            nested(RULE_DEPTH_MAX + 1),
            f"Rules[0]{'.ChildRules[0]' * RULE_DEPTH_MAX}: rules lie at most 10 deep",
        ),
    ],
)
def test_a_sentence_without_meaning_is_refused(checked: CouponRule, reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        checked.require_valid("Rules[0]")
    assert (refused.value.row, refused.value.details) == (DISCOUNT_INVALID, reason)
