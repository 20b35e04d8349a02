"""The log of the application: lines of JSON that hold no secret, and never stop a call."""

import json
import sys
from io import BytesIO
from wsgiref.util import setup_testing_defaults

import pytest
import structlog

from service.addresses import CUSTOMER_BILLING_PATH
from service.app import create_app
from service.settings import Settings
from service.soap import customer_billing
from service.storage.engine import Database

pytestmark = pytest.mark.usefixtures("closed_applications")

EMAIL = "anna.planted@example.com"
PASSWORD = "planted-password"
BILLING = 'xmlns="https://bingads.microsoft.com/Billing/v13"'
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>{header}</s:Header>'
    f"<s:Body><{{operation}}Request {BILLING}>{{content}}</{{operation}}Request></s:Body>"
    "</s:Envelope>"
)
DISPATCH = (
    '<SendToEmails xmlns:r="http://schemas.microsoft.com/2003/10/Serialization/Arrays">'
    f"<r:string>{EMAIL}</r:string></SendToEmails>"
    "<CustomerId>1</CustomerId><CouponClassName>Spring</CouponClassName>"
)


@pytest.fixture(autouse=True)
def structlog_as_it_was():
    yield
    structlog.reset_defaults()


@pytest.fixture
def headers(run, url):
    """Tokens of the first user."""
    return {
        f"{kind.title()}Token": run(f"token issue --user operator --kind {kind} --json").json[
            "text"
        ]
        for kind in ("developer", "authentication")
    }


@pytest.fixture
def call(url, headers):
    """Sends a request of the first user, or of another, to a service with these settings."""

    def call(operation, content, caller=headers, **settings):
        header = "".join(f"<{name} {BILLING}>{text}</{name}>" for name, text in caller.items())
        body = ENVELOPE.format(operation=operation, content=content, header=header).encode()
        environ = {
            "PATH_INFO": CUSTOMER_BILLING_PATH,
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "text/xml",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        setup_testing_defaults(environ)
        app = create_app(Settings(database=url, **settings))
        return b"".join(app(environ, lambda *_: None)).decode()

    return call


def entries(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def redeem(code):
    return f"<AccountId>1</AccountId><CouponCode>{code}</CouponCode>"


def assert_no_secret(text, codes, headers):
    for secret in (*codes, *headers.values(), "planted", "PLANTED", EMAIL):
        assert secret not in text


def outcomes(text):
    return [entry.get("outcome") for entry in map(json.loads, text.splitlines())]


def test_no_secret_of_a_request_is_logged(run, call, codes, headers, capsys):
    run("user set-password operator --password-stdin", stdin=PASSWORD)
    by_password = {
        "DeveloperToken": headers["DeveloperToken"],
        "UserName": "operator",
        "Password": PASSWORD,
    }
    wrong = {**headers, "AuthenticationToken": "planted-wrong-token"}

    call("RedeemCoupon", redeem(codes[0]))
    call("RedeemCoupon", redeem(codes[1]), by_password)
    call("RedeemCoupon", redeem(codes[0] + "-PLANTED"))
    call("RedeemCoupon", redeem(codes[0]), wrong)
    call("RedeemCoupon", redeem(codes[0]).replace("1", codes[0], 1))
    call("DispatchCoupons", DISPATCH)
    call("RedeemCoupon", redeem(codes[0]) + "<broken", by_password)

    text = capsys.readouterr().err
    assert_no_secret(text, codes, headers)
    assert outcomes(text) == [
        *["ok"] * 2,
        "CouponNotFound",
        "InvalidCredentials",
        "SchemaInvalid",
        "ok",
        "XmlMalformed",
    ]


def test_no_secret_in_an_exception_is_logged(call, codes, headers, capsys, monkeypatch):
    def fail(_call, _account, code):
        try:
            {}[code]
        finally:
            raise ValueError(f"{code}, {PASSWORD}, {headers}, {EMAIL}")

    monkeypatch.setattr(customer_billing, "redeem_coupon", fail)
    call("RedeemCoupon", redeem(codes[0]))
    text = capsys.readouterr().err
    assert_no_secret(text, codes, headers)
    assert outcomes(text) == [None, "InternalError"]
    traceback = json.loads(text.splitlines()[0])["traceback"]
    assert "{}[code]" in traceback
    assert "builtins.KeyError\n" in traceback
    assert traceback.endswith("builtins.ValueError\n")


def test_no_parameter_of_a_statement_is_logged(url, call, codes, headers, capsys):
    database = Database(url)
    with database.writing() as connection:
        for table in ("ledger", "outbox", "redemption"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    database.close()
    call("RedeemCoupon", redeem(codes[0]))
    text = capsys.readouterr().err
    assert_no_secret(text, codes, headers)
    assert outcomes(text) == [None, "InternalError"]
    assert "sqlalchemy.exc." in json.loads(text.splitlines()[0])["traceback"]


@pytest.mark.parametrize(
    ("level", "events"),
    [("info", ["call", "internal error", "call"]), ("warning", ["internal error"])],
)
def test_the_level_is_a_setting(call, capsys, monkeypatch, level, events):
    call("RedeemCoupon", redeem("NONSENSE"), log_level=level)
    monkeypatch.setattr(customer_billing, "redeem_coupon", None)
    answer = call("RedeemCoupon", redeem("NONSENSE"), log_level=level)
    logged = entries(capsys)
    assert [entry["event"] for entry in logged] == events
    assert logged[-1]["tracking_id"] in answer


class Broken:
    """A standard error whose reader is gone."""

    def write(self, _text):
        raise BrokenPipeError

    flush = write


def test_a_log_that_cannot_be_written_stops_no_call(call, codes, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Broken())
    assert "<RedemptionDate>" in call("RedeemCoupon", redeem(codes[0]))
