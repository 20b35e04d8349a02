"""Client processes that send their requests at the same moment, round after round.

A crowd is a process of its own, which forks its members before it has any thread,
and is driven over pipes. Run as a program, this file is the crowd.
"""

import pickle
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from multiprocessing import get_context
from typing import Any, NamedTuple

HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
PATIENCE_S = 100


class Address(NamedTuple):
    """Where requests are posted."""

    host: str
    port: int
    path: str


class Reply(NamedTuple):
    """What a member was answered.

    Attributes:
        status: The HTTP status; 0 when there was no answer.
        content: The body, or what went wrong.
        waited_s: From the start of the request to the end of the answer.
    """

    status: int
    content: bytes
    waited_s: float


class Crowd:
    """Members that wait for orders."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin
        assert process.stdout
        self._orders, self._replies = process.stdin, process.stdout

    def ask(self, address: Address, bodies: Sequence[bytes]) -> list[Reply]:
        """Post each body in a process of its own, all at once; at most one for each member."""
        pickle.dump((tuple(address), list(bodies)), self._orders)
        self._orders.flush()
        return [Reply(*reply) for reply in pickle.load(self._replies)]


@contextmanager
def gathered(members_count: int) -> Iterator[Crowd]:
    """A crowd for the time of the block."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(members_count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        yield Crowd(process)


def _post(host: str, port: int, path: str, body: bytes, barrier: Any) -> tuple[int, bytes, float]:
    connection = HTTPConnection(host, port, timeout=PATIENCE_S)
    start = time.monotonic()
    try:
        try:
            connection.connect()
        finally:
            barrier.wait()
        start = time.monotonic()
        connection.request("POST", path, body, HEADERS)
        response = connection.getresponse()
        return response.status, response.read(), time.monotonic() - start
    except (OSError, HTTPException) as error:
        return 0, repr(error).encode(), time.monotonic() - start
    finally:
        connection.close()


def _be_member(orders: Any, barrier: Any) -> None:
    while (order := orders.recv()) is not None:
        address, body = order
        if body is None:
            barrier.wait()
        else:
            orders.send(_post(*address, body, barrier))


def _lead(members_count: int) -> None:
    """Fork the members, and pass on orders from standard input until it ends."""
    context = get_context("fork")
    barrier = context.Barrier(members_count, timeout=PATIENCE_S)
    members = []
    for _ in range(members_count):
        ours, theirs = context.Pipe()
        context.Process(target=_be_member, args=(theirs, barrier), daemon=True).start()
        members.append(ours)
    while order := _next_order():
        address, bodies = order
        idle = [None] * (members_count - len(bodies))
        for member, body in zip(members, [*bodies, *idle], strict=True):
            member.send((address, body))
        replies = [member.recv() for member, _ in zip(members, bodies, strict=False)]
        pickle.dump(replies, sys.stdout.buffer)
        sys.stdout.flush()
    for member in members:
        member.send(None)


def _next_order() -> Any:
    try:
        return pickle.load(sys.stdin.buffer)
    except EOFError:
        return None


if __name__ == "__main__":
    _lead(int(sys.argv[1]))
