"""How long an answer takes does not tell a wrong thing from one that is not there."""

import time
from collections.abc import Callable
from datetime import timedelta
from operator import sub
from statistics import quantiles

import pytest

from service.domain.roles import Role
from service.operations import authentication
from service.operations.secrets import is_password
from service.operations.users import AUTHENTICATION, add_user, issue_token
from service.storage import party_tables
from tests.programme import Programme
from tests.reliability.envelopes import Envelopes
from tests.reliability.proofs import SAME_TIME, Report
from tests.security.door import Application, Attempt, send
from tests.security.people import new_keys
from tests.storage.engines import ON_SQLITE

SECONDS_MAX = 0.001
PASSWORD_SECONDS_MAX = 0.005
"""A look at one takes some 100 ms in all threads, and no two looks take the same."""
PAIRS_COUNT = 10_000
PASSWORDS_COUNT = 50
PASSWORD = "correct horse battery staple"

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("slow_passwords"),
    ON_SQLITE,
]


def difference_s(application: Application, wrong: bytes, unknown: bytes, count: int) -> float:
    """By how much the answers to two requests differ, sent in turn, in seconds.

    It is the CPU time of all threads: a password is looked at by several. What others do on the
    machine is in most of the times, and least in the lowest tenth of them.
    """
    taken: dict[bytes, list[float]] = {wrong: [], unknown: []}
    for _ in range(count):
        for content, times in taken.items():
            begun = time.process_time()
            reply = send(application, Attempt(content))
            times.append(time.process_time() - begun)
            assert reply.fault_code == "Server"
    lowest = (quantiles(times, n=10)[0] for times in taken.values())
    return abs(sub(*lowest))


def with_token(keys: dict[str, str], token: str) -> bytes:
    return Envelopes({**keys, "AuthenticationToken": token}).redeem(1, "CODE")


def with_password(keys: dict[str, str], name: str) -> bytes:
    """A wrong password, whoever it is said to be."""
    shown = {"DeveloperToken": keys["DeveloperToken"], "UserName": name, "Password": "wrong"}
    return Envelopes(shown).redeem(1, "CODE")


@pytest.fixture
def somebody(programme: Programme) -> str:
    """The name of a user with a password."""
    name = f"Somebody {len(programme.rows(party_tables.service_user))}"
    add_user(programme.call(), name, Role.OPERATOR, None, PASSWORD)
    return name


def test_wrong_and_unknown_take_the_same_time(
    application: Application,
    programme: Programme,
    keys: dict[str, str],
    somebody: str,
    report: Report,
) -> None:
    ended = issue_token(
        programme.call(), "Olga", AUTHENTICATION, expires_at=programme.clock() + timedelta(0, 0, 1)
    ).text
    programme.clock.move(seconds=1)
    customer_id = programme.customer()
    theirs = programme.account(customer_id)
    others = Envelopes(
        new_keys(programme, f"of {customer_id}", Role.STANDARD, programme.customer())
    )
    found = {
        "token": difference_s(
            application,
            with_token(keys, ended),
            with_token(keys, ended.swapcase()),
            PAIRS_COUNT,
        ),
        "account": difference_s(
            application, others.redeem(theirs, "CODE"), others.redeem(900_000, "CODE"), PAIRS_COUNT
        ),
        "password": difference_s(
            application,
            with_password(keys, somebody),
            with_password(keys, "Nobody at all"),
            PASSWORDS_COUNT,
        ),
    }
    bounds = dict.fromkeys(found, SECONDS_MAX) | {"password": PASSWORD_SECONDS_MAX}
    apart = {name: seconds for name, seconds in found.items() if seconds > bounds[name]}
    figures = ", ".join(f"{name} {seconds * 1000:.3f} ms" for name, seconds in found.items())
    report.proof(SAME_TIME, rounds=2 * PAIRS_COUNT, failures=len(apart), figures=figures)
    assert apart == {}


def test_a_password_that_is_not_looked_at_would_be_noticed(
    make_application: Callable[..., Application],
    keys: dict[str, str],
    somebody: str,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: whoever is unknown is refused at once."""
    monkeypatch.setattr(
        authentication,
        "is_password",
        lambda stored_hash, password: stored_hash and is_password(stored_hash, password),
    )
    seconds = difference_s(
        make_application(),
        with_password(keys, somebody),
        with_password(keys, "Nobody at all"),
        PASSWORDS_COUNT // 10,
    )
    report.control(SAME_TIME, rounds=1, failures=int(seconds > PASSWORD_SECONDS_MAX))
    assert seconds > PASSWORD_SECONDS_MAX
