"""The header IdempotencyKey: who may send it how, and what is answered to repeats."""

import json
from dataclasses import dataclass

import pytest
from lxml import etree

from service.domain.idempotency import KEY_LENGTH_MAX
from service.domain.roles import Caller, Role
from service.operations.calls import Call
from service.operations.users import add_user
from service.soap.contract import read_schema
from service.soap.customer_billing import IMPLEMENTED_OPERATIONS, CustomerBillingService
from service.soap.namespaces import OWN_HEADERS
from service.storage.tables import audit, coupon, idempotency_key, outbox
from tests.programme import Programme
from tests.wire.harness import WireService, envelope

REUSED = 90021
CHANGING = {
    "ClaimFeatureAdoptionCoupons",
    "DispatchCoupons",
    "DistributeCoupons",
    "RedeemCoupon",
}


@dataclass
class ServiceWithDatabase(WireService):
    """The endpoint with the operations themselves, for one caller."""

    programme: Programme | None = None
    caller: Caller | None = None

    def _authenticate(self, credentials, tracking_id):
        return Call(self.programme.database, self.caller, self.programme.clock(), tracking_id)

    def keys(self):
        return [row["key"] for row in self.programme.rows(idempotency_key)]

    def effects(self):
        """How many coupons were sent, booked and redeemed, mails queued, changes noted."""
        rows = self.programme.rows(coupon)
        counts = [sum(bool(row[it]) for row in rows) for it in ("sent_at", "claimed_at")]
        redeemed = sum(bool(row["redeemed_at"]) for row in rows)
        return *counts, redeemed, len(self.programme.rows(outbox)), len(self.programme.rows(audit))


@pytest.fixture
def owner(programme):
    """A customer that owns the class Spring with 20 coupons of feature 7."""
    owner = programme.customer()
    programme.coupon_class(owner, "Spring", feature_id=7)
    programme.mint(owner, "Spring", 20)
    return owner


@pytest.fixture
def account(programme, owner):
    """An account of the owner, without an address for mail."""
    return programme.account(owner)


@pytest.fixture
def service(programme, owner):
    user_id = add_user(programme.call(), "kim", Role.STANDARD, owner)
    caller = Caller(user_id, "kim", {owner: Role.STANDARD})
    return ServiceWithDatabase(programme=programme, caller=caller)


@pytest.fixture
def codes(programme, owner):
    """The codes of the class, the last ones first handed out."""
    return [row["code"] for row in programme.rows(coupon)]


def key(text, attributes=""):
    return f'<k:IdempotencyKey xmlns:k="{OWN_HEADERS}" {attributes}>{text}</k:IdempotencyKey>'


def dispatch(owner, *emails, name="Spring"):
    items = "".join(f"<r:string>{email}</r:string>" for email in emails or ["kim@example.com"])
    return (
        f"<b:DispatchCouponsRequest><b:SendToEmails>{items}</b:SendToEmails>"
        f"<b:CustomerId>{owner}</b:CustomerId><b:CouponClassName>{name}</b:CouponClassName>"
        "</b:DispatchCouponsRequest>"
    )


def redeem(account_id, code):
    return (
        f"<b:RedeemCouponRequest><b:AccountId>{account_id}</b:AccountId>"
        f"<b:CouponCode>{code}</b:CouponCode></b:RedeemCouponRequest>"
    )


def claim(*pairs):
    items = "".join(
        f"<e:KeyValueEntityOflongstring><e:Key>{account_id}</e:Key><e:Value>{code}</e:Value>"
        "</e:KeyValueEntityOflongstring>"
        for account_id, code in pairs
    )
    return (
        f"<b:ClaimFeatureAdoptionCouponsRequest><b:AccountCouponPairs>{items}"
        "</b:AccountCouponPairs></b:ClaimFeatureAdoptionCouponsRequest>"
    )


def distribute(*account_ids, notify="false"):
    items = "".join(f"<r:int>{account_id}</r:int>" for account_id in account_ids)
    return (
        f"<b:DistributeCouponsRequest><b:AccountIds>{items}</b:AccountIds>"
        "<b:ClassName>Spring</b:ClassName>"
        f"<b:SendNotification>{notify}</b:SendNotification></b:DistributeCouponsRequest>"
    )


# Reading the header.


