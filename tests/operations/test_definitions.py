"""Coupon definitions: stored whole, changed as a whole, and only while nobody was promised them."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.domain.coupon_instances import InstanceTarget
from service.domain.coupon_rules import CouponRule, Polarity, Preposition, RuleObject, Subject
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
from service.domain.discount_errors import DISCOUNT_INVALID, STATE_INVALID
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_NOT_FOUND,
    ENTITY_NOT_EXISTENT,
    NAME_TAKEN,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PAGING_INVALID,
)
from service.domain.pages import PageWanted
from service.domain.roles import Role
from service.domain.traces import Trace
from service.operations.coupon_books import add_book_definition
from service.operations.coupon_instances import (
    InstanceQuery,
    add_instance,
    get_instance,
    list_instances,
    retire_instance,
    update_instance,
)
from service.operations.definitions import (
    add_definition,
    get_definition,
    list_definitions,
    retire_definition,
    update_definition,
)
from service.operations.subscription_coupons import apply_coupon
from tests.operations.faults import require_all_or_nothing
from tests.operations.handed_out import HALF, NEW_CUSTOMERS, book_definition, definition, stock
from tests.operations.simple_coupons import new_coupon, subscription
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Clock, Programme, member, utc

FIRST_UNITS = Modifier(
    modifier_id="CMD-1",
    effect_amount=Decimal("12.345678"),
    operand=Operand.INSTANCE_FIXED,
    effect=Effect.FIRST_UNITS,
    is_additional=True,
    specifier_amount=7,
    domain=ModifierDomain.UNIT_OF_MEASURE,
    specifier="seats",
    precedence=-3,
    unit_of_measure="seats",
    is_deleted=True,
)
LEAF = CouponRule(
    rule_id="CRL-2",
    subject=Subject.CURRENT_SUBSCRIPTION,
    polarity=Polarity.DOES_NOT,
    preposition=Preposition.GREATER_THAN_OR_EQUAL_TO,
    parameter="10",
    object=RuleObject.UNIT_OF_MEASURE,
    strategy=NEW_CUSTOMERS.strategy,
    specifier="seats",
    is_deleted=True,
)
EITHER = CouponRule(
    rule_id="CRL-1",
    subject=Subject.CHILD_RULES,
    preposition=Preposition.GREATER_THAN,
    parameter="0",
    object=RuleObject.SATISFACTION,
    strategy=NEW_CUSTOMERS.strategy,
    children=(replace(LEAF, rule_id="CRL-3"), LEAF),
)


def full(customer_id: int) -> CouponDefinition:
    """A definition in which nothing is left out."""
    return CouponDefinition(
        definition_id="CDF-1",
        customer_id=customer_id,
        crm_id="crm 1",
        name="Half",
        description="Half\nthe price",
        customer_code="ACME",
        target=DefinitionTarget.ACCOUNT,
        currency_code="EUR",
        valid_from=START,
        valid_till=utc(2027, 1, 1),
        instance_duration=3,
        instance_duration_period=Period.MONTHS,
        fixed_end_date=utc(2028, 1, 1),
        state=LifeState.DEVELOPMENT,
        modifiers=(FIRST_UNITS, replace(HALF, modifier_id="CMD-0")),
        rules=(EITHER, replace(NEW_CUSTOMERS, rule_id="CRL-0")),
    )


def traced(rule: CouponRule, trace: Trace) -> CouponRule:
    """The rule and its children with the trace."""
    children = tuple(traced(child, trace) for child in rule.children)
    return replace(rule, trace=trace, children=children)


def as_stored(said: CouponDefinition, trace: Trace) -> CouponDefinition:
    """What is answered for a definition whose every Id was given."""
    modifiers = tuple(replace(modifier, trace=trace) for modifier in said.modifiers)
    rules = tuple(traced(rule, trace) for rule in said.rules)
    return replace(said, trace=trace, modifiers=modifiers, rules=rules)


def without_names(found: CouponDefinition) -> CouponDefinition:
    """A definition without Ids and traces."""
    nameless = [replace(modifier, modifier_id=None, trace=None) for modifier in found.modifiers]
    rules = [replace(rule, rule_id=None, trace=None) for rule in found.rules]
    return replace(
        found, definition_id=None, trace=None, modifiers=tuple(nameless), rules=tuple(rules)
    )


def test_a_full_definition_comes_back_equal(programme: Programme, owner: int) -> None:
    said = full(owner)
    added = add_definition(programme.call(), said)
    assert added == as_stored(said, Trace(START, 0))
    assert get_definition(programme.call(), "CDF-1") == added
    action, entity, _, after = last_entry(programme)
    assert (action, entity) == ("add", "definition")
    assert isinstance(after, dict)
    assert after["modifiers"][0]["effect_amount"] == "12.345678"
    assert after["rules"][0]["children"][1]["rule_id"] == "CRL-2"


def test_a_sparse_definition_comes_back_equal_with_names_of_its_own(
    programme: Programme, owner: int
) -> None:
    said = definition(owner, rules=(NEW_CUSTOMERS,))
    first, second = (add_definition(programme.call(), said) for _ in range(2))
    assert without_names(first) == without_names(second) == said
    for prefix, one, other in (
        ("CDF-", first.definition_id, second.definition_id),
        ("CMD-", first.modifiers[0].modifier_id, second.modifiers[0].modifier_id),
        ("CRL-", first.rules[0].rule_id, second.rules[0].rule_id),
    ):
        assert one is not None
        assert one.startswith(prefix)
        assert len(one) == 20
        assert one != other


def test_an_update_is_of_the_whole_definition(
    programme: Programme, owner: int, clock: Clock
) -> None:
    old = add_definition(programme.call(), full(owner))
    clock.move(days=1)
    new = replace(
        definition(owner, definition_id="CDF-1", currency_code="USD"),
        modifiers=(replace(FIRST_UNITS, precedence=9), HALF),
        rules=(replace(EITHER, children=(LEAF, NEW_CUSTOMERS)),),
    )
    found = update_definition(programme.call(member(owner)), new)
    assert get_definition(programme.call(), "CDF-1") == found
    assert found.trace == Trace(START, 7, clock())
    assert without_names(found) == without_names(
        replace(
            new,
            # Said again in its place without an Id, it is the one that it was.
            rules=(replace(found.rules[0], trace=None),),
        )
    )
    assert found.modifiers[0] == replace(FIRST_UNITS, precedence=9, trace=Trace(START, 7, clock()))
    assert found.modifiers[1] == old.modifiers[1]
    leaf, added = found.rules[0].children
    assert leaf == traced(LEAF, Trace(START, 0))
    assert added == replace(NEW_CUSTOMERS, rule_id=added.rule_id, trace=Trace(clock(), 7))
    # Of the rule itself nothing is new.
    assert found.rules[0].trace == Trace(START, 0)


def attach(programme: Programme, owner: int, account: int, definition_id: str) -> None:
    """Attach an instance of the definition to the account."""
    target = {"target": InstanceTarget.ACCOUNT, "target_id": str(account)}
    add_instance(programme.call(), stock(owner, definition_id, **target))


@pytest.mark.parametrize(
    "changes",
    [
        {"currency_code": "USD"},
        {"modifiers": (HALF, HALF)},
        {"modifiers": ()},
        {"modifiers": (replace(HALF, effect_amount=Decimal(51)),)},
        {"rules": (NEW_CUSTOMERS,)},
    ],
)
def test_what_was_promised_is_changed_only_in_stock(
    programme: Programme, owner: int, account: int, changes: dict[str, Any]
) -> None:
    call = programme.call()
    add_definition(call, definition(owner, definition_id="D"))
    add_instance(call, stock(owner, "D"))
    new = definition(owner, definition_id="D", **changes)
    assert without_names(update_definition(call, new)) == without_names(new)
    update_definition(call, definition(owner, definition_id="D"))
    attach(programme, owner, account, "D")
    assert refusal(programme, lambda: update_definition(call, new)) is STATE_INVALID
    harmless = definition(owner, definition_id="D", name="Other", valid_till=utc(2027, 1, 1))
    assert update_definition(call, harmless).name == "Other"


def test_a_retired_definition_stays_as_it_is(
    programme: Programme, owner: int, clock: Clock
) -> None:
    call = programme.call()
    old = add_definition(call, definition(owner, definition_id="D"))
    clock.move(hours=1)
    retired = retire_definition(programme.call(), "D")
    trace = Trace(START, 0, clock())
    assert retired == replace(old, state=LifeState.DELETED, trace=trace)
    said = {"state": "deleted"}
    assert last_entry(programme)[:2] + last_entry(programme)[3:] == ("retire", "definition", said)
    clock.move(hours=1)
    assert retire_definition(programme.call(), "D") == retired
    assert refusal(programme, lambda: update_definition(call, old)) is STATE_INVALID


def test_definitions_are_listed_page_by_page(programme: Programme, owner: int) -> None:
    call = programme.call()
    stranger = programme.customer()
    for name in ("A", "B", "C"):
        add_definition(call, definition(owner, definition_id=name))
    add_definition(call, definition(stranger, definition_id="D"))
    retire_definition(call, "B")

    def names(**page: int) -> tuple[list[str | None], bool]:
        found = list_definitions(call, owner, PageWanted(**page))
        return [one.definition_id for one in found.items], found.has_more

    assert names() == (["A", "B", "C"], False)
    assert names(size=2) == (["A", "B"], True)
    assert names(index=1, size=2) == (["C"], False)
    found = list_definitions(call, owner, PageWanted(size=2), includes_retired=False)
    assert [one.definition_id for one in found.items] == ["A", "C"]
    assert not found.has_more
    assert refusal(programme, lambda: names(size=0)) is PAGING_INVALID
    kim = programme.call(member(stranger))
    assert refusal(programme, lambda: list_definitions(kim, owner, PageWanted())) is NOT_AUTHORIZED


WRONG: list[dict[str, Any]] = [
    {"name": " "},
    {"name": "x" * 256},
    {"definition_id": "x" * 65},
    {"definition_id": " D"},
    {"currency_code": "XXX"},
    {"modifiers": (replace(HALF, effect_amount=Decimal(101)),)},
    {"modifiers": (replace(HALF, effect_amount=Decimal("0.0000001")),)},
    {"modifiers": (replace(HALF, precedence=2**31),)},
    {"modifiers": (replace(HALF, specifier="x" * 256),)},
    {"rules": (replace(NEW_CUSTOMERS, parameter="many"),)},
    {"rules": (replace(NEW_CUSTOMERS, parameter="1" * 256),)},
    {"rules": (replace(EITHER, children=()),)},
    {"valid_till": utc(2026, 2, 28)},
    {"instance_duration": 1},
]


def test_what_cannot_be_a_definition_is_refused(programme: Programme, owner: int) -> None:
    call = programme.call()
    for changes in WRONG:
        wrong = definition(owner, **changes)
        assert refusal(programme, lambda: add_definition(call, wrong)) is DISCOUNT_INVALID, changes  # noqa: B023


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"definition_id": None}, NULL_PARAMETER),
        ({"definition_id": "E"}, ENTITY_NOT_EXISTENT),
        ({"customer_id": 10**9}, DISCOUNT_INVALID),
        ({"modifiers": (HALF, replace(HALF, modifier_id="taken"))}, NAME_TAKEN),
        ({"modifiers": (replace(HALF, modifier_id="M"),) * 2}, NAME_TAKEN),
        ({"rules": (replace(NEW_CUSTOMERS, rule_id="taken"),)}, NAME_TAKEN),
    ],
)
def test_an_update_that_cannot_be_is_refused(
    programme: Programme, owner: int, changes: dict[str, Any], row: ErrorRow
) -> None:
    call = programme.call()
    add_definition(call, definition(owner, definition_id="D"))
    other = replace(HALF, modifier_id="taken")
    rule = replace(NEW_CUSTOMERS, rule_id="taken")
    add_definition(
        call, definition(owner, definition_id="taken", modifiers=(other,), rules=(rule,))
    )
    new = replace(definition(owner, definition_id="D"), **changes)
    assert refusal(programme, lambda: update_definition(call, new)) is row


def test_a_name_is_taken_for_good(programme: Programme, owner: int) -> None:
    call = programme.call()
    add_definition(call, definition(owner, definition_id="D"))
    retire_definition(call, "D")
    again = definition(programme.customer(), definition_id="D")
    assert refusal(programme, lambda: add_definition(call, again)) is NAME_TAKEN
    nobodys = definition(10**9)
    assert refusal(programme, lambda: add_definition(call, nobodys)) is ENTITY_NOT_EXISTENT


@pytest.mark.parametrize("role", [Role.READ_ONLY, None])
def test_only_who_may_write_changes_definitions(
    programme: Programme, owner: int, role: Role | None
) -> None:
    stored = add_definition(programme.call(), definition(owner, definition_id="D"))
    stranger = programme.customer()
    kim = programme.call(member(owner, role) if role else member(stranger))
    actions: list[Callable[[], object]] = [
        lambda: add_definition(kim, definition(owner)),
        lambda: update_definition(kim, stored),
        lambda: retire_definition(kim, "D"),
        lambda: get_definition(kim, "E"),
    ]
    if role is None:
        actions.append(lambda: get_definition(kim, "D"))
    else:
        assert get_definition(kim, "D") == stored
    for action in actions:
        assert refusal(programme, action) is NOT_AUTHORIZED


def test_a_change_has_its_whole_effect_or_none(programme: Programme, owner: int) -> None:
    call = programme.call()
    said = definition(owner, definition_id="D", rules=(NEW_CUSTOMERS,))
    require_all_or_nothing(programme, lambda: add_definition(call, said))
    new = replace(said, modifiers=(FIRST_UNITS,))
    require_all_or_nothing(programme, lambda: update_definition(call, new))


def test_what_is_beneath_a_simple_coupon_is_seen_and_left_alone(
    programme: Programme, owner: int, account: int
) -> None:
    call = programme.call()
    new_coupon(programme, owner)
    apply_coupon(call, subscription(programme, account), "SUMMER")
    (beneath,) = list_definitions(call, owner, PageWanted()).items
    reference = str(beneath.definition_id)
    assert get_definition(call, reference) == beneath
    (claim,) = list_instances(call, InstanceQuery(customer_id=owner), PageWanted()).items
    assert (claim.definition_id, claim.parent_code) == (reference, "SUMMER")
    name = str(claim.instance_id)
    assert get_instance(call, instance_id=name) == claim
    for action in (
        lambda: update_definition(call, beneath),
        lambda: retire_definition(call, reference),
        lambda: add_book_definition(call, book_definition(owner, reference)),
        lambda: add_instance(call, stock(owner, reference)),
        lambda: update_instance(call, claim),
        lambda: retire_instance(call, name),
    ):
        assert refusal(programme, action) is STATE_INVALID
    # Its code is not its own.
    assert refusal(programme, lambda: get_instance(call, coupon_code="SUMMER")) is COUPON_NOT_FOUND
