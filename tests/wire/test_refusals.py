"""The gate's refusals: every row of the table, by the request that earns it."""

from collections.abc import Callable

import pytest

from service.soap import refusals
from service.soap.gate import GateLimits
from service.soap.namespaces import SOAP12_ENVELOPE, SOAP_ENVELOPE
from tests.wire.harness import REDEEM, Answer, WireService, envelope

SMALL = GateLimits(body_bytes_max=9000, depth_max=5, elements_count_max=50, attributes_count_max=9)
VALID = envelope()
TEN_ATTRIBUTES = " ".join(f"n{place}=''" for place in range(10))
MUST_UNDERSTAND = '<Weather s:mustUnderstand="{}" xmlns="urn:weather"/>'


def dispatch_to(*addresses: str) -> str:
    items = "".join(f"<r:string>{address}</r:string>" for address in addresses)
    return (
        "<b:DispatchCouponsRequest>"
        f"<b:SendToEmails>{items}</b:SendToEmails></b:DispatchCouponsRequest>"
    )


REQUESTS: dict[str, list[Callable[[WireService], Answer]]] = {
    "ContentTypeUnsupported": [
        lambda service: service.post(VALID, CONTENT_TYPE="application/json"),
        lambda service: service.post(VALID, CONTENT_TYPE="application/soap+xml; charset=utf-8"),
        lambda service: service.post(VALID, CONTENT_TYPE="text/xmlish"),
        lambda service: service.post(VALID, CONTENT_TYPE=None),
    ],
    "ContentEncodingUnsupported": [
        lambda service: service.post(VALID, HTTP_CONTENT_ENCODING="gzip"),
    ],
    "ContentLengthInvalid": [
        lambda service, length=length: service.post(VALID, CONTENT_LENGTH=length)
        for length in ("-5", "many", "12.0", "0x20", "\u0663", "1" * 5000)
    ],
    "BodyTooLarge": [
        lambda service: service.post(VALID + b" " * 9000),
        lambda service: service.post(
            VALID + b" " * 9000, CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked"
        ),
    ],
    "BodyEmpty": [
        lambda service: service.post(b""),
        lambda service: service.post(b"", CONTENT_LENGTH=""),
        lambda service: service.post(b"", CONTENT_LENGTH=None),
        lambda service: service.post(b"", CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked"),
    ],
    "CharsetUnsupported": [
        lambda service: service.post(VALID, CONTENT_TYPE="text/xml; charset=klingon"),
        lambda service: service.post(VALID, CONTENT_TYPE='text/xml;charset=""'),
        lambda service: service.post(
            b'<?xml version="1.0" encoding="iso-8859-1"?>' + VALID, CONTENT_TYPE="text/xml"
        ),
    ],
    "CharsetContradictory": [
        lambda service: service.post(b'<?xml version="1.0" encoding="utf-16"?>' + VALID),
    ],
    "XmlMalformed": [
        lambda service: service.post(b"<s:Envelope"),
        lambda service: service.post(b"   "),
        lambda service: service.post(VALID[:-4]),
        lambda service: service.post(VALID.replace(b">7<", b">\x00<")),
        lambda service: service.post(VALID.replace(b">7<", b">\xff\xfe<")),
        lambda service: service.post(VALID, CONTENT_TYPE="text/xml; charset=utf-16"),
    ],
    "DoctypeForbidden": [lambda service: service.post(b"<!DOCTYPE s:Envelope>" + VALID)],
    "ProcessingInstructionForbidden": [
        lambda service: service.post(b"<?check this?>" + VALID),
        lambda service: service.post(VALID + b"<?check this?>"),
        lambda service: service.call(REDEEM.replace("7", "7<?check this?>")),
    ],
    "TooDeep": [lambda service: service.call(header="<a><b><c><d/></c></b></a>")],
    "TooManyElements": [lambda service: service.call(dispatch_to(*["a"] * 50))],
    "TooManyAttributes": [
        lambda service: service.call(header=f"<a {TEN_ATTRIBUTES}/>"),
    ],
    "VersionMismatch": [
        lambda service: service.post(
            VALID.replace(SOAP_ENVELOPE.encode(), SOAP12_ENVELOPE.encode())
        ),
        lambda service: service.post(b"<Envelope/>"),
        lambda service: service.post(b"<html><body/></html>"),
    ],
    "HeaderNotUnderstood": [lambda service: service.call(header=MUST_UNDERSTAND.format("1"))],
    "MustUnderstandInvalid": [
        lambda service, value=value: service.call(header=MUST_UNDERSTAND.format(value))
        for value in ("true", "yes", "", "01")
    ],
    "EnvelopeInvalid": [
        lambda service, content=content: service.post(
            f'<s:Envelope xmlns:s="{SOAP_ENVELOPE}">{content}</s:Envelope>'.encode()
        )
        for content in (
            "",
            "<s:Header/>",
            "<s:Body/><s:Body/>",
            "<s:Body/><s:Header/>",
            "<s:Header/><s:Header/><s:Body/>",
            "<s:Header/><s:Body/><s:After/>",
            "<Before/><s:Body/>",
            "<s:Body><a/></s:Body>stray",
        )
    ],
    "BodyEntryInvalid": [
        lambda service, body=body: service.call(body)
        for body in ("", "  ", "text", REDEEM + REDEEM, f"text{REDEEM}", f"{REDEEM}text")
    ],
    "EncodingStyleForbidden": [
        lambda service: service.post(
            VALID.replace(b"<s:Body>", b'<s:Body s:encodingStyle="urn:any">')
        ),
        lambda service: service.call(
            REDEEM.replace("CouponRequest>", 'CouponRequest s:encodingStyle="">', 1)
        ),
    ],
    "FaultAsRequest": [
        lambda service: service.call("<s:Fault><faultcode>s:Client</faultcode></s:Fault>"),
    ],
    "OperationUnknown": [
        lambda service: service.call("<b:RedeemEverythingRequest/>"),
        lambda service: service.call("<RedeemCouponRequest/>"),
        lambda service: service.call("<e:RedeemCouponRequest/>"),
        lambda service: service.call("<b:RedeemCouponResponse/>"),
    ],
    "SchemaInvalid": [
        lambda service, value=value: service.call(REDEEM.replace("7", value))
        for value in ("", "x", "1_0", "\u0663", "9223372036854775808", "1.0", "<b:Deep/>")
    ],
    "ValueOutOfRange": [
        lambda service: service.call(REDEEM.replace("7", "0" * 5000)),
        *(
            lambda service, instant=instant: service.call(
                "<b:GetAccountMonthlySpendRequest><b:AccountId>1</b:AccountId>"
                f"<b:MonthYear>{instant}</b:MonthYear></b:GetAccountMonthlySpendRequest>"
            )
            for instant in (
                "9999-12-31T24:00:00",
                "10000-01-01T00:00:00Z",
                "-0001-01-01T00:00:00Z",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00",
            )
        ),
    ],
}
CASES = [
    pytest.param(symbol, request, id=f"{symbol}-{place}")
    for symbol, requests in REQUESTS.items()
    for place, request in enumerate(requests)
]
ROWS = {row.symbol: row for row in refusals.REFUSALS}


def test_every_row_has_a_request():
    assert set(REQUESTS) == set(ROWS)
    assert len(ROWS) == len(refusals.REFUSALS)


@pytest.mark.parametrize(("symbol", "send"), CASES)
def test_a_refusal_names_its_row(make_service, symbol, send):
    service = make_service(limits=SMALL)

    answer = send(service)

    row = ROWS[symbol]
    assert answer.symbol == symbol
    assert answer.fault_code == ("" if row.http_status else row.fault_code)
    assert answer.fault_text.startswith(f"{symbol}: {row.message}")
    assert answer.status == (row.http_status or 500)
    assert service.seen == []


def test_a_refusal_names_line_and_element(service):
    content = envelope(REDEEM.replace("<b:AccountId>7", "\n\n<b:AccountId>seven"))

    answer = service.post(content)

    assert "Line 3: " in answer.fault_text
    assert "AccountId" in answer.fault_text
    assert "seven" in answer.fault_text


def test_an_unread_value_names_line_and_element(service):
    answer = service.call(REDEEM.replace("<b:AccountId>7", "\n<b:AccountId>" + "0" * 5000))

    assert "Line 2, element AccountId." in answer.fault_text


def test_the_text_of_a_refusal_is_bounded(service):
    answer = service.call(REDEEM.replace("7", "x" * 100_000))

    assert len(answer.content) < 2000


def test_faults_travel_with_the_status_of_the_setting(make_service):
    service = make_service(fault_http_status=200)

    assert service.post(b"<broken").status == 200
    assert service.post(VALID, CONTENT_TYPE="application/json").status == 415


# SOAP's order: the version, then what must be understood, then everything else.


def test_version_before_must_understand(service):
    content = envelope(header=MUST_UNDERSTAND.format("1"), body="<b:Unknown/>")
    answer = service.post(content.replace(SOAP_ENVELOPE.encode(), SOAP12_ENVELOPE.encode()))
    assert answer.fault_code == "VersionMismatch"


def test_must_understand_before_client(service):
    answer = service.call(header=MUST_UNDERSTAND.format("1"), body="<b:Unknown/>")
    assert answer.fault_code == "MustUnderstand"


def test_must_understand_before_an_invalid_must_understand(service):
    header = MUST_UNDERSTAND.format("maybe") + MUST_UNDERSTAND.format("1")
    assert service.call(header=header).fault_code == "MustUnderstand"
