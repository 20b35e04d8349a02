"""Small attempts that share a transaction on SQLite: each stands, fails and waits as if alone."""

import gc
import random
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError

from service.domain.errors import COUPON_NOT_FOUND, SERVICE_BUSY
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.storage import writers_turn
from service.storage.engine import Database
from service.storage.prepared import run_text
from service.storage.trouble import LostRaceError
from service.storage.writers_turn import TOGETHER_MAX, Attempt
from tests.reliability.early_answers import EarlyAnswers
from tests.storage.entries import PATIENCE_S, SHORT_S, Open, driver, names, put


@pytest.fixture
def database(open_with: Open) -> Database:
    return open_with()


def failing(fault: Callable[[Connection], object]) -> Attempt[str]:
    """Writes an entry, and then fails."""

    def attempt(connection: Connection) -> str:
        put("undone")(connection)
        fault(connection)
        return "undone"

    return attempt


def refuse(_connection: Connection) -> None:
    raise ServiceError(COUPON_NOT_FOUND)


def lose_race(_connection: Connection) -> None:
    raise LostRaceError


def break_rule(connection: Connection) -> None:
    run_text(connection, "INSERT INTO entry (name) VALUES (NULL)")


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.000_5)


def started(action: Callable[[], Any]) -> "Future[Any]":
    """What comes of an action in a thread that nobody waits for when it hangs."""
    task: Future[Any] = Future()

    def run() -> None:
        try:
            task.set_result(action())
        except BaseException as error:  # noqa: BLE001 - the task raises it
            task.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return task


def waiting_count(database: Database) -> int:
    """How many have come: the one that leads, and those that wait for it."""
    shared = database._shared
    assert shared is not None
    return shared._is_led + len(shared._waiting)


@contextmanager
def made_at_once(
    database: Database, attempts: Sequence[Attempt[Any]]
) -> Iterator[list["Future[Any]"]]:
    """Let attempts come one after the other while somebody else writes, and then be made.

    The block runs when all have come.
    """
    with database.writing():
        tasks = []
        for count, attempt in enumerate(attempts, 1):
            tasks.append(started(partial(database.write, attempt)))
            wait_for(lambda count=count: waiting_count(database) == count)
        yield tasks


def outcomes(database: Database, attempts: Sequence[Attempt[Any]]) -> list[Any]:
    """What attempts that come at once answer or raise, each in its own thread."""
    with made_at_once(database, attempts) as tasks:
        pass
    return [it.exception(PATIENCE_S) or it.result() for it in tasks]


@contextmanager
def commits_seen(database: Database) -> Iterator[list[int]]:
    """How many entries there are to be at each commit that is tried."""
    seen: list[int] = []

    def see(connection: Connection) -> None:
        ((count,),) = driver(connection).execute("SELECT count(*) FROM entry")
        if count:
            seen.append(count)

    event.listen(database.engine, "commit", see)
    yield seen
    event.remove(database.engine, "commit", see)


# What they come to.


def test_who_is_alone_is_committed_alone(database: Database) -> None:
    with commits_seen(database) as commits:
        assert database.write(put("one")) == "one"
        assert database.write(put("two")) == "two"
    assert commits == [1, 2]
    assert waiting_count(database) == 0


def test_who_is_alone_and_refused_is_made_once(database: Database) -> None:
    made: list[Connection] = []

    def note_and_refuse(connection: Connection) -> None:
        made.append(connection)
        refuse(connection)

    with pytest.raises(ServiceError):
        database.write(failing(note_and_refuse))
    assert len(made) == 1
    assert names(database) == []


def test_those_who_wait_are_committed_at_once_in_the_order_of_arrival(database: Database) -> None:
    expected = [f"entry {number}" for number in range(TOGETHER_MAX + 3)]
    with commits_seen(database) as commits:
        assert outcomes(database, [put(name) for name in expected]) == expected
    assert commits == [TOGETHER_MAX, TOGETHER_MAX + 3]
    assert names(database) == expected
    assert waiting_count(database) == 0


def find_table_locked(connection: Connection) -> None:
    half_read = run_text(connection, "SELECT name FROM entry UNION ALL SELECT 'more'")
    half_read.fetchone()
    run_text(connection, "DROP TABLE counter")


