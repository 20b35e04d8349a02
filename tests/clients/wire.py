"""HTTP by hand, for what no client library lets a test do; every SOAP reply is validated."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.client import HTTPResponse
from typing import Any

from lxml import etree

from service.addresses import CUSTOMER_BILLING_PATH
from service.soap.contract import CUSTOMER_BILLING
from service.soap.namespaces import SOAP_ENVELOPE
from tests.clients.callers import Keys
from tests.clients.server import Server
from tests.wire.harness import Answer, check_reply, envelope

SECONDS_MAX = 20
_HEAD = f"""POST {CUSTOMER_BILLING_PATH} HTTP/1.1
Host: {{host}}
Content-Type: text/xml; charset=utf-8
Content-Length: {{length}}
"""
_DECLARED = "s:Header/* | s:Body/*[not(self::s:Fault)] | s:Body/s:Fault/detail/*"


class Connection:
    """One TCP connection to the service."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS_MAX)
        self._host = server.host

    def exchange(self, head: str, body: bytes = b"") -> Answer:
        """Send a request and read its answer; the connection may be used again."""
        self.send(head, body)
        return self.receive(head.partition(" ")[0])

    def send(self, head: str, body: bytes = b"") -> None:
        """Send lines of a head, ``{host}`` and ``{length}`` filled in, and a body."""
        filled = head.replace("{host}", self._host).replace("{length}", str(len(body)))
        lines = filled.strip("\n").split("\n")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def receive(self, method: str = "POST") -> Answer:
        """Read one answer."""
        with HTTPResponse(self.socket, method=method) as response:
            response.begin()
            content = response.read()
            headers = {name.title(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, content)

    def call(self, keys: Keys, body: str) -> Answer:
        """Call an operation by an envelope with this content."""
        return self.soap(_HEAD, signed(keys, body))

    def soap(self, head: str, body: bytes) -> Answer:
        """Exchange as ``exchange`` does, and hold the reply against SOAP and the schemas."""
        answer = self.exchange(head, body)
        check_reply(answer)
        check_schema(answer)
        return answer


@contextmanager
def connected(server: Server) -> Iterator[Connection]:
    """A connection, closed at the end."""
    connection = Connection(server)
    with connection.socket:
        yield connection


def signed(keys: Keys, body: str) -> bytes:
    """An envelope with credentials; prefixes are those of ``tests.wire.harness.envelope``."""
    headers = (f"<b:{name}>{value}</b:{name}>" for name, value in keys.headers.items())
    return envelope(body, "".join(headers))


def check_schema(answer: Answer) -> None:
    """Validate every element of a reply that the contract declares."""
    if answer.is_plain:
        return
    elements: Any = answer.root.xpath(_DECLARED, namespaces={"s": SOAP_ENVELOPE})
    for element in elements:
        _schema().assertValid(etree.ElementTree(element))


@cache
def _schema() -> etree.XMLSchema:
    return CUSTOMER_BILLING.compile_schema()
