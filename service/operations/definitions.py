"""Coupon definitions: added, changed, listed, retired."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, repeat

from sqlalchemy import Connection, Table

from service.domain.coupon_rules import CouponRule
from service.domain.definitions import CouponDefinition, LifeState, Modifier
from service.domain.discount_errors import DISCOUNT_INVALID, STATE_INVALID
from service.domain.errors import ENTITY_NOT_EXISTENT, NAME_TAKEN, NULL_PARAMETER
from service.domain.pages import Page, PageWanted
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.object_changes import change_of
from service.operations.owned import require_owned
from service.operations.pages import page_of, require_page
from service.storage import accounts, audit, coupon_instances, definitions
from service.storage.definitions import StoredDefinition
from service.storage.discount_tables import coupon_definition, coupon_modifier, coupon_rule
from service.storage.references import find_references

ENTITY = "definition"


def add_definition(call: Call, new: CouponDefinition) -> CouponDefinition:
    """Add a definition with its modifiers and rules; answers it with what was filled in.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``EntityNotExistent`` (customer),
            ``DiscountInvalid`` or ``NameTaken`` (an Id, also of a modifier or rule).
    """
    call.caller.require_write(new.customer_id)
    new.require_valid()

    def attempt(connection: Connection) -> CouponDefinition:
        if not accounts.customer_exists(connection, new.customer_id):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"customer {new.customer_id}")
        _require_free_references(connection, new, None)
        user_id = call.caller.user_id
        number = definitions.add_definition(connection, new, user_id, call.now)
        added = definitions.find_definitions(connection, [number])[number]
        audit.append(connection, call.author, [change_of("add", ENTITY, number, None, added)])
        return added

    return decide(call.database, attempt)


def update_definition(call: Call, new: CouponDefinition) -> CouponDefinition:
    """Give a definition all of what is said; answers it.

    What is not said is gone: also a modifier or a rule that is left out. One that is said
    again without its Id, unchanged and in the same place, keeps it.

    Currency, modifiers and rules are what was promised to whoever has an instance: they can
    be changed only while no instance was ever attached. Everything else can be changed at any
    time, and holds for instances that are put into effect from now on. The customer stays. A
    definition that is retired stays as it is, and one of a simple coupon likewise.

    Raises:
        ServiceError: ``NullParameter`` (Id), ``UserIsNotAuthorized``, ``EntityNotExistent``,
            ``DiscountInvalid``, ``StateInvalid`` or ``NameTaken`` (the Id of a modifier or
            rule).
    """
    reference = new.definition_id
    if not reference:
        raise ServiceError(NULL_PARAMETER, "Id")
    new.require_valid()

    def attempt(connection: Connection) -> CouponDefinition:
        stored = _require_changeable(connection, call, reference)
        old = stored.definition
        if old.state is LifeState.DELETED:
            raise ServiceError(STATE_INVALID, f"definition {reference} is retired")
        if new.customer_id != old.customer_id:
            raise ServiceError(DISCOUNT_INVALID, "OrganizationID cannot be changed")
        said = _named_as_before(new, old)
        if not _has_same_terms(said, old) and coupon_instances.is_attached_definition(
            connection, stored.number
        ):
            text = f"an instance of definition {reference} is attached: Currency, Modifiers"
            raise ServiceError(STATE_INVALID, f"{text} and Rules stay as they are")
        _require_free_references(connection, said, old)
        return _replace(connection, call, "update", stored, said)

    return decide(call.database, attempt)


def retire_definition(call: Call, definition_id: str) -> CouponDefinition:
    """Retire a definition: none of its instances is put into effect any more; answers it.

    Those that are in effect go on. One that is retired already is answered as it is.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``EntityNotExistent`` or ``StateInvalid`` (it is
            of a simple coupon, which is retired by its code).
    """

    def attempt(connection: Connection) -> CouponDefinition:
        stored = _require_changeable(connection, call, definition_id)
        if stored.definition.state is LifeState.DELETED:
            return stored.definition
        retired = replace(stored.definition, state=LifeState.DELETED)
        return _replace(connection, call, "retire", stored, retired)

    return decide(call.database, attempt)


def get_definition(call: Call, definition_id: str) -> CouponDefinition:
    """A definition, also one of a simple coupon.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``EntityNotExistent``.
    """
    with call.database.reading() as connection:
        return require_definition(connection, call, definition_id, is_change=False).definition


def list_definitions(
    call: Call, customer_id: int, page: PageWanted, *, includes_retired: bool = True
) -> Page[CouponDefinition]:
    """The definitions of a customer, the oldest first, those of simple coupons among them.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(customer_id)
    require_page(page)
    with call.database.reading() as connection:
        found = definitions.list_definitions(
            connection,
            customer_id,
            includes_retired=includes_retired,
            offset=page.offset,
            limit=page.size + 1,
        )
    return page_of(found, page)


