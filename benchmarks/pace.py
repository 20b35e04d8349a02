"""Requests at a steady pace, sent when they are due, whether or not those before were answered.

Who waits for a reply before he sends on asks less of a service that is slow, and does not notice
it: all that would have come meanwhile are missing among the waits. Here each request is due at an
instant that nothing changes, and its wait counts from there.
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
    send_all,
)
from tests.reliability.crowd import Address


@dataclass
class Sent:
    """What came of requests.

    Attributes:
        waits_s: Of each right reply, the seconds from when its request was due.
        wrong: What was wrong with each other one.
    """

    waits_s: "array[float]" = field(default_factory=lambda: array("d"))
    wrong: list[str] = field(default_factory=list)


def highest_rate(
    address: Address, requests: Iterator[Request], seconds: float, count_max: int
) -> float:
    """How many requests are answered in a second, each sent as soon as a connection is free.

    Args:
        address: Who answers them.
        requests: To be taken from, at most ``count_max``.
        seconds: For how long they are sent.
        count_max: After how many it ends, if that is earlier.
    """
    end = time.perf_counter() + seconds
    count = 0

    def in_time() -> Iterator[Request]:
        nonlocal count
        while count < count_max and time.perf_counter() < end:
            count += 1
            yield next(requests)

    took = send_all(address, in_time())
    return count / took


class PacedCaller:
    """A caller with some connections, who sends each request when it is due.

    When no connection is free, requests that are due wait for one.

    Args:
        stack: Of the block at whose end the connections are closed.
        address: Who answers.
        requests: At least as many as are sent.
        rate: How many are due in a second.
    """

    def __init__(
        self, stack: ExitStack, address: Address, requests: Iterator[Request], rate: float
    ) -> None:
        self._address = address
        self._requests = requests
        self._interval_s = 1 / rate
        # Others wait for whole milliseconds.
        self._selector = stack.enter_context(SelectSelector())
        stack.callback(self._close)
        self._due_at: dict[Connection, float] = {}
        # The one that has rested longest comes first, so that none is closed for its rest.
        self._idle: deque[Connection] = deque()
        for _ in range(CONNECTIONS_COUNT):
            self._connect()
        self._next_due = time.perf_counter()

    def send_for(self, seconds: float) -> Sent:
        """Send what is due within that time; answers what came of requests meanwhile."""
        sent = Sent()
        end = self._next_due + seconds
        while self._next_due < end:
            self._send_what_is_due(end, sent)
            rest = self._next_due - time.perf_counter()
            self._take(sent, max(0.0, rest) if self._idle else PATIENCE_S)
        return sent

    def finish(self) -> Sent:
        """Wait for the replies that are missing; answers what came of their requests."""
        sent = Sent()
        while self._due_at:
            self._take(sent, PATIENCE_S)
        return sent

    def _send_what_is_due(self, end: float, sent: Sent) -> None:
        while self._idle and self._next_due < end and self._next_due <= time.perf_counter():
            connection = self._idle.popleft()
            self._due_at[connection] = self._next_due
            self._next_due += self._interval_s
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
