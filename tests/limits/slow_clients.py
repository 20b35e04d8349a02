"""Clients that take their time, or say odd things, at the level of bytes."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from tests.reliability.crowd import Address

PAUSE_S = 0.5

POST = "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n{headers}\r\n\r\n"


def head(address: Address, *headers: str) -> bytes:
    """The head of a POST."""
    return POST.format(path=address.path, headers="\r\n".join(headers)).encode()


@contextmanager
def connections(address: Address, sent: Sequence[bytes]) -> Iterator[list[socket.socket]]:
    """Connections, each of which has sent something."""
    with ExitStack() as stack:
        opened = []
        for content in sent:
            connection = socket.create_connection(address[:2], timeout=60)
            opened.append(stack.enter_context(connection))
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(content)
        yield opened


def answer(address: Address, content: bytes) -> bytes:
    """All that is answered until the service closes the connection."""
    with connections(address, [content]) as (connection,):
        return rest(connection)


def rest(connection: socket.socket) -> bytes:
    """What is still answered until the service closes the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while block := connection.recv(65536):
            received += block
    return received


def drip(
    connections: Sequence[socket.socket], until: float, byte: bytes
) -> dict[socket.socket, bytes]:
    """Send a byte now and then on each connection, or none, until all are answered or closed.

    Answers:
        The beginning of each answer.
    """
    ended: dict[socket.socket, bytes] = {}
    while len(ended) < len(connections) and time.monotonic() < until:
        for connection in connections:
            if connection not in ended:
                ended |= _sent(connection, byte)
        time.sleep(PAUSE_S)
    return ended


def _sent(connection: socket.socket, byte: bytes) -> dict[socket.socket, bytes]:
    connection.setblocking(False)
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.send(byte)
    try:
        return {connection: connection.recv(1000)}
    except BlockingIOError:
        return {}
    except OSError:
        return {connection: b""}
