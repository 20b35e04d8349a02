"""Coupon books: added, changed, listed, retired, and the coupons that are drawn of them."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from service.domain.codes import fold_code
from service.domain.coupon_books import CouponBook
from service.domain.definitions import LifeState
from service.domain.discount_errors import (
    BOOK_EMPTY,
    COUPON_CODE_TAKEN,
    COUPON_RETIRED,
    DISCOUNT_INVALID,
    STATE_INVALID,
)
from service.domain.errors import (
    COUPON_NOT_FOUND,
    ENTITY_NOT_EXISTENT,
    NAME_TAKEN,
    NULL_PARAMETER,
)
from service.domain.pages import Page, PageWanted
from service.domain.refusals import ServiceError
from service.domain.traces import Trace
from service.operations.attempts import decide
from service.operations.book_definitions import (
    add_book_definition,
    get_book_definition,
    keep_book_definition,
    list_book_definitions,
    require_same_customer,
    retire_book_definition,
    update_book_definition,
)
from service.operations.calls import Call
from service.operations.names import require_code
from service.operations.object_changes import change_of
from service.operations.owned import require_owned
from service.operations.pages import page_of, require_page
from service.storage import audit, coupon_books
from service.storage.coupon_books import StoredBook
from service.storage.discount_codes import reserve_code
from service.storage.discount_tables import coupon_book, coupon_book_definition
from service.storage.references import find_references
from service.storage.tables import coupon

__all__ = [
    "BookQuery",
    "add_book",
    "add_book_definition",
    "draw_coupon",
    "find_book_of_code",
    "get_book",
    "get_book_definition",
    "list_book_definitions",
    "list_books",
    "require_book",
    "reserve",
    "retire_book",
    "retire_book_definition",
    "update_book",
    "update_book_definition",
]
ENTITY = "book"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookQuery:
    """Which books are listed; None asks for any.

    Attributes:
        customer_id: Whose books.
        book_definition_id: Of which kind; none, when there is no such kind.
        is_attachable: Whether they have a coupon left and are not retired.
        has_code: Whether they have a code.
        includes_retired: Whether books that are retired are there as well.
    """

    customer_id: int
    book_definition_id: str | None = None
    is_attachable: bool | None = None
    has_code: bool | None = None
    includes_retired: bool = True


def add_book(call: Call, new: CouponBook) -> CouponBook:
    """Add a book; answers it with what was filled in.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``EntityNotExistent`` (book definition),
            ``DiscountInvalid``, ``StateInvalid`` (the book definition is retired),
            ``BookSizeInvalid``, ``NameTaken`` (Id) or ``CouponCodeTaken``.
    """
    call.caller.require_write(new.customer_id)
    new.require_valid()
    said = _with_folded_code(replace(new, is_deleted=False))

    def attempt(connection: Connection) -> CouponBook:
        kind = keep_book_definition(connection, call, said.book_definition_id)
        require_same_customer(said.customer_id, kind.book_definition.customer_id)
        if kind.book_definition.state is LifeState.DELETED:
            raise ServiceError(STATE_INVALID, f"book definition {said.book_definition_id}: retired")
        kind.book_definition.require_size(said.max_remaining_coupons)
        if said.book_id and find_references(connection, coupon_book, [said.book_id]):
            raise ServiceError(NAME_TAKEN, f"Id {said.book_id}")
        number = coupon_books.add_book(
            connection,
            said,
            book_definition=kind.number,
            code=reserve(connection, said.book_code),
            changed_by=call.caller.user_id,
            now=call.now,
        )
        return _log(connection, call, "add", number, None)

    return decide(call.database, attempt)


def update_book(call: Call, new: CouponBook) -> CouponBook:
    """Give a book all of what is said; answers it.

    Everything can be changed but the customer and the book definition. Another size must be
    one of the book definition's. RemainingCoupons is taken as it is said: whoever does not
    mean to correct it reads the book just before. Another code is taken for good, as the old
    one was. MaximumCouponUses holds for coupons that are drawn from now on. A book that is
    retired stays as it is.

    Raises:
        ServiceError: ``NullParameter`` (Id), ``UserIsNotAuthorized``, ``EntityNotExistent``,
            ``DiscountInvalid``, ``StateInvalid``, ``BookSizeInvalid`` or ``CouponCodeTaken``.
    """
    if not new.book_id:
        raise ServiceError(NULL_PARAMETER, "Id")
    new.require_valid()
    said = _with_folded_code(replace(new, is_deleted=False))
    reference = new.book_id

    def attempt(connection: Connection) -> CouponBook:
        found = _require(connection, call, reference)
        kind = keep_book_definition(connection, call, found.book.book_definition_id)
        stored = coupon_books.lock_book(connection, found.number)
        old = stored.book
        require_same_customer(said.customer_id, old.customer_id)
        if said.book_definition_id != old.book_definition_id:
            raise ServiceError(DISCOUNT_INVALID, "CouponBookDefinitionID cannot be changed")
        if old.is_deleted:
            raise ServiceError(STATE_INVALID, f"book {reference} is retired")
        if said.max_remaining_coupons != old.max_remaining_coupons:
            kind.book_definition.require_size(said.max_remaining_coupons)
        is_same_code = said.book_code == old.book_code
        code = stored.code if is_same_code else reserve(connection, said.book_code)
        return _replace(connection, call, "update", stored, said, code=code)

    return decide(call.database, attempt)


def retire_book(call: Call, book_id: str) -> CouponBook:
    """Retire a book: no coupon is drawn of it any more; answers it.

    Coupons that were drawn stay. One that is retired already is answered as it is.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``EntityNotExistent``.
    """

    def attempt(connection: Connection) -> CouponBook:
        stored = coupon_books.lock_book(connection, _require(connection, call, book_id).number)
        if stored.book.is_deleted:
            return stored.book
        retired = replace(stored.book, is_deleted=True)
        return _replace(connection, call, "retire", stored, retired, code=stored.code)

    return decide(call.database, attempt)


def get_book(call: Call, *, book_id: str | None = None, book_code: str | None = None) -> CouponBook:
    """A book, by its Id or by its code; by its Id when both are given.

    Raises:
        ServiceError: ``NullParameter`` (neither), ``UserIsNotAuthorized`` or
            ``EntityNotExistent`` (Id); ``CouponNotFound`` (code), the same whether the book is
            of others or does not exist.
    """
    with call.database.reading() as connection:
        if book_id:
            return require_book(connection, call, book_id, is_change=False).book
        if not book_code:
            raise ServiceError(NULL_PARAMETER, "Id")
        return find_book_of_code(connection, call, book_code, is_change=False).book


def list_books(call: Call, query: BookQuery, page: PageWanted) -> Page[CouponBook]:
    """Books of a customer, the oldest first.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(query.customer_id)
    require_page(page)
    conditions = [coupon_book.c.customer_id == query.customer_id]
    if query.book_definition_id is not None:
        conditions.append(coupon_book_definition.c.reference == query.book_definition_id)
    for wanted, holds in (
        (query.is_attachable, coupon_books.IS_ATTACHABLE),
        (query.has_code, coupon_books.HAS_CODE),
        (None if query.includes_retired else False, coupon_book.c.is_deleted),
    ):
        if wanted is not None:
            conditions.append(holds if wanted else ~holds)
    with call.database.reading() as connection:
        found = coupon_books.find_books(
            connection, *conditions, offset=page.offset, limit=page.size + 1
        )
    return page_of([stored.book for stored in found], page)


