"""Nine things that Spyne's own protocol gets wrong on this wire, and ours right."""

from datetime import datetime, timezone
from decimal import Decimal
from types import SimpleNamespace

import pytest

from service.soap.namespaces import XSI
from tests.wire.harness import REDEEM, envelope

MONTHLY = (
    "<b:GetAccountMonthlySpendRequest><b:AccountId>1</b:AccountId>"
    "<b:MonthYear>{}</b:MonthYear></b:GetAccountMonthlySpendRequest>"
)
CODE = "<b:RedeemCouponRequest>{}</b:RedeemCouponRequest>"


def test_1_nil_false_is_not_nil(service):
    service.call(CODE.format('<b:CouponCode i:nil="false">SUN</b:CouponCode>'))
    service.call(CODE.format('<b:CouponCode i:nil="0">SUN</b:CouponCode>'))
    service.call(CODE.format('<b:CouponCode i:nil="1"/>'))
    service.call(CODE.format('<b:CouponCode i:nil=" true "/>'))
    service.call(CODE.format("<b:CouponCode/>"))
    assert [seen.arguments[1] for seen in service.seen] == ["SUN", "SUN", None, None, ""]


def test_1_a_nil_instant_is_let_in(service):
    reply = service.call(
        '<b:GetBillingDocumentsInfoRequest><b:EndDate i:nil="true"/>'
        "</b:GetBillingDocumentsInfoRequest>"
    )
    assert reply.error_code == 204


def test_2_instants_leave_in_utc_with_z(service):
    service.answers["RedeemCoupon"] = datetime(2026, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
    answer = service.call()
    assert answer.payload[0].text == "2026-05-06T07:08:09Z"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01T00:00:00-05:30", datetime(2026, 1, 1, 5, 30, tzinfo=timezone.utc)),
        ("2026-01-01T00:00:00+05:30", datetime(2025, 12, 31, 18, 30, tzinfo=timezone.utc)),
        (
            "2026-01-01T00:00:00.1234569Z",
            datetime(2026, 1, 1, microsecond=123456, tzinfo=timezone.utc),
        ),
        (
            " 2026-01-01T00:00:00.5\n",
            datetime(2026, 1, 1, microsecond=500_000, tzinfo=timezone.utc),
        ),
    ],
)
def test_3_instants_are_read_exactly(service, text, instant):
    service.call(MONTHLY.format(text))
    assert service.seen[0].arguments == [1, instant]


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00ZZZ", "2026-13-01T00:00:00", "0000-01-01T00:00:00", "2026-01-01"]
)
def test_3_what_is_not_an_instant_is_refused(service, text):
    answer = service.call(MONTHLY.format(text))
    assert answer.fault_code == "Client"
    assert service.seen == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("inf"), "INF"),
        (float("-inf"), "-INF"),
        (float("nan"), "NaN"),
        (Decimal("1.10"), "1.1"),
        (Decimal(100), "100"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (12345678.9, "12345678.9"),
    ],
)
def test_4_doubles_are_spelled_as_the_schema_wants(service, coupon, value, text):
    service.answers["SearchCoupons"] = [coupon(amount=value)]
    answer = service.call("<b:SearchCouponsRequest/>")
    assert answer.payload.findtext(".//{*}Amount") == text


@pytest.mark.parametrize("text", ["1_0", "\u0661", "9223372036854775808", "", "1.0", "1e3"])
def test_5_what_is_not_an_integer_is_refused(service, text):
    assert service.call(REDEEM.replace("7", text)).symbol == "SchemaInvalid"


@pytest.mark.parametrize(
    ("text", "value"), [("+5", 5), ("05", 5), (" 5\n", 5), ("-9223372036854775808", -(2**63))]
)
def test_5_integers_in_every_spelling_are_read(service, text, value):
    service.call(REDEEM.replace("7", text))
    assert service.seen[0].arguments == [value, None]


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False), (" 1 ", True)]
)
def test_5_booleans_in_every_spelling_are_read(service, text, value):
    service.call(
        "<b:DistributeCouponsRequest>"
        f"<b:SendNotification>{text}</b:SendNotification></b:DistributeCouponsRequest>"
    )
    assert service.seen[0].arguments == [None, None, None, value]


