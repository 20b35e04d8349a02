"""Coupon definitions, with their modifiers and rules."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    insert,
    select,
    update,
)

from service.domain.coupon_rules import (
    CouponRule,
    Polarity,
    Preposition,
    RuleObject,
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
from service.domain.traces import Trace
from service.storage import references
from service.storage.discount_tables import (
    coupon_definition,
    coupon_modifier,
    coupon_rule,
    parent_coupon,
)
from service.storage.prepared_lists import PreparedList
from service.storage.statements import new_id
from service.storage.traces import trace_of, trace_of_part, trace_values

_DEFINITIONS = select(coupon_definition).order_by(coupon_definition.c.definition_id)
_NUMBERED = PreparedList(
    lambda numbers: _DEFINITIONS.where(coupon_definition.c.definition_id.in_(numbers))
)
_MODIFIERS = PreparedList(
    lambda numbers: (
        select(coupon_modifier)
        .where(coupon_modifier.c.definition_id.in_(numbers))
        .order_by(coupon_modifier.c.definition_id, coupon_modifier.c.place)
    )
)
_RULES = PreparedList(
    lambda numbers: (
        select(coupon_rule)
        .where(coupon_rule.c.definition_id.in_(numbers))
        .order_by(coupon_rule.c.definition_id, coupon_rule.c.place)
    )
)
_Part = TypeVar("_Part", Modifier, CouponRule)


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """A definition, and the number of its row."""

    number: int
    definition: CouponDefinition


def add_definition(
    connection: Connection, definition: CouponDefinition, changed_by: int, now: datetime
) -> int:
    """Insert a definition with its modifiers and rules; answers its number.

    References that are not given are drawn; those that are given must be free.
    """
    trace = Trace(now, changed_by)
    values = {
        "reference": references.given_or_drawn(definition.definition_id, references.DEFINITION),
        "customer_id": definition.customer_id,
        **_definition_values(definition),
        **trace_values(trace),
    }
    number = new_id(connection.execute(insert(coupon_definition).values(values)))
    _add_modifiers(connection, number, definition.modifiers, {}, trace)
    _add_rules(connection, number, definition.rules, {}, trace)
    return number


def replace_definition(
    connection: Connection,
    number: int,
    definition: CouponDefinition,
    changed_by: int,
    now: datetime,
) -> None:
    """Give a definition, which is locked, all of what is said, but its owner and reference.

    Modifiers and rules that it does not say are gone. Those that it says again, by their
    references, keep the instant at which they were made, and their whole trace where nothing
    about them is new.
    """
    old = find_definitions(connection, [number])[number]
    trace = Trace(now, changed_by)
    values = {**_definition_values(definition), "changed_by": changed_by, "updated_at": now}
    is_meant = coupon_definition.c.definition_id == number
    connection.execute(update(coupon_definition).where(is_meant).values(values))
    for table in (coupon_rule, coupon_modifier):
        connection.execute(delete(table).where(table.c.definition_id == number))
    old_modifiers = {modifier.modifier_id: modifier for modifier in old.modifiers}
    _add_modifiers(connection, number, definition.modifiers, old_modifiers, trace)
    old_rules = {rule.rule_id: rule for rule in _with_descendants(old.rules)}
    _add_rules(connection, number, definition.rules, old_rules, trace)


def find_definition(connection: Connection, reference: str) -> StoredDefinition | None:
    """A definition by its reference."""
    found = _find(connection, coupon_definition.c.reference == reference)
    return found[0] if found else None


def find_definitions(
    connection: Connection, numbers: Collection[int]
) -> dict[int, CouponDefinition]:
    """Definitions by their numbers; each has the same modifiers and rules in the same order."""
    found = _with_parts(connection, _NUMBERED.rows(connection, numbers))
    return {stored.number: stored.definition for stored in found}


def list_definitions(
    connection: Connection, customer_id: int, *, includes_retired: bool, offset: int, limit: int
) -> list[CouponDefinition]:
    """Definitions of a customer, the oldest first."""
    conditions = [coupon_definition.c.customer_id == customer_id]
    if not includes_retired:
        conditions.append(coupon_definition.c.state != LifeState.DELETED.value)
    found = _find(connection, *conditions, offset=offset, limit=limit)
    return [stored.definition for stored in found]


def is_of_simple_coupon(connection: Connection, number: int) -> bool:
    """Whether the definition is what a simple coupon discounts."""
    is_meant = parent_coupon.c.definition_id == number
    return connection.execute(select(parent_coupon.c.coupon_id).where(is_meant)).first() is not None


def lock_definition(connection: Connection, reference: str, *, is_shared: bool) -> None:
    """Let nobody change the definition until the commit; what is decided on is read afterwards.

    Args:
        connection: A transaction that writes.
        reference: Of the definition; one that does not exist is passed over.
        is_shared: Whether others may have it so as well, who only use it.
    """
    statement = select(coupon_definition.c.definition_id).where(
        coupon_definition.c.reference == reference
    )
    # What points to the definition need not wait: its number stays.
    locked = statement.with_for_update(read=is_shared, key_share=not is_shared)
    connection.execute(locked)


def _find(
    connection: Connection,
    *conditions: ColumnElement[bool],
    offset: int = 0,
    limit: int | None = None,
) -> list[StoredDefinition]:
    statement = _DEFINITIONS.where(*conditions).offset(offset).limit(limit)
    return _with_parts(connection, connection.execute(statement).all())


def _with_parts(connection: Connection, rows: Sequence[Any]) -> list[StoredDefinition]:
    numbers = [row.definition_id for row in rows]
    modifiers = defaultdict(list)
    for row in _MODIFIERS.rows(connection, numbers):
        modifiers[row.definition_id].append(modifier_of(row))
    rules = defaultdict(list)
    for row in _RULES.rows(connection, numbers):
        rules[row.definition_id].append(row)
    return [
        StoredDefinition(
            row.definition_id,
            _definition_of(
                row, tuple(modifiers[row.definition_id]), _rules_of(rules[row.definition_id])
            ),
        )
        for row in rows
    ]


def _definition_values(definition: CouponDefinition) -> dict[str, Any]:
    period = definition.instance_duration_period
    return {
        "crm_id": definition.crm_id,
        "name": definition.name,
        "description": definition.description,
        "customer_code": definition.customer_code,
        "target": definition.target.value,
        "currency_code": definition.currency_code,
        "valid_from": definition.valid_from,
        "valid_till": definition.valid_till,
        "instance_duration": definition.instance_duration,
        "instance_duration_period": None if period is None else period.value,
        "fixed_end_date": definition.fixed_end_date,
        "state": definition.state.value,
    }


def _definition_of(
    row: Row[Any], modifiers: tuple[Modifier, ...], rules: tuple[CouponRule, ...]
) -> CouponDefinition:
    period = row.instance_duration_period
    return CouponDefinition(
        definition_id=row.reference,
        customer_id=row.customer_id,
        crm_id=row.crm_id,
        name=row.name,
        description=row.description,
        customer_code=row.customer_code,
        target=DefinitionTarget(row.target),
        currency_code=row.currency_code,
        valid_from=row.valid_from,
        valid_till=row.valid_till,
        instance_duration=row.instance_duration,
        instance_duration_period=None if period is None else Period(period),
        fixed_end_date=row.fixed_end_date,
        state=LifeState(row.state),
        modifiers=modifiers,
        rules=rules,
        trace=trace_of(row),
    )


def _add_modifiers(
    connection: Connection,
    number: int,
    modifiers: Iterable[Modifier],
    old: Mapping[str | None, Modifier],
    trace: Trace,
) -> None:
    rows = [
        {
            "reference": references.given_or_drawn(modifier.modifier_id, references.MODIFIER),
            "definition_id": number,
            "place": place,
            **_modifier_values(modifier),
            **trace_values(_trace_after(modifier, old.get(modifier.modifier_id), trace)),
        }
        for place, modifier in enumerate(modifiers)
    ]
    if rows:
        connection.execute(insert(coupon_modifier), rows)


def _modifier_values(modifier: Modifier) -> dict[str, Any]:
    return {
        "effect_amount": modifier.effect_amount,
        "operand": modifier.operand.value,
        "effect": modifier.effect.value,
        "is_additional": modifier.is_additional,
        "specifier_amount": modifier.specifier_amount,
        "domain": modifier.domain.value,
        "specifier": modifier.specifier,
        "precedence": modifier.precedence,
        "unit_of_measure": modifier.unit_of_measure,
        "is_deleted": modifier.is_deleted,
    }


def modifier_of(row: Row[Any]) -> Modifier:
    """The modifier in a row of its table."""
    return Modifier(
        modifier_id=row.reference,
        effect_amount=row.effect_amount,
        operand=Operand(row.operand),
        effect=Effect(row.effect),
        is_additional=row.is_additional,
        specifier_amount=row.specifier_amount,
        domain=ModifierDomain(row.domain),
        specifier=row.specifier,
        precedence=row.precedence,
        unit_of_measure=row.unit_of_measure,
        is_deleted=row.is_deleted,
        trace=trace_of(row),
    )


def _add_rules(
    connection: Connection,
    number: int,
    rules: Iterable[CouponRule],
    old: Mapping[str | None, CouponRule],
    trace: Trace,
) -> None:
    """Insert rules, one after the other, as a child must know the number of its parent."""
    left: list[tuple[CouponRule, int | None]] = [(rule, None) for rule in reversed([*rules])]
    place = 0
    while left:
        rule, parent = left.pop()
        values = {
            "reference": references.given_or_drawn(rule.rule_id, references.RULE),
            "definition_id": number,
            "parent_rule_id": parent,
            "place": place,
            **_rule_values(rule),
            **trace_values(_trace_after(rule, old.get(rule.rule_id), trace)),
        }
        rule_number = new_id(connection.execute(insert(coupon_rule).values(values)))
        left.extend((child, rule_number) for child in reversed(rule.children))
        place += 1


def _rule_values(rule: CouponRule) -> dict[str, Any]:
    return {
        "subject": rule.subject.value,
        "polarity": rule.polarity.value,
        "preposition": rule.preposition.value,
        "parameter": rule.parameter,
        "object": rule.object.value,
        "strategy": rule.strategy.value,
        "specifier": rule.specifier,
        "is_deleted": rule.is_deleted,
    }


def _rules_of(rows: Iterable[Row[Any]]) -> tuple[CouponRule, ...]:
    """The rules at the top, with their children."""
    by_parent = defaultdict(list)
    for row in rows:
        by_parent[row.parent_rule_id].append(row)
    return _rules_beneath(None, by_parent)


def _rules_beneath(
    parent: int | None, by_parent: Mapping[int | None, list[Row[Any]]]
) -> tuple[CouponRule, ...]:
    return tuple(
        _rule_of(row, _rules_beneath(row.rule_id, by_parent)) for row in by_parent.get(parent, ())
    )


def _rule_of(row: Row[Any], children: tuple[CouponRule, ...]) -> CouponRule:
    return CouponRule(
        rule_id=row.reference,
        subject=Subject(row.subject),
        polarity=Polarity(row.polarity),
        preposition=Preposition(row.preposition),
        parameter=row.parameter,
        object=RuleObject(row.object),
        strategy=ValidationStrategy(row.strategy),
        specifier=row.specifier,
        is_deleted=row.is_deleted,
        children=children,
        trace=trace_of(row),
    )


def _trace_after(new: _Part, old: _Part | None, trace: Trace) -> Trace:
    """The trace of a modifier or rule when the definition was given it."""
    is_same = old is not None and _content(new) == _content(old)
    return trace_of_part(old.trace if old else None, trace, is_same=is_same)


def _content(part: Modifier | CouponRule) -> dict[str, Any]:
    """What is said of a modifier or rule itself, its children left out."""
    return _modifier_values(part) if isinstance(part, Modifier) else _rule_values(part)


def _with_descendants(rules: Iterable[CouponRule]) -> Iterator[CouponRule]:
    for rule in rules:
        yield rule
        yield from _with_descendants(rule.children)
