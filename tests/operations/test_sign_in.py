"""Signing in to the console: who is let in, for how long, and who is held back."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import CALL_RATE_EXCEEDED, INVALID_CREDENTIALS
from service.domain.limits import FAILURES_PER_MINUTE
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations.sign_in import FrontDesk, Session
from service.operations.users import add_user, disable_user, set_password
from service.storage.console_tables import ended_session, sliding_window
from tests.programme import Programme

IDLE = timedelta(hours=8)
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def user(programme: Programme) -> int:
    """A user who belongs to one customer, of the password "right"."""
    customer_id = programme.customer()
    return add_user(programme.call(), "Kim", Role.STANDARD, customer_id, "right")


@pytest.fixture
def desk(programme: Programme) -> FrontDesk:
    """Lets people in, at the time of the test's clock."""
    return FrontDesk(programme.database, session_idle=IDLE, clock=programme.clock)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What passwords were compared with; "right" is right, without the time that takes."""
    compared: list[str | None] = []

    def is_password(stored_hash: str | None, password: str) -> bool:
        compared.append(stored_hash)
        return stored_hash is not None and password == "right"

    monkeypatch.setattr("service.operations.sign_in.is_password", is_password)
    return compared


def refusal(action: Callable[[], object]) -> ErrorRow:
    with pytest.raises(ServiceError) as refused:
        action()
    return refused.value.row


def fail(desk: FrontDesk, name: str = "Kim", address: str = HERE) -> ErrorRow:
    return refusal(lambda: desk.sign_in(name, "wrong", address))


def is_known(desk: FrontDesk, session: Session) -> bool:
    return desk.admit(session, "a TrackingId") is not None


def test_a_session_makes_calls_with_the_rights_of_its_user(
    desk: FrontDesk, programme: Programme, user: int
) -> None:
    session = desk.sign_in("  Kim ", "right", HERE)
    call = desk.admit(session, "a TrackingId")
    assert call is not None
    assert (call.caller.user_id, call.tracking_id, call.now) == (
        user,
        "a TrackingId",
        programme.clock.now,
    )
    assert call.caller.may_write(1)
    assert not call.caller.is_operator


def test_a_wrong_name_and_a_wrong_password_are_the_same(desk: FrontDesk, user: int) -> None:
    for name, password in (("Kim", "wrong"), ("Tim", "right"), ("", "")):
        assert refusal(partial(desk.sign_in, name, password, HERE)) is INVALID_CREDENTIALS


def test_a_password_is_looked_at_whoever_it_is_said_to_be(
    desk: FrontDesk, programme: Programme, user: int, checks: list[str | None]
) -> None:
    add_user(programme.call(), "Token only", Role.OPERATOR, None)
    for name in ("nobody", "Token only", "Kim"):
        fail(desk, name)
    assert [it is None for it in checks] == [True, True, False]


def test_a_session_lives_on_while_it_is_used(
    desk: FrontDesk, programme: Programme, user: int
) -> None:
    session = desk.sign_in("Kim", "right", HERE)
    programme.clock.move(hours=7.9)
    assert is_known(desk, session)
    used = Session(user, session.fingerprint, session.signed_in_at, programme.clock.now)
    programme.clock.move(hours=7.9)
    assert is_known(desk, used)
    assert not is_known(desk, session)
    programme.clock.move(hours=0.1)
    assert not is_known(desk, used)


@pytest.mark.parametrize(
    "change",
    [
        lambda call: set_password(call, "Kim", "another"),
        lambda call: set_password(call, "Kim", "right"),
        lambda call: disable_user(call, "Kim"),
    ],
    ids=["another password", "the same password anew", "disabled"],
)
def test_a_session_ends_with_the_password(
    desk: FrontDesk, programme: Programme, user: int, change: Callable[..., object]
) -> None:
    session = desk.sign_in("Kim", "right", HERE)
    change(programme.call())
    assert not is_known(desk, session)


def test_a_session_that_was_ended_is_not_known_again_and_others_are(
    desk: FrontDesk, programme: Programme, user: int
) -> None:
    here = desk.sign_in("Kim", "right", HERE)
    programme.clock.move(microseconds=1)
    elsewhere = desk.sign_in("Kim", "right", ELSEWHERE)
    desk.sign_out(here)
    desk.sign_out(here)
    assert not is_known(desk, here)
    assert is_known(desk, elsewhere)


def test_ended_sessions_are_forgotten_when_their_cookies_have_ended(
    desk: FrontDesk, programme: Programme, user: int
) -> None:
    for _ in range(3):
        desk.sign_out(desk.sign_in("Kim", "right", HERE))
        programme.clock.move(hours=8)
    assert len(programme.rows(ended_session)) == 1


def test_nobody_guesses_often_with_one_name(
    desk: FrontDesk, programme: Programme, user: int, checks: list[str | None]
) -> None:
    answers = [fail(desk, "Kim", f"192.0.2.{n}") for n in range(FAILURES_PER_MINUTE + 2)]
    assert answers == [INVALID_CREDENTIALS] * FAILURES_PER_MINUTE + [CALL_RATE_EXCEEDED] * 2
    assert len(checks) == FAILURES_PER_MINUTE
    assert refusal(lambda: desk.sign_in(" Kim", "right", "::1")) is CALL_RATE_EXCEEDED
    assert fail(desk, "Tim") is INVALID_CREDENTIALS
    programme.clock.move(seconds=59.9)
    assert refusal(lambda: desk.sign_in("Kim", "right", "::1")) is CALL_RATE_EXCEEDED
    programme.clock.move(seconds=0.1)
    desk.sign_in("Kim", "right", HERE)


def test_nobody_guesses_often_from_one_address(
    desk: FrontDesk, user: int, checks: list[str | None]
) -> None:
    answers = [fail(desk, f"user {n}") for n in range(FAILURES_PER_MINUTE + 1)]
    assert answers == [INVALID_CREDENTIALS] * FAILURES_PER_MINUTE + [CALL_RATE_EXCEEDED]
    assert refusal(lambda: desk.sign_in("Kim", "right", HERE)) is CALL_RATE_EXCEEDED
    desk.sign_in("Kim", "right", ELSEWHERE)


def test_no_minute_has_more_guesses_however_they_are_spread(
    desk: FrontDesk, programme: Programme, user: int, checks: list[str | None]
) -> None:
    looked_at = []
    for _ in range(400):
        before = len(checks)
        fail(desk)
        looked_at += [programme.clock.now] * (len(checks) - before)
        programme.clock.move(seconds=1.7)
    minute = timedelta(minutes=1)
    busiest = max(sum(at <= it < at + minute for it in looked_at) for at in looked_at)
    assert busiest == FAILURES_PER_MINUTE


def test_to_sign_in_forgives_the_name_and_not_the_address(
    desk: FrontDesk, user: int, checks: list[str | None]
) -> None:
    for n in range(FAILURES_PER_MINUTE - 1):
        fail(desk, "Kim", f"192.0.2.{n}")
        fail(desk, f"user {n}", "::1")
    desk.sign_in("Kim", "right", "::1")
    assert fail(desk, "Kim", ELSEWHERE) is INVALID_CREDENTIALS
    assert fail(desk, "Kim", "::1") is INVALID_CREDENTIALS
    assert fail(desk, "Tim", "::1") is CALL_RATE_EXCEEDED


def test_old_failures_are_dropped(
    desk: FrontDesk, programme: Programme, user: int, checks: list[str | None]
) -> None:
    kept_counts = []
    for _ in range(4):
        for n in range(40):
            number = len(kept_counts) * 40 + n
            fail(desk, f"user {number}", f"192.0.2.{number}")
        kept_counts.append(len(programme.rows(sliding_window)))
        programme.clock.move(minutes=1)
    assert kept_counts[0] == 80
    # Those of the minute, and few of those before.
    assert all(80 <= it < 100 for it in kept_counts[1:])


def test_all_processes_share_one_secret(programme: Programme) -> None:
    secrets = {FrontDesk(programme.database, session_idle=IDLE).secrets for _ in range(3)}
    ((secret,),) = secrets
    assert len(secret) == 64
    given = FrontDesk(programme.database, session_idle=IDLE, secrets=[b"given", b"before"])
    assert given.secrets == (b"given", b"before")
