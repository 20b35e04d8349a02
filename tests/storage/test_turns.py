"""One call of a process computes at a time, and whoever waits lets the next one begin."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from itertools import count
from threading import Event

import pytest

from service.storage import turns
from service.storage.engine import Database
from service.storage.turns import Turns, about_to_wait
from tests.garbage import looking_all_the_time

PATIENCE_S = 30
MOMENT_S = 0.1
CROWD = 100


@pytest.fixture
def all_turns() -> Turns:
    return Turns()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a turn keeps it, however long that takes."""
    monkeypatch.setattr(turns, "LONGEST_S", PATIENCE_S)


def in_turn(all_turns: Turns, work: Callable[[], object] = lambda: None) -> None:
    with all_turns:
        work()


def has_begun(call: "Future[None]") -> bool:
    with suppress(TimeoutError):
        call.result(MOMENT_S)
    return call.done()


@pytest.mark.usefixtures("patient")
def test_a_call_begins_when_the_one_before_has_ended(
    all_turns: Turns, pool: ThreadPoolExecutor
) -> None:
    with all_turns:
        call = pool.submit(in_turn, all_turns)
        assert not has_begun(call)
    call.result(PATIENCE_S)


@pytest.mark.usefixtures("patient")
def test_a_call_begins_when_the_one_before_waits(
    all_turns: Turns, pool: ThreadPoolExecutor
) -> None:
    with all_turns:
        about_to_wait()
        pool.submit(in_turn, all_turns).result(PATIENCE_S)


@pytest.mark.usefixtures("patient")
def test_a_turn_that_ended_early_is_not_given_twice(
    all_turns: Turns, pool: ThreadPoolExecutor
) -> None:
    with all_turns:
        about_to_wait()
        about_to_wait()
    with all_turns:
        call = pool.submit(in_turn, all_turns)
        assert not has_begun(call)
    call.result(PATIENCE_S)


def test_a_call_that_takes_long_keeps_nobody_waiting(
    all_turns: Turns, pool: ThreadPoolExecutor
) -> None:
    others_done = Event()
    long_call = pool.submit(in_turn, all_turns, lambda: others_done.wait(PATIENCE_S))
    for _ in range(3):
        pool.submit(in_turn, all_turns).result(PATIENCE_S)
    assert not long_call.done()
    others_done.set()
    long_call.result(PATIENCE_S)


def test_turns_may_be_taken_while_those_that_took_long_are_ended(
    all_turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_S", 0)
    numbers = count()

    def take_one() -> None:
        all_turns._taken[next(numbers)] = 0

    for _ in range(CROWD):
        take_one()
    with looking_all_the_time(take_one):
        all_turns._end_long_ones()
    assert all(number >= CROWD for number in all_turns._taken)
    assert next(numbers) > CROWD


def test_whoever_has_no_turn_may_wait() -> None:
    about_to_wait()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("does_write", [False, True], ids=["reading", "writing"])
def test_who_waits_for_the_disk_or_for_a_server_lets_the_next_call_begin(
    all_turns: Turns, pool: ThreadPoolExecutor, database: Database, *, does_write: bool
) -> None:
    waits = does_write or database.engine.dialect.name == "postgresql"
    transaction: Callable[[], AbstractContextManager[object]]
    transaction = database.writing if does_write else database.reading
    with all_turns, transaction():
        call = pool.submit(in_turn, all_turns)
        assert has_begun(call) == waits
    call.result(PATIENCE_S)


@pytest.mark.usefixtures("patient")
def test_who_writes_with_others_lets_the_next_call_begin(
    all_turns: Turns, pool: ThreadPoolExecutor, database: Database
) -> None:
    with all_turns:
        call = database.write(lambda _: pool.submit(in_turn, all_turns))
        call.result(PATIENCE_S)
