"""Customers, accounts, users and tokens: who may add them, and what is refused."""

from collections.abc import Callable

import pytest

from service.domain.errors import (
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NAME_TAKEN,
    NOT_AUTHORIZED,
    ErrorRow,
    ServiceError,
)
from service.domain.programmes import Account
from service.domain.roles import Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.calls import Call
from service.operations.parties import (
    add_account,
    add_customer,
    add_user,
    issue_token,
    list_accounts,
    list_tokens,
    revoke_token,
)
from service.storage.tables import audit, membership, metadata, service_user
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Clock, Programme, member


def refusal(programme: Programme, action: Callable[[], object]) -> ErrorRow:
    """Why the action is refused; whatever is refused leaves no trace."""
    before = [programme.rows(table) for table in metadata.sorted_tables]
    with pytest.raises(ServiceError) as error:
        action()
    assert [programme.rows(table) for table in metadata.sorted_tables] == before
    return error.value.row


def last_entry(programme: Programme) -> tuple[object, ...]:
    entry = programme.rows(audit)[-1]
    return entry["action"], entry["entity"], entry["entity_id"], entry["after"]


def test_a_customer_is_added(programme: Programme) -> None:
    customer_id = add_customer(programme.call(), " Contoso ")
    assert last_entry(programme) == ("add", "customer", customer_id, {"name": "Contoso"})


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


@pytest.mark.parametrize("role", list(Role))
def test_a_user_is_added_with_a_role(programme: Programme, owner: int, role: Role) -> None:
    customer_id = None if role is Role.OPERATOR else owner
    user_id = add_user(programme.call(), " kim ", role, customer_id)
    (stored,) = programme.rows(membership)
    del stored["membership_id"]
    assert stored == {"user_id": user_id, "customer_id": customer_id, "role": role.value}
    assert programme.rows(service_user)[0]["password_hash"] is None
    assert last_entry(programme) == (
        "add",
        "user",
        user_id,
        {"name": "kim", "role": role.value, "customer_id": customer_id},
    )


def test_what_cannot_be_a_user_is_refused(programme: Programme, owner: int) -> None:
    call = programme.call()
    add_user(call, "kim", Role.STANDARD, owner)
    cases: list[tuple[str, Role, int | None, ErrorRow]] = [
        ("kim", Role.STANDARD, owner, NAME_TAKEN),
        (" kim", Role.OPERATOR, None, NAME_TAKEN),
        ("", Role.STANDARD, owner, INPUT_INVALID),
        ("x" * 256, Role.STANDARD, owner, INPUT_INVALID),
        ("lee", Role.STANDARD, None, INPUT_INVALID),
        ("lee", Role.OPERATOR, owner, INPUT_INVALID),
        ("lee", Role.STANDARD, 1000, ENTITY_NOT_EXISTENT),
    ]
    for name, role, customer_id, expected in cases:
        row = refusal(programme, lambda: add_user(call, name, role, customer_id))  # noqa: B023
        assert row is expected, (name, role, customer_id)


def test_a_token_is_listed_without_its_text(programme: Programme, clock: Clock) -> None:
    call = programme.call()
    add_user(call, "kim", Role.OPERATOR, None)
    developer = issue_token(call, "kim", DEVELOPER)
    issued = issue_token(call, "kim", AUTHENTICATION, expires_at=START.replace(year=2027))
    clock.move(hours=1)
    revoke_token(programme.call(), developer.token_id)
    first, second = list_tokens(call)
    assert (first.token_id, first.user_name, first.kind) == (developer.token_id, "kim", DEVELOPER)
    assert (first.created_at, first.expires_at, first.revoked_at) == (START, None, clock.now)
    assert (second.kind, second.expires_at) == (AUTHENTICATION, START.replace(year=2027))
    assert second.revoked_at is None
    assert issued.text not in repr([first, second, programme.rows(audit)])


def test_tokens_are_different_and_long(programme: Programme) -> None:
    call = programme.call()
    add_user(call, "kim", Role.OPERATOR, None)
    texts = {issue_token(call, "kim", DEVELOPER).text for _ in range(10)}
    assert len(texts) == 10
    assert min(map(len, texts)) >= 43  # 256 bits in base 64


def test_a_token_is_for_a_user_and_a_purpose(programme: Programme) -> None:
    call = programme.call()
    add_user(call, "kim", Role.OPERATOR, None)
    unknown = refusal(programme, lambda: issue_token(call, "lee", DEVELOPER))
    purposeless = refusal(programme, lambda: issue_token(call, "kim", "Developer"))
    assert (unknown, purposeless) == (ENTITY_NOT_EXISTENT, INPUT_INVALID)


def test_a_token_is_revoked_once(programme: Programme) -> None:
    call = programme.call()
    add_user(call, "kim", Role.OPERATOR, None)
    token_id = issue_token(call, "kim", DEVELOPER).token_id
    revoke_token(call, token_id)
    for number in (token_id, 1000):
        row = refusal(programme, lambda: revoke_token(call, number))  # noqa: B023
        assert row is ENTITY_NOT_EXISTENT


OPERATORS_ONLY: dict[str, Callable[[Call, int], object]] = {
    "customer": lambda call, _: add_customer(call, "Contoso"),
    "account": lambda call, owner: add_account(call, owner, "X0000009", "USD"),
    "user": lambda call, owner: add_user(call, "lee", Role.STANDARD, owner),
    "issue": lambda call, _: issue_token(call, "kim", DEVELOPER),
    "list": lambda call, _: list_tokens(call),
    "revoke": lambda call, _: revoke_token(call, 1),
}


@pytest.mark.parametrize("name", OPERATORS_ONLY)
def test_only_operators_do_this(programme: Programme, owner: int, name: str) -> None:
    action = OPERATORS_ONLY[name]
    add_user(programme.call(), "kim", Role.SUPER_ADMIN, owner)
    issue_token(programme.call(), "kim", DEVELOPER)
    admin = programme.call(member(owner, Role.SUPER_ADMIN))
    assert refusal(programme, lambda: action(admin, owner)) is NOT_AUTHORIZED
    action(programme.call(), owner)


@pytest.mark.parametrize("name", [it for it in OPERATORS_ONLY if it != "list"])
def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, name: str
) -> None:
    add_user(programme.call(), "kim", Role.SUPER_ADMIN, owner)
    issue_token(programme.call(), "kim", DEVELOPER)
    action = OPERATORS_ONLY[name]
    require_all_or_nothing(programme, lambda: action(programme.call(), owner))