@pytest.mark.parametrize(
    ("place", "fault", "error"),
    [
        (0, refuse, ServiceError),
        (1, refuse, ServiceError),
        (2, refuse, ServiceError),
        (0, lose_race, LostRaceError),
        (1, break_rule, IntegrityError),
        (2, find_table_locked, ServiceTroubleError),
    ],
)
def test_who_is_refused_undoes_its_own_only(
    database: Database, place: int, fault: Callable[[Connection], None], error: type[Exception]
) -> None:
    attempts = [put("one"), put("two")]
    attempts.insert(place, failing(fault))
    with commits_seen(database) as commits:
        found = outcomes(database, attempts)
    assert type(found.pop(place)) is error
    assert found == names(database) == ["one", "two"]
    assert commits == [2]


def end_transaction(connection: Connection) -> None:
    driver(connection).execute("ROLLBACK")
    raise ServiceError(COUPON_NOT_FOUND)


def be_ended(connection: Connection) -> None:
    put("fatal")(connection)


def break_reference(connection: Connection) -> None:
    """The commit will fail."""
    run_text(connection, "PRAGMA defer_foreign_keys = ON")
    run_text(connection, "INSERT INTO entry (name, parent) VALUES ('astray', 999)")


def be_interrupted(_connection: Connection) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("place", "fault", "error"),
    [
        (0, end_transaction, ServiceError),
        (1, end_transaction, ServiceError),
        (2, end_transaction, ServiceError),
        (1, be_ended, IntegrityError),
        (0, break_reference, IntegrityError),
        (2, break_reference, IntegrityError),
        (0, be_interrupted, KeyboardInterrupt),
    ],
)
def test_those_whose_transaction_failed_are_made_alone(
    database: Database,
    place: int,
    fault: Callable[[Connection], None],
    error: type[BaseException],
) -> None:
    attempts = [put("one"), put("two")]
    attempts.insert(place, failing(fault))
    with commits_seen(database) as commits:
        found = outcomes(database, attempts)
    assert type(found.pop(place)) is error
    assert found == ["one", "two"]
    assert sorted(names(database)) == ["one", "two"]
    assert {1, 2} <= {*commits}
    assert database.write(put("three")) == "three"


def test_who_ends_the_transaction_in_silence_harms_nobody_else(database: Database) -> None:
    silent = failing(lambda connection: driver(connection).execute("ROLLBACK"))
    assert outcomes(database, [put("one"), silent, put("two")]) == ["one", "undone", "two"]
    assert sorted(names(database)) == ["one", "two"]


def test_what_an_error_holds_is_free_with_it(database: Database) -> None:
    """Or each refusal would leave what its request had to the collector of garbage."""

    def refused() -> "weakref.ref[ServiceError]":
        try:
            database.write(failing(refuse))
        except ServiceError as error:
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        with database.writing():
            tasks = [started(refused) for _ in range(2)]
            wait_for(lambda: waiting_count(database) == 2)
        left = [it.result(PATIENCE_S)() for it in tasks]
    finally:
        gc.enable()
    assert left == [None, None]


# When they are answered.


def answered_before_the_commit(database: Database, patience_s: float) -> list[str]:
    """Those of several that are told of something that is not yet committed.

    Args:
        database: Where they write.
        patience_s: How long whoever has been told may take to go on.
    """
    found: list[str] = []

    def look(connection: Connection) -> None:
        ((count,),) = driver(connection).execute("SELECT count(*) FROM entry")
        if count:
            _, *others = tasks
            wait(others, patience_s)
            found.extend(it.result() for it in tasks if it.done())

    with made_at_once(database, [put("one"), put("two"), put("three")]) as tasks:
        event.listen(database.engine, "commit", look)
    assert [it.result(PATIENCE_S) for it in tasks] == ["one", "two", "three"]
    assert names(database) == ["one", "two", "three"]
    return found


def test_nobody_is_answered_before_the_commit(database: Database) -> None:
    assert answered_before_the_commit(database, SHORT_S) == []


def test_early_answers_would_be_noticed(database: Database) -> None:
    database._shared = EarlyAnswers(database.writing, PATIENCE_S)
    assert answered_before_the_commit(database, PATIENCE_S) == ["two", "three"]


@contextmanager
def taking_long(database: Database) -> Iterator[None]:
    """While the block runs, an attempt is being made; it is committed afterwards."""
    is_made, may_end = threading.Event(), threading.Event()

    def take_long(connection: Connection) -> str:
        is_made.set()
        assert may_end.wait(PATIENCE_S)
        return put("long")(connection)

    task = started(lambda: database.write(take_long))
    assert is_made.wait(PATIENCE_S)
    try:
        yield
    finally:
        may_end.set()
    assert task.result(PATIENCE_S) == "long"


