"""A tap between clients and a service: bytes pass unchanged, and what they say is checked.

Clients of every language are seen as they are on the wire, without a hook in any of them.
"""

import asyncio
import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import h11

from tests.conformance.checks import check_exchange
from tests.conformance.exchanges import CONTRACTS, NO_METHOD, Exchange, Message

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_BLOCK_BYTES = 65536
_STATUS = re.compile(rb"HTTP/1[.][01] (\d+) ")


class Half:
    """The messages that go one way of a connection, read as their bytes come.

    Args:
        role: Whom h11 plays: the one who receives them.
    """

    def __init__(self, role: type[h11.CLIENT] | type[h11.SERVER]) -> None:
        self.connection = h11.Connection(role)
        self._events: list[Any] = []

    def complete(self) -> list[Any] | None:
        """The events of a message when it has come to its end, until ``begin_next``."""
        while not self._events or not isinstance(self._events[-1], h11.EndOfMessage):
            event = self.connection.next_event()
            if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                return None
            if not isinstance(event, h11.InformationalResponse):
                self._events.append(event)
        return self._events

    def begin_next(self) -> None:
        self._events = []
        self.connection.start_next_cycle()


class Conversation:
    """What was said on one connection.

    Attributes:
        is_over: Whether nothing more can come of it.
    """

    def __init__(self) -> None:
        self._requests, self._replies = Half(h11.SERVER), Half(h11.CLIENT)
        self._sent: list[bytes] = []
        self._received: list[bytes] = []
        self._is_asked = False
        self.is_over = False

    def note_sent(self, data: bytes) -> None:
        """Bytes of the client; none at all for their end."""
        self._sent.append(data)

    def note_received(self, data: bytes) -> None:
        """Bytes of the service; none at all for their end."""
        self._received.append(data)

    def exchanges(self) -> Iterator[Exchange]:
        """The exchanges that were completed since they were last asked for."""
        while not self.is_over:
            try:
                request = self._next_request()
            except h11.RemoteProtocolError:
                # Not HTTP: all that can be said is how it was answered.
                self.is_over = True
                yield from self._answer_to_nonsense()
                return
            reply = self._next_reply() if request else None
            if not request or not reply:
                self.is_over = self._requests.connection.their_state is h11.CLOSED
                return
            yield _exchange(request, reply)
            self._begin_next(reply)

    def _next_request(self) -> list[Any] | None:
        _feed(self._requests.connection, self._sent)
        request = self._requests.complete()
        if request and not self._is_asked:
            self._is_asked = True
            for event in request:
                self._replies.connection.send(event)
        return request

    def _next_reply(self) -> list[Any] | None:
        _feed(self._replies.connection, self._received)
        return self._replies.complete()

    def _begin_next(self, reply: list[Any]) -> None:
        self._is_asked = False
        try:
            for event in reply:
                self._requests.connection.send(event)
            self._requests.begin_next()
            self._replies.begin_next()
        except h11.LocalProtocolError:
            # One side has said that the connection ends here, or speaks HTTP/1.0, where it does.
            self.is_over = True

    def _answer_to_nonsense(self) -> Iterator[Exchange]:
        found = _STATUS.match(b"".join(self._received))
        if found:
            path = next(iter(CONTRACTS))
            nothing = Message({}, b"")
            yield Exchange(NO_METHOD, path, int(found.group(1)), nothing, nothing)


def _feed(connection: h11.Connection, blocks: list[bytes]) -> None:
    while blocks:
        connection.receive_data(blocks.pop(0))


def _exchange(request: list[Any], reply: list[Any]) -> Exchange:
    first = request[0]
    return Exchange(
        first.method.decode(),
        first.target.decode(),
        reply[0].status_code,
        _message(request),
        _message(reply),
    )


def _message(events: list[Any]) -> Message:
    first = events[0]
    return Message(
        {name.decode(): value.decode("latin-1") for name, value in first.headers},
        b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data)),
        first.http_version.decode(),
    )


class Tap:
    """A port that passes everything on to another.

    Args:
        port: Where the service listens.
        excepted: The numbers of the requirements that the service is told to break.
    """

    def __init__(self, port: int, excepted: Collection[str]) -> None:
        self.port = 0
        self.exchanges_count = 0
        self._service_port = port
        self._excepted = excepted
        self._conversations: list[Conversation] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def check(self) -> None:
        """Hold what was said since the last time against every requirement."""
        for conversation in list(self._conversations):
            for exchange in conversation.exchanges():
                if exchange.path.partition("?")[0] in CONTRACTS:
                    self.exchanges_count += 1
                    check_exchange(exchange, self._excepted)
        self._conversations = [it for it in self._conversations if not it.is_over]

    async def serve(self, is_ready: threading.Event, end: asyncio.Event) -> None:
        """Pass bytes on until the end."""
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        is_ready.set()
        await end.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        writers = [writer]
        # Whoever is still connected at the end is cut off.
        with suppress(OSError, asyncio.CancelledError):
            service = await asyncio.open_connection("127.0.0.1", self._service_port)
            writers.append(service[1])
            await self._converse((reader, writer), service)
        for each in writers:
            each.transport.abort()
            with suppress(OSError):
                await each.wait_closed()
        self._tasks.discard(task)

    async def _converse(self, client: Stream, service: Stream) -> None:
        conversation = Conversation()
        self._conversations.append(conversation)
        await asyncio.gather(
            _pump(client[0], service[1], conversation.note_sent),
            _pump(service[0], client[1], conversation.note_received),
        )
        for _, writer in (client, service):
            writer.close()
            await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Any) -> None:
    """Pass bytes on, and note them before; the end of one side is that of the other."""
    with suppress(OSError):
        while data := await reader.read(_BLOCK_BYTES):
            note(data)
            writer.write(data)
            await writer.drain()
    note(b"")
    with suppress(OSError):
        writer.write_eof()


open_taps: list[Tap] = []
"""The taps of this process; each test checks them at its end."""


@contextmanager
def tapped(port: int, excepted: Collection[str] = ()) -> Iterator[Tap]:
    """A tap before a service, closed and checked at the end."""
    tap = Tap(port, excepted)
    is_ready, end, loops = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await tap.serve(is_ready, end)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    is_ready.wait()
    open_taps.append(tap)
    try:
        yield tap
    finally:
        open_taps.remove(tap)
        loops[0].call_soon_threadsafe(end.set)
        thread.join()
    tap.check()
