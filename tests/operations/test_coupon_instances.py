"""Coupon instances: stored whole, attached once, changed as far as nothing was promised.

All in one file, as each test begins with the same definition, book and order.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.coupon_instances import CouponInstance, ExistingValue, InstanceTarget
from service.domain.definitions import LifeState, Period
from service.domain.discount_errors import (
    BOOK_EMPTY,
    COUPON_CODE_TAKEN,
    COUPON_RETIRED,
    COUPON_RULE_BROKEN,
    DISCOUNT_INVALID,
    STATE_INVALID,
)
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    COUPON_NOT_FOUND,
    CURRENCY_MISMATCH,
    ENTITY_NOT_EXISTENT,
    NAME_TAKEN,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.pages import PageWanted
from service.domain.roles import Role
from service.domain.traces import Trace
from service.operations.coupon_books import (
    add_book,
    add_book_definition,
    get_book,
    retire_book,
    update_book_definition,
)
from service.operations.coupon_instances import (
    Attachment,
    InstanceQuery,
    add_instance,
    attach_instance,
    get_instance,
    list_instances,
    retire_instance,
    update_instance,
)
from service.operations.definitions import add_definition, get_definition, update_definition
from service.operations.subscriptions import add_subscription, end_subscription
from service.storage.discount_tables import coupon_instance
from tests.operations.faults import require_all_or_nothing
from tests.operations.handed_out import NEW_CUSTOMERS, book, book_definition, definition, stock
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Programme, member, utc

SUBSCRIPTION = InstanceTarget.SUBSCRIPTION
ACCOUNT = InstanceTarget.ACCOUNT
VALUES = (
    ExistingValue(component_id="seats", units=3, existing_value_id="CEV-1"),
    ExistingValue(component_id="disks", units=0, existing_value_id="CEV-0"),
)


@pytest.fixture
def half(programme: Programme, owner: int) -> str:
    """The definition "D"."""
    add_definition(programme.call(), definition(owner, definition_id="D"))
    return "D"


@pytest.fixture
def order(programme: Programme, account: int) -> str:
    """The subscription "order 1" of the account."""
    subscribe(programme, account, "order 1")
    return "order 1"


@pytest.fixture
def pack(programme: Programme, owner: int, half: str) -> str:
    """The book "B" of two coupons, with the code "PACK-1", of the kind "K"."""
    call = programme.call()
    add_book_definition(call, book_definition(owner, half, book_definition_id="K"))
    add_book(call, book(owner, "K", book_id="B", book_code="PACK-1"))
    return "PACK-1"


def subscribe(programme: Programme, account: int, reference: str) -> None:
    """Add a subscription."""
    plan = {"product_id": "ads", "rate_plan_id": "monthly"}
    add_subscription(programme.call(), account, reference, **plan)


def full(owner: int, **changes: Any) -> CouponInstance:
    """An instance of "D" in which nothing that the caller says is left out."""
    said = CouponInstance(
        instance_id="CIN-1",
        customer_id=owner,
        definition_id="D",
        book_id="B",
        coupon_code="GIFT-1",
        target=SUBSCRIPTION,
        target_id="order 1",
        crm_id="crm 1",
        initialised_at=utc(2026, 2, 1),
        valid_till=utc(2027, 2, 1),
        periods_valid_for=12,
        total_periods=13,
        max_remaining_uses=5,
        remaining_uses=4,
        instance_discount_value=Decimal("12.345678"),
        existing_values=VALUES,
    )
    return replace(said, **changes)


def as_stored(said: CouponInstance, trace: Trace) -> CouponInstance:
    """What is answered for a new instance whose every Id was given."""
    values = tuple(replace(value, trace=trace) for value in said.existing_values)
    return replace(said, existing_values=values, trace=trace)


def on(target_id: str, **changes: Any) -> Attachment:
    """To attach the instance "S" to a subscription, but for the changes."""
    common: dict[str, Any] = {"target": SUBSCRIPTION, "target_id": target_id, "instance_id": "S"}
    return Attachment(**{**common, **changes})


def test_a_full_instance_comes_back_equal(
    programme: Programme, owner: int, pack: str, order: str
) -> None:
    call = programme.call()
    added = add_instance(call, full(owner))
    assert added == as_stored(full(owner), Trace(START, 0))
    assert get_instance(call, instance_id="CIN-1") == added
    assert get_instance(call, coupon_code=" gift-1") == added
    assert last_entry(programme)[:2] == ("add", "instance")
    # One of a book is drawn of it.
    assert get_book(call, book_id="B").remaining_coupons == 1


def test_a_sparse_instance_comes_back_equal_with_a_name_of_its_own(
    programme: Programme, owner: int, half: str
) -> None:
    said = stock(owner, half, max_remaining_uses=None, remaining_uses=None)
    first, second = (add_instance(programme.call(), said) for _ in range(2))
    assert replace(first, instance_id=None, trace=None) == said
    assert str(first.instance_id).startswith("CIN-")
    assert first.instance_id != second.instance_id


def test_what_only_bills_and_removals_tell_is_never_the_callers(
    programme: Programme, owner: int, half: str
) -> None:
    said = stock(owner, half)
    wrong = replace(
        said,
        used_count=2,
        discount_value=Decimal(7),
        removed_at=START,
        retired_at=START,
        parent_code="P",
        trace=Trace(utc(2020, 1, 1), 5),
    )
    added = add_instance(programme.call(), wrong)
    assert replace(added, instance_id=None, trace=None) == said
    changed = update_instance(programme.call(), replace(wrong, instance_id=added.instance_id))
    assert replace(changed, instance_id=None, trace=None) == said


def test_stock_is_attached_once(
    programme: Programme, owner: int, account: int, half: str, order: str
) -> None:
    old = add_instance(programme.call(), stock(owner, half, instance_id="S", coupon_code="GIFT"))
    programme.clock.move(days=1)
    kim = programme.call(member(owner))
    wanted = on(
        " order 1",
        instance_id=None,
        coupon_code="gift",
        instance_discount_value=Decimal("0.5"),
        existing_values=VALUES,
    )
    attached = attach_instance(kim, wanted)
    trace = Trace(programme.clock(), 7)
    assert attached == replace(
        old,
        target=SUBSCRIPTION,
        target_id="order 1",
        initialised_at=programme.clock(),
        instance_discount_value=Decimal("0.5"),
        existing_values=tuple(replace(value, trace=trace) for value in VALUES),
        trace=Trace(START, 7, programme.clock()),
    )
    assert last_entry(programme)[:2] == ("attach", "instance")
    programme.clock.move(days=1)
    assert attach_instance(programme.call(), on("order 1")) == attached
    subscribe(programme, account, "order 2")
    elsewhere = on("order 2")
    assert refusal(programme, lambda: attach_instance(kim, elsewhere)) is STATE_INVALID
    on_account = on(str(account), target=ACCOUNT)
    assert refusal(programme, lambda: attach_instance(kim, on_account)) is STATE_INVALID


@pytest.mark.parametrize(
    ("own_end", "expected"),
    [(None, utc(2026, 6, 30, 12)), (utc(2026, 5, 1), utc(2026, 5, 1))],
)
def test_an_end_of_its_own_comes_before_that_of_the_definition(
    programme: Programme,
    owner: int,
    account: int,
    own_end: Any,
    expected: Any,
) -> None:
    call = programme.call()
    lasting = {"instance_duration": 3, "instance_duration_period": Period.MONTHS}
    add_definition(call, definition(owner, definition_id="D", **lasting))
    add_instance(call, stock(owner, "D", instance_id="S", valid_till=own_end))
    programme.clock.move(days=30)
    later = programme.call()
    on_account = on(str(account), target=ACCOUNT)
    attached = attach_instance(later, on_account)
    assert (attached.initialised_at, attached.valid_till) == (utc(2026, 3, 31, 12), expected)
    assert attached.target_id == str(account)
    # The same for one that is attached when it is added, or changed.
    said = stock(owner, "D", valid_till=own_end)
    target = {"target": ACCOUNT, "target_id": str(account)}
    added = add_instance(later, replace(said, initialised_at=later.now, **target))
    assert added.valid_till == expected
    there = add_instance(later, said)
    changed = update_instance(later, replace(there, **target))
    assert (changed.initialised_at, changed.valid_till) == (later.now, expected)


def test_a_book_gives_as_many_coupons_as_it_has(
    programme: Programme, owner: int, account: int, pack: str, order: str
) -> None:
    programme.clock.move(hours=1)
    call = programme.call()
    wanted = on("order 1", instance_id=None, book_code="pack-1", existing_values=VALUES)
    drawn = attach_instance(call, wanted)
    assert drawn == replace(
        as_stored(stock(owner, "D"), Trace(programme.clock(), 0)),
        instance_id=drawn.instance_id,
        book_id="B",
        target=SUBSCRIPTION,
        target_id="order 1",
        initialised_at=programme.clock(),
        existing_values=tuple(
            replace(value, trace=Trace(programme.clock(), 0)) for value in VALUES
        ),
    )
    on_account = on(str(account), target=ACCOUNT, instance_id=None, book_code="PACK-1")
    assert attach_instance(call, on_account).instance_id != drawn.instance_id
    assert get_book(call, book_id="B").remaining_coupons == 0
    assert refusal(programme, lambda: attach_instance(call, on_account)) is BOOK_EMPTY
    of_book = stock(owner, "D", book_id="B")
    assert refusal(programme, lambda: add_instance(call, of_book)) is BOOK_EMPTY
    retire_book(call, "B")
    assert refusal(programme, lambda: attach_instance(call, on_account)) is COUPON_RETIRED


@pytest.mark.parametrize(
    "changes",
    [
        {"state": LifeState.DEVELOPMENT},
        {"valid_from": START + timedelta(seconds=1)},
        {"valid_from": utc(2026, 1, 1), "valid_till": utc(2026, 2, 1)},
    ],
)
def test_coupons_are_put_into_effect_only_in_production_and_within_the_window(
    programme: Programme,
    owner: int,
    pack: str,
    order: str,
    changes: dict[str, Any],
) -> None:
    call = programme.call()
    add_instance(call, stock(owner, "D", instance_id="S"))
    add_instance(call, stock(owner, "D", instance_id="of book", book_id="B"))
    said = stock(owner, "D", target=SUBSCRIPTION, target_id="order 1")
    of_book: list[Callable[[], object]] = [
        lambda: attach_instance(call, on("order 1", instance_id=None, book_code=pack)),
        lambda: attach_instance(call, on("order 1", instance_id="of book")),
        lambda: add_instance(call, replace(said, book_id="B")),
    ]
    usable = get_definition(call, "D")
    update_definition(call, replace(usable, **changes))
    for action in (
        *of_book,
        lambda: attach_instance(call, on("order 1")),
        lambda: add_instance(call, said),
        lambda: update_instance(call, replace(said, instance_id="S")),
    ):
        assert refusal(programme, action) is STATE_INVALID
    update_definition(call, usable)
    kind = book_definition(owner, "D", book_definition_id="K")
    update_book_definition(call, replace(kind, **changes))
    for action in of_book:
        assert refusal(programme, action) is STATE_INVALID
    attach_instance(call, on("order 1"))


def test_rules_and_currency_are_those_of_the_subscription(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    call = programme.call()
    rules = {"rules": (NEW_CUSTOMERS,), "currency_code": "USD"}
    add_definition(call, definition(owner, definition_id="D", **rules))
    add_instance(call, stock(owner, "D", instance_id="S"))
    in_yen = programme.account(owner, "JPY")
    subscribe(programme, in_yen, "yen")
    yen = on("yen")
    assert refusal(programme, lambda: attach_instance(call, yen)) is CURRENCY_MISMATCH
    subscribe(programme, account, "order 2")
    second = on("order 2")
    assert refusal(programme, lambda: attach_instance(call, second)) is COUPON_RULE_BROKEN
    end_subscription(call, "order 1")
    ended = on("order 1")
    assert refusal(programme, lambda: attach_instance(call, ended)) is STATE_INVALID
    attach_instance(call, second)
    # Once it is attached it stays, whatever has become of the rules.
    subscribe(programme, account, "order 3")
    assert attach_instance(call, second).target_id == "order 2"


def test_an_update_of_stock_is_of_the_whole_instance(
    programme: Programme, owner: int, pack: str, order: str
) -> None:
    said = full(owner, target=InstanceTarget.NONE, target_id=None)
    old = add_instance(programme.call(), said)
    programme.clock.move(days=1)
    kim = programme.call(member(owner))
    trace = Trace(START, 7, programme.clock())
    values = (replace(VALUES[0], units=9), ExistingValue(component_id="cores", units=1))
    new = stock(
        owner, "D", instance_id="CIN-1", book_id="B", coupon_code="GIFT-2", existing_values=values
    )
    changed = update_instance(kim, new)
    seats, cores = changed.existing_values
    assert seats == replace(values[0], trace=trace)
    assert replace(cores, existing_value_id=None) == replace(
        values[1], trace=Trace(programme.clock(), 7)
    )
    assert replace(changed, existing_values=()) == replace(new, existing_values=(), trace=trace)
    assert refusal(programme, lambda: update_instance(kim, said)) is COUPON_CODE_TAKEN
    uncoded = update_instance(kim, replace(said, coupon_code=None, existing_values=VALUES))
    assert replace(uncoded, existing_values=()) == replace(
        said, coupon_code=None, existing_values=(), trace=trace
    )
    # An update that names a target attaches it.
    attached = update_instance(kim, replace(uncoded, target=SUBSCRIPTION, target_id=order))
    assert attached == replace(
        uncoded, target=SUBSCRIPTION, target_id=order, initialised_at=programme.clock()
    )
    assert attached.existing_values != old.existing_values


def test_what_was_promised_stays_while_an_instance_is_attached(
    programme: Programme, owner: int, account: int, pack: str, order: str
) -> None:
    attached = add_instance(programme.call(), full(owner))
    subscribe(programme, account, "order 2")
    programme.clock.move(days=1)
    call = programme.call()
    wrong: list[tuple[dict[str, Any], ErrorRow]] = [
        ({"target_id": "order 2"}, STATE_INVALID),
        ({"target": ACCOUNT, "target_id": str(account)}, STATE_INVALID),
        ({"target": InstanceTarget.NONE, "target_id": None}, STATE_INVALID),
        ({"coupon_code": None}, STATE_INVALID),
        ({"coupon_code": "GIFT-2"}, STATE_INVALID),
        ({"instance_discount_value": None}, STATE_INVALID),
        ({"existing_values": ()}, STATE_INVALID),
        ({"existing_values": (replace(VALUES[0], units=4), VALUES[1])}, STATE_INVALID),
        ({"definition_id": "E"}, DISCOUNT_INVALID),
        ({"book_id": None}, DISCOUNT_INVALID),
        ({"remaining_uses": 6}, DISCOUNT_INVALID),
        ({"instance_id": None}, NULL_PARAMETER),
        ({"instance_id": "CIN-2"}, ENTITY_NOT_EXISTENT),
    ]
    for changes, row in wrong:
        said = replace(full(owner), **changes)
        assert refusal(programme, lambda: update_instance(call, said)) is row, changes  # noqa: B023
    free = {
        "crm_id": None,
        "initialised_at": utc(2026, 2, 2),
        "valid_till": None,
        "periods_valid_for": None,
        "total_periods": 1,
        "max_remaining_uses": 8,
        "remaining_uses": 7,
    }
    unnamed = tuple(replace(value, existing_value_id=None) for value in reversed(VALUES))
    changed = update_instance(call, full(owner, **free, existing_values=unnamed))
    assert changed == replace(attached, **free, trace=Trace(START, 0, programme.clock()))


def test_a_retired_instance_stays_as_it_is(
    programme: Programme, owner: int, half: str, order: str
) -> None:
    old = add_instance(programme.call(), stock(owner, half, instance_id="S"))
    programme.clock.move(days=1)
    call = programme.call()
    retired = retire_instance(call, "S")
    trace = Trace(START, 0, programme.clock())
    assert retired == replace(old, retired_at=programme.clock(), trace=trace)
    assert last_entry(programme)[:2] == ("retire", "instance")
    programme.clock.move(days=1)
    assert retire_instance(programme.call(), "S") == retired
    assert refusal(programme, lambda: update_instance(call, old)) is STATE_INVALID
    assert refusal(programme, lambda: attach_instance(call, on("order 1"))) is COUPON_RETIRED


def test_what_cannot_be_is_refused(
    programme: Programme, owner: int, account: int, pack: str, order: str
) -> None:
    call = programme.call()
    add_instance(call, full(owner))
    stranger = programme.customer()
    foreign = programme.account(stranger)
    subscribe(programme, foreign, "foreign")
    add_definition(call, definition(owner, definition_id="E"))
    add_instance(call, stock(owner, "D", instance_id="S"))
    add_instance(call, stock(owner, "D", instance_id="used up", remaining_uses=0))
    add_instance(call, stock(owner, "D", instance_id="over", valid_till=utc(2026, 2, 1)))
    instances: list[tuple[dict[str, Any], ErrorRow]] = [
        ({"instance_id": "S"}, NAME_TAKEN),
        ({"existing_values": VALUES[:1]}, NAME_TAKEN),
        ({"coupon_code": "gift-1"}, COUPON_CODE_TAKEN),
        ({"coupon_code": "PACK-1"}, COUPON_CODE_TAKEN),
        ({"customer_id": stranger}, DISCOUNT_INVALID),
        ({"definition_id": "E", "book_id": "B"}, DISCOUNT_INVALID),
        ({"book_id": "C"}, ENTITY_NOT_EXISTENT),
        ({"definition_id": "F"}, ENTITY_NOT_EXISTENT),
        ({"target": ACCOUNT}, DISCOUNT_INVALID),
        ({"target": ACCOUNT, "target_id": "one"}, DISCOUNT_INVALID),
        ({"target": ACCOUNT, "target_id": str(10**9)}, ACCOUNT_ID_INVALID),
        ({"target": ACCOUNT, "target_id": str(foreign)}, COUPON_NOT_FOUND),
        ({"total_periods": 2**31}, DISCOUNT_INVALID),
    ]
    for changes, row in instances:
        wrong = replace(stock(owner, "D"), **changes)
        assert refusal(programme, lambda: add_instance(call, wrong)) is row, changes  # noqa: B023
    attachments: list[tuple[dict[str, Any], ErrorRow]] = [
        ({"instance_id": None}, NULL_PARAMETER),
        ({"coupon_code": "GIFT-1"}, DISCOUNT_INVALID),
        ({"target": InstanceTarget.NONE}, DISCOUNT_INVALID),
        ({"instance_discount_value": Decimal(-1)}, DISCOUNT_INVALID),
        ({"existing_values": VALUES[:1] * 2}, DISCOUNT_INVALID),
        ({"existing_values": VALUES[:1]}, NAME_TAKEN),
        ({"instance_id": "T"}, ENTITY_NOT_EXISTENT),
        ({"instance_id": None, "coupon_code": "PACK-1"}, COUPON_NOT_FOUND),
        ({"instance_id": None, "book_code": "GIFT-1"}, COUPON_NOT_FOUND),
        ({"target_id": "nobody's"}, ENTITY_NOT_EXISTENT),
        ({"target_id": "foreign"}, COUPON_NOT_FOUND),
        ({"instance_id": "used up"}, STATE_INVALID),
        ({"instance_id": "over"}, STATE_INVALID),
    ]
    for changes, row in attachments:
        wrong_attachment = on(**{"target_id": "order 1", **changes})
        action = lambda: attach_instance(call, wrong_attachment)  # noqa: B023, E731
        assert refusal(programme, action) is row, changes
    assert refusal(programme, lambda: get_instance(call)) is NULL_PARAMETER


def test_instances_are_listed(
    programme: Programme, owner: int, account: int, pack: str, order: str
) -> None:
    call = programme.call()
    add_definition(call, definition(owner, definition_id="E"))
    for name, changes in {
        "later": {"initialised_at": utc(2026, 4, 1), "definition_id": "E"},
        "free": {},
        "coded": {"coupon_code": "GIFT-1"},
        "used up": {"remaining_uses": 0, "book_id": "B"},
        "retired": {},
        "on order": {"target": SUBSCRIPTION, "target_id": "order 1"},
        "on account": {"target": ACCOUNT, "target_id": str(account)},
    }.items():
        add_instance(call, replace(stock(owner, "D", instance_id=name), **changes))
    retire_instance(call, "retired")

    def listed(**query: Any) -> list[str | None]:
        found = list_instances(call, InstanceQuery(customer_id=owner, **query), PageWanted())
        return [one.instance_id for one in found.items]

    everything = ["free", "coded", "used up", "retired", "on order", "on account", "later"]
    assert listed() == everything
    assert listed(definition_id="E") == ["later"]
    assert listed(book_id="B") == ["used up"]
    assert listed(target=SUBSCRIPTION) == ["on order"]
    assert listed(target_id=" order 1") == ["on order"]
    assert listed(target=ACCOUNT, target_id=str(account)) == ["on account"]
    assert listed(target=SUBSCRIPTION, target_id=str(account)) == []
    assert listed(is_attachable=True) == ["free", "coded", "later"]
    assert listed(is_attachable=False) == ["used up", "retired", "on order", "on account"]
    assert listed(has_code=True) == ["coded"]
    assert listed(includes_retired=False, is_attachable=False) == [
        *("used up", "on order", "on account")
    ]
    page = list_instances(call, InstanceQuery(customer_id=owner), PageWanted(index=1, size=5))
    assert [one.instance_id for one in page.items] == everything[5:]
    assert not page.has_more
    other = InstanceQuery(customer_id=programme.customer())
    assert list_instances(call, other, PageWanted()).items == []


@pytest.mark.parametrize("role", [Role.READ_ONLY, None])
def test_only_who_may_write_changes_instances(
    programme: Programme, owner: int, pack: str, order: str, role: Role | None
) -> None:
    call = programme.call()
    stored = add_instance(call, stock(owner, "D", instance_id="S", coupon_code="GIFT"))
    stranger = programme.customer()
    kim = programme.call(member(owner, role) if role else member(stranger))
    by_code = on("order 1", instance_id=None, coupon_code="GIFT")
    by_book = on("order 1", instance_id=None, book_code=pack)
    for action, row in (
        (lambda: add_instance(kim, stock(owner, "D")), NOT_AUTHORIZED),
        (lambda: update_instance(kim, stored), NOT_AUTHORIZED),
        (lambda: retire_instance(kim, "S"), NOT_AUTHORIZED),
        (lambda: attach_instance(kim, on("order 1")), NOT_AUTHORIZED),
        (lambda: attach_instance(kim, by_code), COUPON_NOT_FOUND),
        (lambda: attach_instance(kim, by_book), COUPON_NOT_FOUND),
    ):
        assert refusal(programme, action) is row
    if role is None:
        assert refusal(programme, lambda: get_instance(kim, instance_id="S")) is NOT_AUTHORIZED
        assert refusal(programme, lambda: get_instance(kim, coupon_code="GIFT")) is COUPON_NOT_FOUND
        query = InstanceQuery(customer_id=owner)
        assert (
            refusal(programme, lambda: list_instances(kim, query, PageWanted())) is NOT_AUTHORIZED
        )
        # Own stock is for nobody else's subscription.
        add_definition(call, definition(stranger, definition_id="own"))
        add_instance(kim, stock(stranger, "own", instance_id="T"))
        theirs = on("order 1", instance_id="T")
        assert refusal(programme, lambda: attach_instance(kim, theirs)) is NOT_AUTHORIZED
    else:
        assert get_instance(kim, coupon_code="GIFT") == stored


def test_an_attachment_has_its_whole_effect_or_none(
    programme: Programme, owner: int, pack: str, order: str
) -> None:
    call = programme.call()
    add_instance(call, stock(owner, "D", instance_id="S"))
    wanted = on("order 1", existing_values=VALUES)
    require_all_or_nothing(programme, lambda: attach_instance(call, wanted))
    of_book = on("order 1", instance_id=None, book_code=pack)
    require_all_or_nothing(programme, lambda: attach_instance(call, of_book))
    assert len(programme.rows(coupon_instance)) == 2