def require_definition(
    connection: Connection, call: Call, definition_id: str, *, is_change: bool
) -> StoredDefinition:
    """A definition that the caller may know of, or change.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or, for operators, ``EntityNotExistent``.
    """
    stored = definitions.find_definition(connection, definition_id)
    owner = stored.definition.customer_id if stored else None
    require_owned(call, owner, f"definition {definition_id}", is_change=is_change)
    if stored is None:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"definition {definition_id}")
    return stored


def keep_definition(connection: Connection, call: Call, definition_id: str) -> StoredDefinition:
    """A definition to make something of, which nobody changes before the commit.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``EntityNotExistent`` or ``StateInvalid`` (it is
            of a simple coupon, whose claims are its only instances).
    """
    definitions.lock_definition(connection, definition_id, is_shared=True)
    stored = require_definition(connection, call, definition_id, is_change=True)
    _require_not_simple(connection, stored)
    return stored


def _require_changeable(connection: Connection, call: Call, definition_id: str) -> StoredDefinition:
    definitions.lock_definition(connection, definition_id, is_shared=False)
    stored = require_definition(connection, call, definition_id, is_change=True)
    _require_not_simple(connection, stored)
    return stored


def _require_not_simple(connection: Connection, stored: StoredDefinition) -> None:
    if definitions.is_of_simple_coupon(connection, stored.number):
        text = f"definition {stored.definition.definition_id} is of a simple coupon"
        raise ServiceError(STATE_INVALID, text)


def _replace(
    connection: Connection,
    call: Call,
    action: str,
    old: StoredDefinition,
    said: CouponDefinition,
) -> CouponDefinition:
    user_id = call.caller.user_id
    definitions.replace_definition(connection, old.number, said, user_id, call.now)
    new = definitions.find_definitions(connection, [old.number])[old.number]
    change = change_of(action, ENTITY, old.number, old.definition, new)
    audit.append(connection, call.author, [change])
    return new


def _require_free_references(
    connection: Connection, new: CouponDefinition, old: CouponDefinition | None
) -> None:
    """Refuse an Id that something else has; what the old definition has stays its own."""
    before = _references(old) if old else {}
    for table, given in _references(new).items():
        twice = [reference for reference, count in Counter(given).items() if count > 1]
        others = set(given) - set(before.get(table, ()))
        taken = [*twice, *sorted(find_references(connection, table, others))]
        if taken:
            raise ServiceError(NAME_TAKEN, f"Id {taken[0]}")


def _references(definition: CouponDefinition) -> dict[Table, list[str]]:
    given = {
        coupon_definition: [definition.definition_id],
        coupon_modifier: [modifier.modifier_id for modifier in definition.modifiers],
        coupon_rule: [rule.rule_id for rule in _every_rule(definition.rules)],
    }
    return {table: [known for known in names if known] for table, names in given.items()}


def _every_rule(rules: Iterable[CouponRule]) -> Iterator[CouponRule]:
    for rule in rules:
        yield rule
        yield from _every_rule(rule.children)


def _has_same_terms(new: CouponDefinition, old: CouponDefinition) -> bool:
    return (new.currency_code, new.modifiers, new.rules) == (
        old.currency_code,
        old.modifiers,
        old.rules,
    )


def _named_as_before(new: CouponDefinition, old: CouponDefinition) -> CouponDefinition:
    """The definition; what it says again in the same place has its Id and trace again."""
    modifiers = zip(new.modifiers, chain(old.modifiers, repeat(None)))  # noqa: B905 - endless
    return replace(
        new,
        modifiers=tuple(_modifier_as_before(said, before) for said, before in modifiers),
        rules=_rules_as_before(new.rules, old.rules),
    )


def _modifier_as_before(said: Modifier, before: Modifier | None) -> Modifier:
    if before is None:
        return said
    named = replace(said, modifier_id=said.modifier_id or before.modifier_id, trace=before.trace)
    return named if named == before else said


def _rules_as_before(
    said: Iterable[CouponRule], before: Iterable[CouponRule]
) -> tuple[CouponRule, ...]:
    places = zip(said, chain(before, repeat(None)))  # noqa: B905 - endless
    return tuple(_rule_as_before(rule, old) for rule, old in places)


def _rule_as_before(said: CouponRule, before: CouponRule | None) -> CouponRule:
    if before is None:
        return said
    children = _rules_as_before(said.children, before.children)
    named = replace(
        said, rule_id=said.rule_id or before.rule_id, children=children, trace=before.trace
    )
    return named if named == before else replace(said, children=children)