def test_who_waits_too_long_is_told_and_never_made(open_with: Open) -> None:
    database = open_with(lock_timeout_s=SHORT_S)
    with taking_long(database), pytest.raises(ServiceTroubleError) as busy:
        database.write(put("given up"))
    assert busy.value.row is SERVICE_BUSY
    assert database.write(put("later")) == "later"
    assert names(database) == ["long", "later"]


def test_who_is_being_made_is_waited_for(open_with: Open) -> None:
    # Long enough for both to come, on a busy machine too.
    come_s = 5 * SHORT_S
    database = open_with(lock_timeout_s=come_s)

    def take_long(connection: Connection) -> str:
        time.sleep(come_s + SHORT_S)
        return put("long")(connection)

    assert outcomes(database, [take_long, put("two")]) == ["long", "two"]
    assert names(database) == ["long", "two"]


class _Interrupted(BaseException):
    """What a signal raises, as that of Control-C does."""


@contextmanager
def signalled_when(condition: Callable[[], bool]) -> Iterator[None]:
    """A signal comes to this thread when something is so."""

    def interrupt(*_signal: object) -> None:
        raise _Interrupted

    def send() -> None:
        wait_for(condition)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)


def test_who_is_interrupted_while_it_waits_leads_nobody(database: Database) -> None:
    is_waiting = signalled_when(lambda: waiting_count(database) == 2)
    with taking_long(database), pytest.raises(_Interrupted), is_waiting:
        database.write(put("given up"))
    assert waiting_count(database) == 0
    assert names(database) == ["long"]


# Whatever comes.

THREADS_COUNT, ATTEMPTS_COUNT = 8, 20
ROUNDS, ROUNDS_SHORT = 200, 2
FAULTS = (refuse, lose_race, break_rule, end_transaction, break_reference)
FAULT_WEIGHTS = (10, 5, 5, 1, 1)


def count(dice: random.Random) -> Attempt[tuple[int, int]]:
    """Adds to the counter, mostly; answers from where and up to where it went."""
    amount, pause_s = dice.randint(1, 9), dice.choice([0, 0, 0.000_1])
    fault = dice.choices(FAULTS, FAULT_WEIGHTS)[0] if dice.random() < 0.25 else None

    def attempt(connection: Connection) -> tuple[int, int]:
        ((before,),) = run_text(connection, "SELECT total FROM counter")
        time.sleep(pause_s)
        run_text(connection, "UPDATE counter SET total = ?", (before + amount,))
        if fault is not None:
            fault(connection)
        return before, before + amount

    return attempt


def steps_of(database: Database, seed: int) -> list[tuple[int, int]]:
    """The steps of the counter of which anybody was told, in their order."""

    def work(number: int) -> list[tuple[int, int]]:
        dice = random.Random(f"{seed} {number}")
        told = []
        for _ in range(ATTEMPTS_COUNT):
            with suppress(ServiceError, LostRaceError, IntegrityError):
                told.append(database.write(count(dice)))
        return told

    with ThreadPoolExecutor(THREADS_COUNT) as threads:
        return sorted(it for told in threads.map(work, range(THREADS_COUNT)) for it in told)


def wrong_rounds(database: Database, rounds: int) -> int:
    """How many rounds left something else than what was told."""
    wrong_count, total = 0, 0
    for seed in range(rounds):
        steps = [(total, total), *steps_of(database, seed)]
        with database.reading() as connection:
            ((total,),) = run_text(connection, "SELECT total FROM counter")
        ends = [end for _, end in steps]
        wrong_count += [start for start, _ in steps[1:]] != ends[:-1] or ends[-1] != total
    assert names(database) == []
    return wrong_count


def test_the_end_is_the_sum_of_what_was_told(database: Database) -> None:
    assert wrong_rounds(database, ROUNDS_SHORT) == 0


@pytest.mark.prove
def test_the_end_is_the_sum_of_what_was_told_many_times(database: Database) -> None:
    assert wrong_rounds(database, ROUNDS) == 0


def test_what_is_not_undone_would_be_noticed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless(writers_turn._Candidate[Any]):
        def make(self, connection: Connection, *, is_alone: bool) -> None:
            try:
                self._result = self._attempt(connection)
            except Exception as error:  # noqa: BLE001 - as it should be
                self._error = error

    monkeypatch.setattr(writers_turn, "_Candidate", Careless)
    assert wrong_rounds(database, 1) == 1
