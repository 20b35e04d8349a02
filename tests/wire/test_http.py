"""HTTP: methods, published documents, addresses, bodies and the connection after them."""

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.wire.harness import REDEEM, envelope

VALID = envelope()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"])
def test_other_methods_are_told_which_are_allowed(service, method):
    answer = service.request(method, VALID)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "singleWsdl", "xsd=xsd0"])
def test_the_contract_is_shown(service, query):
    answer = service.request("GET", QUERY_STRING=query)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<")


@pytest.mark.parametrize("query", ["wsdl=", "xsd=xsd99", "disco", "wsdl&x"])
def test_nothing_else_is_shown(service, query):
    assert service.request("GET", QUERY_STRING=query).status == 405


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "http://localhost/svc"),
        ({"HTTP_HOST": "coupons.example.org"}, "http://coupons.example.org/svc"),
        ({"HTTP_HOST": "127.0.0.1:8080"}, "http://127.0.0.1:8080/svc"),
        ({"HTTP_HOST": "[::1]:8080"}, "http://[::1]:8080/svc"),
        ({"HTTP_HOST": "a.example", "wsgi.url_scheme": "https"}, "https://a.example/svc"),
        (
            {
                "HTTP_HOST": "a.example",
                "HTTP_X_FORWARDED_HOST": "evil.example",
                "HTTP_X_FORWARDED_PROTO": "https",
            },
            "http://a.example/svc",
        ),
        ({"HTTP_HOST": "a", "SCRIPT_NAME": "/un der"}, "http://a/un%20der/svc"),
    ],
)
def test_the_address_is_that_of_the_request(service, environ, address):
    answer = service.request("GET", QUERY_STRING="wsdl", PATH_INFO="/svc", **environ)
    assert f'location="{address}"'.encode() in answer.content


@pytest.mark.parametrize(
    "host",
    ["a b", 'a"b', "a<b", "a/b", "a@b", "a:port", "a\r\nb", "[::1", "-a", "a" * 300, "a:123456"],
)
def test_a_host_that_is_none_is_refused(service, host):
    assert service.request("GET", QUERY_STRING="wsdl", HTTP_HOST=host).status == 400


@pytest.mark.parametrize("host", ["evil.example", "not a host"])
def test_the_public_url_wins_over_the_request(make_service, host):
    service = make_service(public_url="https://pay.example.org/coupons/")
    answer = service.request("GET", QUERY_STRING="wsdl", PATH_INFO="/svc", HTTP_HOST=host)
    assert b'location="https://pay.example.org/coupons/svc"' in answer.content
    assert host.encode() not in answer.content


# Bodies.


class Connection(io.BytesIO):
    """A connection with a next request behind the body, as a keep-alive server has it."""

    def __init__(self, content: bytes, block: int = sys.maxsize) -> None:
        super().__init__(content)
        self.block = block

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "reads until the peer hangs up"
        return super().read(min(size, self.block))


NEXT = b"POST /next HTTP/1.1"


def sent(content: bytes, **environ) -> dict:
    stream = Connection(content + NEXT)
    return {"wsgi.input": stream, "CONTENT_LENGTH": str(len(content))} | environ


@pytest.mark.parametrize(
    ("content", "environ"),
    [
        (VALID, {}),
        (VALID, {"CONTENT_TYPE": "application/json"}),
        (VALID, {"HTTP_CONTENT_ENCODING": "gzip"}),
        (VALID + b" " * 300_000, {}),
        (b"<broken", {}),
    ],
    ids=["answered", "type", "encoding", "too large", "malformed"],
)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_a_body_is_read_to_its_end_and_no_further(service, method, content, environ):
    variables = sent(content, **environ)
    service.request(method, **variables)
    assert variables["wsgi.input"].read(len(NEXT)) == NEXT


def test_a_body_that_arrives_in_pieces_is_one_body(service):
    stream = Connection(VALID, block=10)
    assert service.post(VALID, **{"wsgi.input": stream}).status == 200


@pytest.mark.parametrize(
    "environ", [{"HTTP_TRANSFER_ENCODING": "Chunked"}, {"wsgi.input_terminated": True}]
)
def test_a_chunked_body_is_read(service, environ):
    assert service.post(VALID, CONTENT_LENGTH=None, **environ).status == 200


def test_a_body_of_unknown_length_is_not_waited_for(service):
    assert service.post(VALID, CONTENT_LENGTH=None).symbol == "BodyEmpty"


def test_a_body_without_end_is_given_up(service):
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return b" " * size

    stream = Endless()
    environ = {"wsgi.input": stream, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": None}
    assert service.post(b"", **environ).symbol == "BodyTooLarge"
    assert stream.taken < 20 * 1024 * 1024


def test_a_body_shorter_than_announced_is_refused(service):
    assert service.post(VALID[:-20], CONTENT_LENGTH=str(len(VALID))).symbol == "XmlMalformed"


def test_threads_do_not_get_each_other_s_answers(service):
    def call(number):
        if number % 3 == 0:
            answer = service.call(REDEEM.replace("7", f"x{number}"))
            return f"'x{number}'" in answer.fault_text
        return service.call(REDEEM.replace("7", str(number))).status == 200

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(call, range(300)))
    read = sorted(seen.arguments[0] for seen in service.seen)
    assert read == [number for number in range(300) if number % 3]