@pytest.mark.parametrize(
    "header",
    [
        "",
        key(""),
        key(" \n\t "),
        key("", 'i:nil="true"'),
        key("k", 'i:nil="1"'),
        "<b:IdempotencyKey>k</b:IdempotencyKey>",
        "<IdempotencyKey>k</IdempotencyKey>",
        f"<Wrapped xmlns='urn:w'>{key('k')}</Wrapped>",
    ],
)
def test_what_is_no_key_is_not_stored(service, owner, header):
    for _ in range(2):
        assert service.call(dispatch(owner), header).status == 200
    assert service.keys() == []
    assert service.effects()[0] == 2


@pytest.mark.parametrize(
    ("header", "stored"),
    [
        (key("k"), "k"),
        (key("\n  a key\t"), "a key"),
        (key("a<!-- comment -->b"), "ab"),
        (key("<![CDATA[<a>]]>&amp;b"), "<a>&b"),
        (key("k", 's:mustUnderstand="1"'), "k"),
        (key("k", 'i:nil="false"'), "k"),
        (key("k") + key(" k "), "k"),
        (key("k") + key(""), "k"),
        (key("🔑" * KEY_LENGTH_MAX), "🔑" * KEY_LENGTH_MAX),
    ],
)
def test_a_key_is_read(service, owner, header, stored):
    for _ in range(2):
        assert service.call(dispatch(owner), header).status == 200
    assert service.keys() == [stored]
    assert service.effects()[0] == 1


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (key("k" * (KEY_LENGTH_MAX + 1)), "it has 256 characters"),
        (key("k") + key("l"), "it stands twice in the request"),
        (key("k<x/>"), "it has elements inside"),
    ],
)
def test_what_cannot_be_a_key_is_refused(service, owner, header, text):
    before = service.effects()
    answer = service.call(dispatch(owner), header)
    assert (answer.status, answer.error_code) == (500, 90020)
    assert answer.text("s:Body/s:Fault/detail/b:ApiFault/x:OperationErrors/*/x:Details") == (
        f"IdempotencyKeyInvalid: {text}"
    )
    assert (service.effects(), service.keys()) == (before, [])


READING = {
    "SearchCoupons": (
        "<b:SearchCouponsRequest><b:Predicates><e:Predicate><e:Field>CustomerId</e:Field>"
        "<e:Operator>Equals</e:Operator><e:Value>{owner}</e:Value></e:Predicate></b:Predicates>"
        "<b:PageInfo><e:Index>0</e:Index><e:Size>1</e:Size></b:PageInfo></b:SearchCouponsRequest>"
    ),
    "GetCouponInfo": (
        "<b:GetCouponInfoRequest><b:CustomerId>{owner}</b:CustomerId></b:GetCouponInfoRequest>"
    ),
    "CheckFeatureAdoptionCouponEligibility": (
        "<b:CheckFeatureAdoptionCouponEligibilityRequest><b:FeatureId>7</b:FeatureId>"
        "<b:AccountIds><r:long>{account}</r:long></b:AccountIds>"
        "</b:CheckFeatureAdoptionCouponEligibilityRequest>"
    ),
    "GetAccountMonthlySpend": (
        "<b:GetAccountMonthlySpendRequest><b:AccountId>{account}</b:AccountId>"
        "<b:MonthYear>2026-03-01T00:00:00</b:MonthYear></b:GetAccountMonthlySpendRequest>"
    ),
}


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize("text", ["k", "k" * (KEY_LENGTH_MAX + 1)])
def test_what_only_reads_takes_no_notice(service, owner, account, name, text):
    answer = service.call(READING[name].format(owner=owner, account=account), key(text))
    assert answer.status == 200
    assert service.keys() == []


def test_every_operation_either_changes_or_only_reads():
    assert CHANGING | READING.keys() == IMPLEMENTED_OPERATIONS
    declared = {
        name for name, method in CustomerBillingService.public_methods.items() if method.udd.changes
    }
    assert declared == CHANGING


def test_the_schema_says_the_same():
    schema = etree.XMLSchema(read_schema("headers.xsd"))
    for text in ("", "k", "🔑" * KEY_LENGTH_MAX):
        schema.assertValid(etree.fromstring(key(text)))
    assert not schema.validate(etree.fromstring(key("k" * (KEY_LENGTH_MAX + 1))))
    assert not schema.validate(etree.fromstring(key("<x/>")))


# Answering repeats.


