"""Bodies that are late are looked for as long as a process lives, whatever comes meanwhile."""

from itertools import count

import pytest

from service.cli import reception
from service.cli.reception import Reception
from tests.garbage import looking_all_the_time

ROUNDS = 3
CROWD = 100


class _EnoughError(Exception):
    """The test has seen what it wanted."""


def unused(*_request: object) -> list[bytes]:
    raise AssertionError


@pytest.fixture
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let late bodies be looked for some times, without a pause, and no more."""
    rounds = count()

    def sleep(_seconds: float) -> None:
        if next(rounds) == ROUNDS:
            raise _EnoughError

    monkeypatch.setattr(reception, "sleep", sleep)


@pytest.mark.usefixtures("few_rounds")
def test_requests_may_come_while_late_bodies_are_looked_for() -> None:
    own = Reception(unused, calls_at_once=1, body_bytes_max=1, body_timeout_s=1)
    in_time = float("inf")

    def receive_one() -> None:
        own._deadlines[object()] = in_time

    for _ in range(CROWD):
        receive_one()
    with pytest.raises(_EnoughError), looking_all_the_time(receive_one):
        own.give_up_late_bodies()
    assert len(own._deadlines) > CROWD
