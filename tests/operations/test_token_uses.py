"""When tokens were last used: written beside the calls, and rarely."""

from datetime import datetime

import pytest

from service.domain.refusals import ServiceError
from service.domain.roles import Credentials, Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER, Authenticator
from service.operations.call_journal import CallJournal
from service.operations.users import add_user, issue_token, list_tokens
from tests.operations.test_statements import counted
from tests.programme import START, Programme


@pytest.fixture
def tokens(programme: Programme, owner: int) -> Credentials:
    """The tokens of a user, and a password."""
    add_user(programme.call(), "kim", Role.STANDARD, owner, "correct horse battery staple")
    kinds = (DEVELOPER, AUTHENTICATION)
    return Credentials(*(issue_token(programme.call(), "kim", kind).text for kind in kinds))


class Process:
    """A process of the service, as far as it notes which tokens are used."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._journal = CallJournal(programme.database, lambda _count: None, pause_s=60)
        self._authenticate = Authenticator(
            programme.database, programme.clock, note_use=self._journal.note_use
        )

    def admit(self, credentials: Credentials) -> None:
        self._authenticate(credentials, "tracking id")

    def written(self) -> int:
        """Write what waits; answers how many statements that took."""
        with counted(self._programme.database) as statements:
            self._journal._write()
        return len([it for it in statements if it.startswith("UPDATE")])


def last_uses(programme: Programme) -> list[datetime | None]:
    return [it.last_used_at for it in list_tokens(programme.call())]


def test_both_tokens_of_a_call_are_used(programme: Programme, tokens: Credentials) -> None:
    assert last_uses(programme) == [None, None]
    process = Process(programme)
    process.admit(tokens)
    process.written()
    assert last_uses(programme) == [START, START]


def test_a_password_uses_the_developer_token_alone(
    programme: Programme, tokens: Credentials
) -> None:
    process = Process(programme)
    password = "correct horse battery staple"
    process.admit(Credentials(tokens.developer_token, None, "kim", password))
    process.written()
    assert last_uses(programme) == [START, None]


def test_who_is_refused_uses_nothing(programme: Programme, tokens: Credentials) -> None:
    process = Process(programme)
    with pytest.raises(ServiceError):
        process.admit(Credentials(tokens.developer_token, "wrong"))
    assert process.written() == 0
    assert last_uses(programme) == [None, None]


def test_many_calls_are_written_once_a_minute(programme: Programme, tokens: Credentials) -> None:
    one, other = Process(programme), Process(programme)
    for _ in range(59):
        one.admit(tokens)
        programme.clock.move(seconds=1)
    assert one.written() == 2
    other.admit(tokens)
    other.written()
    assert last_uses(programme) == [START, START]
    programme.clock.move(seconds=1)
    one.admit(tokens)
    assert one.written() == 2
    assert last_uses(programme) == [programme.clock.now] * 2
