"""Kinds of coupon books: added, changed, listed, retired."""

from dataclasses import replace

from sqlalchemy import Connection

from service.domain.coupon_books import BookDefinition
from service.domain.definitions import LifeState
from service.domain.discount_errors import DISCOUNT_INVALID, STATE_INVALID
from service.domain.errors import ENTITY_NOT_EXISTENT, NAME_TAKEN, NULL_PARAMETER
from service.domain.pages import Page, PageWanted
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.definitions import keep_definition
from service.operations.object_changes import change_of
from service.operations.owned import require_owned
from service.operations.pages import page_of, require_page
from service.storage import audit, coupon_books
from service.storage.coupon_books import StoredBookDefinition
from service.storage.discount_tables import coupon_book_definition, coupon_definition
from service.storage.references import find_references

ENTITY = "book definition"


def add_book_definition(call: Call, new: BookDefinition) -> BookDefinition:
    """Add a kind of books of a definition; answers it with what was filled in.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``EntityNotExistent`` (definition),
            ``DiscountInvalid``, ``StateInvalid`` (the definition is retired, or of a simple
            coupon) or ``NameTaken`` (Id).
    """
    call.caller.require_write(new.customer_id)
    new.require_valid()

    def attempt(connection: Connection) -> BookDefinition:
        stored = keep_definition(connection, call, new.definition_id)
        require_same_customer(new.customer_id, stored.definition.customer_id)
        if stored.definition.state is LifeState.DELETED:
            raise ServiceError(STATE_INVALID, f"definition {new.definition_id} is retired")
        given = [new.book_definition_id] if new.book_definition_id else []
        if find_references(connection, coupon_book_definition, given):
            raise ServiceError(NAME_TAKEN, f"Id {new.book_definition_id}")
        number = coupon_books.add_book_definition(
            connection, new, stored.number, call.caller.user_id, call.now
        )
        return _log(connection, call, "add", number, None)

    return decide(call.database, attempt)


def update_book_definition(call: Call, new: BookDefinition) -> BookDefinition:
    """Give a kind of books all of what is said; answers it.

    Everything can be changed but the customer and the definition: sizes hold for books that
    are added or given another size from now on, the window for coupons that are put into
    effect from now on. A kind that is retired stays as it is.

    Raises:
        ServiceError: ``NullParameter`` (Id), ``UserIsNotAuthorized``, ``EntityNotExistent``,
            ``DiscountInvalid`` or ``StateInvalid``.
    """
    reference = new.book_definition_id
    if not reference:
        raise ServiceError(NULL_PARAMETER, "Id")
    new.require_valid()

    def attempt(connection: Connection) -> BookDefinition:
        stored = _lock(connection, call, reference)
        old = stored.book_definition
        require_same_customer(new.customer_id, old.customer_id)
        if new.definition_id != old.definition_id:
            raise ServiceError(DISCOUNT_INVALID, "CouponDefinitionID cannot be changed")
        if old.state is LifeState.DELETED:
            raise ServiceError(STATE_INVALID, f"book definition {reference} is retired")
        return _replace(connection, call, "update", stored, new)

    return decide(call.database, attempt)


def retire_book_definition(call: Call, book_definition_id: str) -> BookDefinition:
    """Retire a kind: it gets no books any more, and no coupon of its books is put into effect.

    Coupons that are in effect go on. One that is retired already is answered as it is.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``EntityNotExistent``.
    """

    def attempt(connection: Connection) -> BookDefinition:
        stored = _lock(connection, call, book_definition_id)
        old = stored.book_definition
        if old.state is LifeState.DELETED:
            return old
        return _replace(connection, call, "retire", stored, replace(old, state=LifeState.DELETED))

    return decide(call.database, attempt)


def get_book_definition(call: Call, book_definition_id: str) -> BookDefinition:
    """A kind of books.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``EntityNotExistent``.
    """
    with call.database.reading() as connection:
        return _require(connection, call, book_definition_id, is_change=False).book_definition


def list_book_definitions(
    call: Call,
    customer_id: int,
    page: PageWanted,
    *,
    definition_id: str | None = None,
    includes_retired: bool = True,
) -> Page[BookDefinition]:
    """The kinds of books of a customer, the oldest first.

    Args:
        call: Whose call it is.
        customer_id: Whose kinds.
        page: Which page.
        definition_id: Only kinds of this definition; none, when there is no such definition.
        includes_retired: Whether kinds that are retired are there as well.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(customer_id)
    require_page(page)
    conditions = [coupon_book_definition.c.customer_id == customer_id]
    if definition_id is not None:
        conditions.append(coupon_definition.c.reference == definition_id)
    if not includes_retired:
        conditions.append(coupon_book_definition.c.state != LifeState.DELETED.value)
    with call.database.reading() as connection:
        found = coupon_books.find_book_definitions(
            connection, *conditions, offset=page.offset, limit=page.size + 1
        )
    return page_of([stored.book_definition for stored in found], page)


def keep_book_definition(
    connection: Connection, call: Call, book_definition_id: str
) -> StoredBookDefinition:
    """A kind of books to make something of, which nobody changes before the commit.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``EntityNotExistent``.
    """
    coupon_books.lock_book_definition(connection, book_definition_id, is_shared=True)
    return _require(connection, call, book_definition_id, is_change=True)


def require_same_customer(said: int, owner: int) -> None:
    """Refuse what is said to be of another customer than what it belongs to.

    Raises:
        ServiceError: ``DiscountInvalid``.
    """
    if said != owner:
        text = f"OrganizationID {said} is not that of what it belongs to, {owner}"
        raise ServiceError(DISCOUNT_INVALID, text)


def _require(
    connection: Connection, call: Call, book_definition_id: str, *, is_change: bool
) -> StoredBookDefinition:
    stored = coupon_books.find_book_definition(connection, book_definition_id)
    owner = stored.book_definition.customer_id if stored else None
    text = f"book definition {book_definition_id}"
    require_owned(call, owner, text, is_change=is_change)
    if stored is None:
        raise ServiceError(ENTITY_NOT_EXISTENT, text)
    return stored


def _lock(connection: Connection, call: Call, book_definition_id: str) -> StoredBookDefinition:
    coupon_books.lock_book_definition(connection, book_definition_id, is_shared=False)
    return _require(connection, call, book_definition_id, is_change=True)


def _replace(
    connection: Connection,
    call: Call,
    action: str,
    old: StoredBookDefinition,
    new: BookDefinition,
) -> BookDefinition:
    user_id = call.caller.user_id
    coupon_books.replace_book_definition(connection, old.number, new, user_id, call.now)
    return _log(connection, call, action, old.number, old.book_definition)


def _log(
    connection: Connection, call: Call, action: str, number: int, before: BookDefinition | None
) -> BookDefinition:
    is_meant = coupon_book_definition.c.book_definition_id == number
    after = coupon_books.find_book_definitions(connection, is_meant)[0].book_definition
    audit.append(connection, call.author, [change_of(action, ENTITY, number, before, after)])
    return after
