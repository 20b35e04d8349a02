"""Guesses of many at once are as few as those of one; the first secret is everybody's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import NoReturn

import pytest

from service.domain.errors import CALL_RATE_EXCEEDED, INVALID_CREDENTIALS
from service.domain.limits import FAILURES_PER_MINUTE
from service.domain.refusals import ServiceError
from service.operations.sign_in import FrontDesk
from service.storage.console_tables import SPELLED_LENGTH, sliding_window
from service.storage.engine import Database, DatabaseLimits
from service.storage.sliding_windows import count_one, is_window_full
from tests.programme import START, Programme

pytestmark = pytest.mark.prove
GUESSERS_COUNT = 24
HOUR = timedelta(hours=1)


@pytest.fixture
def crowded(database_url: str) -> Database:
    """The database, with a connection for each of the guessers."""
    return Database(database_url, DatabaseLimits(connections_max=GUESSERS_COUNT))


def at_once(
    action: Callable[[FrontDesk], object],
    database: Database,
    desk_type: type[FrontDesk] = FrontDesk,
) -> list[object]:
    """What happens to those who do the same at the same time, each at a desk of its own."""
    barrier = Barrier(GUESSERS_COUNT)

    def act(_number: int) -> object:
        desk = desk_type(database, session_idle=HOUR, clock=lambda: START)
        barrier.wait()
        return action(desk)

    with ThreadPoolExecutor(GUESSERS_COUNT) as pool:
        return list(pool.map(act, range(GUESSERS_COUNT)))


def guess(desk: FrontDesk) -> str:
    try:
        desk.sign_in("Kim", "wrong", "192.0.2.1")
    except ServiceError as error:
        return error.row.symbol
    return "signed in"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are checked at once: those who guess meet where guesses are counted."""
    barrier = Barrier(GUESSERS_COUNT)

    def is_password(_stored_hash: str | None, _password: str) -> bool:
        barrier.wait()
        return False

    monkeypatch.setattr("service.operations.sign_in.is_password", is_password)


def test_of_many_guesses_at_once_no_more_are_answered(
    programme: Programme, crowded: Database, hurried: None
) -> None:
    answers = at_once(guess, crowded)
    crowded.close()
    assert answers.count("InvalidCredentials") == FAILURES_PER_MINUTE
    assert answers.count("CallRateExceeded") == GUESSERS_COUNT - FAILURES_PER_MINUTE
    lengths = {len(it["instants"]) for it in programme.rows(sliding_window)}
    assert lengths == {FAILURES_PER_MINUTE * SPELLED_LENGTH}


class TwoSteps(FrontDesk):
    """A front desk that reads how many failures there were, and then counts one more."""

    read = Barrier(GUESSERS_COUNT)

    def _refuse(self, subjects: list[bytes]) -> NoReturn:
        with self._database.reading() as connection:
            held_back = any(
                is_window_full(connection, it, FAILURES_PER_MINUTE, START) for it in subjects
            )
        self.read.wait()
        with self._database.writing() as connection:
            for subject in subjects:
                count_one(connection, subject, GUESSERS_COUNT, START)
        raise ServiceError(CALL_RATE_EXCEEDED if held_back else INVALID_CREDENTIALS)


def test_counting_in_two_steps_would_answer_more(crowded: Database, hurried: None) -> None:
    answers = at_once(guess, crowded, TwoSteps)
    crowded.close()
    assert answers.count("InvalidCredentials") > FAILURES_PER_MINUTE


def test_those_who_ask_for_the_secret_at_once_find_the_same(
    programme: Programme, crowded: Database
) -> None:
    secrets = at_once(lambda desk: desk.secrets, crowded)
    crowded.close()
    assert len(set(secrets)) == 1
