"""Requests at a steady pace, sent when they are due, whether or not those before were answered.

Who waits for a reply before he sends on asks less of a service that is slow, and does not notice
it: all that would have come meanwhile are missing among the waits. Here each request is due at an
instant that nothing changes, and its wait counts from there. What that pace may be, those tell who
send on as soon as they are answered.
"""

import time
from array import array
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from selectors import SelectSelector

from benchmarks.load import (
    CONNECTIONS_COUNT,
    PATIENCE_S,
    Connection,
    Request,
    WrongReplyError,
)
from tests.reliability.crowd import Address


@dataclass
class Sent:
    """What came of requests.

    Attributes:
        waits_s: Of each right reply, the seconds from when its request was due.
        wrong: What was wrong with each other one.
        seconds: From the first request to the last reply; of several times, their sum.
    """

    waits_s: "array[float]" = field(default_factory=lambda: array("d"))
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """How many right replies came in a second."""
        return len(self.waits_s) / self.seconds

    def add(self, other: "Sent") -> None:
        """Count what came of other requests, sent later, in as well."""
        self.waits_s.extend(other.waits_s)
        self.wrong += other.wrong
        self.seconds += other.seconds


class PacedCaller:
    """A caller with some connections, which it keeps as long as the other side does.

    All replies have come when one of its methods returns.

    Args:
        stack: Of the block at whose end the connections are closed.
        address: Who answers.
        requests: At least as many as are sent.
    """

    def __init__(self, stack: ExitStack, address: Address, requests: Iterator[Request]) -> None:
        self._address = address
        self._requests = requests
        # Others wait for whole milliseconds.
        self._selector = stack.enter_context(SelectSelector())
        stack.callback(self._close)
        self._due_at: dict[Connection, float] = {}
        # The one that has rested longest comes first, so that none is closed for its rest.
        self._idle: deque[Connection] = deque()
        for _ in range(CONNECTIONS_COUNT):
            self._connect()

    def send_as_answered(self, seconds: float, count_max: int) -> Sent:
        """Send each request as soon as a connection is free, at most ``count_max`` of them."""
        sent, start = Sent(), time.perf_counter()
        count = 0
        while (now := time.perf_counter()) < start + seconds and count < count_max:
            while self._idle and count < count_max:
                self._send(now, sent)
                count += 1
            self._take(sent, PATIENCE_S)
        return self._ended(sent, start)

    def send_steadily(self, seconds: float, rate: float) -> Sent:
        """Send ``rate`` requests in a second, whether or not those before have been answered.

        When no connection is free, those that are due wait for one.
        """
        sent, start = Sent(), time.perf_counter()
        next_due = start
        while next_due < start + seconds:
            while self._idle and next_due < start + seconds and next_due <= time.perf_counter():
                self._send(next_due, sent)
                next_due += 1 / rate
            rest = next_due - time.perf_counter()
            self._take(sent, max(0.0, rest) if self._idle else PATIENCE_S)
        return self._ended(sent, start)

    def _ended(self, sent: Sent, start: float) -> Sent:
        """Wait for the replies that are missing."""
        while self._due_at:
            self._take(sent, PATIENCE_S)
        sent.seconds = time.perf_counter() - start
        return sent

    def _send(self, due_at: float, sent: Sent) -> None:
        connection = self._idle.popleft()
        self._due_at[connection] = due_at
        try:
            if not connection.send(self._requests):
                raise RuntimeError("there are no more requests")
        except OSError as error:
            self._replace(connection, error, sent)

    def _take(self, sent: Sent, patience_s: float) -> None:
        """Take what arrives, and return when something has, or at the end of patience."""
        ready = self._selector.select(patience_s)
        if not ready and patience_s == PATIENCE_S:
            raise WrongReplyError(f"no reply for {PATIENCE_S} s")
        for key, _ in ready:
            connection = key.data
            try:
                if connection.take():
                    sent.waits_s.append(time.perf_counter() - self._due_at.pop(connection))
                    self._idle.append(connection)
            except (WrongReplyError, OSError) as error:
                self._replace(connection, error, sent)

    def _replace(self, connection: Connection, error: Exception, sent: Sent) -> None:
        """Note a request as answered wrongly, and go on with another connection."""
        sent.wrong.append(str(error))
        self._due_at.pop(connection, None)
        # It may have been closed while it had nothing to do.
        with suppress(ValueError):
            self._idle.remove(connection)
        connection.close()
        self._connect()

    def _connect(self) -> None:
        self._idle.append(Connection(self._address, self._selector))

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            key.data.close()
