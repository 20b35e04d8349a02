"""The limits of the gate: the bound itself is allowed, one more is not."""

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from service.soap.contract import CUSTOMER_BILLING
from service.soap.faults import WireFault
from service.soap.gate import Gate, GateLimits, _check_kinds
from tests.wire.harness import envelope


def nested(depth: int) -> bytes:
    """An envelope whose deepest element is at this depth."""
    inside = depth - 2
    return envelope(header="<a>" * inside + "</a>" * inside)


def with_elements(count: int) -> bytes:
    """An envelope of so many elements: five, and more in the header."""
    return envelope(header="<a/>" * (count - 5))


def with_attributes(count: int) -> bytes:
    return envelope(header="<a>" + '<c n=""/>' * count + "</a>")


def of_bytes(count: int) -> bytes:
    return envelope().ljust(count)


@pytest.mark.parametrize(
    ("setting", "make", "symbol"),
    [
        ("depth_max", nested, "TooDeep"),
        ("elements_count_max", with_elements, "TooManyElements"),
        ("attributes_count_max", with_attributes, "TooManyAttributes"),
        ("body_bytes_max", of_bytes, "BodyTooLarge"),
    ],
)
@pytest.mark.parametrize("limit", [None, 1500])
def test_a_limit_is_the_last_that_is_allowed(make_service, setting, make, symbol, limit):
    if limit is not None and setting == "depth_max":
        limit = 12
    limits = GateLimits(**({} if limit is None else {setting: limit}))
    bound = getattr(limits, setting)
    service = make_service(limits=limits)

    assert service.post(make(bound - 1)).status == 200
    assert service.post(make(bound)).status == 200
    answer = service.post(make(bound + 1))

    assert answer.symbol == symbol
    assert str(bound) in answer.fault_text


def test_a_thousand_addresses_are_no_trouble(service):
    addresses = "<r:string>someone@example.com</r:string>" * 1000
    body = (
        f"<b:DispatchCouponsRequest><b:SendToEmails>{addresses}</b:SendToEmails>"
        "</b:DispatchCouponsRequest>"
    )
    assert service.call(body).status == 200
    assert len(service.seen[0].arguments[0]) == 1000


NARROW = Gate(
    CUSTOMER_BILLING,
    GateLimits(depth_max=8, elements_count_max=16, attributes_count_max=16),
)
SOAP = "xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'"
STARTS = ["", "<?xml version='1.0'?>", "<?x?>", "<?xml-x ?>", "<?xml version='1.0'?><?x?>"]
CONTENTS = st.recursive(
    st.sampled_from(
        ["text", "<!-- </a></a> -->", "<![CDATA[</</a><?x?>]]>", "<?x y?>", "=", "</a><a>"]
    ),
    lambda inside: st.one_of(
        st.lists(inside, max_size=4).map("".join),
        st.builds("<a b=''>{}</a>".format, inside),
        st.builds("<a b='1' c = '&lt;/'>{}</a>".format, inside),
        st.builds(f"<a {SOAP}>{{}}<a/></a>".format, inside),
        st.builds(f"<a {SOAP} s:encodingStyle=''>{{}}</a>".format, inside),
    ),
)


@given(CONTENTS, st.sampled_from(STARTS))
def test_what_is_small_breaks_no_limit(content, start):
    try:
        document = NARROW.parse(f"{start}<a>{content}</a>".encode(), None)
    except WireFault:
        reject()
    if document.is_small:
        _check_kinds(NARROW._check_size(document.root))


def test_most_requests_are_small_and_others_are_not(envelope_of_redemption):
    gate = Gate(CUSTOMER_BILLING, GateLimits())
    assert gate.parse(envelope_of_redemption, None).is_small
    for large in (nested(33), with_attributes(2001), envelope(header="<?x?>")):
        document = gate.parse(large, None)
        assert not document.is_small
        with pytest.raises(WireFault):
            _check_kinds(gate._check_size(document.root))


@pytest.fixture
def envelope_of_redemption():
    """A request as clients send it."""
    request = "<AccountId>1</AccountId><CouponCode>A</CouponCode>"
    namespace = 'xmlns="https://bingads.microsoft.com/Billing/v13"'
    return envelope(f"<RedeemCouponRequest {namespace}>{request}</RedeemCouponRequest>")