@pytest.mark.parametrize("text", ["yes", "True", ""])
def test_5_what_is_not_a_boolean_is_refused(service, text):
    body = (
        "<b:DistributeCouponsRequest>"
        f"<b:SendNotification>{text}</b:SendNotification></b:DistributeCouponsRequest>"
    )
    assert service.call(body).symbol == "SchemaInvalid"


@pytest.mark.parametrize("character", ["\x0b", "\x00", "\ud800", "\ufffe"])
def test_6_a_character_that_xml_lacks_is_an_internal_error(service, coupon, character):
    service.answers["SearchCoupons"] = [coupon(class_name=f"Sun{character}day")]
    answer = service.call("<b:SearchCouponsRequest/>")
    assert answer.status == 500
    assert answer.error_code == 0


@pytest.mark.parametrize(
    "text", ["a & b", "<b>]]></b>", "'\"", "line\nbreak", "cr\r", "\U0001f600"]
)
def test_6_every_other_character_arrives(service, coupon, text):
    service.answers["SearchCoupons"] = [coupon(class_name=text)]
    answer = service.call("<b:SearchCouponsRequest/>")
    assert answer.payload.findtext(".//{*}ClassName") == text


def test_7_an_address_does_not_leak_into_the_next_wsdl(service):
    for host in ("first.example.org", "second.example.org:8443", "first.example.org"):
        wsdl = service.request("GET", QUERY_STRING="wsdl", HTTP_HOST=host).content
        assert f'location="http://{host}/Api/Billing/'.encode() in wsdl
        assert wsdl.count(b"example.org") == wsdl.count(host.encode())


def test_8_a_reply_is_one_block_of_bytes_with_its_length(service):
    answer = service.post(envelope())
    assert answer.headers["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize(
    "body",
    [
        REDEEM.replace("b:AccountId", "e:AccountId"),
        CODE.format("<b:CouponCode>A</b:CouponCode><b:AccountId>1</b:AccountId>"),
        CODE.format("<b:AccountId>1</b:AccountId><b:AccountId>2</b:AccountId>"),
        CODE.format("<b:Surprise/>"),
        CODE.format('<b:AccountId i:type="e:Coupon"><e:ClassName>x</e:ClassName></b:AccountId>'),
        CODE.format('<b:AccountId surprise="1">1</b:AccountId>'),
    ],
    ids=["namespace", "order", "twice", "unknown", "other type", "attribute"],
)
def test_9_only_what_the_schema_has_gets_in(service, body):
    assert service.call(body).symbol == "SchemaInvalid"
    assert service.seen == []


def test_9_the_declared_type_may_be_named(service):
    declaration = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    service.call(CODE.format(f'<b:AccountId {declaration} i:type="xs:int">1</b:AccountId>'))
    assert service.seen[0].arguments == [1, None]


def test_nothing_is_written_for_what_is_left_out_and_nil_for_the_rest(service, coupon):
    service.answers["SearchCoupons"] = [coupon(claim_info=None, percent_off=None)]
    (shown,) = service.call("<b:SearchCouponsRequest/>").payload[0]
    assert [child.tag.partition("}")[2] for child in shown][-1] == "RedemptionInfo"
    nil = {child.tag.partition("}")[2] for child in shown if child.get(f"{{{XSI}}}nil") == "true"}
    assert "PercentOff" in nil
    assert "Amount" not in nil


def test_what_is_not_nillable_and_has_no_value_is_written_as_zero(service, coupon):
    unset = SimpleNamespace(account_id=None, account_number=None, claim_date=None)
    service.answers["SearchCoupons"] = [coupon(claim_info=unset, amount=None, is_redeemed=None)]
    (shown,) = service.call("<b:SearchCouponsRequest/>").payload[0]
    assert shown.findtext("{*}Amount") == "0"
    assert shown.findtext("{*}IsRedeemed") == "false"
    assert shown.findtext("{*}ClaimInfo/{*}AccountId") == "0"
    assert shown.findtext("{*}ClaimInfo/{*}ClaimDate") == "0001-01-01T00:00:00"
