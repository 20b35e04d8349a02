"""Subscriptions: added, listed, ended."""

from collections.abc import Callable
from typing import Any

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NAME_TAKEN,
    NOT_AUTHORIZED,
)
from service.domain.programmes import Subscription
from service.domain.roles import Role
from service.operations.calls import Call
from service.operations.check_database import check_database
from service.operations.subscriptions import (
    add_subscription,
    end_subscription,
    list_subscriptions,
)
from service.storage.tables import audit
from tests.operations.faults import require_all_or_nothing
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Clock, Programme, member

NOBODY = 10**9


def add(call: Call, account_id: int, reference: str = "order 1", **changes: Any) -> int:
    """Add a subscription, but for the changes the same."""
    values = {"product_id": "ads", "rate_plan_id": "monthly", **changes}
    return add_subscription(call, account_id, reference, **values)


def test_a_subscription_is_stored_whole(programme: Programme, account: int) -> None:
    call = programme.call()
    number = add(call, account, " order 1 ", product_id=" ads", currency_code="EUR")
    stored = Subscription(number, account, "order 1", "ads", "monthly", "EUR", START, None)
    assert list_subscriptions(call, account) == [stored]
    said = {
        "account_id": account,
        "reference": "order 1",
        "product_id": "ads",
        "rate_plan_id": "monthly",
        "currency_code": "EUR",
    }
    assert last_entry(programme) == ("add", "subscription", number, said)


def test_without_a_currency_it_is_the_accounts(programme: Programme, owner: int) -> None:
    in_yen = programme.account(owner, "JPY")
    add(programme.call(), in_yen)
    assert list_subscriptions(programme.call(), in_yen)[0].currency_code == "JPY"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"account_id": NOBODY}, ACCOUNT_ID_INVALID),
        ({"reference": " "}, INPUT_INVALID),
        ({"reference": "x" * 65}, INPUT_INVALID),
        ({"reference": "a\nb"}, INPUT_INVALID),
        ({"product_id": ""}, INPUT_INVALID),
        ({"product_id": "x" * 65}, INPUT_INVALID),
        ({"rate_plan_id": ""}, INPUT_INVALID),
        ({"rate_plan_id": "x" * 65}, INPUT_INVALID),
        ({"currency_code": ""}, INPUT_INVALID),
        ({"currency_code": "usd"}, INPUT_INVALID),
    ],
)
def test_what_cannot_be_a_subscription_is_refused(
    programme: Programme, account: int, changes: dict[str, Any], expected: ErrorRow
) -> None:
    values = {"account_id": account, "reference": "order 1", **changes}
    assert refusal(programme, lambda: add(programme.call(), **values)) is expected


def test_the_longest_texts_are_kept(programme: Programme, account: int) -> None:
    longest = {"reference": "r" * 64, "product_id": "p" * 64, "rate_plan_id": "\u00fc" * 64}
    add(programme.call(), account, **longest)
    (stored,) = list_subscriptions(programme.call(), account)
    assert {name: getattr(stored, name) for name in longest} == longest


def test_a_reference_is_unique_in_the_service(programme: Programme, account: int) -> None:
    add(programme.call(), account, "Caf\u00e9")
    another = programme.account(programme.customer())
    for reference in ("Caf\u00e9", " Cafe\u0301"):
        taken = refusal(programme, lambda: add(programme.call(), another, reference))  # noqa: B023
        assert taken is NAME_TAKEN
    add(programme.call(), another, "caf\u00e9")


def test_subscriptions_are_listed_for_those_who_may_read(
    programme: Programme, owner: int, account: int
) -> None:
    numbers = [add(programme.call(), account, reference) for reference in ("b", "a")]
    add(programme.call(), programme.account(owner), "of another account")
    reader = programme.call(member(owner, Role.READ_ONLY))
    assert [it.subscription_id for it in list_subscriptions(reader, account)] == numbers
    stranger = programme.call(member(programme.customer()))
    for call, account_id, expected in (
        (stranger, account, NOT_AUTHORIZED),
        (stranger, NOBODY, NOT_AUTHORIZED),
        (programme.call(), NOBODY, ACCOUNT_ID_INVALID),
    ):
        row = refusal(programme, lambda: list_subscriptions(call, account_id))  # noqa: B023
        assert row is expected


def test_a_subscription_is_ended_once(programme: Programme, clock: Clock, account: int) -> None:
    number = add(programme.call(), account, "Caf\u00e9")
    running = add(programme.call(), account, "another")
    clock.move(days=1)
    ended_at = clock.now
    ended = end_subscription(programme.call(), " Cafe\u0301")
    assert (ended.subscription_id, ended.ended_at) == (number, ended_at)
    said = {"ended_at": ended_at.isoformat()}
    assert last_entry(programme) == ("end", "subscription", number, said)
    entries = programme.rows(audit)
    clock.move(days=1)
    assert end_subscription(programme.call(), "Caf\u00e9") == ended
    assert programme.rows(audit) == entries
    listed = {
        it.subscription_id: it.ended_at for it in list_subscriptions(programme.call(), account)
    }
    assert listed == {number: ended_at, running: None}
    assert refusal(programme, lambda: add(programme.call(), account, "Caf\u00e9")) is NAME_TAKEN
    assert check_database(programme.call()).is_clean


@pytest.mark.parametrize("reference", ["", "order 2", "ORDER 1"])
def test_a_subscription_is_found_by_its_reference(
    programme: Programme, account: int, reference: str
) -> None:
    add(programme.call(), account)
    unknown = refusal(programme, lambda: end_subscription(programme.call(), reference))
    assert unknown is ENTITY_NOT_EXISTENT


OPERATORS_ONLY: dict[str, Callable[[Call, int], object]] = {
    "add": lambda call, account_id: add(call, account_id, "order 2"),
    "end": lambda call, _: end_subscription(call, "order 1"),
}


@pytest.mark.parametrize("name", OPERATORS_ONLY)
def test_only_operators_do_this(programme: Programme, owner: int, account: int, name: str) -> None:
    action = OPERATORS_ONLY[name]
    add(programme.call(), account)
    admin = programme.call(member(owner, Role.SUPER_ADMIN))
    assert refusal(programme, lambda: action(admin, account)) is NOT_AUTHORIZED
    action(programme.call(), account)


@pytest.mark.parametrize("name", OPERATORS_ONLY)
def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, account: int, name: str
) -> None:
    add(programme.call(), account)
    require_all_or_nothing(programme, lambda: OPERATORS_ONLY[name](programme.call(), account))
