"""Definitions of coupon instances with their modifiers and rules: how they are read and written."""

from collections.abc import Iterable
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

from service.domain.coupon_rules import (
    CouponRule,
    Polarity,
    Preposition,
    RuleObject,
    RuleSatisfaction,
    Subject,
    ValidationStrategy,
)
from service.domain.definitions import (
    CouponDefinition,
    DefinitionTarget,
    Effect,
    LifeState,
    Modifier,
    ModifierDomain,
    Operand,
    Period,
)
from service.soap.management.discount_elements import (
    read_currency,
    read_owner,
    require_same,
    trace_fields,
)
from service.soap.management.elements import given

__all__ = ["read_definition", "write_definition", "write_rule_satisfaction"]

OPERAND_ALIAS = "instance"
"""What the text of the reference calls ``instance_fixed``."""


class _Around(NamedTuple):
    """What modifiers and rules may repeat of the definition around them."""

    organization_id: str | None
    definition_id: str | None

    def require_repeated(self, element: Any, where: str) -> None:
        require_same(f"{where}.OrganizationID", element.organization_id, self.organization_id)
        require_same(
            f"{where}.CouponDefinitionID", element.coupon_definition_id, self.definition_id
        )


def read_definition(element: Any, now: datetime | None = None) -> CouponDefinition:
    """Read a definition; what is absent is without value, or as the schema says.

    Args:
        element: The definition.
        now: From when a new one is valid that does not say so; None for one that must.

    Raises:
        ServiceError: ``NullParameter`` or ``DiscountInvalid``.
    """
    definition = given(element, "CouponDefinition")
    around = _Around(definition.organization_id, definition.id)
    period = definition.instance_duration_period
    return CouponDefinition(
        definition_id=definition.id or None,
        customer_id=read_owner(definition.organization_id),
        crm_id=definition.crm_id or None,
        name=given(definition.name, "Name"),
        description=definition.description or "",
        customer_code=definition.customer_code or None,
        target=DefinitionTarget(definition.target or DefinitionTarget.PRODUCT),
        currency_code=read_currency(definition.currency),
        valid_from=given(definition.definition_valid_from or now, "DefinitionValidFrom"),
        valid_till=definition.definition_valid_till,
        instance_duration=definition.instance_duration,
        instance_duration_period=Period(period) if period else None,
        fixed_end_date=definition.fixed_end_date,
        state=LifeState(definition.state or LifeState.PRODUCTION),
        modifiers=tuple(
            _read_modifier(modifier, f"Modifiers[{place}]", around)
            for place, modifier in enumerate(definition.modifiers or [])
        ),
        rules=_read_rules(definition.rules, "Rules", around, None),
    )


def _read_modifier(element: Any, where: str, around: _Around) -> Modifier:
    modifier = given(element, where)
    around.require_repeated(modifier, where)
    operand = given(modifier.operand, f"{where}.Operand")
    return Modifier(
        modifier_id=modifier.id or None,
        effect_amount=given(modifier.effect_amount, f"{where}.EffectAmount"),
        operand=Operand.INSTANCE_FIXED if operand == OPERAND_ALIAS else Operand(operand),
        effect=Effect(modifier.effect or Effect.ALL),
        is_additional=bool(modifier.effect_additional),
        specifier_amount=modifier.specifier_amount,
        domain=ModifierDomain(modifier.domain or ModifierDomain.PRODUCT),
        specifier=modifier.specifier or None,
        precedence=modifier.precedence or 0,
        is_deleted=bool(modifier.deleted),
    )


def _read_rules(
    elements: list[Any] | None, where: str, around: _Around, parent_rule_id: str | None
) -> tuple[CouponRule, ...]:
    return tuple(
        _read_rule(element, f"{where}[{place}]", around, parent_rule_id)
        for place, element in enumerate(elements or [])
    )


