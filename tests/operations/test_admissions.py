"""Callers that are admitted again for a moment without a look at the database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest

from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Credentials, Role
from service.operations import admissions
from service.operations.admissions import Admissions
from service.operations.authentication import AUTHENTICATION, DEVELOPER, Authenticator
from service.operations.users import add_user, issue_token, list_tokens, revoke_token
from tests.operations.test_statements import counted
from tests.programme import START, Programme

AGE = timedelta(seconds=2)
CALLER = Caller(7, "kim", {}, is_operator=False)
TOKENS = Credentials("developer", "authentication")


@pytest.fixture
def tokens(programme: Programme, owner: int) -> Credentials:
    """The tokens of a user."""
    add_user(programme.call(), "kim", Role.STANDARD, owner, "correct horse battery staple")
    kinds = (DEVELOPER, AUTHENTICATION)
    return Credentials(*(issue_token(programme.call(), "kim", kind).text for kind in kinds))


@pytest.fixture
def admit(programme: Programme) -> Callable[[Credentials], Caller]:
    """Admits whoever shows credentials, with a memory of two seconds."""
    authenticator = Authenticator(programme.database, programme.clock, age_max=AGE)
    return lambda credentials: authenticator(credentials, "t").caller


def test_the_database_is_asked_once_in_a_while(
    programme: Programme, tokens: Credentials, admit: Callable[[Credentials], Caller]
) -> None:
    first = admit(tokens)
    with counted(programme.database) as statements:
        assert admit(tokens) == first
        assert statements == []
        programme.clock.move(seconds=2)
        assert admit(tokens) == first
        assert statements


def test_a_revoked_token_is_taken_for_that_long_at_the_most(
    programme: Programme, tokens: Credentials, admit: Callable[[Credentials], Caller]
) -> None:
    admit(tokens)
    for token in list_tokens(programme.call()):
        revoke_token(programme.call(), token.token_id)
    programme.clock.move(seconds=2, microseconds=-1)
    admit(tokens)
    programme.clock.move(microseconds=1)
    with pytest.raises(ServiceError):
        admit(tokens)


def test_nobody_is_admitted_who_showed_nothing_right(
    tokens: Credentials, admit: Callable[[Credentials], Caller]
) -> None:
    admit(tokens)
    for wrong in (
        replace(tokens, authentication_token=tokens.developer_token),
        replace(tokens, developer_token=f"{tokens.developer_token} "),
    ):
        for _ in range(2):
            with pytest.raises(ServiceError):
                admit(wrong)


def test_a_clock_that_is_put_back_admits_nobody() -> None:
    kept = Admissions(AGE)
    kept.keep(TOKENS, CALLER, START, None)
    assert kept.find(TOKENS, START) == CALLER
    assert kept.find(TOKENS, START - timedelta(microseconds=1)) is None


def test_nobody_is_admitted_after_the_end_of_a_token(
    programme: Programme, tokens: Credentials, admit: Callable[[Credentials], Caller]
) -> None:
    end = START + timedelta(seconds=1)
    issued = issue_token(programme.call(), "kim", AUTHENTICATION, expires_at=end).text
    short_lived = replace(tokens, authentication_token=issued)
    admit(short_lived)
    programme.clock.move(seconds=1, microseconds=-1)
    with counted(programme.database) as statements:
        admit(short_lived)
    assert statements == []
    programme.clock.move(microseconds=1)
    with pytest.raises(ServiceError):
        admit(short_lived)


def test_without_an_age_nothing_is_kept() -> None:
    kept = Admissions(timedelta(0))
    kept.keep(TOKENS, CALLER, START, None)
    assert kept.find(TOKENS, START) is None


def test_each_way_to_show_the_same_letters_is_another_one() -> None:
    ways = [
        Credentials("ab", "c"),
        Credentials("a", "bc"),
        Credentials("ab", None, "c"),
        Credentials("ab", None, None, "c"),
        Credentials("ab', 'c"),
    ]
    for one, other in combinations(ways, 2):
        kept = Admissions(AGE)
        kept.keep(one, CALLER, START, None)
        assert kept.find(other, START) is None


def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admissions, "KEPT_MAX", 10)
    kept = Admissions(AGE)
    for number in range(25):
        kept.keep(Credentials(str(number), "b"), CALLER, START, None)
    found = [kept.find(Credentials(str(number), "b"), START) for number in range(25)]
    assert found[-1] == CALLER
    assert len([it for it in found if it]) <= admissions.KEPT_MAX
