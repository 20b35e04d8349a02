"""The secrets that sign sessions: rotation signs nobody out, unless it is meant to."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest

from service.domain.errors import NOT_AUTHORIZED
from service.domain.roles import Role
from service.operations import signing_secrets
from service.operations.check_database import check_database
from service.operations.signing_secrets import (
    READ_AGAIN,
    SETTLING,
    NewSecret,
    SigningSecrets,
    rotate_secret,
)
from service.storage.console_tables import service_secret
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Programme, member

IDLE = timedelta(minutes=10)
STEP = timedelta(seconds=20)


def process(programme: Programme) -> SigningSecrets:
    return SigningSecrets(programme.database, IDLE, programme.clock)


def moments(programme: Programme, duration: timedelta) -> Iterator[int]:
    """Each step of a while, by its number."""
    for number in range(duration // STEP + 1):
        yield number
        programme.clock.now += STEP


def lost_sessions(programme: Programme) -> int:
    """Rotate, and count the sessions that a process would not know again.

    Of three processes each looks at the secrets in moments of its own; then one is started.
    """
    processes = [process(programme) for _ in range(3)]
    for each in processes:
        each.in_force()
        programme.clock.now += STEP
    signed: list[tuple[timedelta, bytes]] = []
    lost = 0
    for number in moments(programme, SETTLING + 2 * IDLE):
        if number == 2:
            rotate_secret(programme.call())
        if number == 2 + (SETTLING // STEP):
            processes.append(process(programme))
        now = programme.clock.now - START
        secrets = [each.in_force() for each in processes]
        signed += [(now, it[0]) for it in secrets]
        alive = {secret for at, secret in signed if now - at < IDLE}
        lost += sum(one not in known for one, known in product(alive, secrets))
    return lost


def test_no_process_meets_a_session_that_it_cannot_verify(programme: Programme) -> None:
    assert lost_sessions(programme) == 0


@pytest.mark.parametrize("name", ["SETTLING", "READ_AGAIN"])
def test_without_its_pauses_a_rotation_would_sign_out(
    programme: Programme, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    spoiled = {"SETTLING": timedelta(0), "READ_AGAIN": timedelta(hours=1)}[name]
    monkeypatch.setattr(signing_secrets, name, spoiled)
    assert lost_sessions(programme) > 0


def test_the_new_secret_takes_over_and_the_old_one_ends(programme: Programme) -> None:
    one = process(programme)
    (first,) = one.in_force()
    assert rotate_secret(programme.call()) == NewSecret(2, START + SETTLING)
    assert one.in_force() == (first,)
    programme.clock.now = START + READ_AGAIN
    _, second = one.in_force()
    assert one.in_force() == (first, second)
    programme.clock.now = START + SETTLING
    assert one.in_force() == (second, first)
    programme.clock.now = START + SETTLING + IDLE
    assert one.in_force() == (second,)


def test_two_in_a_row_are_one_too_many_and_do_no_harm(programme: Programme) -> None:
    one = process(programme)
    (first,) = one.in_force()
    assert [rotate_secret(programme.call()).number for _ in range(2)] == [2, 3]
    programme.clock.now = START + SETTLING
    signing, *others = one.in_force()
    assert signing not in {first, *others}
    assert first in others
    programme.clock.now = START + SETTLING + IDLE
    assert one.in_force() == (signing,)


def test_at_once_nothing_else_is_taken_after_a_minute(programme: Programme) -> None:
    one = process(programme)
    (first,) = one.in_force()
    assert rotate_secret(programme.call(), at_once=True) == NewSecret(2, START)
    assert process(programme).in_force() != (first,)
    programme.clock.now = START + READ_AGAIN
    (second,) = one.in_force()
    assert second != first
    assert len(programme.rows(service_secret)) == 1


def test_a_rotation_before_anybody_has_signed_in(programme: Programme) -> None:
    assert rotate_secret(programme.call()).number == 1
    assert len(process(programme).in_force()) == 1


def test_only_operators_rotate_and_the_log_tells(programme: Programme, owner: int) -> None:
    lead = member(owner, Role.SUPER_ADMIN)
    assert refusal(programme, lambda: rotate_secret(programme.call(lead))) is NOT_AUTHORIZED
    rotate_secret(programme.call(), at_once=True)
    assert last_entry(programme) == ("rotate", "secret", 1, {"at_once": True})
    assert check_database(programme.call()).is_clean
