"""HTTP as granian and the service speak it: connections that live on, chunks, methods, hosts."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from service.addresses import CUSTOMER_BILLING_PATH, HEALTH_PATH
from tests.clients.wire import check_schema, connected, signed
from tests.wire.harness import check_reply

OVERSIZED = b" " * (262_144 + 1)
POST = f"POST {CUSTOMER_BILLING_PATH} HTTP/1.1\nHost: {{host}}\n"
LENGTH = "Content-Length: {length}\n"
XML = "Content-Type: text/xml; charset=utf-8\n"
CHUNKED = POST + XML + "Transfer-Encoding: chunked\n"
REFUSED = {
    "BodyTooLarge": (500, XML, OVERSIZED),
    "ContentTypeUnsupported": (415, "Content-Type: application/json\n", b"{}" * 5000),
    "ContentEncodingUnsupported": (415, XML + "Content-Encoding: gzip\n", b"\x1f\x8b" * 5000),
    "XmlMalformed": (500, XML, b"<s:Envelope"),
    "BodyEmpty": (500, XML, b""),
}


def in_chunks(content: bytes, size: int = 1000) -> bytes:
    """A body as Transfer-Encoding chunked sends it."""
    parts = (content[start : start + size] for start in range(0, len(content), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.fixture
def connection(server):
    with connected(server) as connection:
        yield connection


def is_answered(connection, customer):
    """The connection takes another request, and its answer belongs to it."""
    answer = connection.call(customer.keys, "<b:RedeemCouponRequest/>")
    assert answer.symbol == "AccountIdInvalid"
    return True


@pytest.mark.parametrize("symbol", REFUSED)
def test_a_connection_outlives_a_refused_body(connection, customer, symbol):
    status, headers, body = REFUSED[symbol]
    for _ in range(2):
        answer = connection.soap(POST + headers + LENGTH, body)
        assert (answer.status, answer.symbol) == (status, symbol)
        assert is_answered(connection, customer)


def test_a_chunked_body_is_read(connection, customer):
    body = in_chunks(signed(customer.keys, "<b:RedeemCouponRequest/>"), size=100)
    answer = connection.soap(CHUNKED, body)
    assert answer.symbol == "AccountIdInvalid"
    assert is_answered(connection, customer)


def test_an_oversized_chunked_body_is_refused(connection, customer):
    answer = connection.soap(CHUNKED, in_chunks(OVERSIZED, size=8192))
    assert (answer.status, answer.symbol) == (500, "BodyTooLarge")
    assert is_answered(connection, customer)


def test_a_client_may_wait_for_leave_to_send_the_body(connection, customer):
    body = signed(customer.keys, "<b:RedeemCouponRequest/>")
    head = POST + XML + f"Content-Length: {len(body)}\nExpect: 100-continue\n"

    connection.send(head)
    assert connection.socket.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.socket.sendall(body)

    answer = connection.receive()
    check_reply(answer)
    check_schema(answer)
    assert answer.symbol == "AccountIdInvalid"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_not_allowed(connection, customer, method):
    answer = connection.exchange(f"{method} {CUSTOMER_BILLING_PATH} HTTP/1.1\nHost: {{host}}\n")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, POST"
    assert is_answered(connection, customer)


@pytest.mark.parametrize(
    "head",
    [
        "this is not HTTP",
        "POST / HTTP/1.1\nHost: {host}\nContent-Length: many\n",
        "POST / HTTP/1.1\nHost: {host}\nContent Length: 1\n",
    ],
)
def test_what_is_not_http_is_a_bad_request(connection, head):
    assert connection.exchange(head).status == 400


def test_other_paths_are_not_found(connection):
    answer = connection.exchange("GET /elsewhere HTTP/1.1\nHost: {host}\n")
    assert answer.status == 404


def test_health_is_told(connection):
    answer = connection.exchange(f"GET {HEALTH_PATH} HTTP/1.1\nHost: {{host}}\n")
    assert (answer.status, answer.content) == (200, b"ok\n")


def test_a_fault_travels_with_status_500_and_the_tracking_id_in_its_header(connection, customer):
    answer = connection.call(customer.keys, "<b:RedeemCouponRequest/>")
    assert answer.status == 500
    in_detail = answer.text("s:Body/s:Fault/detail/b:ApiFault/adapi:TrackingId")
    assert answer.text("s:Header/b:TrackingId") == in_detail


def test_no_request_sees_the_host_of_another(server):
    hosts = [f"host{number}.example:8{number:03}" for number in range(8)]
    together = threading.Barrier(len(hosts))

    def described(host):
        with httpx.Client() as client:
            together.wait()
            for query in ("wsdl", "singleWsdl") * 5:
                text = client.get(f"{server.url}?{query}", headers={"Host": host}).text
                yield from re.findall(r"\b(?:host\d|127[.]0[.]0[.]1)[^/]*", text)

    with ThreadPoolExecutor(len(hosts)) as executor:
        seen = list(executor.map(lambda host: set(described(host)), hosts))

    assert seen == [{host} for host in hosts]
