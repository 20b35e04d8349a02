"""Coupon instances: added, changed, listed, retired."""

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, or_

from service.domain.coupon_instances import CouponInstance, ExistingValue, InstanceTarget
from service.domain.definitions import CouponDefinition, LifeState, end_of_instance
from service.domain.discount_errors import DISCOUNT_INVALID, STATE_INVALID
from service.domain.errors import NAME_TAKEN, NULL_PARAMETER
from service.domain.names import normal_spelling
from service.domain.pages import Page, PageWanted
from service.domain.refusals import ServiceError
from service.operations.attach_instance import (
    Attachment,
    attach_instance,
    find_instance_of_code,
)
from service.operations.attempts import decide
from service.operations.book_definitions import require_same_customer
from service.operations.calls import Call
from service.operations.coupon_books import draw_coupon, require_book, reserve
from service.operations.definitions import keep_definition
from service.operations.instance_effects import (
    Target,
    is_attached_to,
    log,
    parse_account_id,
    require_effect,
    require_free_values,
    require_instance,
    require_target,
    require_usable_kind,
)
from service.operations.names import require_code
from service.operations.pages import page_of, require_page
from service.storage import coupon_instances
from service.storage.coupon_books import StoredBook
from service.storage.coupon_instances import (
    HAS_OWN_CODE,
    IS_ATTACHABLE,
    InstanceKeys,
    StoredInstance,
)
from service.storage.discount_tables import coupon_book, coupon_definition, coupon_instance
from service.storage.party_tables import subscription
from service.storage.references import find_references

