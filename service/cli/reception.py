"""The reception of ``serve``: bodies are waited for here, so that nobody else waits for them."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from queue import SimpleQueue
from time import monotonic
from typing import Any

import structlog

from service.addresses import HEALTH_PATH, READY_PATH
from service.health import Application, plain

BLOCK_BYTES = 65_536
DRIP_S = 0.05
"""A piece of a body that takes longer drips."""
DISCARDED_BYTES_MAX = 16 * 2**20
"""How much of a body that is too large is taken and forgotten: a client that is not read to its
end does not read why it was refused. Whoever sends more is cut off."""
_PROBES = frozenset({HEALTH_PATH, READY_PATH})
_TOO_SLOW = "BodyTooSlow: The body did not arrive in time.\n"

_log = structlog.get_logger("service.cli")


class Reception:
    """Waits for the body of each request, then lets it through when it is its turn.

    granian gives each connection a thread, and does not say how long a body may take. A thread
    that waits for one costs next to nothing; calls, which use the database, are few at once.

    As long as no more bodies are waited for than calls may run, each is read at one go, which
    costs nothing. All others are read piece by piece, and given up when they drip. A client that
    says nothing at all cannot be given up here: granian has no way to end a read.

    Who asks whether the service lives, or is ready, waits for no turn: a host at work is not dead.

    Args:
        application: What answers the requests.
        calls_at_once: How many requests it answers at once.
        body_bytes_max: Bodies that are longer are cut one byte after it.
        body_timeout_s: How long a body may drip.
    """

    def __init__(
        self,
        application: Application,
        *,
        calls_at_once: int,
        body_bytes_max: int,
        body_timeout_s: float,
    ) -> None:
        self._application = application
        self._unguarded_max = calls_at_once
        self._unguarded: set[object] = set()
        self._kept_bytes = body_bytes_max + 1
        self._timeout_s = body_timeout_s
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(calls_at_once):
            self._turns.put(None)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one HTTP request."""
        if "HTTP_TRANSFER_ENCODING" in environ or environ.get("CONTENT_LENGTH", "0") != "0":
            body = self._receive(environ["wsgi.input"])
            if body is None:
                _log.warning("body too slow", address=environ.get("REMOTE_ADDR"))
                return plain(start_response, HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW)
            environ["wsgi.input"] = BytesIO(body)
        if environ.get("PATH_INFO") in _PROBES:
            return self._application(environ, start_response)
        self._turns.get()
        try:
            return self._application(environ, start_response)
        finally:
            self._turns.put(None)

    def _receive(self, stream: Any) -> bytes | None:
        """The body, or its beginning if it is too long; None when it does not arrive in time."""
        if len(self._unguarded) >= self._unguarded_max:
            return self._receive_in_pieces(stream)
        key = object()
        self._unguarded.add(key)
        try:
            return self._without_rest(stream, stream.read(self._kept_bytes))
        finally:
            self._unguarded.discard(key)

    def _receive_in_pieces(self, stream: Any) -> bytes | None:
        body, size = bytearray(), 1
        now = monotonic()
        deadline = now + self._timeout_s
        while len(body) < self._kept_bytes and (piece := stream.read(size)):
            body += piece
            before, now = now, monotonic()
            if now > deadline:
                return None
            # A read ends when it has all that it asked for: of what drips, that is one byte.
            size = min(2 * size, BLOCK_BYTES) if now - before < DRIP_S else 1
        return self._without_rest(stream, bytes(body))

    def _without_rest(self, stream: Any, body: bytes) -> bytes:
        if len(body) >= self._kept_bytes:
            for _ in range(DISCARDED_BYTES_MAX // BLOCK_BYTES):
                if not stream.read(BLOCK_BYTES):
                    break
        return body
