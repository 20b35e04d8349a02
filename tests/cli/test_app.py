"""The application: what is mounted where, and that each setting reaches its place."""

from io import BytesIO
from wsgiref.util import setup_testing_defaults

import pytest

from service.addresses import CUSTOMER_BILLING_PATH, customer_billing_url
from service.app import create_app
from service.settings import Settings

NOT_AN_ENVELOPE = b"<nothing/>"
ENVELOPE = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body>'
    b"</s:Envelope>"
)


@pytest.fixture
def ask(url):
    """Sends one request to the application; answers status, headers and body."""

    def ask(path, *, query="", content=None, **settings):
        body = content or b""
        environ = {
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": "GET" if content is None else "POST",
            "CONTENT_TYPE": "text/xml",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        setup_testing_defaults(environ)
        started = []
        app = create_app(Settings(**{"database": url, **settings}))
        text = b"".join(app(environ, lambda status, headers: started.append((status, headers))))
        ((status, headers),) = started
        assert dict(headers)["Content-Length"] == str(len(text))
        return status, text.decode()

    return ask


def test_the_endpoint_is_at_the_path_of_the_original(ask):
    status, text = ask(CUSTOMER_BILLING_PATH, query="wsdl")
    assert status == "200 OK"
    assert f'location="http://127.0.0.1{CUSTOMER_BILLING_PATH}"' in text


@pytest.mark.parametrize("path", ["", "/", "/Api", CUSTOMER_BILLING_PATH + "/", "/healthz/"])
def test_every_other_path_points_to_it(ask, path):
    assert ask(path) == ("404 Not Found", f"See {CUSTOMER_BILLING_PATH}\n")


def test_health(ask, tmp_path):
    assert ask("/healthz") == ("200 OK", "ok\n")
    lost = f"sqlite:///{tmp_path / 'no' / 'folder.db'}"
    assert ask("/healthz", database=lost) == ("503 Service Unavailable", "database unreachable\n")


def test_public_url(ask):
    public = {"public_url": "https://billing.example/prefix/"}
    _, text = ask(CUSTOMER_BILLING_PATH, query="wsdl", **public)
    address = f"https://billing.example/prefix{CUSTOMER_BILLING_PATH}"
    assert f'location="{address}"' in text
    assert customer_billing_url(Settings(**public)) == address


@pytest.mark.parametrize(
    ("setting", "status"), [(200, "200 OK"), (500, "500 Internal Server Error")]
)
def test_fault_http_status(ask, setting, status):
    answer = ask(CUSTOMER_BILLING_PATH, content=NOT_AN_ENVELOPE, fault_http_status=setting)
    assert answer[0] == status
    assert "VersionMismatch" in answer[1]


@pytest.mark.parametrize(
    ("content", "setting", "symbol"),
    [
        (b"<a>" + b" " * 2000 + b"</a>", {"body_bytes_max": 1024}, "BodyTooLarge"),
        (b"<a>" * 9 + b"</a>" * 9, {"depth_max": 8}, "TooDeep"),
        (b"<a>" + b"<b/>" * 16 + b"</a>", {"elements_count_max": 16}, "TooManyElements"),
        (
            b"<a %s/>" % b" ".join(b'a%d=""' % number for number in range(17)),
            {"attributes_count_max": 16},
            "TooManyAttributes",
        ),
    ],
)
def test_each_limit_of_the_gate_is_a_setting(ask, content, setting, symbol):
    request = ENVELOPE % content
    assert symbol not in ask(CUSTOMER_BILLING_PATH, content=request)[1]
    assert symbol in ask(CUSTOMER_BILLING_PATH, content=request, **setting)[1]