__all__ = [
    "Attachment",
    "InstanceQuery",
    "add_instance",
    "attach_instance",
    "get_instance",
    "list_instances",
    "retire_instance",
    "update_instance",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceQuery:
    """Which instances are listed; None asks for any.

    Attributes:
        customer_id: Whose instances, the claims of its simple coupons among them.
        definition_id: Of which definition; none, when there is no such definition.
        book_id: Of which book; likewise.
        target: Attached to what kind of thing; ``NONE`` is stock.
        target_id: The reference of a subscription, or the number of an account.
        is_attachable: Whether they are stock that can be attached.
        has_code: Whether they have a code of their own.
        includes_retired: Whether instances that are retired are there as well.
    """

    customer_id: int
    definition_id: str | None = None
    book_id: str | None = None
    target: InstanceTarget | None = None
    target_id: str | None = None
    is_attachable: bool | None = None
    has_code: bool | None = None
    includes_retired: bool = True


def add_instance(call: Call, new: CouponInstance) -> CouponInstance:
    """Add an instance, to stock or attached; answers it with what was filled in.

    One of a book is drawn of it; its uses are as they are said. One that is attached begins
    when it says; it ends when it says, else as its definition says. What only bills and
    removals tell is that of a new one, whatever is said.

    Raises:
        ServiceError: ``UserIsNotAuthorized``; for operators ``EntityNotExistent`` (definition,
            book, subscription) or ``AccountIdInvalid``. ``DiscountInvalid``, ``StateInvalid``
            (the definition is retired or of a simple coupon), ``NameTaken`` (Id, also of an
            existing value), ``CouponCodeTaken``, ``CouponRetired`` (book) or ``BookEmpty``;
            for one that is attached also what ``attach_instance`` raises.
    """
    call.caller.require_write(new.customer_id)
    new.require_valid()
    said = _with_folded_code(new)

    def attempt(connection: Connection) -> CouponInstance:
        stored = keep_definition(connection, call, said.definition_id)
        definition = stored.definition
        require_same_customer(said.customer_id, definition.customer_id)
        if definition.state is LifeState.DELETED:
            raise ServiceError(STATE_INVALID, f"definition {said.definition_id} is retired")
        _require_free_name(connection, said)
        instance, keys = said, InstanceKeys(definition=stored.number)
        book = _book_of(connection, call, said)
        if said.target is not InstanceTarget.NONE:
            target = _require_effect(connection, call, definition, said, book)
            keys = target.on(keys)
            instance = _with_end(said, definition)
        if book is not None:
            draw_coupon(connection, call, book)
            keys = replace(keys, book=book.number)
        keys = replace(keys, code=reserve(connection, said.coupon_code))
        user_id = call.caller.user_id
        number = coupon_instances.add_instance(connection, instance, keys, user_id, call.now)
        return log(connection, call, "add", number, None)

    return decide(call.database, attempt)


def update_instance(call: Call, new: CouponInstance) -> CouponInstance:
    """Give an instance all of what is said; answers it.

    Customer, definition and book stay. In stock everything else can be changed; saying a
    target attaches the instance, as ``attach_instance`` does: from now on, unless it says
    another date than before. While it is attached, target, code, own amount and existing values
    are what was promised, and stay; CrmID, periods, dates and uses can be corrected.
    RemainingUses is taken as it is said: whoever does not mean to correct it reads the instance
    just before. What only bills and removals tell is never the caller's. An instance that is
    retired stays as it is, and a claim of a simple coupon likewise.

    Raises:
        ServiceError: ``NullParameter`` (Id), ``UserIsNotAuthorized``, ``EntityNotExistent``,
            ``DiscountInvalid``, ``StateInvalid``, ``NameTaken`` (the Id of an existing value)
            or ``CouponCodeTaken``; when it is attached also what ``attach_instance`` raises.
    """
    reference = new.instance_id
    if not reference:
        raise ServiceError(NULL_PARAMETER, "Id")
    new.require_valid()
    said = _with_folded_code(new)

    def attempt(connection: Connection) -> CouponInstance:
        found = require_instance(connection, call, reference, is_change=True)
        definition = keep_definition(connection, call, found.instance.definition_id).definition
        book = _book_of(connection, call, found.instance)
        target = None
        is_stock = found.instance.target is InstanceTarget.NONE
        if is_stock and said.target is not InstanceTarget.NONE:
            # Before the instance is locked, in the order of whoever attaches it otherwise.
            target = _require_effect(connection, call, definition, said, book)
        stored = coupon_instances.lock_instance(connection, found.number)
        _require_changeable(said, stored.instance)
        if stored.instance.target is not InstanceTarget.NONE:
            changed = _change_attached(said, stored)
        else:
            changed = _change_stock(connection, said, stored)
            if target is not None:
                changed = _attach(call, changed, stored.instance, definition, target)
        user_id = call.caller.user_id
        coupon_instances.replace_instance(connection, changed, user_id, call.now)
        return log(connection, call, "update", stored.number, stored.instance)

    return decide(call.database, attempt)


def retire_instance(call: Call, instance_id: str) -> CouponInstance:
    """Retire an instance: it can be attached no more, and its effect ends now; answers it.

    What it has given stays given. One that is retired already is answered as it is.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``EntityNotExistent`` or ``StateInvalid`` (a
            claim of a simple coupon is removed from its subscription instead).
    """

    def attempt(connection: Connection) -> CouponInstance:
        stored = require_instance(connection, call, instance_id, is_change=True)
        if stored.keys.parent is not None:
            text = f"instance {instance_id} is a claim of coupon {stored.instance.parent_code}"
            raise ServiceError(STATE_INVALID, text)
        user_id = call.caller.user_id
        if coupon_instances.retire_instance(connection, stored.number, user_id, call.now):
            return log(connection, call, "retire", stored.number, stored.instance)
        return require_instance(connection, call, instance_id, is_change=True).instance

    return decide(call.database, attempt)


def get_instance(
    call: Call, *, instance_id: str | None = None, coupon_code: str | None = None
) -> CouponInstance:
    """An instance, by its Id or by its own code; by its Id when both are given.

    Raises:
        ServiceError: ``NullParameter`` (neither), ``UserIsNotAuthorized`` or
            ``EntityNotExistent`` (Id); ``CouponNotFound`` (code), the same whether it is of
            others or does not exist, also for codes of simple coupons.
    """
    with call.database.reading() as connection:
        if instance_id:
            return require_instance(connection, call, instance_id, is_change=False).instance
        if not coupon_code:
            raise ServiceError(NULL_PARAMETER, "Id")
        return find_instance_of_code(connection, call, coupon_code, is_change=False).instance


def list_instances(call: Call, query: InstanceQuery, page: PageWanted) -> Page[CouponInstance]:
    """Instances of a customer, in the order in which they were put into effect, or made.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(query.customer_id)
    require_page(page)
    with call.database.reading() as connection:
        found = coupon_instances.find_instances(
            connection, *_conditions(query), offset=page.offset, limit=page.size + 1
        )
    return page_of([stored.instance for stored in found], page)


def _conditions(query: InstanceQuery) -> list[ColumnElement[bool]]:
    conditions = [coupon_instance.c.customer_id == query.customer_id]
    for column, wanted in (
        (coupon_definition.c.reference, query.definition_id),
        (coupon_book.c.reference, query.book_id),
        (coupon_instance.c.target, query.target and query.target.value),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    if query.target_id is not None:
        conditions.append(_is_on(query.target_id))
    for decision, holds in (
        (query.is_attachable, IS_ATTACHABLE),
        (query.has_code, HAS_OWN_CODE),
        (None if query.includes_retired else False, coupon_instance.c.retired_at.is_not(None)),
    ):
        if decision is not None:
            conditions.append(holds if decision else ~holds)
    return conditions


def _is_on(target_id: str) -> ColumnElement[bool]:
    is_on_subscription = subscription.c.reference == normal_spelling(target_id)
    account_id = parse_account_id(target_id)
    if account_id is None:
        return is_on_subscription
    return or_(is_on_subscription, coupon_instance.c.account_id == account_id)


def _with_folded_code(said: CouponInstance) -> CouponInstance:
    code = said.coupon_code
    return said if code is None else replace(said, coupon_code=require_code("CouponCode", code))


def _with_end(instance: CouponInstance, definition: CouponDefinition) -> CouponInstance:
    end = instance.valid_till or end_of_instance(definition, instance.initialised_at)
    return replace(instance, valid_till=end)


def _require_free_name(connection: Connection, said: CouponInstance) -> None:
    if said.instance_id and find_references(connection, coupon_instance, [said.instance_id]):
        raise ServiceError(NAME_TAKEN, f"Id {said.instance_id}")
    require_free_values(connection, said.existing_values)


def _book_of(connection: Connection, call: Call, instance: CouponInstance) -> StoredBook | None:
    """The book that the instance says it is of, which must be of its definition."""
    if not instance.book_id:
        return None
    book = require_book(connection, call, instance.book_id, is_change=True)
    if book.definition_id != instance.definition_id:
        text = f"BookID {instance.book_id} is of definition {book.definition_id}"
        raise ServiceError(DISCOUNT_INVALID, text)
    return book


def _require_effect(
    connection: Connection,
    call: Call,
    definition: CouponDefinition,
    said: CouponInstance,
    book: StoredBook | None,
) -> Target:
    if book is not None:
        require_usable_kind(connection, call, book.book.book_definition_id)
    owner = definition.customer_id
    target = require_target(connection, call, said.target, said.target_id or "", owner)
    require_effect(connection, call, definition, target)
    return target


def _require_changeable(said: CouponInstance, old: CouponInstance) -> None:
    require_same_customer(said.customer_id, old.customer_id)
    if old.retired_at is not None:
        raise ServiceError(STATE_INVALID, f"instance {old.instance_id} is retired")
    for name, is_same in (
        ("CouponDefinitionID", said.definition_id == old.definition_id),
        ("BookID", (said.book_id or None) == old.book_id),
    ):
        if not is_same:
            raise ServiceError(DISCOUNT_INVALID, f"{name} cannot be changed")


def _change_stock(
    connection: Connection, said: CouponInstance, stored: StoredInstance
) -> StoredInstance:
    """What an instance in stock becomes; its target is left as it is."""
    old, keys = stored.instance, stored.keys
    values = said.existing_values
    if _units(values) == _units(old.existing_values):
        values = old.existing_values
    require_free_values(connection, values, old.existing_values)
    if said.coupon_code != old.coupon_code:
        keys = replace(keys, code=reserve(connection, said.coupon_code))
    return StoredInstance(stored.number, keys, replace(said, existing_values=values))


def _attach(
    call: Call,
    changed: StoredInstance,
    old: CouponInstance,
    definition: CouponDefinition,
    target: Target,
) -> StoredInstance:
    """The instance attached: from now on, unless it says another date than before."""
    said = changed.instance
    is_new_date = said.initialised_at != old.initialised_at
    begun = replace(said, initialised_at=said.initialised_at if is_new_date else call.now)
    keys = target.on(changed.keys)
    return StoredInstance(changed.number, keys, _with_end(begun, definition))


def _change_attached(said: CouponInstance, stored: StoredInstance) -> StoredInstance:
    """What an instance that is attached becomes.

    Raises:
        ServiceError: ``StateInvalid``: something is said that stays as it is.
    """
    old = stored.instance
    for name, is_same in (
        ("Target and TargetID", is_attached_to(old, said.target, said.target_id)),
        ("CouponCode", said.coupon_code == old.coupon_code),
        (
            "InstanceDiscountValue",
            said.instance_discount_value == old.instance_discount_value,
        ),
        (
            "CouponInstanceExistingValues",
            _units(said.existing_values) == _units(old.existing_values),
        ),
    ):
        if not is_same:
            text = f"instance {old.instance_id} is attached: {name} cannot be changed"
            raise ServiceError(STATE_INVALID, text)
    kept = replace(said, existing_values=old.existing_values)
    return StoredInstance(stored.number, stored.keys, kept)


def _units(values: tuple[ExistingValue, ...]) -> dict[str, int]:
    return {value.component_id: value.units for value in values}
