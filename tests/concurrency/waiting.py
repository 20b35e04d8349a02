"""An operation that waits for a transaction, which ends when the operation waits."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, text

from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.storage.engine import Database
from service.storage.transactions import JoinedTransactions
from tests.programme import Programme

Result = TypeVar("Result")
SOON_S, PATIENCE_S = 0.3, 60
_POLL_S = 0.01
_WAITING_COUNT = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class _UndoneError(Exception):
    """Undoes a transaction."""


def joined(call: Call, connection: Connection) -> Call:
    """The call inside a transaction that is open already."""
    return replace(call, database=JoinedTransactions(connection))


def outcome_after_wait(
    database: Database,
    hold: Callable[[Connection], object],
    action: Callable[[], Result],
    *,
    is_kept: bool = True,
) -> Result:
    """What the action comes to, which has to wait for a transaction.

    Args:
        database: Where both happen.
        hold: What the transaction does before the action begins.
        action: Runs in a thread of its own.
        is_kept: Whether the transaction commits when the action waits, or is undone.

    Raises:
        AssertionError: The action did not wait.
    """
    with ThreadPoolExecutor(1) as threads:
        with suppress(_UndoneError), database.writing() as connection:
            hold(connection)
            task = threads.submit(action)
            _require_waiting(database, task)
            if not is_kept:
                raise _UndoneError
        return task.result(PATIENCE_S)


def answer_after_wait(
    programme: Programme,
    first: Callable[[Call], object],
    second: Callable[[Call], object],
    *,
    is_kept: bool = True,
) -> object:
    """What the second step answers, or the row of its refusal, when it has waited for the first.

    Args:
        programme: Where both happen.
        first: Is done in a transaction.
        second: Is done in a thread of its own.
        is_kept: Whether the transaction commits when the second step waits, or is undone.
    """

    def hold(connection: Connection) -> None:
        first(joined(programme.call(), connection))

    def act() -> object:
        try:
            return second(programme.call())
        except ServiceError as refusal:
            return refusal.row

    return outcome_after_wait(programme.database, hold, act, is_kept=is_kept)


def _require_waiting(database: Database, task: "Future[Result]") -> None:
    if database.engine.dialect.name == "sqlite":
        # Nobody can be asked who waits there.
        time.sleep(SOON_S)
        assert not task.done(), "it did not wait"
        return
    end = time.monotonic() + PATIENCE_S
    while not _anybody_waits(database):
        assert not task.done(), "it did not wait"
        assert time.monotonic() < end
        time.sleep(_POLL_S)


def _anybody_waits(database: Database) -> bool:
    with database.reading() as connection:
        return bool(connection.execute(_WAITING_COUNT).scalar_one())
