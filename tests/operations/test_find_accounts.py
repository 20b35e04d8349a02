"""Accounts, their coupons, spends, subscriptions and bills: found in pages by who may read them."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from service.domain.bills import BillLine
from service.domain.coupon_info import CouponStatus
from service.domain.discounted_bills import BillRequest
from service.domain.errors import ENTITY_NOT_EXISTENT, NOT_AUTHORIZED, PAGING_INVALID
from service.domain.listings import Listing
from service.operations.account_spend import find_spends, monthly_spend, show_spend
from service.operations.bills import apply_coupons_to_bill, rollback_bill
from service.operations.calls import Call
from service.operations.find_accounts import (
    find_account_coupons,
    find_accounts,
    find_subscriptions,
    show_account,
)
from service.operations.find_bills import find_bills, show_bill, show_subscription
from service.operations.parties import add_account
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.storage.discount_tables import bill
from tests.operations.simple_coupons import subscription
from tests.operations.traces import refusal
from tests.programme import Clock, Programme, member, utc

Item = TypeVar("Item")
NOBODY = 10**9


def every(find: Callable[[str | None], Listing[Item]]) -> Iterator[Item]:
    """The items of all pages."""
    page = find(None)
    yield from page.items
    while page.after is not None:
        page = find(page.after)
        assert page.items
        yield from page.items


def test_accounts_are_found_by_the_beginning_of_their_numbers(
    programme: Programme, owner: int
) -> None:
    other = programme.customer()
    call = programme.call()
    numbers = ["X0000009", "B0000001", "X0000001", "X1000000"]
    for number in numbers:
        add_account(call, owner, number, "USD")
    add_account(call, other, "X0000002", "USD")

    def found(start: str | None) -> list[str]:
        return [it.number for it in every(lambda at: find_accounts(call, owner, start, at, size=1))]

    assert found(None) == numbers
    assert found(" x0 ") == ["X0000001", "X0000009"]
    assert found("X0000001") == ["X0000001"]
    assert found("X0000002") == []
    assert found("%") == found("_") == []


def test_what_an_account_has_and_redeemed_is_found(
    programme: Programme, owner: int, account: int, clock: Clock
) -> None:
    other = programme.customer()
    call = programme.call()
    own = programme.coupon(owner, spend_threshold=Decimal(100))
    claimed = programme.coupon(other, amount=Decimal(7))
    programme.claim(claimed, account)
    redeem_coupon(call, account, own)
    programme.coupon(owner)
    programme.spend(account, "30")
    found = list(every(lambda at: find_account_coupons(call, owner, account, at, size=1)))
    assert [(it.code, it.customer_id, it.status) for it in found] == [
        (claimed, other, CouponStatus.CLAIMED),
        (own, owner, CouponStatus.WAITING),
    ]
    waiting = found[1]
    assert (waiting.spend_threshold, waiting.spent_to_threshold) == (Decimal(100), Decimal(30))
    assert (waiting.granted, waiting.balance) == (Decimal(50), Decimal(50))
    assert (found[0].granted, found[0].balance) == (Decimal(7), None)


def test_spends_come_the_latest_first_and_by_month(
    programme: Programme, owner: int, account: int, clock: Clock
) -> None:
    clock.now = utc(2026, 3, 1)
    call = programme.call()
    for reference, day in (("a", utc(2026, 2, 28)), ("b", utc(2025, 4, 1)), ("c", None)):
        record_spend(call, account, Decimal(10), reference, day)
    record_spend(call, account, Decimal(1), "old", utc(2025, 3, 31))
    record_spend(call, account, Decimal(5), "d", utc(2026, 2, 28))
    reverse_spend(call, account, "d")
    found = list(every(lambda at: find_spends(call, owner, account, at, size=1)))
    assert [it.reference for it in found] == ["c", "d", "a", "b", "old"]
    assert [it.reversed_at for it in found] == [None, clock.now, None, None, None]
    months = monthly_spend(call, owner, account)
    assert [month.isoformat() for month, _ in months[:2]] == ["2025-04-01", "2025-05-01"]
    assert [str(amount) for _, amount in months] == ["10", *["0"] * 9, "10", "10"]
    assert show_spend(call, owner, account, found[1].spend_id) == found[1]


def billed(call: Call, order: str, reference: str) -> None:
    lines = (BillLine(component_id="support", given_cost=Decimal(100)),)
    request = BillRequest(
        subscription_reference=order, currency_code="USD", lines=lines, reference=reference
    )
    apply_coupons_to_bill(call, request)


def test_subscriptions_and_their_bills_are_found(
    programme: Programme, owner: int, account: int
) -> None:
    call = programme.call()
    orders = [subscription(programme, account) for _ in range(3)]
    programme.account(owner)
    found = list(every(lambda at: find_subscriptions(call, owner, account, at, size=2)))
    assert [it.reference for it in found] == orders[::-1]
    number = found[-1].subscription_id
    assert show_subscription(call, owner, number) == (found[-1], show_account(call, owner, account))
    for reference in ("january", "february"):
        billed(call, orders[0], reference)
    billed(call, orders[1], "other")
    rollback_bill(call, orders[0], "january")
    bills = list(every(lambda at: find_bills(call, owner, number, at, size=1)))
    assert [(it.reference, it.due, it.rolled_back_at) for it in bills] == [
        ("february", Decimal(100), None),
        ("january", Decimal(100), call.now),
    ]
    shown = show_bill(call, owner, number, bills[0].number)
    assert (shown.reference, shown.due) == ("february", Decimal(100))


@pytest.fixture
def asked(programme: Programme, owner: int, account: int) -> dict[str, Callable[..., Any]]:
    """Each operation, asked by a call, for a customer, about things of the owner."""
    order = subscription(programme, account)
    billed(programme.call(), order, "january")
    spend_id = programme.spend(account).spend_id
    number = find_subscriptions(programme.call(), owner, account).items[0].subscription_id
    bill_id = programme.rows(bill)[0]["bill_id"]
    return {
        "account": lambda call, of: show_account(call, of, account),
        "coupons": lambda call, of: find_account_coupons(call, of, account),
        "subscriptions": lambda call, of: find_subscriptions(call, of, account),
        "months": lambda call, of: monthly_spend(call, of, account),
        "spends": lambda call, of: find_spends(call, of, account),
        "spend": lambda call, of: show_spend(call, of, account, spend_id),
        "subscription": lambda call, of: show_subscription(call, of, number),
        "bills": lambda call, of: find_bills(call, of, number),
        "bill": lambda call, of: show_bill(call, of, number, bill_id),
    }


def test_nobody_finds_what_is_of_others(
    programme: Programme, owner: int, asked: dict[str, Callable[..., Any]]
) -> None:
    other = programme.customer()
    stranger, both = member(other), programme.call()
    for name, ask in asked.items():
        ask(programme.call(member(owner)), owner)
        for customer_id in (owner, other):
            call = programme.call(stranger)
            told = refusal(programme, lambda ask=ask, of=customer_id, it=call: ask(it, of))  # type: ignore[misc]
            assert told is NOT_AUTHORIZED, name
        # Also operators find it beneath its own customer only.
        told = refusal(programme, lambda ask=ask: ask(both, other))  # type: ignore[misc]
        assert told is ENTITY_NOT_EXISTENT, name


def test_things_of_one_account_are_not_found_beneath_another(
    programme: Programme, owner: int, account: int
) -> None:
    call = programme.call()
    second = programme.account(owner)
    spend_id = programme.spend(account).spend_id
    orders = [subscription(programme, it) for it in (account, second)]
    billed(call, orders[0], "january")
    bill_id = programme.rows(bill)[0]["bill_id"]
    number = find_subscriptions(call, owner, second).items[0].subscription_id
    for ask in (
        lambda: show_spend(call, owner, second, spend_id),
        lambda: show_spend(call, owner, second, NOBODY),
        lambda: show_bill(call, owner, number, bill_id),
        lambda: show_bill(call, owner, number, NOBODY),
    ):
        assert refusal(programme, ask) is ENTITY_NOT_EXISTENT


def test_a_place_that_no_list_has_is_refused(
    programme: Programme, owner: int, account: int
) -> None:
    call = programme.call()
    for find in (find_account_coupons, find_spends, find_subscriptions):
        assert refusal(programme, lambda find=find: find(call, owner, account, "x")) is (  # type: ignore[misc]
            PAGING_INVALID
        )
    nonsense = "WyJ4IiwxXQ"  # ["x",1]
    told = refusal(programme, lambda: find_spends(call, owner, account, nonsense))
    assert told is PAGING_INVALID