def everything_answered(owner, account, codes):
    """A request for each kind of reply, with what is found in it."""
    return {
        "a date": (redeem(account, codes[0]), b"2026-03-01T12:00:00Z</RedemptionDate>"),
        "a fault of the request": (redeem(account, ""), b"NullParameter"),
        "a fault of rights": (redeem(99, codes[0]), b"UserIsNotAuthorized"),
        "a fault with special characters": (redeem(account, "&lt;&amp;'"), b"&lt;&amp;'"),
        "nothing": (dispatch(owner), b"<PartialErrors"),
        "items that failed": (dispatch(owner, "nobody", "kim@example.com"), b"EmailInvalid"),
        "dates and accounts that failed": (
            claim((account, codes[1]), (account, codes[2])),
            b"FeatureAlreadyClaimed",
        ),
        "accounts that failed": (distribute(account, notify="true"), b"AccountWithoutEmail"),
        "everything done": (distribute(account), b"<DistributeCouponsResponse"),
    }


KINDS = sorted(everything_answered(0, 0, [""] * 3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_repeat_is_answered_as_the_first_time(service, owner, account, codes, kind):
    body, text = everything_answered(owner, account, codes)[kind]
    before = service.effects()
    first = service.call(body, key("k"))
    assert text in first.content
    after = service.effects()
    assert (after == before) == ("fault" in kind or kind == "accounts that failed")
    service.programme.clock.move(hours=1)
    again = service.call(body, key("k"))
    assert again.tracking_id != first.tracking_id
    assert again.content.replace(again.tracking_id.encode(), b"") == first.content.replace(
        first.tracking_id.encode(), b""
    )
    assert (again.status, again.headers) == (first.status, first.headers)
    assert service.effects() == after
    assert [json.loads(line)["replayed"] for line in service.log] == [False, True]
    assert json.loads(service.log[0])["outcome"] == json.loads(service.log[1])["outcome"]


def test_a_first_refusal_stands(service, programme, owner):
    body = dispatch(owner, name="Summer")
    refused = service.call(body, key("k"))
    assert refused.symbol == "CouponClassNotFound"
    programme.coupon_class(owner, "Summer")
    programme.mint(owner, "Summer")
    assert service.call(body, key("k")).fault_text == refused.fault_text
    assert service.call(body, key("l")).status == 200


SAME = [
    lambda body: body.replace("><", ">\n  <"),
    lambda body: body.replace("><", "><!-- between --><", 1),
    lambda body: body.replace("Spring", "<![CDATA[Spring]]>"),
    lambda body: body.replace("Spring", "S&#112;ring"),
]
OTHER = [
    lambda body: body.replace("kim@", "lee@"),
    lambda body: body.replace("Spring", " Spring"),
    lambda body: body.replace("</b:SendToEmails>", "<r:string>lee@b.c</r:string></b:SendToEmails>"),
    lambda body: body.replace("b:", "c:").replace(
        "Request>", 'Request xmlns:c="https://bingads.microsoft.com/Billing/v13">', 1
    ),
]


@pytest.mark.parametrize("spelled", SAME)
def test_a_request_that_says_the_same_is_a_repeat(service, owner, spelled):
    service.call(dispatch(owner), key("k"))
    assert spelled(dispatch(owner)) != dispatch(owner)
    assert service.call(spelled(dispatch(owner)), key("k")).status == 200
    assert service.effects()[0] == 1


def test_the_character_set_does_not_count(service, owner):
    service.call(dispatch(owner), key("k"))
    content = envelope(dispatch(owner), key("k")).decode().encode("utf-16")
    assert service.post(content, CONTENT_TYPE="text/xml; charset=utf-16").status == 200
    assert service.effects()[0] == 1


@pytest.mark.parametrize("changed", OTHER)
def test_another_request_is_refused(service, owner, changed):
    first = service.call(dispatch(owner), key("k"))
    before = service.effects()
    other = changed(dispatch(owner))
    assert other != dispatch(owner)
    answer = service.call(other, key("k"))
    assert (answer.status, answer.error_code) == (500, REUSED)
    assert service.effects() == before
    assert json.loads(service.log[-1])["replayed"] is False
    assert service.call(dispatch(owner), key("k")).status == first.status
    assert service.effects() == before


def test_another_operation_is_refused(service, owner, account, codes):
    service.call(dispatch(owner), key("k"))
    answer = service.call(redeem(account, codes[0]), key("k"))
    assert answer.error_code == REUSED
    assert "it belongs to an earlier DispatchCoupons" in answer.fault_text
