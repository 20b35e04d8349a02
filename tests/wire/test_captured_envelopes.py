"""What the clients really send: envelopes recorded from suds (in Microsoft's SDK) and zeep."""

from types import SimpleNamespace

import pytest

from service.domain.roles import Credentials
from service.domain.search import OrderBy, Paging, Predicate
from service.soap.namespaces import ENTITIES
from tests.wire.harness import CAPTURED, Seen, envelope

CALLER = Credentials(developer_token="DEV-TOKEN", authentication_token="USER-TOKEN")
PREDICATES = [
    Predicate("CustomerId", "Equals", "204"),
    Predicate("CouponClassName", "Equals", "Summer & Sun"),
]
SEARCH = Seen(
    "SearchCoupons",
    CALLER,
    [PREDICATES, [OrderBy("CouponStartDate", "Descending")], Paging(0, 100), ["CouponClaimInfo"]],
)
DISPATCH = Seen("DispatchCoupons", CALLER, [["ann@example.com", "ben@example.com"], 204, "Summer"])
REDEEM = Seen("RedeemCoupon", CALLER, [1001, "SUN-7QX"])
INFO = Seen("GetCouponInfo", CALLER, [204])
DISTRIBUTE = Seen("DistributeCoupons", CALLER, [[1, 2], "Summer", None, True])
CLAIM = Seen(
    "ClaimFeatureAdoptionCoupons",
    CALLER,
    [[SimpleNamespace(key=1001, value="SUN-1"), SimpleNamespace(key=1002, value="SUN-2")]],
)
EXPECTED = {
    "suds-search": SEARCH,
    "suds-search-predicates-only": Seen("SearchCoupons", CALLER, [PREDICATES, None, None, None]),
    "suds-search-null": Seen("SearchCoupons", CALLER, [None, None, Paging(0, 5), None]),
    "suds-dispatch": DISPATCH,
    "suds-redeem": REDEEM,
    "suds-redeem-nothing": Seen("RedeemCoupon", CALLER, [None, None]),
    "suds-info": INFO,
    "suds-distribute": DISTRIBUTE,
    "suds-claim": CLAIM,
    "suds-eligibility": Seen("CheckFeatureAdoptionCouponEligibility", CALLER, [7, [1001, 1002]]),
    "zeep-search": SEARCH,
    "zeep-dispatch": DISPATCH,
    "zeep-redeem": REDEEM,
    "zeep-info": INFO,
    "zeep-distribute": DISTRIBUTE,
    "zeep-claim": CLAIM,
}
# zeep takes a string for a list of characters; the original refuses that too.
REFUSED = {"zeep-search-split-flags"}


def test_every_recording_is_expected():
    assert {path.stem for path in CAPTURED.iterdir()} == set(EXPECTED) | REFUSED


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_request_is_read(service, name):
    answer = service.post((CAPTURED / f"{name}.xml").read_bytes())

    assert service.seen == [EXPECTED[name]]
    assert (answer.status, answer.error_code) == (200, None)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_recorded_mistake_is_refused(service, name):
    answer = service.post((CAPTURED / f"{name}.xml").read_bytes())
    assert answer.symbol == "SchemaInvalid"


@pytest.mark.parametrize("soap_action", [None, "", '""', "RedeemCoupon", '"GetCouponInfo"', "x:y"])
def test_soap_action_does_not_count(service, soap_action):
    content = (CAPTURED / "suds-redeem.xml").read_bytes()
    service.post(content, HTTP_SOAPACTION=soap_action)
    assert service.seen == [REDEEM]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/xml",
        "text/xml;charset=UTF-8",
        'text/xml; charset="utf-8"',
        "TEXT/XML; Charset=Utf-8; action=x",
        "text/xml ; charset=utf8",
    ],
)
def test_content_type_in_every_spelling(service, content_type):
    service.post((CAPTURED / "zeep-redeem.xml").read_bytes(), CONTENT_TYPE=content_type)
    assert service.seen == [REDEEM]


@pytest.mark.parametrize("declaration", [b"", b'<?xml version="1.0" encoding="utf-8"?>'])
def test_a_byte_order_mark_is_read_over(service, declaration):
    assert service.post(b"\xef\xbb\xbf" + declaration + envelope()).status == 200


# The ways in which one request can be written.

ANYTHING = [None, None, None, None]


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ("<b:SearchCouponsRequest/>", ANYTHING),
        ("<b:SearchCouponsRequest>\n\t</b:SearchCouponsRequest>", ANYTHING),
        (
            (
                "<b:SearchCouponsRequest><b:Predicates/><b:Ordering/><b:PageInfo/>"
                "<b:ReturnAdditionalFields/></b:SearchCouponsRequest>"
            ),
            [[], [], Paging(), []],
        ),
        (
            (
                '<b:SearchCouponsRequest><b:Predicates i:nil="1"/><b:PageInfo i:nil="true"/>'
                '<b:ReturnAdditionalFields i:nil="true"/></b:SearchCouponsRequest>'
            ),
            ANYTHING,
        ),
        (
            (
                '<b:SearchCouponsRequest><b:Predicates i:nil="false"><e:Predicate i:nil="true"/>'
                "<e:Predicate/></b:Predicates></b:SearchCouponsRequest>"
            ),
            [[None, Predicate()], None, None, None],
        ),
        (
            (
                '<SearchCouponsRequest xmlns="https://bingads.microsoft.com/Billing/v13">'
                '<ReturnAdditionalFields i:nil="false"> CouponClaimInfo\n AccountMode '
                "</ReturnAdditionalFields></SearchCouponsRequest>"
            ),
            [None, None, None, ["CouponClaimInfo", "AccountMode"]],
        ),
        (
            (
                f"<b:SearchCouponsRequest><b:PageInfo><b:Index xmlns:b='{ENTITIES}'> +05 </b:Index>"
                "</b:PageInfo></b:SearchCouponsRequest>"
            ),
            [None, None, Paging(index=5), None],
        ),
        (
            (
                "<b:DispatchCouponsRequest><b:SendToEmails><r:string/><r:string i:nil='true'/>"
                "<r:string>a<!-- not the end -->b<![CDATA[<c>]]></r:string></b:SendToEmails>"
                "</b:DispatchCouponsRequest>"
            ),
            [["", None, "ab<c>"], None, None],
        ),
    ],
)
def test_one_meaning_however_it_is_written(service, body, arguments):
    service.call(body)
    assert service.seen[0].arguments == arguments


def test_a_comment_does_not_cut_a_code_short(service):
    service.call(
        "<b:RedeemCouponRequest><b:CouponCode>SUN<!-- -->-7<!--q-->QX</b:CouponCode>"
        "</b:RedeemCouponRequest>"
    )
    assert service.seen[0].arguments == [None, "SUN-7QX"]


def test_a_string_keeps_its_white_space(service):
    service.call(
        "<b:RedeemCouponRequest><b:CouponCode> SUN </b:CouponCode></b:RedeemCouponRequest>"
    )
    assert service.seen[0].arguments == [None, " SUN "]
