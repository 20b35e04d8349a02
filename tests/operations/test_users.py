"""Users and tokens: who may add and end them, and what is refused."""

from collections.abc import Callable

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    INVALID_CREDENTIALS,
    NAME_TAKEN,
    NOT_AUTHORIZED,
)
from service.domain.refusals import ServiceError
from service.domain.roles import Credentials, Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER, Authenticator
from service.operations.calls import Call
from service.operations.users import (
    add_user,
    disable_user,
    issue_token,
    list_tokens,
    list_users,
    revoke_token,
    set_email,
    set_password,
)
from service.storage.party_tables import membership, service_user
from service.storage.tables import audit
from service.storage.users import StoredUser
from tests.operations.faults import require_all_or_nothing
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Clock, Programme, member

PASSWORD = "correct horse battery staple"


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
        {"name": "kim", "role": role.value, "customer_id": customer_id, "email": None},
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


@pytest.mark.parametrize("email", ["", "nowhere", "two@example.com, three@example.com"])
def test_an_address_must_be_one(programme: Programme, email: str) -> None:
    call = programme.call()
    add_user(call, "kim", Role.OPERATOR, None)
    for action in (
        lambda: add_user(call, "lee", Role.OPERATOR, None, email=email),
        lambda: set_email(call, "kim", email),
    ):
        assert refusal(programme, action) is INPUT_INVALID


def test_an_address_takes_the_place_of_the_one_before(programme: Programme) -> None:
    call = programme.call()
    user_id = add_user(call, "kim", Role.OPERATOR, None, email="kim@example.com")
    assert set_email(call, " kim", "k@EXAMPLE.com") == user_id
    assert last_entry(programme) == ("set email", "user", user_id, {"email": "k@example.com"})
    assert programme.rows(audit)[-1]["before"] == {"email": "kim@example.com"}
    assert [user.email for user in list_users(call)] == ["k@example.com"]
    set_email(call, "kim", None)
    assert [user.email for user in list_users(call)] == [None]


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


def test_users_are_listed_with_their_roles(programme: Programme, clock: Clock, owner: int) -> None:
    call = programme.call()
    email = "kim@example.com"
    kim = add_user(call, "kim", Role.STANDARD, owner, PASSWORD, email="kim@EXAMPLE.com")
    lee = add_user(call, "lee", Role.OPERATOR, None, email="lee@example.com")
    other = programme.customer()
    programme.insert(membership, user_id=kim, customer_id=other, role="ReadOnly")
    clock.move(days=1)
    disable_user(programme.call(), "lee")
    listed = list_users(programme.call())
    assert listed == [
        StoredUser(kim, "kim", Role.STANDARD, owner, True, START, None, email),
        StoredUser(kim, "kim", Role.READ_ONLY, other, True, START, None, email),
        StoredUser(lee, "lee", Role.OPERATOR, None, False, START, clock.now, None),
    ]
    assert {type(row.has_password) for row in listed} == {bool}


@pytest.fixture
def kim(programme: Programme, owner: int) -> Credentials:
    """A user with tokens and a password: its tokens, and its name and password beside them."""
    add_user(programme.call(), "kim", Role.STANDARD, owner, PASSWORD)
    developer, authentication = (
        issue_token(programme.call(), "kim", kind).text for kind in (DEVELOPER, AUTHENTICATION)
    )
    return Credentials(developer, authentication, "kim", PASSWORD)


def is_admitted(programme: Programme, credentials: Credentials) -> bool:
    """Whether the credentials are accepted; if not, it is for being wrong."""
    try:
        Authenticator(programme.database, programme.clock)(credentials, "t")
    except ServiceError as error:
        if error.row is not INVALID_CREDENTIALS:
            raise
        return False
    return True


