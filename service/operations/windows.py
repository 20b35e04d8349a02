"""Where calls are counted in sliding windows: in this process, in Redis, or in the database.

The library ``limits`` counts in the process and in Redis. Where processes share nothing but the
database, a statement counts there.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Connection

from service.operations.attempts import decide
from service.operations.calls import utc_now
from service.operations.guesses import subject_of
from service.storage import sliding_windows
from service.storage.transactions import Transactions

IN_PROCESS = "memory://"
REDIS_TIMEOUT_S = 0.25
"""How long a call waits for Redis before it goes on uncounted."""


class Window(NamedTuple):
    """The minute before now of a caller or a customer.

    Attributes:
        kind: ``user`` or ``customer``.
        number: Which.
        count_max: How many calls it may have.
    """

    kind: str
    number: int
    count_max: int


class Windows(ABC):
    """Counts calls; safe to share between threads."""

    @abstractmethod
    def count(self, windows: Sequence[Window]) -> Window | None:
        """Count a call in each of the windows, or in none when one of them is full.

        Answers:
            The first that is full; None when the call was counted.
        """


class LibraryWindows(Windows):
    """Windows of the library ``limits``, in this process or in Redis.

    Whether all have room and that a call takes it are two questions: in Redis, of calls that
    come at the same moment, one that is refused by a window may have been counted in another.

    Args:
        url: ``memory://``, or a Redis as ``limits`` takes it.
    """

    def __init__(self, url: str = IN_PROCESS) -> None:
        is_here = url == IN_PROCESS
        options = {} if is_here else _redis_options()
        self._limiter = MovingWindowRateLimiter(storage_from_string(url, **options))
        self._turn: AbstractContextManager[object] = Lock() if is_here else nullcontext()

    def count(self, windows: Sequence[Window]) -> Window | None:
        """Count a call in each of the windows, or in none when one of them is full."""
        with self._turn:
            return self._full(self._limiter.test, windows[:-1]) or self._full(
                self._limiter.hit, windows[::-1]
            )

    def is_reachable(self) -> bool:
        """Whether calls can be counted just now."""
        return self._limiter.storage.check()

    @staticmethod
    def _full(ask: Callable[..., bool], windows: Sequence[Window]) -> Window | None:
        for window in windows:
            item = RateLimitItemPerMinute(window.count_max, namespace="coupon-billing")
            if not ask(item, window.kind, str(window.number)):
                return window
        return None


def _redis_options() -> dict[str, Any]:
    """Whoever cannot count in time does not try again: the call goes on."""
    # An extra: most installations have one machine.
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    return {
        "socket_timeout": REDIS_TIMEOUT_S,
        "socket_connect_timeout": REDIS_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
    }


class _FullError(Exception):
    """Undoes what the windows before it have counted."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window


class DatabaseWindows(Windows):
    """Windows in the database, for all processes and machines of the service.

    Args:
        database: Where.
        clock: Answers the instant of a call, aware and in UTC.
    """

    def __init__(self, database: Transactions, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def count(self, windows: Sequence[Window]) -> Window | None:
        """Count a call in each of the windows, or in none when one of them is full."""

        def attempt(connection: Connection) -> None:
            sliding_windows.commit_without_waiting(connection)
            now = self._clock()
            # In one order, so that no two calls wait for each other.
            for window in sorted(windows):
                subject = subject_of(window.kind, window.number)
                if not sliding_windows.count_one(connection, subject, window.count_max, now):
                    raise _FullError(window)

        try:
            decide(self._database, attempt, is_small=True)
        except _FullError as full:
            return full.window
        return None