def require_book(
    connection: Connection, call: Call, book_id: str, *, is_change: bool
) -> StoredBook:
    """A book that the caller may know of, or change.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or, for operators, ``EntityNotExistent``.
    """
    stored = coupon_books.find_book(connection, coupon_book.c.reference == book_id)
    owner = stored.book.customer_id if stored else None
    require_owned(call, owner, f"book {book_id}", is_change=is_change)
    if stored is None:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"book {book_id}")
    return stored


def find_book_of_code(
    connection: Connection, call: Call, book_code: str, *, is_change: bool
) -> StoredBook:
    """A book by its code.

    Raises:
        ServiceError: ``CouponNotFound``, the same whether it is of others or does not exist.
    """
    code = fold_code(book_code)
    stored = coupon_books.find_book(connection, coupon.c.code == code)
    allows = call.caller.may_write if is_change else call.caller.may_read
    if stored is None or not allows(stored.book.customer_id):
        raise ServiceError(COUPON_NOT_FOUND, f"book code {code}")
    return stored


def draw_coupon(connection: Connection, call: Call, stored: StoredBook) -> None:
    """Take a coupon of a book.

    Raises:
        ServiceError: ``CouponRetired`` (the book) or ``BookEmpty``.
    """
    is_drawn = coupon_books.draw_coupon(connection, stored.number)
    after = coupon_books.find_books(connection, coupon_book.c.book_id == stored.number)[0].book
    if not is_drawn:
        row = COUPON_RETIRED if after.is_deleted else BOOK_EMPTY
        raise ServiceError(row, f"book {after.book_id}")
    before = replace(after, remaining_coupons=after.remaining_coupons + 1)
    change = change_of("draw", ENTITY, stored.number, before, after)
    audit.append(connection, call.author, [change])


def reserve(connection: Connection, code: str | None) -> int | None:
    """Take a code for good; None for none.

    Raises:
        ServiceError: ``CouponCodeTaken``.
    """
    if code is None:
        return None
    number = reserve_code(connection, code)
    if number is None:
        raise ServiceError(COUPON_CODE_TAKEN, f"code {code}")
    return number


def _with_folded_code(book: CouponBook) -> CouponBook:
    code = book.book_code
    return replace(book, book_code=None if code is None else require_code("BookCode", code))


def _require(connection: Connection, call: Call, book_id: str) -> StoredBook:
    return require_book(connection, call, book_id, is_change=True)


def _replace(
    connection: Connection,
    call: Call,
    action: str,
    old: StoredBook,
    new: CouponBook,
    *,
    code: int | None,
) -> CouponBook:
    author = Trace(call.now, call.caller.user_id)
    coupon_books.replace_book(connection, old.number, new, code, author)
    return _log(connection, call, action, old.number, old.book)


def _log(
    connection: Connection, call: Call, action: str, number: int, before: CouponBook | None
) -> CouponBook:
    after = coupon_books.find_books(connection, coupon_book.c.book_id == number)[0].book
    audit.append(connection, call.author, [change_of(action, ENTITY, number, before, after)])
    return after