def test_a_new_password_takes_the_place_of_the_old(programme: Programme, kim: Credentials) -> None:
    user_id = set_password(programme.call(), " kim ", "a new one")
    assert last_entry(programme) == ("set password", "user", user_id, None)
    for password, expected in ((PASSWORD, False), ("a new one", True)):
        given = Credentials(kim.developer_token, None, "kim", password)
        assert is_admitted(programme, given) is expected
    assert is_admitted(programme, Credentials(kim.developer_token, kim.authentication_token))
    assert "a new one" not in repr([programme.rows(audit), programme.rows(service_user)])


def test_nothing_shows_a_disabled_user(
    programme: Programme, clock: Clock, kim: Credentials
) -> None:
    other = add_user(programme.call(), "lee", Role.OPERATOR, None, PASSWORD)
    lee = issue_token(programme.call(), "lee", DEVELOPER).text
    revoke_token(programme.call(), issue_token(programme.call(), "kim", DEVELOPER).token_id)
    clock.move(hours=1)

    user_id = disable_user(programme.call(), "kim")

    disabled_at = {"disabled_at": clock.now.isoformat()}
    assert last_entry(programme) == ("disable", "user", user_id, disabled_at)
    by_token = Credentials(lee, kim.authentication_token)
    by_password = Credentials(lee, None, "kim", PASSWORD)
    with_developer_token = Credentials(kim.developer_token, None, "lee", PASSWORD)
    for given in (by_token, by_password, with_developer_token):
        assert not is_admitted(programme, given)
    assert is_admitted(programme, Credentials(lee, None, "lee", PASSWORD))
    *of_kim, of_lee, before = (
        (token.user_name, token.revoked_at) for token in list_tokens(programme.call())
    )
    assert of_kim == [("kim", clock.now)] * 2
    assert (of_lee, before) == (("lee", None), ("kim", START))
    assert other != user_id


def test_a_disabled_user_stays_disabled(programme: Programme, owner: int) -> None:
    call = programme.call()
    add_user(call, "kim", Role.STANDARD, owner)
    disable_user(call, "kim")
    cases: list[tuple[Callable[[], object], ErrorRow]] = [
        (lambda: disable_user(call, "kim"), ENTITY_NOT_EXISTENT),
        (lambda: set_email(call, "kim", "kim@example.com"), ENTITY_NOT_EXISTENT),
        (lambda: set_password(call, "kim", PASSWORD), ENTITY_NOT_EXISTENT),
        (lambda: issue_token(call, "kim", DEVELOPER), ENTITY_NOT_EXISTENT),
        (lambda: add_user(call, "kim", Role.STANDARD, owner), NAME_TAKEN),
    ]
    for action, expected in cases:
        assert refusal(programme, action) is expected


@pytest.mark.parametrize("name", ["lee", "KIM", ""])
def test_a_user_is_found_by_its_name(programme: Programme, owner: int, name: str) -> None:
    call = programme.call()
    add_user(call, "kim", Role.STANDARD, owner)
    for action in (disable_user, lambda call, name: set_password(call, name, PASSWORD)):
        assert refusal(programme, lambda: action(call, name)) is ENTITY_NOT_EXISTENT  # noqa: B023


OPERATORS_ONLY: dict[str, Callable[[Call, int], object]] = {
    "user": lambda call, owner: add_user(call, "lee", Role.STANDARD, owner),
    "users": lambda call, _: list_users(call),
    "password": lambda call, _: set_password(call, "kim", PASSWORD),
    "email": lambda call, _: set_email(call, "kim", "kim@example.com"),
    "disable": lambda call, _: disable_user(call, "kim"),
    "issue": lambda call, _: issue_token(call, "kim", DEVELOPER),
    "tokens": lambda call, _: list_tokens(call),
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


@pytest.mark.parametrize("name", [it for it in OPERATORS_ONLY if it not in {"users", "tokens"}])
def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, name: str
) -> None:
    add_user(programme.call(), "kim", Role.SUPER_ADMIN, owner, PASSWORD)
    issue_token(programme.call(), "kim", DEVELOPER)
    action = OPERATORS_ONLY[name]
    require_all_or_nothing(programme, lambda: action(programme.call(), owner))