def _read_rule(element: Any, where: str, around: _Around, parent_rule_id: str | None) -> CouponRule:
    rule = given(element, where)
    around.require_repeated(rule, where)
    require_same(f"{where}.ParentRuleID", rule.parent_rule_id, parent_rule_id)
    strategy = rule.rule_validation_strategy
    return CouponRule(
        rule_id=rule.id or None,
        subject=Subject(given(rule.subject, f"{where}.Subject")),
        polarity=Polarity(rule.polarity or Polarity.DOES),
        preposition=Preposition(given(rule.preposition, f"{where}.Preposition")),
        parameter=rule.parameter or "",
        object=RuleObject(given(rule.object, f"{where}.Object")),
        strategy=ValidationStrategy(
            strategy or ValidationStrategy.WHILE_RECURRING_OR_INITIALISATION
        ),
        specifier=rule.specifier or None,
        is_deleted=bool(rule.deleted),
        children=_read_rules(rule.child_rules, f"{where}.ChildRules", around, rule.id),
    )


def write_definition(found: CouponDefinition) -> SimpleNamespace:
    """A definition as the writers want it."""
    around = _Around(str(found.customer_id), found.definition_id)
    period = found.instance_duration_period
    return SimpleNamespace(
        **trace_fields(found.trace),
        id=found.definition_id,
        crm_id=found.crm_id,
        organization_id=around.organization_id,
        name=found.name,
        description=found.description,
        customer_code=found.customer_code,
        target=found.target.value,
        currency=found.currency_code,
        definition_valid_from=found.valid_from,
        definition_valid_till=found.valid_till,
        instance_duration_period=period and period.value,
        instance_duration=found.instance_duration,
        fixed_end_date=found.fixed_end_date,
        state=found.state.value,
        modifiers=[_write_modifier(modifier, around) for modifier in found.modifiers],
        rules=_write_rules(found.rules, around, None),
    )


def _write_modifier(modifier: Modifier, around: _Around) -> SimpleNamespace:
    return SimpleNamespace(
        **trace_fields(modifier.trace),
        id=modifier.modifier_id,
        coupon_definition_id=around.definition_id,
        organization_id=around.organization_id,
        effect_amount=modifier.effect_amount,
        operand=modifier.operand.value,
        effect=modifier.effect.value,
        effect_additional=modifier.is_additional,
        specifier_amount=modifier.specifier_amount,
        domain=modifier.domain.value,
        specifier=modifier.specifier,
        precedence=modifier.precedence,
        deleted=modifier.is_deleted,
    )


def _write_rules(
    rules: Iterable[CouponRule], around: _Around, parent_rule_id: str | None
) -> list[SimpleNamespace]:
    return [_write_rule(rule, around, parent_rule_id) for rule in rules]


def _write_rule(rule: CouponRule, around: _Around, parent_rule_id: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        parent_rule_id=parent_rule_id,
        **trace_fields(rule.trace),
        id=rule.rule_id,
        organization_id=around.organization_id,
        coupon_definition_id=around.definition_id,
        subject=rule.subject.value,
        polarity=rule.polarity.value,
        verb="have",
        preposition=rule.preposition.value,
        parameter=rule.parameter,
        object=rule.object.value,
        rule_validation_strategy=rule.strategy.value,
        specifier=rule.specifier,
        deleted=rule.is_deleted,
        child_rules=_write_rules(rule.children, around, rule.rule_id),
    )


def write_rule_satisfaction(
    found: RuleSatisfaction, definition: CouponDefinition
) -> SimpleNamespace:
    """Whether the rules of a definition are satisfied, as the writers want it."""
    around = _Around(str(definition.customer_id), definition.definition_id)
    return SimpleNamespace(
        satisfied=found.is_satisfied,
        broken_rules=_write_rules(found.broken_rules, around, None),
        coupon_instance_being_initialised=found.is_initialisation,
        new_user=found.is_new_user,
    )
