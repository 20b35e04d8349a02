"""The application: what is mounted where, and that each setting reaches its place."""

import json
from io import BytesIO
from wsgiref.util import setup_testing_defaults

import pytest

from service.addresses import CUSTOMER_BILLING_PATH, customer_billing_url
from service.app import create_app
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.initialise import FIRST_USER
from service.operations.users import issue_token
from service.settings import Settings
from service.storage.engine import Database
from service.storage.tables import idempotency_key
from tests.programme import Programme
from tests.reliability.envelopes import Envelopes

pytestmark = pytest.mark.usefixtures("closed_applications")

NOT_AN_ENVELOPE = b"<nothing/>"
ENVELOPE = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body>'
    b"</s:Envelope>"
)


@pytest.fixture
def ask(url):
    """Sends one request to the application; answers status, headers and body."""

    def ask(path, *, query="", content=None, app=None, **settings):
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
        app = app or create_app(Settings(**{"database": url, **settings}))
        text = b"".join(app(environ, lambda status, headers: started.append((status, headers))))
        ((status, headers),) = started
        assert dict(headers)["Content-Length"] == str(len(text))
        return status, text.decode()

    return ask


def test_the_endpoint_is_at_the_path_of_the_original(ask):
    status, text = ask(CUSTOMER_BILLING_PATH, query="wsdl")
    assert status == "200 OK"
    assert f'location="http://127.0.0.1{CUSTOMER_BILLING_PATH}"' in text


@pytest.mark.parametrize(
    "path", ["", "/", "/Api", CUSTOMER_BILLING_PATH + "/", "/healthz/", "/consoles", "/metrics"]
)
def test_every_other_path_points_to_it(ask, path):
    assert ask(path) == ("404 Not Found", f"See {CUSTOMER_BILLING_PATH}\n")


UNAVAILABLE = "503 Service Unavailable"
NOT_CURRENT = "database missing or not of this release\n"


def test_a_process_without_a_database_lives(ask, tmp_path):
    """To start it again would not bring the database back."""
    text = tmp_path / "text.db"
    text.write_text("This is no database.\n" * 100)
    assert ask("/healthz", database=f"sqlite:///{text}") == ("200 OK", "ok\n")


def test_readiness(ask, tmp_path, capsys):
    assert ask("/readyz") == ("200 OK", "ok\n")
    assert capsys.readouterr().err == ""
    lost = tmp_path / "no" / "folder.db"
    assert ask("/readyz", database=f"sqlite:///{lost}") == (UNAVAILABLE, NOT_CURRENT)
    entry = json.loads(capsys.readouterr().err)
    assert (entry["event"], entry["level"], entry["reason"]) == (
        "not ready",
        "warning",
        NOT_CURRENT.strip(),
    )


def test_readiness_of_what_is_no_database(ask, tmp_path, capsys):
    text = tmp_path / "text.db"
    text.write_text("This is no database.\n" * 100)
    answer = ask("/readyz", database=f"sqlite:///{text}")
    assert answer == (UNAVAILABLE, "database unreachable\n")
    assert "sqlalchemy.exc.DatabaseError" in json.loads(capsys.readouterr().err)["traceback"]


def test_readiness_of_a_database_that_changes_under_the_service(ask, url, capsys):
    app = create_app(Settings(database=url))
    assert ask("/readyz", app=app)[0] == "200 OK"
    database = Database(url)
    with database.writing() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        revision = found.scalar_one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert ask("/readyz", app=app) == (UNAVAILABLE, NOT_CURRENT)
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    database.close()
    assert ask("/readyz", app=app)[0] == "200 OK"
    capsys.readouterr()


def test_readiness_of_a_file_that_is_gone(ask, run, tmp_path, capsys):
    path = tmp_path / "test.db"
    run("init", "--database", f"sqlite:///{path}")
    app = create_app(Settings(database=f"sqlite:///{path}"))
    assert ask("/readyz", app=app)[0] == "200 OK"
    path.unlink()
    assert ask("/readyz", app=app) == (UNAVAILABLE, NOT_CURRENT)
    assert not path.exists()
    capsys.readouterr()


def test_public_url(ask):
    public = {"public_url": "https://billing.example/prefix/"}
    _, text = ask(CUSTOMER_BILLING_PATH, query="wsdl", **public)
    address = f"https://billing.example/prefix{CUSTOMER_BILLING_PATH}"
    assert f'location="{address}"' in text
    assert customer_billing_url(Settings(**public)) == address


@pytest.mark.parametrize(
    ("bind", "root"),
    [
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:80", "http://[::1]:80"),
        ("[::1]:80", "http://[::1]:80"),
        ("192.0.2.1:8080", "http://192.0.2.1:8080"),
        ("billing.example:8080", "http://billing.example:8080"),
    ],
)
def test_the_address_that_serve_prints_is_one_that_a_client_can_call(bind, root):
    assert customer_billing_url(Settings(bind=bind)) == root + CUSTOMER_BILLING_PATH
    public = Settings(bind=bind, public_url="https://billing.example")
    assert customer_billing_url(public) == "https://billing.example" + CUSTOMER_BILLING_PATH


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


def test_keys_are_kept_for_as_long_as_is_set(ask, url):
    database = Database(url)
    programme = Programme(database)
    tokens = {
        name: issue_token(programme.call(), FIRST_USER, kind).text
        for name, kind in (("DeveloperToken", DEVELOPER), ("AuthenticationToken", AUTHENTICATION))
    }
    app = create_app(Settings(database=url, idempotency_keep_h=24), programme.clock)

    def send(key):
        content = Envelopes(tokens).keyed(key).redeem(1, "NONSENSE")
        assert "CouponNotFound" in ask(CUSTOMER_BILLING_PATH, content=content, app=app)[1]
        return [row["key"] for row in programme.rows(idempotency_key)]

    assert send("first") == ["first"]
    programme.clock.move(hours=24)
    assert send("second") == ["first", "second"]
    programme.clock.move(microseconds=1)
    assert send("third") == ["second", "third"]
    database.close()
