"""The tap passes on what it is given, and fails whoever breaks a requirement on the way."""

import socket
import threading
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from lxml import etree

from service.addresses import CUSTOMER_BILLING_PATH
from service.cli.demo_session import Client
from service.domain import errors
from service.domain.refusals import ServiceError
from service.soap.namespaces import BILLING
from tests.conformance import tap as tapping
from tests.conformance.tap import tapped

REDEEM = "<RedeemCouponRequest><AccountId>7</AccountId></RedeemCouponRequest>"


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serving(application):
    with make_server("127.0.0.1", 0, application, handler_class=QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def tapped_client(application):
    """The demo's client, which calls an application through a tap."""
    # The server that Python brings answers by HTTP/1.0.
    with serving(application) as port, tapped(port, excepted={"R1140"}) as tap:
        url = f"http://127.0.0.1:{tap.port}{CUSTOMER_BILLING_PATH}"
        yield Client(url, "developer", "authentication"), tap


@pytest.fixture
def seen(monkeypatch):
    """The exchanges that taps have checked."""
    exchanges = []
    monkeypatch.setattr(
        tapping, "check_exchange", lambda exchange, _excepted: exchanges.append(exchange)
    )
    return exchanges


def test_what_passes_is_unchanged_and_seen(service, seen):
    with tapped_client(service.endpoint) as (client, tap):
        reply = client.call("RedeemCoupon", REDEEM)
        tap.check()
    (exchange,) = seen
    assert exchange.request.content == client.envelope(REDEEM).encode()
    assert exchange.reply.content == etree.tostring(reply)
    assert service.seen[0].credentials.developer_token == "developer"


def test_our_own_client_names_the_operation_in_quotes(service, seen):
    with tapped_client(service.endpoint) as (client, tap):
        client.call("RedeemCoupon", REDEEM)
        tap.check()
    (exchange,) = seen
    assert exchange.operation.soap_action == "RedeemCoupon"
    assert exchange.request.headers["soapaction"] == '"RedeemCoupon"'


def test_a_large_message_arrives_whole(service, seen):
    service.answers["GetCouponInfo"] = ServiceError(errors.INPUT_INVALID, "x" * 10**6)
    body = "<GetCouponInfoRequest><CustomerId>7</CustomerId></GetCouponInfoRequest>"
    with tapped_client(service.endpoint) as (client, tap):
        with pytest.raises(Exception, match="ApiInputValidationError"):
            client.call("GetCouponInfo", body)
        tap.check()
    assert len(seen[0].reply.content) > 10**6


def broken_application(service, status, old=b"", new=b""):
    """The endpoint, whose answers are changed on their way out."""

    def application(environ, start_response):
        def start(_status, headers):
            kept = [(name, value) for name, value in headers if name != "Content-Length"]
            start_response(status, kept)

        return [b"".join(service.endpoint(environ, start)).replace(old, new)]

    return application


@pytest.mark.parametrize(
    ("status", "old", "new", "number"),
    [
        ("202 Accepted", b"", b"", "R1111"),
        ("200 OK", b"TrackingId", b"RequestId", "R2738"),
        ("200 OK", b"<s:Body>", b"<s:Body><?x?>", "R1009"),
        ("200 OK", f'"{BILLING}"'.encode(), b'"urn:another"', "R2712"),
    ],
)
def test_a_broken_reply_fails_the_test_at_its_end(service, status, old, new, number):
    application = broken_application(service, status, old, new)
    with pytest.raises(AssertionError, match=number), tapped_client(application) as (client, _):
        client.call("RedeemCoupon", REDEEM)


def test_what_is_not_http_must_be_answered_with_400():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 500 Surprised\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(AssertionError, match="R1113"):
            say_nonsense(listener.getsockname()[1])
        thread.join()


def say_nonsense(port):
    with (
        tapped(port) as tap,
        socket.create_connection(("127.0.0.1", tap.port), timeout=60) as connection,
    ):
        connection.sendall(b"no such thing as this\r\n\r\n")
        assert connection.recv(100)
