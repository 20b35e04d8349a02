"""What real clients were seen to send, byte for byte, over a socket.

The envelopes are those of ``tests/wire/captured``; here they meet the HTTP heads of their
clients, a database, and rules. The names and numbers in them are exchanged for the test's own.
"""

from pathlib import Path

import pytest

from service.soap.namespaces import BILLING
from tests.clients.wire import connected
from tests.wire.harness import CAPTURED as ENVELOPES
from tests.wire.harness import NAMESPACES

HEADS = Path(__file__).parent / "captured"

# The envelope, its operation, and the code that it earns; None for success.
CALLS = {
    "suds-search": ("SearchCoupons", None),
    "suds-search-null": ("SearchCoupons", 474),
    "suds-search-predicates-only": ("SearchCoupons", 3080),
    "suds-dispatch": ("DispatchCoupons", None),
    "suds-redeem": ("RedeemCoupon", None),
    "suds-redeem-nothing": ("RedeemCoupon", 2108),
    "suds-claim": ("ClaimFeatureAdoptionCoupons", None),
    "suds-distribute": ("DistributeCoupons", None),
    "suds-eligibility": ("CheckFeatureAdoptionCouponEligibility", None),
    "suds-info": ("GetCouponInfo", None),
    "zeep-search": ("SearchCoupons", None),
    "zeep-dispatch": ("DispatchCoupons", None),
    "zeep-redeem": ("RedeemCoupon", None),
    "zeep-claim": ("ClaimFeatureAdoptionCoupons", None),
    "zeep-distribute": ("DistributeCoupons", None),
    "zeep-info": ("GetCouponInfo", None),
    "template-redeem": ("RedeemCoupon", None),
}
NOT_VALID = "zeep-search-split-flags"


@pytest.fixture
def send(server, customer, programme):
    """Send an envelope as its client did, to a programme for which it makes sense."""
    for name in ("Summer", "Summer & Sun"):
        programme.coupon_class(customer.customer_id, name)
        programme.mint(customer.customer_id, name, count=2)
    # A feature that no other test on this database has.
    feature_id = 1_000_000 + customer.customer_id
    programme.coupon(customer.customer_id, feature_id=feature_id)
    own = {
        b"FeatureId>7<": f"FeatureId>{feature_id}<",
        b"USER-TOKEN": customer.keys.authentication_token,
        b"DEV-TOKEN": customer.keys.developer_token,
        b">204<": f">{customer.customer_id}<",
        b">1001<": f">{customer.account_id}<",
        b"SUN-7QX": programme.coupon(customer.customer_id),
    }

    def send(name, operation):
        head = (HEADS / f"{name.partition('-')[0]}.http").read_text()
        folder = HEADS if name.startswith("template") else ENVELOPES
        body = (folder / f"{name}.xml").read_bytes()
        for text, replacement in own.items():
            body = body.replace(text, replacement.encode())
        with connected(server) as connection:
            return connection.soap(head.replace("{operation}", operation), body)

    return send


def test_every_captured_envelope_is_sent():
    captured = {path.stem for path in (*ENVELOPES.glob("*.xml"), *HEADS.glob("*.xml"))}
    assert captured == {*CALLS, NOT_VALID}


@pytest.mark.parametrize("name", CALLS)
def test_a_captured_envelope_is_answered(send, name):
    operation, code = CALLS[name]

    answer = send(name, operation)

    assert answer.error_code == code
    assert answer.status == (500 if code else 200)
    if code is None:
        assert answer.payload.tag == f"{{{BILLING}}}{operation}Response"
        CONTENT[operation](answer)


def holds_two_coupons(answer):
    names = answer.root.findall(".//e:Coupon/e:ClassName", NAMESPACES)
    assert [name.text for name in names] == ["Summer & Sun"] * 2


def holds_no_error(answer):
    (errors,) = answer.payload
    assert (errors.tag, len(errors)) == (f"{{{BILLING}}}PartialErrors", 0)


def holds_a_date(answer):
    assert answer.text(".//b:RedemptionDate").endswith("Z")


def holds_an_error_for_each_pair(answer):
    dates, errors, partial = answer.payload
    assert (len(dates), len(errors), len(partial)) == (0, 0, 2)
    symbols = [text.text.split(": ")[1] for text in partial.findall(".//x:Details", NAMESPACES)]
    assert symbols == ["CouponNotFound", "UserIsNotAuthorized"]


def holds_an_error_for_each_account(answer):
    errors, partial = answer.payload
    assert (len(errors), len(partial)) == (0, 2)
    symbols = [text.text.split(": ")[1] for text in partial.findall(".//x:Details", NAMESPACES)]
    assert set(symbols) <= {"AccountIdInvalid", "AccountWithoutEmail"}


def holds_nothing(answer):
    (found,) = answer.payload
    assert len(found) == 0


def holds_an_account(answer):
    (found,) = answer.payload
    assert len(found) == 1


CONTENT = {
    "CheckFeatureAdoptionCouponEligibility": holds_an_account,
    "DistributeCoupons": holds_an_error_for_each_account,
    "GetCouponInfo": holds_nothing,
    "ClaimFeatureAdoptionCoupons": holds_an_error_for_each_pair,
    "SearchCoupons": holds_two_coupons,
    "DispatchCoupons": holds_no_error,
    "RedeemCoupon": holds_a_date,
}


def test_flags_split_into_characters_are_refused_by_the_schema(send):
    answer = send(NOT_VALID, "SearchCoupons")
    assert (answer.status, answer.fault_code, answer.symbol) == (500, "Client", "SchemaInvalid")
    assert "ReturnAdditionalFields" in answer.fault_text


@pytest.mark.parametrize(
    "action", ["SearchCoupons", '"https://bingads.microsoft.com/RedeemCoupon"', '""', ""]
)
def test_the_body_and_not_the_soap_action_names_the_operation(send, action):
    answer = send("template-redeem", action)
    assert answer.payload.tag == f"{{{BILLING}}}RedeemCouponResponse"
