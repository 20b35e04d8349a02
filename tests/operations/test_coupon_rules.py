"""CheckCouponRules: what the rules of a definition are held against."""

from dataclasses import replace

from service.domain.coupon_rules import CouponRule, Polarity, Preposition, RuleObject, Subject
from service.domain.errors import ACCOUNT_ID_INVALID, ENTITY_NOT_EXISTENT, NOT_AUTHORIZED
from service.operations.coupon_rules import check_coupon_rules
from service.operations.definitions import add_definition
from service.operations.subscriptions import end_subscription
from tests.operations.handed_out import NEW_CUSTOMERS, definition
from tests.operations.simple_coupons import subscription
from tests.operations.traces import refusal
from tests.programme import Programme, member

HAS_ADS = replace(
    NEW_CUSTOMERS, preposition=Preposition.EQUAL_TO, parameter="ads", object=RuleObject.PRODUCT
)
IS_YEARLY = replace(
    HAS_ADS,
    subject=Subject.CURRENT_SUBSCRIPTION,
    parameter="yearly",
    object=RuleObject.RATE_PLAN,
)
TEN_SEATS = replace(
    NEW_CUSTOMERS,
    subject=Subject.CURRENT_SUBSCRIPTION,
    preposition=Preposition.GREATER_THAN,
    polarity=Polarity.DOES_NOT,
    parameter="10",
    object=RuleObject.UNIT_OF_MEASURE,
    specifier="seats",
)


def names(rules: tuple[CouponRule, ...]) -> list[str | None]:
    """The Ids of rules."""
    return [rule.rule_id for rule in rules]


def test_rules_are_held_against_what_runs_beside_the_subscription(
    programme: Programme, owner: int, account: int
) -> None:
    call = programme.call()
    rules = (NEW_CUSTOMERS, HAS_ADS, IS_YEARLY, TEN_SEATS)
    named = [replace(rule, rule_id=str(place)) for place, rule in enumerate(rules)]
    add_definition(call, definition(owner, definition_id="D", rules=tuple(named)))
    subscription(programme, programme.account(owner))
    yearly = subscription(programme, account, rate_plan_id="yearly")

    first = check_coupon_rules(call, "D", account, yearly)
    assert names(first.broken_rules) == ["1"]
    assert (first.is_satisfied, first.is_initialisation, first.is_new_user) == (False, True, True)

    whole = check_coupon_rules(call, "D", account)
    assert names(whole.broken_rules) == ["0", "2"]
    assert not whole.is_new_user

    other = subscription(programme, account)
    both = check_coupon_rules(call, "D", account, yearly, units={"seats": 11})
    assert names(both.broken_rules) == ["0", "3"]
    # With a bill, rules that are only for the beginning are passed over.
    recurring = check_coupon_rules(call, "D", account, yearly, is_initialisation=False)
    assert (recurring.is_satisfied, recurring.is_initialisation) == (True, False)

    end_subscription(call, other)
    assert check_coupon_rules(call, "D", account, yearly) == first


def test_rules_are_told_to_those_who_may_read(
    programme: Programme, owner: int, account: int
) -> None:
    call = programme.call()
    add_definition(call, definition(owner, definition_id="D"))
    mine = subscription(programme, account)
    stranger = programme.customer()
    foreign = programme.account(stranger)
    theirs = subscription(programme, foreign)
    kim = programme.call(member(owner))
    assert check_coupon_rules(kim, "D", account, mine).is_satisfied
    nobody = 10**9
    for definition_id, account_id, reference, operators in (
        ("E", account, mine, ENTITY_NOT_EXISTENT),
        ("D", nobody, None, ACCOUNT_ID_INVALID),
        ("D", account, "nobody's", ENTITY_NOT_EXISTENT),
    ):
        asked = (definition_id, account_id, reference)
        assert refusal(programme, lambda: check_coupon_rules(call, *asked)) is operators  # noqa: B023
        assert refusal(programme, lambda: check_coupon_rules(kim, *asked)) is NOT_AUTHORIZED  # noqa: B023
    for account_id, reference in ((foreign, None), (account, theirs)):
        with_foreign = ("D", account_id, reference)
        action = lambda: check_coupon_rules(kim, *with_foreign)  # noqa: B023, E731
        assert refusal(programme, action) is NOT_AUTHORIZED
    of_other = ("D", account, theirs)
    assert refusal(programme, lambda: check_coupon_rules(call, *of_other)) is ENTITY_NOT_EXISTENT
    sam = programme.call(member(stranger))
    assert refusal(programme, lambda: check_coupon_rules(sam, "D", foreign)) is NOT_AUTHORIZED
