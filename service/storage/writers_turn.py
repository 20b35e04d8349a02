"""The writers of a process: one after the other on SQLite, and small ones together.

SQLite has one writer at a time, and each commit waits for the disk. Those that came meanwhile
are carried out in one transaction, by the thread of one of them, and wait for the disk once.
"""

import sqlite3
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from service.domain.errors import SERVICE_BUSY
from service.domain.refusals import ServiceTroubleError
from service.storage.prepared import run_text
from service.storage.trouble import is_locked, trouble_told

_PAUSE_S, _PAUSE_S_MAX = 0.000_2, 0.001
"""How long to wait before looking again whether other processes write, at first and at most."""
TOGETHER_MAX = 32
"""How many attempts share a transaction at most: each is answered after the last one."""
Result = TypeVar("Result")
Attempt = Callable[[Connection], Result]
Writing = Callable[[], AbstractContextManager[Connection]]


class WritersTurn(AbstractContextManager[None]):
    """One writer of a process after the other.

    SQLite lets the others look again and again whether it is their turn. Those of a
    process are told.

    Args:
        timeout_s: How long each may wait.
    """

    def __init__(self, timeout_s: float) -> None:
        self._lock = Lock()
        self._timeout_s = timeout_s

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._timeout_s):
            raise _busy()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()


def begin_writing(connection: Connection, timeout_s: float) -> None:
    """Begin a transaction as the only writer of all processes.

    SQLite itself would look every 25 ms and more rarely whether the others have ended, which
    mostly takes less than one.

    Args:
        connection: Of SQLite, outside of a transaction.
        timeout_s: How long to wait for others.

    Raises:
        OperationalError: The others did not end.
    """
    give_up_at = time.monotonic() + timeout_s
    pause_s = _PAUSE_S
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA busy_timeout = 0")
    begin = partial(run_text, connection, "BEGIN IMMEDIATE")
    try:
        if _has_begun(begin, begin):
            return
        while time.monotonic() < give_up_at:
            time.sleep(pause_s)
            pause_s = min(1.1 * pause_s, _PAUSE_S_MAX)
            # An error takes SQLAlchemy several times as long as SQLite takes for a look.
            if _has_begun(partial(driver.execute, "BEGIN IMMEDIATE"), begin):
                return
        begin()
    finally:
        # One that turned out to be of no more use is closed.
        if not connection.invalidated:
            driver.execute(f"PRAGMA busy_timeout = {round(timeout_s * 1000)}")


def _has_begun(attempt: Callable[[], object], begin: Callable[[], object]) -> bool:
    """Make an attempt to begin; what is wrong but that others write is told as ``begin`` does."""
    try:
        attempt()
    except (OperationalError, sqlite3.OperationalError) as error:
        if is_locked(error):
            return False
        begin()
    return True


class SharedTransactions:
    """Carries small attempts out together, each as if it were alone.

    One of those who wait leads: its thread begins a transaction, makes the attempts of all who
    wait by then, each in a savepoint of its own, commits, and only then are they answered. When
    the transaction itself fails, each attempt is made once more in one of its own.

    Args:
        writing: A transaction that writes.
        timeout_s: How long an attempt may wait for the one that leads.
    """

    def __init__(self, writing: Writing, timeout_s: float) -> None:
        self._writing = writing
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._is_led = False
        self._waiting: deque[_Candidate[Any]] = deque()

    def write(self, attempt: Attempt[Result]) -> Result:
        """Make an attempt, and answer what it answers once that is committed.

        Raises:
            ServiceTroubleError: As a transaction of its own raises it.
            LostRaceError: Likewise.
        """
        own = _Candidate(attempt)
        try:
            if not self._may_lead(own):
                self._wait(own)
            if own.leads:
                self._lead(own)
        finally:
            self._leave(own)
        return own.answer() if own.is_decided else self._write_alone(attempt)

    def _may_lead(self, own: "_Candidate[Any]") -> bool:
        with self._lock:
            own.leads = not self._is_led
            self._is_led = True
            if not own.leads:
                self._waiting.append(own)
            return own.leads

    def _wait(self, own: "_Candidate[Any]") -> None:
        """Wait until the attempt has been made, or may lead."""
        if own.woken.acquire(timeout=self._timeout_s):
            return
        with self._lock:
            if own in self._waiting:
                self._waiting.remove(own)
                raise _busy()
        # It is being made: that must be known.
        own.woken.acquire()

    def _lead(self, own: "_Candidate[Any]") -> None:
        together = [own]
        try:
            with self._writing() as connection:
                together += self._take()
                for candidate in together:
                    candidate.make(connection, is_alone=len(together) == 1)
            for candidate in together:
                candidate.is_decided = True
        except Exception:
            # Of several nobody knows whose fault it is.
            if len(together) == 1:
                raise
        finally:
            for candidate in together[1:]:
                candidate.woken.release()

    def _take(self) -> "list[_Candidate[Any]]":
        """Those who wait, in the order in which they came."""
        with self._lock:
            count = min(len(self._waiting), TOGETHER_MAX - 1)
            return [self._waiting.popleft() for _ in range(count)]

    def _leave(self, own: "_Candidate[Any]") -> None:
        """Nobody may be made to lead whose thread has gone, as by a signal while it waited."""
        with self._lock:
            if own in self._waiting:
                self._waiting.remove(own)
            if own.leads:
                self._hand_over()

    def _hand_over(self) -> None:
        self._is_led = bool(self._waiting)
        if self._is_led:
            following = self._waiting.popleft()
            following.leads = True
            following.woken.release()

    def _write_alone(self, attempt: Attempt[Result]) -> Result:
        with self._writing() as connection:
            return attempt(connection)


class _Candidate(Generic[Result]):
    """An attempt that waits to be made.

    Attributes:
        leads: Whether its thread makes those of others too.
        is_decided: Whether it has been made, and stands.
        woken: Is released when its thread is to go on.
    """

    def __init__(self, attempt: Attempt[Result]) -> None:
        self._attempt = attempt
        self._result: Result
        self._error: Exception | None = None
        self.leads = False
        self.is_decided = False
        self.woken = Lock()
        self.woken.acquire()

    def make(self, connection: Connection, *, is_alone: bool) -> None:
        """Make the attempt.

        When it fails, everything is undone if it is alone in its transaction, and else what it
        wrote itself.
        """
        if is_alone:
            self._result = self._attempt(connection)
            return
        run_text(connection, "SAVEPOINT attempt")
        try:
            with trouble_told():
                self._result = self._attempt(connection)
        except Exception as error:  # noqa: BLE001 - it is raised where the attempt comes from
            self._error = error
            run_text(connection, "ROLLBACK TO attempt")
        run_text(connection, "RELEASE attempt")

    def answer(self) -> Result:
        """What the attempt answered, or raised."""
        if self._error is not None:
            try:
                raise self._error
            finally:
                # Each would keep the other, and all that the thread has at hand, until the
                # next collection of garbage.
                self._error = None
        return self._result


def _busy() -> ServiceTroubleError:
    return ServiceTroubleError(SERVICE_BUSY, "other writers of the process did not end")
