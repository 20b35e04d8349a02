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
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(connections_count):
            connection = Connection(address)
            stack.callback(connection.socket.close)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        start = time.perf_counter()
        busy = sum(key.data.send(left) for key in selector.get_map().values())
        while busy:
            ready = selector.select(PATIENCE_S)
            if not ready:
                raise WrongReplyError(f"no reply for {PATIENCE_S} s")
            busy -= sum(key.data.take() and not key.data.send(left) for key, _ in ready)
        return time.perf_counter() - start


class Connection:
    """A connection with at most one request under way."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection((address.host, address.port), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._end: int | None = None

    def send(self, requests: Iterator[Request]) -> bool:
        """Send the next request; answers whether there was one."""
        request = next(requests, None)
        if request is not None:
            self._request = request
            self._received.clear()
            self._end = None
            self.socket.sendall(request.content)
        return request is not None

    def take(self) -> bool:
        """Take what has arrived; answers whether that is all of the reply, and right."""
        block = self.socket.recv(_BLOCK_BYTES)
        self._received += block
        if not block:
            raise WrongReplyError(f"the connection was closed after {bytes(self._received)!r}")
        if self._end is None and not self._find_end():
            return False
        if len(self._received) < (self._end or 0):
            return False
        self._check()
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
