"""Sends prepared requests over HTTP on a few connections at once, and costs the machine little.

One thread watches all connections: a thread for each would cost the same, some 12 us for a small
reply. Every reply is looked at, so that no wrong answer is counted.
"""

import re
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

from tests.reliability.crowd import Address

CONNECTIONS_COUNT = 16
PATIENCE_S = 60
_BLOCK_BYTES = 1 << 18
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class Request(NamedTuple):
    """A request as it is sent, and how its reply is known to be right.

    Attributes:
        content: Head and body.
        status: That of a right reply.
        marker: What its body has.
        markers_count: How often.
    """

    content: bytes
    status: int
    marker: bytes
    markers_count: int


class WrongReplyError(Exception):
    """A reply is not what was asked for."""


def prepared(
    address: Address, body: bytes, marker: bytes, markers_count: int, status: int = 200
) -> Request:
    """A SOAP request to an address."""
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n"
        f"Content-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Request(head.encode() + body, status, marker, markers_count)


def send_all(
    address: Address, requests: Iterable[Request], connections_count: int = CONNECTIONS_COUNT
) -> float:
    """Send each request once, as soon as a connection is free; answers the seconds it took.

    Raises:
        WrongReplyError: A reply was not right.
    """
    left = iter(requests)
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for _ in range(connections_count):
            stack.callback(Connection(address, selector).close)
        start = time.perf_counter()
        busy = sum(key.data.send(left) for key in selector.get_map().values())
        while busy:
            ready = selector.select(PATIENCE_S)
            if not ready:
                raise WrongReplyError(f"no reply for {PATIENCE_S} s")
            busy -= sum(key.data.take() and not key.data.send(left) for key, _ in ready)
        return time.perf_counter() - start


class Connection:
    """A connection with at most one request under way.

    It is made anew when a reply says that it ends.

    Args:
        address: To whom.
        selector: Finds it when something has arrived.
    """

    def __init__(self, address: Address, selector: selectors.BaseSelector) -> None:
        self._address = address
        self._selector = selector
        self._received = bytearray()
        self._end: int | None = None
        self._connect()

    def _connect(self) -> None:
        address = (self._address.host, self._address.port)
        self._socket = socket.create_connection(address, PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(self._socket, selectors.EVENT_READ, self)

    def close(self) -> None:
        """Close it; the selector forgets it."""
        self._selector.unregister(self._socket)
        self._socket.close()

    def send(self, requests: Iterator[Request]) -> bool:
        """Send the next request; answers whether there was one."""
        request = next(requests, None)
        if request is not None:
            self._request = request
            self._received.clear()
            self._end = None
            self._socket.sendall(request.content)
        return request is not None

    def take(self) -> bool:
        """Take what has arrived; answers whether that is all of the reply, and right."""
        block = self._socket.recv(_BLOCK_BYTES)
        self._received += block
        if not block:
            raise WrongReplyError(f"the connection was closed after {bytes(self._received)!r}")
        if self._end is None and not self._find_end():
            return False
        if len(self._received) < (self._end or 0):
            return False
        self._check()
        if _CLOSES.search(self._received, 0, self._received.find(_END_OF_HEAD) + 2):
            self.close()
            self._connect()
        return True

    def _find_end(self) -> bool:
        """Find out how long the reply is, once its head is there, or that it has ended."""
        head_end = self._received.find(_END_OF_HEAD)
        if head_end < 0:
            return False
        length = _LENGTH.search(self._received, 0, head_end + 2)
        if length is not None:
            self._end = head_end + len(_END_OF_HEAD) + int(length[1])
            return True
        return self._received.endswith(_LAST_CHUNK)

    def _check(self) -> None:
        asked = self._request
        is_right = (
            self._received.startswith(b"HTTP/1.1 %d " % asked.status)
            and self._received.count(asked.marker) == asked.markers_count
        )
        if not is_right:
            raise WrongReplyError(
                f"{asked.content[-2000:]!r} was answered {bytes(self._received[:3000])!r}"
            )
