"""Customers and accounts: who may add them, and what is refused."""

from collections.abc import Callable
from functools import partial

import pytest

from service.domain.errors import (
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NAME_TAKEN,
    NOT_AUTHORIZED,
)
from service.domain.programmes import Account, Customer
from service.domain.roles import Caller, Role
from service.operations.calls import Call
from service.operations.parties import (
    add_account,
    add_customer,
    list_accounts,
    list_customers,
    show_customer,
    visible_customers,
)
from tests.operations.faults import require_all_or_nothing
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Clock, Programme, member


def test_a_customer_is_added(programme: Programme) -> None:
    customer_id = add_customer(programme.call(), " Contoso ")
    assert last_entry(programme) == ("add", "customer", customer_id, {"name": "Contoso"})


def test_customers_are_listed(programme: Programme, clock: Clock) -> None:
    first = add_customer(programme.call(), "Contoso")
    clock.move(days=1)
    second = add_customer(programme.call(), "Adatum")
    assert list_customers(programme.call()) == [
        Customer(first, "Contoso", START),
        Customer(second, "Adatum", clock.now),
    ]


def test_customers_are_shown_to_those_who_may_read_them(programme: Programme) -> None:
    owners = [programme.customer() for _ in range(3)]
    everybody, nobody = programme.call(), programme.call(Caller(7, "Kim", {}))
    kim = programme.call(Caller(7, "Kim", dict.fromkeys(owners[1:], Role.READ_ONLY)))
    shown = [
        [it.customer_id for it in visible_customers(call, after)]
        for call, after in (
            (everybody, 0),
            (everybody, owners[0]),
            (kim, 0),
            (kim, owners[1]),
            (nobody, 0),
        )
    ]
    assert shown == [owners, owners[1:], owners[1:], owners[2:], []]
    assert show_customer(kim, owners[1]).name == "Customer 2"
    assert show_customer(everybody, owners[0]).customer_id == owners[0]
    for call, customer_id in ((kim, owners[0]), (nobody, owners[0]), (everybody, 99)):
        assert refusal(programme, partial(show_customer, call, customer_id)) is NOT_AUTHORIZED


@pytest.mark.parametrize("name", ["", "  ", "x" * 256])
def test_a_customer_has_a_name(programme: Programme, name: str) -> None:
    assert refusal(programme, lambda: add_customer(programme.call(), name)) is INPUT_INVALID


def test_accounts_are_listed_for_those_who_may_read(programme: Programme, owner: int) -> None:
    first = add_account(programme.call(), owner, "X0000009", "USD")
    second = add_account(programme.call(), owner, "ABCD1234", "JPY")
    add_account(programme.call(), programme.customer(), "X0000003", "USD")
    expected = [Account(first, owner, "X0000009", "USD"), Account(second, owner, "ABCD1234", "JPY")]
    assert list_accounts(programme.call(member(owner, Role.READ_ONLY)), owner) == expected
    stranger = programme.call(member(programme.customer()))
    assert refusal(programme, lambda: list_accounts(stranger, owner)) is NOT_AUTHORIZED


@pytest.mark.parametrize(
    "number", ["", "X000001", "X00000001", "x0000001", "X-000001", "X\u0660000001", "X0000001\n"]
)
def test_an_account_number_has_eight_characters(
    programme: Programme, owner: int, number: str
) -> None:
    expected = refusal(programme, lambda: add_account(programme.call(), owner, number, "USD"))
    assert expected is INPUT_INVALID


@pytest.mark.parametrize("currency_code", ["", "usd", "ZZZ", "XAU"])
def test_an_account_has_a_currency(programme: Programme, owner: int, currency_code: str) -> None:
    call = programme.call()
    expected = refusal(programme, lambda: add_account(call, owner, "X0000001", currency_code))
    assert expected is INPUT_INVALID


def test_an_account_number_is_unique_in_the_service(
    programme: Programme, owner: int, account: int
) -> None:
    other, call = programme.customer(), programme.call()
    expected = refusal(programme, lambda: add_account(call, other, "X0000002", "USD"))
    assert expected is NAME_TAKEN


def test_an_account_bills_to_a_customer(programme: Programme) -> None:
    call = programme.call()
    expected = refusal(programme, lambda: add_account(call, 1000, "X0000001", "USD"))
    assert expected is ENTITY_NOT_EXISTENT


OPERATORS_ONLY: dict[str, Callable[[Call, int], object]] = {
    "customer": lambda call, _: add_customer(call, "Contoso"),
    "account": lambda call, owner: add_account(call, owner, "X0000009", "USD"),
    "list": lambda call, _: list_customers(call),
}


@pytest.mark.parametrize("name", OPERATORS_ONLY)
def test_only_operators_do_this(programme: Programme, owner: int, name: str) -> None:
    action = OPERATORS_ONLY[name]
    admin = programme.call(member(owner, Role.SUPER_ADMIN))
    assert refusal(programme, lambda: action(admin, owner)) is NOT_AUTHORIZED
    action(programme.call(), owner)


@pytest.mark.parametrize("name", [it for it in OPERATORS_ONLY if it != "list"])
def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, name: str
) -> None:
    action = OPERATORS_ONLY[name]
    require_all_or_nothing(programme, lambda: action(programme.call(), owner))
