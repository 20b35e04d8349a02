"""The reception of ``serve``: bodies are waited for here, so that nobody else waits for them."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from io import BytesIO
from itertools import islice
from queue import SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import Any

import structlog

from service.addresses import HEALTH_PATH, READY_PATH
from service.cli.fair_share import FairShare
from service.health import Application, plain
from service.storage.turns import Turns

BLOCK_BYTES = 65_536
WATCH_S = 0.25
"""How long after one another it is looked whether bodies are late."""
GIVEN_UP_TOGETHER_MAX = 50
"""How many bodies are given up at one look: a crowd of them is to slow nobody down."""
ANSWER_S = 0.5
"""How long granian has to send why a body was given up, before the connection ends."""
DISCARDED_BYTES_MAX = 16 * 2**20
"""How much of a body that is too large is taken and forgotten: a client that is not read to its
end does not read why it was refused. Whoever sends more is cut off."""
PROTOCOL = "coupon_billing.protocol"
"""By which name the environ of a request has what granian answers it by, from any thread."""
_PROBES = frozenset({HEALTH_PATH, READY_PATH})
_TOO_SLOW = "BodyTooSlow: The body did not arrive in time.\n"

_log = structlog.get_logger("service.cli")


class Reception:
    """Waits for the body of each request, then lets it through when there is a place.

    granian gives each connection a thread, and does not say how long a body may take. A thread
    that waits for one costs next to nothing; calls, which use the database, are few at once.

    A thread that waits for a body cannot be told to stop. But another thread may answer in its
    place, and break off its answer: then granian ends the connection, and that ends the wait.

    Who asks whether the service lives, or is ready, needs no place: a host at work is not dead.

    Args:
        application: What answers the requests.
        calls_at_once: How many places there are; those who have one compute by turns.
        body_bytes_max: Bodies that are longer are cut one byte after it.
        body_timeout_s: How long a body may take to arrive, while ``give_up_late_bodies`` runs.
        share: Says which connections are given up, if this process has others beside it.
    """

    def __init__(
        self,
        application: Application,
        *,
        calls_at_once: int,
        body_bytes_max: int,
        body_timeout_s: float,
        share: FairShare | None = None,
    ) -> None:
        self._application = application
        self._share = share
        self._kept_bytes = body_bytes_max + 1
        self._timeout_s = body_timeout_s
        self._deadlines: dict[Any, float] = {}
        self._calls_at_once = calls_at_once
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(calls_at_once):
            self._places.put(None)
        self._turns = Turns()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one HTTP request."""
        if "HTTP_TRANSFER_ENCODING" in environ or environ.get("CONTENT_LENGTH", "0") != "0":
            body = self._receive(environ.get(PROTOCOL) or object(), environ["wsgi.input"])
            if body is None:
                _log.warning("body too slow", address=environ.get("REMOTE_ADDR"))
                # If the other thread has not answered yet, it finds that this one has.
                return plain(start_response, HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW)
            environ["wsgi.input"] = BytesIO(body)
        if environ.get("PATH_INFO") in _PROBES:
            return self._application(environ, start_response)
        is_alone = self._places.qsize() == self._calls_at_once
        if self._share is not None and self._share.note_call(is_alone=is_alone):
            start_response = _closing(start_response)
        self._places.get()
        try:
            with self._turns:
                return self._application(environ, start_response)
        finally:
            self._places.put(None)

    def give_up_late_bodies(self) -> None:
        """Answer 408 to each request whose body is late, as long as the process lives."""
        while True:
            sleep(WATCH_S)
            now = monotonic()
            # Others change it meanwhile: it is copied in one step, and not listed pair by pair.
            deadlines = self._deadlines.copy()
            # Each has the same time: those that came first are late first.
            for protocol, deadline in islice(deadlines.items(), GIVEN_UP_TOGETHER_MAX):
                # Whoever takes it away decides: either the body was there in time, or not.
                if deadline < now and self._deadlines.pop(protocol, 0):
                    Thread(target=_give_up, args=(protocol,), daemon=True).start()

    def _receive(self, protocol: Any, stream: Any) -> bytes | None:
        """The body, or its beginning if it is too long; None when it did not arrive in time."""
        self._deadlines[protocol] = monotonic() + self._timeout_s
        body = self._without_rest(stream, stream.read(self._kept_bytes))
        return body if self._deadlines.pop(protocol, 0) else None

    def _without_rest(self, stream: Any, body: bytes) -> bytes:
        if len(body) >= self._kept_bytes:
            for _ in range(DISCARDED_BYTES_MAX // BLOCK_BYTES):
                if not stream.read(BLOCK_BYTES):
                    break
        return body


def answered_from_any_thread(wrap: Callable[..., Callable[..., Any]]) -> Callable[..., Any]:
    """How granian calls applications, but for what it answers by: they find it in the environ.

    Args:
        wrap: granian's own, which gives an application the form in which granian calls it.
    """

    def wrap_telling(application: Application, *options: Any) -> Callable[..., Any]:
        call = wrap(application, *options)

        def call_telling(protocol: Any, environ: dict[str, Any]) -> Any:
            environ[PROTOCOL] = protocol
            return call(protocol, environ)

        return call_telling

    return wrap_telling


def _give_up(protocol: Any) -> None:
    """Answer in the place of the thread that waits, and end the connection.

    Of an answer that ends early granian can only break off the connection. Of one that is whole
    it goes on to wait for the body.
    """

    def respond(_status: str, headers: list[tuple[str, str]]) -> None:
        headers.append(("Connection", "close"))
        protocol.response_iter(HTTPStatus.REQUEST_TIMEOUT, headers, _without_line_end(_TOO_SLOW))

    plain(respond, HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW)


def _closing(start_response: Callable[..., Any]) -> Callable[..., Any]:
    """Say in a reply that the connection ends with it."""

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        return start_response(status, [*headers, ("Connection", "close")], *error)

    return start


def _without_line_end(text: str) -> Iterator[bytes]:
    yield text.rstrip().encode()
    sleep(ANSWER_S)
