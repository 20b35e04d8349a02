"""Coupon rules: sentences that say who may use the coupons of a definition.

A rule reads as one: *user does not have greater than 0 subscription* is for new customers.
The rules of a definition hold when each of those at the top does; a rule on ``child_rules``
counts how many of its children are satisfied.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from service.domain.texts import require, require_reference, require_text
from service.domain.traces import Trace

RULE_DEPTH_MAX = 10
"""How deep rules may lie in one another."""
RULES_MAX = 100
"""How many rules a definition has at the most, and how many children a rule."""


class Subject(str, Enum):
    """Whom or what a rule is about."""

    USER = "user"
    CURRENT_SUBSCRIPTION = "current_subscription"
    CHILD_RULES = "child_rules"


class Polarity(str, Enum):
    """Whether the sentence is to be true or untrue."""

    DOES = "does"
    DOES_NOT = "does_not"


class Preposition(str, Enum):
    """How what is counted compares with the parameter."""

    LESS_THAN = "less_than"
    LESS_THAN_OR_EQUAL_TO = "less_than_or_equal_to"
    GREATER_THAN = "greater_than"
    GREATER_THAN_OR_EQUAL_TO = "greater_than_or_equal_to"
    EQUAL_TO = "equal_to"


class RuleObject(str, Enum):
    """What is counted, or compared."""

    SUBSCRIPTION = "subscription"
    UNIT_OF_MEASURE = "unit_of_measure"
    SATISFACTION = "satisfaction"
    RATE_PLAN = "product_rate_plan_id"
    PRODUCT = "product_id"


class ValidationStrategy(str, Enum):
    """When a rule is looked at: when an instance is put into effect, with each bill, or both."""

    ONLY_AT_INITIALISATION = "only_at_initialisation"
    WHILE_RECURRING_OR_INITIALISATION = "while_recurring_or_initialisation"
    ONLY_WHILE_RECURRING = "only_while_recurring"


_COMPARISONS: dict[Preposition, Callable[[Any, Any], bool]] = {
    Preposition.LESS_THAN: operator.lt,
    Preposition.LESS_THAN_OR_EQUAL_TO: operator.le,
    Preposition.GREATER_THAN: operator.gt,
    Preposition.GREATER_THAN_OR_EQUAL_TO: operator.ge,
    Preposition.EQUAL_TO: operator.eq,
}
_OBJECTS = {
    Subject.USER: {RuleObject.SUBSCRIPTION, RuleObject.RATE_PLAN, RuleObject.PRODUCT},
    Subject.CURRENT_SUBSCRIPTION: {
        RuleObject.UNIT_OF_MEASURE,
        RuleObject.RATE_PLAN,
        RuleObject.PRODUCT,
    },
    Subject.CHILD_RULES: {RuleObject.SATISFACTION},
}
_NAMED = {RuleObject.RATE_PLAN, RuleObject.PRODUCT}


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponRule:
    """One sentence.

    Attributes:
        rule_id: Its name in the service; None for one that is to be made.
        parameter: A number, or the product or rate plan that is meant.
        specifier: The unit of measure that a subscription's units are counted in; for a user
            it has no meaning here.
        strategy: When it is looked at.
        is_deleted: Whether it counts no more.
    """

    subject: Subject
    preposition: Preposition
    parameter: str
    object: RuleObject
    strategy: ValidationStrategy
    polarity: Polarity = Polarity.DOES
    specifier: str | None = None
    is_deleted: bool = False
    children: "tuple[CouponRule, ...]" = ()
    rule_id: str | None = None
    trace: Trace | None = None

    def require_valid(self, where: str, depth: int = 1) -> None:
        """Refuse a sentence without meaning; raises ``DiscountInvalid``.

        Args:
            where: What the caller calls the rule, such as ``Rules[0]``.
            depth: How deep it lies in others, from 1.
        """
        require_reference(f"{where}.Id", self.rule_id)
        require_text(f"{where}.Parameter", self.parameter)
        require_text(f"{where}.Specifier", self.specifier)
        require(depth <= RULE_DEPTH_MAX, f"{where}: rules lie at most {RULE_DEPTH_MAX} deep")
        objects = ", ".join(sorted(known.value for known in _OBJECTS[self.subject]))
        require(
            self.object in _OBJECTS[self.subject],
            f"{where}.Object of the subject {self.subject.value} must be one of {objects}",
        )
        if self.object in _NAMED:
            require(bool(self.parameter), f"{where}.Parameter is needed")
            is_equality = self.preposition is Preposition.EQUAL_TO
            require(is_equality, f"{where}.Preposition must be equal_to for {self.object.value}")
        else:
            text = f"{where}.Parameter must be a number for {self.object.value}"
            require(_number(self.parameter) is not None, text)
        is_of_units = self.object is RuleObject.UNIT_OF_MEASURE
        require(not is_of_units or bool(self.specifier), f"{where}.Specifier is needed")
        is_parent = self.subject is Subject.CHILD_RULES
        require(bool(self.children) == is_parent, f"{where}.ChildRules are for child_rules alone")
        require(len(self.children) <= RULES_MAX, f"{where}: at most {RULES_MAX} ChildRules")
        for place, child in enumerate(self.children):
            child.require_valid(f"{where}.ChildRules[{place}]", depth + 1)

    @property
    def sentence(self) -> str:
        """The rule as people read it."""
        spoken = [
            word.value.replace("_", " ")
            for word in (self.subject, self.polarity, self.preposition, self.object)
        ]
        subject, polarity, preposition, counted = spoken
        if self.object is RuleObject.UNIT_OF_MEASURE:
            counted += f" {self.specifier}"
        return f"{subject} {polarity} have {preposition} {self.parameter} {counted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """What rules are held against.

    Attributes:
        product_ids: Of the account's subscriptions that run, the current one left out: one
            for each of them.
        rate_plan_ids: Likewise.
        product_id: Of the subscription that the coupon is for; None when it is for none.
        rate_plan_id: Likewise.
        units: How many units that subscription has, by unit of measure.
    """

    product_ids: tuple[str, ...] = ()
    rate_plan_ids: tuple[str, ...] = ()
    product_id: str | None = None
    rate_plan_id: str | None = None
    units: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_new_user(self) -> bool:
        """Whether the account has no other subscription."""
        return not self.product_ids


@dataclass(frozen=True, slots=True)
class RuleSatisfaction:
    """Whether the rules of a definition are satisfied.

    Attributes:
        broken_rules: Those at the top that are not.
        is_initialisation: Whether they were looked at as when an instance is put into effect.
        is_new_user: Whether the account has no other subscription.
    """

    broken_rules: tuple[CouponRule, ...]
    is_initialisation: bool
    is_new_user: bool

    @property
    def is_satisfied(self) -> bool:
        """Whether nothing is broken."""
        return not self.broken_rules


def check_rules(
    rules: Iterable[CouponRule], facts: RuleFacts, *, is_initialisation: bool
) -> RuleSatisfaction:
    """Hold rules against facts.

    Args:
        rules: Those at the top.
        facts: Of the account and its subscription.
        is_initialisation: Whether an instance is put into effect; otherwise a bill is made.
    """
    unlooked_at = (
        ValidationStrategy.ONLY_WHILE_RECURRING
        if is_initialisation
        else ValidationStrategy.ONLY_AT_INITIALISATION
    )
    looked_at = _looked_at(rules, unlooked_at)
    broken = tuple(rule for rule in looked_at if not _holds(rule, facts, unlooked_at))
    return RuleSatisfaction(broken, is_initialisation, facts.is_new_user)


def _looked_at(
    rules: Iterable[CouponRule], unlooked_at: ValidationStrategy
) -> Iterator[CouponRule]:
    return (rule for rule in rules if not rule.is_deleted and rule.strategy is not unlooked_at)


def _holds(rule: CouponRule, facts: RuleFacts, unlooked_at: ValidationStrategy) -> bool:
    if rule.subject is Subject.CHILD_RULES:
        looked_at = _looked_at(rule.children, unlooked_at)
        satisfied = sum(_holds(child, facts, unlooked_at) for child in looked_at)
        is_true = _compare(rule, satisfied)
    else:
        is_true = _is_true(rule, facts)
    return is_true is (rule.polarity is Polarity.DOES)


def _is_true(rule: CouponRule, facts: RuleFacts) -> bool:
    if rule.object is RuleObject.SUBSCRIPTION:
        return _compare(rule, len(facts.product_ids))
    if rule.object is RuleObject.UNIT_OF_MEASURE:
        return _compare(rule, facts.units.get(rule.specifier or "", 0))
    is_product = rule.object is RuleObject.PRODUCT
    if rule.subject is Subject.USER:
        return rule.parameter in (facts.product_ids if is_product else facts.rate_plan_ids)
    return rule.parameter == (facts.product_id if is_product else facts.rate_plan_id)


def _compare(rule: CouponRule, count: int) -> bool:
    return _COMPARISONS[rule.preposition](count, _number(rule.parameter))


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
