"""Finding out who calls."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    INVALID_CREDENTIALS,
    REQUEST_MISSING_HEADERS,
)
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Credentials, Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER, Authenticator
from service.operations.users import add_user, issue_token, list_tokens, revoke_token
from service.storage import users
from service.storage.naming import metadata
from tests.programme import START, Clock, Programme

PASSWORD = "correct horse battery staple"


@pytest.fixture
def user_id(programme: Programme, owner: int) -> int:
    """A user called kim, who has a password."""
    return add_user(programme.call(), "kim", Role.STANDARD, owner, PASSWORD)


@pytest.fixture
def tokens(programme: Programme, user_id: int) -> Credentials:
    """kim's tokens."""
    developer, authentication = (
        issue_token(programme.call(), "kim", kind).text for kind in (DEVELOPER, AUTHENTICATION)
    )
    return Credentials(developer, authentication)


@pytest.fixture
def with_password(tokens: Credentials) -> Credentials:
    """kim's name and password."""
    return Credentials(tokens.developer_token, None, "kim", PASSWORD)


def authenticate(programme: Programme, credentials: Credentials) -> Caller:
    """Who the credentials show."""
    return Authenticator(programme.database, programme.clock)(credentials, "t").caller


def refusal(programme: Programme, credentials: Credentials) -> tuple[ErrorRow, str]:
    with pytest.raises(ServiceError) as error:
        authenticate(programme, credentials)
    return error.value.row, error.value.details


def test_a_call_knows_its_caller_its_instant_and_its_tracking_id(
    programme: Programme, owner: int, user_id: int, tokens: Credentials
) -> None:
    call = Authenticator(programme.database, programme.clock)(tokens, "some-tracking-id")
    assert call.caller == Caller(user_id, "kim", {owner: Role.STANDARD})
    assert (call.now, call.tracking_id, call.database) == (
        START,
        "some-tracking-id",
        programme.database,
    )
    assert (call.author.user_id, call.author.tracking_id, call.author.at) == (
        user_id,
        "some-tracking-id",
        START,
    )


def test_a_password_shows_the_same_user(
    programme: Programme, tokens: Credentials, with_password: Credentials
) -> None:
    by_token = authenticate(programme, tokens)
    assert authenticate(programme, with_password) == by_token
    assert authenticate(programme, replace(with_password, user_name=" kim ")) == by_token


def test_every_role_is_loaded(programme: Programme, user_id: int, tokens: Credentials) -> None:
    customers = programme.customer(), programme.customer()
    with programme.database.writing() as connection:
        users.add_role(connection, user_id, Role.READ_ONLY, customers[0])
        users.add_role(connection, user_id, Role.SUPER_ADMIN, customers[1])
    caller = authenticate(programme, tokens)
    assert sorted(role.value for role in caller.roles.values()) == [
        "ReadOnly",
        "Standard",
        "SuperAdmin",
    ]
    assert not caller.is_operator
    with programme.database.writing() as connection:
        users.add_role(connection, user_id, Role.OPERATOR, None)
    caller = authenticate(programme, tokens)
    assert caller.is_operator
    assert None not in caller.roles
    assert len(caller.roles) == 3


def test_the_developer_token_may_be_anothers(
    programme: Programme, user_id: int, tokens: Credentials
) -> None:
    add_user(programme.call(), "vendor", Role.OPERATOR, None)
    vendors = issue_token(programme.call(), "vendor", DEVELOPER).text
    assert authenticate(programme, replace(tokens, developer_token=vendors)).user_id == user_id


