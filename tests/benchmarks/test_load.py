"""The load generator sends each request once, and counts no wrong reply; the meter counts CPU."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat

import pytest

from benchmarks.cpu import CpuMeter
from benchmarks.load import CONNECTIONS_COUNT, WrongReplyError, prepared, send_all
from benchmarks.pace import PacedCaller
from tests.reliability.crowd import Address


class Echo(BaseHTTPRequestHandler):
    """Answers with the body, in chunks where the path asks for it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/hang-up":
            self.close_connection = True
            return
        with self.server.turn:
            self.server.bodies.append(body)
        in_chunks = self.path == "/chunks"
        self.send_response(200)
        self.send_header(*(("Transfer-Encoding", "chunked") if in_chunks else _length(body)))
        if self.path == "/farewell":
            self.send_header("Connection", "close")
        self.end_headers()
        for start in range(0, len(body), 1000):
            block = body[start : start + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if in_chunks else block)
        if in_chunks:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_words: object) -> None:
        pass


def _length(body: bytes) -> tuple[str, str]:
    return "Content-Length", str(len(body))


class EchoServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.bodies: list[bytes] = []
        self.turn = threading.Lock()

    def handle_error(self, *_request: object) -> None:
        """A client that was answered wrongly hangs up."""


@contextmanager
def echoing() -> Iterator[EchoServer]:
    with EchoServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("path", ["/", "/chunks", "/farewell"])
def test_each_request_is_sent_once_and_its_reply_read_to_the_end(path: str) -> None:
    with echoing() as server:
        address = Address("127.0.0.1", server.server_port, path)
        bodies = [b"<n>%d</n>" % number + b"x" * (number * 500) for number in range(40)]
        requests = [prepared(address, body, body[: body.index(b"x")], 1) for body in bodies[1:]]
        assert send_all(address, requests) > 0
        assert sorted(server.bodies) == sorted(bodies[1:])


@pytest.mark.parametrize("change", [{"status": 500}, {"marker": b"other"}, {"markers_count": 2}])
def test_a_wrong_reply_is_an_error(change: dict[str, object]) -> None:
    with echoing() as server:
        address = Address("127.0.0.1", server.server_port, "/")
        right = prepared(address, b"<right/>", b"right", 1)
        send_all(address, [right])
        with pytest.raises(WrongReplyError, match="<right/>"):
            send_all(address, [right, right._replace(**change)])


RATE = 200
STALL_S = 0.4


@contextmanager
def stalled() -> Iterator[PacedCaller]:
    """A caller whom nobody answers until ``STALL_S`` have passed."""
    with echoing() as server, ExitStack() as stack:
        address = Address("127.0.0.1", server.server_port, "/")
        request = prepared(address, b"<asked/>", b"<asked/>", 1)
        caller = PacedCaller(stack, address, repeat(request))
        server.turn.acquire()
        timer = threading.Timer(STALL_S, server.turn.release)
        timer.start()
        yield caller
        timer.join()


def test_whoever_is_due_while_nobody_is_answered_has_waited_since() -> None:
    with stalled() as caller:
        waits = caller.send_steadily(STALL_S, RATE).waits_s
    assert len(waits) >= STALL_S * RATE
    # Of those who wait for each other, no more would have waited than there are connections.
    assert sum(it > STALL_S / 4 for it in waits) > 2 * CONNECTIONS_COUNT


def test_what_is_wrong_is_noted_and_others_go_on() -> None:
    with echoing() as server, ExitStack() as stack:
        address = Address("127.0.0.1", server.server_port, "/")
        right = prepared(address, b"<right/>", b"right", 1)
        hung_up = prepared(address._replace(path="/hang-up"), b"", b"", 0)
        requests = [right, hung_up, right._replace(marker=b"other")] * 10
        caller = PacedCaller(stack, address, iter(requests))
        sent = caller.send_steadily((len(requests) - 0.5) / RATE, RATE)
    assert len(sent.waits_s) == 10
    assert sum("<right/>" in it for it in sent.wrong) == 10
    assert sum("the connection was closed" in it for it in sent.wrong) == 10


def test_each_connection_is_used_as_soon_as_it_is_free() -> None:
    with stalled() as caller:
        sent = caller.send_as_answered(STALL_S / 2, 1_000)
        again = caller.send_as_answered(STALL_S, 1_000_000)
        few = caller.send_as_answered(STALL_S, CONNECTIONS_COUNT)
    # Nobody was answered in time; then all were, and nothing more was sent.
    assert len(sent.waits_s) == CONNECTIONS_COUNT
    assert sent.seconds >= STALL_S / 2
    assert len(again.waits_s) > 2 * CONNECTIONS_COUNT
    assert len(few.waits_s) == CONNECTIONS_COUNT


BUSY = """
import subprocess, sys, time
if sys.argv[1:]:
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
while time.process_time() < 0.2: pass
print(flush=True)
sys.stdin.read()
"""


def test_the_meter_counts_a_process_and_what_it_has_started() -> None:
    command = [sys.executable, "-c", BUSY, BUSY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        meter = CpuMeter([process.pid])
        for _ in range(2):
            process.stdout.readline()
        busy = meter.seconds()
        idle = CpuMeter([process.pid])
        assert 0.3 < busy < 1
        assert idle.seconds() < 0.05
        process.stdin.close()
