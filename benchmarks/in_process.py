"""Requests that are answered in this process, without a server."""

import io
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

from benchmarks.load import Request

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def answer(application: Application, request: Request) -> tuple[str, bytes]:
    """What a WSGI application answers to a request: status and body."""
    head, _, body = request.content.partition(b"\r\n\r\n")
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": head.split()[1].decode(),
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(environ)
    statuses: list[str] = []
    reply = b"".join(application(environ, lambda status, _headers: statuses.append(status)))
    return statuses[0], reply