@pytest.mark.parametrize("absent", [None, ""])
@pytest.mark.parametrize("present", list(product([True, False], repeat=4)))
def test_missing_headers_are_told_apart_from_wrong_ones(
    programme: Programme, present: tuple[bool, bool, bool, bool], absent: str | None
) -> None:
    values = [value if there else absent for value, there in zip("dakp", present, strict=True)]
    found = refusal(programme, Credentials(*values))
    has_developer, has_authentication, has_name, has_password = present
    if not has_developer:
        assert found == (REQUEST_MISSING_HEADERS, "DeveloperToken")
    elif not (has_authentication or (has_name and has_password)):
        assert found == (REQUEST_MISSING_HEADERS, "AuthenticationToken")
    else:
        assert found == (INVALID_CREDENTIALS, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"developer_token": "wrong"},
        {"authentication_token": "wrong"},
        {"developer_token": "wrong", "authentication_token": "wrong"},
        {"authentication_token": None, "user_name": "kim", "password": "wrong"},
        {"authentication_token": None, "user_name": "lee", "password": PASSWORD},
        {"authentication_token": None, "user_name": " ", "password": PASSWORD},
        {"authentication_token": None, "user_name": "kim", "password": PASSWORD + " "},
        # A wrong token is not made good by a right password.
        {"authentication_token": "wrong", "user_name": "kim", "password": PASSWORD},
        {"developer_token": "wrong", "user_name": "kim", "password": PASSWORD},
    ],
)
def test_what_is_wrong_is_not_told(
    programme: Programme, tokens: Credentials, changes: dict[str, str | None]
) -> None:
    assert refusal(programme, replace(tokens, **changes)) == (INVALID_CREDENTIALS, "")


def test_a_token_has_one_purpose(programme: Programme, tokens: Credentials) -> None:
    developer, authentication = tokens.developer_token, tokens.authentication_token
    for swapped in (
        Credentials(authentication, developer),
        Credentials(developer, developer),
        Credentials(authentication, authentication),
    ):
        assert refusal(programme, swapped)[0] is INVALID_CREDENTIALS


@pytest.mark.parametrize("kind", [DEVELOPER, AUTHENTICATION])
def test_a_revoked_token_is_refused(programme: Programme, tokens: Credentials, kind: str) -> None:
    authenticate(programme, tokens)
    (token_id,) = [it.token_id for it in list_tokens(programme.call()) if it.kind == kind]
    revoke_token(programme.call(), token_id)
    assert refusal(programme, tokens)[0] is INVALID_CREDENTIALS


@pytest.mark.parametrize("kind", [DEVELOPER, AUTHENTICATION])
def test_a_token_ends_at_its_instant(
    programme: Programme, clock: Clock, tokens: Credentials, kind: str
) -> None:
    end = START + timedelta(days=1)
    issued = issue_token(programme.call(), "kim", kind, expires_at=end).text
    short_lived = replace(tokens, **{f"{kind}_token": issued})
    for ticks, is_accepted in ((-1, True), (0, False), (1, False)):
        clock.now = end + timedelta(microseconds=ticks)
        if is_accepted:
            assert authenticate(programme, short_lived).user_name == "kim"
        else:
            assert refusal(programme, short_lived)[0] is INVALID_CREDENTIALS


@pytest.mark.parametrize("password", ["", " ", "the password of no user", "None"])
def test_a_user_without_a_password_cannot_give_one(
    programme: Programme, owner: int, tokens: Credentials, password: str
) -> None:
    add_user(programme.call(), "lee", Role.STANDARD, owner)
    credentials = Credentials(tokens.developer_token, None, "lee", password)
    expected = INVALID_CREDENTIALS if password else REQUEST_MISSING_HEADERS
    assert refusal(programme, credentials)[0] is expected


def test_secrets_are_not_stored(programme: Programme, tokens: Credentials) -> None:
    stored = str([programme.rows(table) for table in metadata.sorted_tables])
    assert "kim" in stored
    for secret in (tokens.developer_token, tokens.authentication_token, PASSWORD):
        assert secret is not None
        assert secret not in stored


def test_a_password_is_not_checked_for_an_unknown_program(
    programme: Programme, with_password: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(*_given: object) -> bool:
        raise AssertionError("checking a password takes long")

    monkeypatch.setattr("service.operations.authentication.is_password", check)
    row, _ = refusal(programme, replace(with_password, developer_token="wrong"))
    assert row is INVALID_CREDENTIALS
    with pytest.raises(AssertionError, match="takes long"):
        authenticate(programme, with_password)


def test_a_user_name_has_one_spelling(
    programme: Programme, owner: int, with_password: Credentials
) -> None:
    add_user(programme.call(), "Ren\u00e9", Role.STANDARD, owner, "a password")
    composed = replace(with_password, user_name="Rene\u0301 ", password="a password")
    assert authenticate(programme, composed).user_name == "Ren\u00e9"
