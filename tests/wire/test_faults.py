"""Faults: the shape that clients parse, and what an unforeseen failure must not tell."""

import json

import pytest
import structlog

from service.domain.error_catalogue import CATALOGUE
from service.domain.error_rows import FaultKind
from service.domain.refusals import ServiceError
from service.logs import configure_log
from service.soap.namespaces import ADAPI, BILLING
from service.soap.reply_check import ReplyInvalidError
from tests.wire.harness import NAMESPACES, NOON, envelope


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.symbol)
@pytest.mark.parametrize("details", ["", "class 'A & B' <is> unknown"])
def test_an_error_of_the_catalogue_is_a_typed_fault(service, row, details):
    service.answers["RedeemCoupon"] = ServiceError(row, details)

    answer = service.call()

    assert (answer.status, answer.fault_code, answer.error_code) == (500, "Server", row.code)
    assert answer.fault_text.startswith(f"{row.symbol}: {row.message}")
    assert details in answer.fault_text
    (detail,) = answer.root.find("s:Body/s:Fault/detail", NAMESPACES)
    if row.kind is FaultKind.AD_API:
        assert detail.tag == f"{{{ADAPI}}}AdApiFaultDetail"
        (item,) = detail.find("adapi:Errors", NAMESPACES)
        assert item.findtext("adapi:ErrorCode", namespaces=NAMESPACES) == row.symbol
        assert (item.findtext("adapi:Detail", namespaces=NAMESPACES) or "") == details
    else:
        assert detail.tag == f"{{{BILLING}}}ApiFault"
        (item,) = detail.find("x:OperationErrors", NAMESPACES)
        shown = item.findtext("x:Details", namespaces=NAMESPACES)
        assert shown == (f"{row.symbol}: {details}" if details else row.symbol)
    assert item.findtext("{*}Message") == row.message


def test_an_operation_that_is_not_carried_out_says_so(service):
    answer = service.call("<b:GetBillingGroupsRequest/>")
    assert answer.error_code == 204
    assert "GetBillingGroups" in answer.fault_text


def test_what_authentication_refuses_never_reaches_the_operation(service):
    row = next(row for row in CATALOGUE if row.symbol == "InvalidCredentials")
    service.refusal = ServiceError(row)
    service.answers["RedeemCoupon"] = AssertionError("the operation ran")
    assert service.call().error_code == 105
    assert service.call("<b:GetCouponInfoRequest/>").error_code == 105


@pytest.fixture
def log(capsys):
    """Reads what was logged beside the lines of the calls."""
    configure_log("info")
    yield lambda: capsys.readouterr().err
    structlog.reset_defaults()


def assert_internal_error(answer, log, kind, secret="Traceback"):
    """The log tells what was raised and where; nobody is told the message."""
    assert (answer.status, answer.fault_code, answer.error_code) == (500, "Server", 0)
    assert kind.encode() not in answer.content
    text = log()
    assert secret not in answer.content.decode() + text
    entry = json.loads(text)
    assert (entry["event"], entry["level"]) == ("internal error", "error")
    assert entry["tracking_id"] == answer.tracking_id
    assert entry["traceback"].startswith('  File "')
    assert entry["traceback"].endswith(f".{kind}\n")


def test_a_bug_in_an_operation_tells_the_log_and_not_the_caller(service, log):
    service.answers["RedeemCoupon"] = KeyError("secret-in-an-operation")
    assert_internal_error(service.call(), log, "KeyError", "secret-in-an-operation")


def test_a_bug_in_authentication_tells_the_log_and_not_the_caller(service, log):
    service.refusal = RuntimeError("secret-in-authentication")
    assert_internal_error(service.call(), log, "RuntimeError", "secret-in-authentication")


def test_a_bug_in_the_gate_tells_the_log_and_not_the_caller(service, log, monkeypatch):
    def broken(*_):
        raise RuntimeError("-".join(("secret", "in", "the", "gate")))

    monkeypatch.setattr(service.endpoint.app.in_protocol._gate, "open_envelope", broken)
    assert_internal_error(service.call(), log, "RuntimeError", "secret-in-the-gate")


def test_a_bug_in_a_reader_tells_the_log_and_not_the_caller(service, log, monkeypatch):
    readers = service.endpoint.app.in_protocol._readers
    monkeypatch.setitem(readers, f"{{{BILLING}}}RedeemCouponRequest", None)
    assert_internal_error(service.call(), log, "TypeError")


@pytest.mark.parametrize(
    ("result", "kind"),
    [("not a list", "AttributeError"), ([object()], "AttributeError"), (7, "TypeError")],
)
def test_a_result_that_is_none_tells_the_log_and_not_the_caller(service, log, result, kind):
    service.answers["SearchCoupons"] = result
    assert_internal_error(service.call("<b:SearchCouponsRequest/>"), log, kind)


def test_an_instant_without_zone_is_a_bug(service, log):
    service.answers["RedeemCoupon"] = NOON.replace(tzinfo=None)
    assert_internal_error(service.call(), log, "ValueError")


def test_an_error_that_cannot_be_spelled_is_a_bug(service, log):
    service.answers["RedeemCoupon"] = ServiceError(CATALOGUE[-1], "vertical \x0b tab")
    assert_internal_error(service.call(), log, "ValueError")


def test_a_reply_that_breaks_the_schema_does_not_leave(service, log, coupon):
    service.answers["SearchCoupons"] = [coupon(active_duration=2**31)]
    answer = service.call("<b:SearchCouponsRequest/>")
    assert_internal_error(answer, log, ReplyInvalidError.__name__)


def test_replies_are_not_checked_unless_asked(make_service, coupon):
    service = make_service(validate_responses=False)
    service.answers["SearchCoupons"] = [coupon(active_duration=2**31)]
    assert service.call("<b:SearchCouponsRequest/>").status == 200


@pytest.mark.parametrize(
    "content",
    [
        envelope(header="<b:AuthenticationToken>s3cret</b:AuthenticationToken>"),
        envelope("<b:Nothing/>", "<b:AuthenticationToken>s3cret</b:AuthenticationToken>"),
        b"<b:AuthenticationToken>s3cret</broken>",
        b"<!DOCTYPE a>" + envelope(header="<b:Password>s3cret</b:Password>"),
    ],
    ids=["answered", "unknown", "malformed", "doctype"],
)
def test_no_request_is_logged(service, log, content):
    service.answers["RedeemCoupon"] = RuntimeError("to have something logged")
    service.post(content)
    assert "s3cret" not in log() + str(service.log)


def test_every_reply_has_a_tracking_id_of_its_own(service):
    answers = [service.call() for _ in range(3)] + [service.post(b"<broken") for _ in range(3)]
    assert len({answer.tracking_id for answer in answers}) == len(answers)


def test_the_operation_is_told_the_tracking_id_of_the_reply(service):
    told = []
    service.endpoint.app.event_manager.add_listener(
        "method_call", lambda ctx: told.append(ctx.udc.tracking_id)
    )
    assert [service.call().tracking_id] == told
