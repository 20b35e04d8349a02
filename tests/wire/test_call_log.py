"""The line that the log has of each call."""

import json
import re

import pytest

from service.domain.errors import INVALID_CREDENTIALS
from service.domain.refusals import ServiceError
from tests.wire.harness import CALLER, REDEEM, envelope


def only_line(service):
    (line,) = service.log
    return json.loads(line)


def test_a_call_is_one_line(service):
    request = envelope()
    answer = service.post(request)
    line = only_line(service)
    assert re.fullmatch(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", line.pop("timestamp"))
    assert line.pop("duration_ms") > 0
    assert line == {
        "event": "call",
        "tracking_id": answer.tracking_id,
        "operation": "RedeemCoupon",
        "user_id": CALLER.user_id,
        "outcome": "ok",
        "code": None,
        "replayed": False,
        "http_status": 200,
        "request_bytes": len(request),
        "response_bytes": len(answer.content),
        "level": "info",
    }


def test_a_fault_is_named(service):
    service.answers["RedeemCoupon"] = ServiceError(INVALID_CREDENTIALS, 'some "details"')
    service.call()
    line = only_line(service)
    assert (line["outcome"], line["code"], line["http_status"]) == ("InvalidCredentials", 105, 500)
    assert (line["operation"], line["user_id"]) == ("RedeemCoupon", CALLER.user_id)
    assert "details" not in str(line)


def test_who_was_not_admitted_has_no_number(service):
    service.refusal = ServiceError(INVALID_CREDENTIALS)
    service.call()
    line = only_line(service)
    assert (line["outcome"], line["operation"], line["user_id"]) == (
        "InvalidCredentials",
        "RedeemCoupon",
        None,
    )


@pytest.mark.parametrize(
    ("content", "symbol"),
    [
        (b"<broken", "XmlMalformed"),
        (envelope("<b:Nothing/>"), "OperationUnknown"),
        (envelope(REDEEM.replace("7", "seven")), "SchemaInvalid"),
        (b"", "BodyEmpty"),
    ],
)
def test_a_refusal_of_the_gate_is_named(service, content, symbol):
    answer = service.post(content)
    line = only_line(service)
    assert (line["outcome"], line["http_status"]) == (symbol, answer.status)
    assert (line["operation"], line["user_id"], line["code"]) == (None, None, None)
    assert line["request_bytes"] == len(content)


def test_a_body_that_is_too_large_is_counted_whole(service):
    service.post(b"x" * 300_000)
    line = only_line(service)
    assert (line["outcome"], line["request_bytes"]) == ("BodyTooLarge", 300_000)


def test_a_bug_is_a_call_too(service, capsys):
    service.answers["RedeemCoupon"] = KeyError("something")
    service.call()
    line = only_line(service)
    assert (line["outcome"], line["code"], line["http_status"]) == ("InternalError", 0, 500)
    capsys.readouterr()


def test_what_is_no_call_is_not_logged(service):
    service.request("GET", QUERY_STRING="wsdl")
    service.request("PUT", b"<a/>")
    assert service.log == []
