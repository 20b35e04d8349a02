"""Coupon books and their kinds: stored whole, of the right size, changed as a whole."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.domain.coupon_books import BookDefinition, CouponBook
from service.domain.definitions import LifeState, Period
from service.domain.discount_errors import (
    BOOK_SIZE_INVALID,
    COUPON_CODE_TAKEN,
    DISCOUNT_INVALID,
    STATE_INVALID,
)
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_NOT_FOUND,
    ENTITY_NOT_EXISTENT,
    NAME_TAKEN,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.pages import PageWanted
from service.domain.roles import Role
from service.domain.traces import Trace
from service.operations.coupon_books import (
    BookQuery,
    add_book,
    add_book_definition,
    get_book,
    get_book_definition,
    list_book_definitions,
    list_books,
    retire_book,
    retire_book_definition,
    update_book,
    update_book_definition,
)
from service.operations.definitions import add_definition, retire_definition
from tests.operations.faults import require_all_or_nothing
from tests.operations.handed_out import book, book_definition, definition
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Clock, Programme, member, utc


@pytest.fixture
def kind(programme: Programme, owner: int) -> BookDefinition:
    """The kind "K" of books of the definition "D"."""
    add_definition(programme.call(), definition(owner, definition_id="D"))
    new = book_definition(owner, "D", book_definition_id="K")
    return add_book_definition(programme.call(), new)


def full_kind(owner: int) -> BookDefinition:
    """A kind in which nothing is left out."""
    return BookDefinition(
        book_definition_id="CBD-1",
        customer_id=owner,
        definition_id="D",
        crm_id="crm 2",
        name="Packs",
        description="Ten more\neach",
        minimum=100,
        maximum=150,
        step=10,
        valid_from=START,
        valid_till=utc(2027, 1, 1),
        instance_duration=5,
        instance_duration_period=Period.DAYS,
        state=LifeState.DEVELOPMENT,
    )


def full_book(owner: int) -> CouponBook:
    """A book in which nothing is left out."""
    return CouponBook(
        book_id="CBK-1",
        customer_id=owner,
        book_definition_id="K",
        book_code="PACK-1",
        crm_id="crm 3",
        name="Pack",
        cost=Decimal("12.345678"),
        max_remaining_coupons=6,
        remaining_coupons=5,
        maximum_coupon_uses=9,
    )


def test_what_is_full_comes_back_equal(
    programme: Programme, owner: int, kind: BookDefinition
) -> None:
    call = programme.call()
    added = add_book_definition(call, full_kind(owner))
    assert added == replace(full_kind(owner), trace=Trace(START, 0))
    assert get_book_definition(call, "CBD-1") == added
    assert last_entry(programme)[:2] == ("add", "book definition")
    pack = add_book(call, full_book(owner))
    assert pack == replace(full_book(owner), trace=Trace(START, 0))
    assert get_book(call, book_id="CBK-1") == get_book(call, book_code=" pack-1") == pack
    assert last_entry(programme)[:2] == ("add", "book")


def test_what_is_sparse_comes_back_equal_with_a_name_of_its_own(
    programme: Programme, owner: int, kind: BookDefinition
) -> None:
    call = programme.call()
    sparse_kind = book_definition(owner, "D")
    added = add_book_definition(call, sparse_kind)
    assert str(added.book_definition_id).startswith("CBD-")
    assert replace(added, book_definition_id=None, trace=None) == sparse_kind
    sparse = book(owner, "K")
    stored = add_book(call, sparse)
    assert str(stored.book_id).startswith("CBK-")
    assert replace(stored, book_id=None, trace=None) == sparse
    assert add_book(call, sparse).book_id != stored.book_id


@pytest.mark.parametrize("size", [1, 3, 8])
def test_a_book_has_a_size_of_its_kind(
    programme: Programme, owner: int, kind: BookDefinition, size: int
) -> None:
    call = programme.call()
    wrong = book(owner, "K", max_remaining_coupons=size, remaining_coupons=0)
    assert refusal(programme, lambda: add_book(call, wrong)) is BOOK_SIZE_INVALID
    for right in (2, 4, 6):
        stored = add_book(call, replace(wrong, max_remaining_coupons=right))
        changed = replace(stored, max_remaining_coupons=size)
        assert refusal(programme, lambda: update_book(call, changed)) is BOOK_SIZE_INVALID  # noqa: B023


def test_an_update_is_of_the_whole_object(
    programme: Programme, owner: int, kind: BookDefinition, clock: Clock
) -> None:
    add_book(programme.call(), full_book(owner))
    clock.move(days=1)
    kim = programme.call(member(owner))
    new_kind = replace(full_kind(owner), book_definition_id="K", step=7)
    trace = Trace(START, 7, clock())
    assert update_book_definition(kim, new_kind) == replace(new_kind, trace=trace)
    assert get_book_definition(kim, "K") == replace(new_kind, trace=trace)
    # The size is what it was, so that it need not be one of the kind as it is now.
    new_book = book(
        owner,
        "K",
        book_id="CBK-1",
        book_code="PACK-2",
        max_remaining_coupons=6,
        remaining_coupons=6,
    )
    assert update_book(kim, new_book) == replace(new_book, trace=trace)
    assert get_book(kim, book_code="pack-2") == replace(new_book, trace=trace)
    assert refusal(programme, lambda: get_book(kim, book_code="PACK-1")) is COUPON_NOT_FOUND
    again = replace(new_book, book_code="PACK-1")
    assert refusal(programme, lambda: update_book(kim, again)) is COUPON_CODE_TAKEN
    uncoded = replace(new_book, book_code=None)
    assert update_book(kim, uncoded) == replace(uncoded, trace=trace)


def test_what_is_retired_stays_as_it_is(
    programme: Programme, owner: int, kind: BookDefinition, clock: Clock
) -> None:
    call = programme.call()
    stored = add_book(call, full_book(owner))
    clock.move(days=1)
    later = programme.call()
    trace = Trace(START, 0, clock())
    retired = retire_book(later, "CBK-1")
    assert retired == replace(stored, is_deleted=True, trace=trace)
    assert refusal(programme, lambda: update_book(later, stored)) is STATE_INVALID
    retired_kind = retire_book_definition(later, "K")
    assert retired_kind == replace(kind, state=LifeState.DELETED, trace=trace)
    assert refusal(programme, lambda: update_book_definition(later, kind)) is STATE_INVALID
    clock.move(days=1)
    assert retire_book(programme.call(), "CBK-1") == retired
    assert retire_book_definition(programme.call(), "K") == retired_kind
    assert refusal(programme, lambda: add_book(call, book(owner, "K"))) is STATE_INVALID
    retire_definition(call, "D")
    new_kind = book_definition(owner, "D")
    assert refusal(programme, lambda: add_book_definition(call, new_kind)) is STATE_INVALID


WRONG_KINDS: list[tuple[dict[str, Any], ErrorRow]] = [
    ({"minimum": 0}, DISCOUNT_INVALID),
    ({"maximum": 1}, DISCOUNT_INVALID),
    ({"step": 0}, DISCOUNT_INVALID),
    ({"name": ""}, DISCOUNT_INVALID),
    ({"instance_duration_period": Period.PERIODS}, DISCOUNT_INVALID),
    ({"instance_duration": 2**31}, DISCOUNT_INVALID),
    ({"valid_till": utc(2026, 2, 1)}, DISCOUNT_INVALID),
    ({"book_definition_id": "K"}, NAME_TAKEN),
    ({"definition_id": "E"}, ENTITY_NOT_EXISTENT),
]
WRONG_BOOKS: list[tuple[dict[str, Any], ErrorRow]] = [
    ({"remaining_coupons": 3}, DISCOUNT_INVALID),
    ({"maximum_coupon_uses": 0}, DISCOUNT_INVALID),
    ({"cost": Decimal(-1)}, DISCOUNT_INVALID),
    ({"book_code": "x"}, DISCOUNT_INVALID),
    ({"crm_id": "x" * 256}, DISCOUNT_INVALID),
    ({"book_code": "PACK-1"}, COUPON_CODE_TAKEN),
    ({"book_id": "CBK-1"}, NAME_TAKEN),
    ({"book_definition_id": "L"}, ENTITY_NOT_EXISTENT),
]


def test_what_cannot_be_is_refused(programme: Programme, owner: int, kind: BookDefinition) -> None:
    call = programme.call()
    stored = add_book(call, full_book(owner))
    stranger = programme.customer()
    wrong_kinds = [*WRONG_KINDS, ({"customer_id": stranger}, DISCOUNT_INVALID)]
    for changes, row in wrong_kinds:
        wrong = replace(book_definition(owner, "D"), **changes)
        assert refusal(programme, lambda: add_book_definition(call, wrong)) is row, changes  # noqa: B023
    wrong_books = [*WRONG_BOOKS, ({"customer_id": stranger}, DISCOUNT_INVALID)]
    for changes, row in wrong_books:
        wrong_book = replace(book(owner, "K"), **changes)
        assert refusal(programme, lambda: add_book(call, wrong_book)) is row, changes  # noqa: B023
    add_book_definition(call, replace(kind, book_definition_id="L"))
    for other, row in (
        (replace(stored, book_definition_id="L"), DISCOUNT_INVALID),
        (replace(stored, customer_id=stranger), DISCOUNT_INVALID),
        (replace(stored, book_id=None), NULL_PARAMETER),
    ):
        assert refusal(programme, lambda: update_book(call, other)) is row  # noqa: B023
    add_definition(call, definition(owner, definition_id="E"))
    moved = replace(kind, definition_id="E")
    assert refusal(programme, lambda: update_book_definition(call, moved)) is DISCOUNT_INVALID
    assert refusal(programme, lambda: get_book(call)) is NULL_PARAMETER


def test_books_and_kinds_are_listed(programme: Programme, owner: int, kind: BookDefinition) -> None:
    call = programme.call()
    add_definition(call, definition(owner, definition_id="E"))
    add_book_definition(call, book_definition(owner, "E", book_definition_id="L"))
    retire_book_definition(call, "L")

    def kinds(**query: Any) -> list[str | None]:
        found = list_book_definitions(call, owner, PageWanted(), **query)
        return [one.book_definition_id for one in found.items]

    assert kinds() == ["K", "L"]
    assert kinds(definition_id="E") == ["L"]
    assert kinds(definition_id="F") == []
    assert kinds(includes_retired=False) == ["K"]
    assert list_book_definitions(call, owner, PageWanted(size=1)).has_more

    for name, changes in {
        "full": {},
        "coded": {"book_code": "PACK-9"},
        "empty": {"remaining_coupons": 0},
        "retired": {},
    }.items():
        add_book(call, book(owner, "K", book_id=name, **changes))
    retire_book(call, "retired")

    def books(**query: Any) -> list[str | None]:
        found = list_books(call, BookQuery(customer_id=owner, **query), PageWanted())
        return [one.book_id for one in found.items]

    assert books() == ["full", "coded", "empty", "retired"]
    assert books(is_attachable=True) == ["full", "coded"]
    assert books(is_attachable=False) == ["empty", "retired"]
    assert books(has_code=True) == ["coded"]
    assert books(includes_retired=False, has_code=False) == ["full", "empty"]
    assert books(book_definition_id="L") == []
    assert list_books(call, BookQuery(customer_id=owner), PageWanted(size=3)).has_more
    other = programme.customer()
    assert list_books(call, BookQuery(customer_id=other), PageWanted()).items == []


@pytest.mark.parametrize("role", [Role.READ_ONLY, None])
def test_only_who_may_write_changes_books(
    programme: Programme, owner: int, kind: BookDefinition, role: Role | None
) -> None:
    stored = add_book(programme.call(), full_book(owner))
    kim = programme.call(member(owner, role) if role else member(programme.customer()))
    for action in (
        lambda: add_book_definition(kim, full_kind(owner)),
        lambda: update_book_definition(kim, kind),
        lambda: retire_book_definition(kim, "K"),
        lambda: add_book(kim, book(owner, "K")),
        lambda: update_book(kim, stored),
        lambda: retire_book(kim, "CBK-1"),
        lambda: get_book(kim, book_id="nobody's"),
    ):
        assert refusal(programme, action) is NOT_AUTHORIZED
    if role is None:
        assert refusal(programme, lambda: get_book(kim, book_code="PACK-1")) is COUPON_NOT_FOUND
        assert refusal(programme, lambda: get_book(kim, book_id="CBK-1")) is NOT_AUTHORIZED
    else:
        assert get_book(kim, book_code="PACK-1") == stored


def test_a_change_has_its_whole_effect_or_none(
    programme: Programme, owner: int, kind: BookDefinition
) -> None:
    call = programme.call()
    require_all_or_nothing(programme, lambda: add_book(call, full_book(owner)))
    new = replace(full_book(owner), book_code="PACK-2")
    require_all_or_nothing(programme, lambda: update_book(call, new))
