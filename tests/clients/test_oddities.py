"""What clients send for nothing, for too much, and for the wrong thing."""

import logging

import pytest
import suds
import zeep

from service.domain import errors
from tests.clients.callers import Refused, SudsCaller
from tests.clients.test_faults import check
from tests.clients.wire import connected
from tests.wire.harness import envelope

HEAD = """POST /Api/Billing/v13/CustomerBillingService.svc HTTP/1.1
Host: {host}
Content-Type: text/xml; charset=utf-8
Content-Length: {length}
"""
PAGE = {"Index": 0, "Size": 10}


@pytest.fixture(params=["bing_ads", "suds_single_wsdl"])
def suds_caller(request, customer) -> SudsCaller:
    return request.getfixturevalue(f"connect_{request.param}")(customer.keys)


def refused(caller, operation, **arguments):
    with pytest.raises(Refused) as refused:
        caller.call(operation, **arguments)
    return refused.value


def refused_by_the_schema(caller, operation, **arguments):
    fault = refused(caller, operation, **arguments)
    assert (fault.fault_code, fault.kind) == ("s:Client", None)
    assert " SchemaInvalid: " in fault.text
    return fault.text


@pytest.fixture
def predicates(customer):
    return {
        "Predicate": [
            {"Field": "CustomerId", "Operator": "Equals", "Value": str(customer.customer_id)}
        ]
    }


# suds


def test_suds_sees_an_empty_list_as_empty_text(suds_caller, predicates):
    coupons = suds_caller.call("SearchCoupons", Predicates=predicates, PageInfo=PAGE)
    assert coupons == ""


def test_suds_sends_no_argument(suds_caller):
    for operation, row in {
        "RedeemCoupon": errors.ACCOUNT_ID_INVALID,
        "DispatchCoupons": errors.LIST_EMPTY,
        "SearchCoupons": errors.PREDICATE_MISSING,
    }.items():
        check(refused(suds_caller, operation), row)


def test_suds_sends_nil(suds_caller, customer, predicates):
    nil = suds.null()
    fault = refused(suds_caller, "SearchCoupons", Predicates=nil, PageInfo=PAGE)
    check(fault, errors.PREDICATE_MISSING)
    fault = refused(suds_caller, "SearchCoupons", Predicates=predicates, PageInfo=nil)
    check(fault, errors.PAGING_INVALID)
    check(refused(suds_caller, "DispatchCoupons", SendToEmails=nil), errors.LIST_EMPTY)
    fault = refused(suds_caller, "RedeemCoupon", AccountId=customer.account_id, CouponCode=nil)
    check(fault, errors.NULL_PARAMETER)


def test_suds_drops_none_in_a_list_and_keeps_empty_text(suds_caller, customer, programme):
    programme.coupon_class(customer.customer_id)
    (error, _) = suds_caller.dispatch(customer.customer_id, "Spring", None, "", "a@example.com")
    assert (error.Index, error.Code) == (0, errors.EMAIL_INVALID.code)


def test_the_sdk_factory_makes_requests(suds_caller, customer, programme):
    code = programme.coupon(customer.customer_id)
    create = suds_caller.client.factory.create
    predicate = create("ns4:Predicate")
    predicate.Field, predicate.Operator = "CustomerId", "Equals"
    predicate.Value = customer.customer_id
    predicates = create("ns4:ArrayOfPredicate")
    predicates.Predicate.append(predicate)
    page = create("ns4:Paging")
    page.Index, page.Size = 0, 10

    found = suds_caller.call("SearchCoupons", Predicates=predicates, PageInfo=page)

    assert [coupon.CouponCode for coupon in found.Coupon] == [code]


def test_an_sdk_object_without_operator_is_refused(suds_caller):
    create = suds_caller.client.factory.create
    predicate = create("ns4:Predicate")
    predicate.Field, predicate.Value = "CustomerId", "1"
    arguments = {"Predicates": {"Predicate": [predicate]}, "PageInfo": PAGE}
    if isinstance(predicate.Operator, str) or predicate.Operator is None:
        check(refused(suds_caller, "SearchCoupons", **arguments), errors.PREDICATE_INVALID)
    else:
        assert "Operator" in refused_by_the_schema(suds_caller, "SearchCoupons", **arguments)


def test_an_unset_sdk_page_counts_as_zero(suds_caller, predicates):
    page = suds_caller.client.factory.create("ns4:Paging")
    fault = refused(suds_caller, "SearchCoupons", Predicates=predicates, PageInfo=page)
    check(fault, errors.PAGING_INVALID)


@pytest.mark.parametrize("emails", [["a@example.com"], ["a@example.com", "b@example.com"]])
def test_a_plain_list_of_addresses_is_refused(suds_caller, customer, emails):
    text = refused_by_the_schema(
        suds_caller,
        "DispatchCoupons",
        SendToEmails=emails,
        CustomerId=customer.customer_id,
        CouponClassName="Spring",
    )
    assert "SendToEmails" in text


def test_repeated_flags_are_refused(suds_caller, predicates):
    text = refused_by_the_schema(
        suds_caller,
        "SearchCoupons",
        Predicates=predicates,
        PageInfo=PAGE,
        ReturnAdditionalFields=["CouponClaimInfo", "AccountMode"],
    )
    assert "ReturnAdditionalFields" in text


def test_several_flags_are_one_text(suds_caller, customer, predicates, programme):
    programme.claim(programme.coupon(customer.customer_id), customer.account_id)
    found = suds_caller.call(
        "SearchCoupons",
        Predicates=predicates,
        PageInfo=PAGE,
        ReturnAdditionalFields=suds_caller.flags("AccountMode", "CouponClaimInfo"),
    )
    assert found.Coupon[0].ClaimInfo.AccountId == customer.account_id


# zeep


def test_zeep_sees_an_empty_list_as_none(zeep_caller, predicates):
    reply = zeep_caller.service.SearchCoupons(
        Predicates=predicates, PageInfo=PAGE, _soapheaders=zeep_caller.keys.headers
    )
    assert reply.body.Coupons is None
    assert len(reply.header.TrackingId) == 36


def test_zeep_sends_nil(zeep_caller, customer):
    nil = zeep.xsd.Nil
    check(refused(zeep_caller, "DispatchCoupons", SendToEmails=nil), errors.LIST_EMPTY)
    fault = refused(zeep_caller, "RedeemCoupon", AccountId=customer.account_id, CouponCode=nil)
    check(fault, errors.NULL_PARAMETER)


def test_zeep_splits_a_flag_that_is_not_a_list(zeep_caller, predicates):
    text = refused_by_the_schema(
        zeep_caller,
        "SearchCoupons",
        Predicates=predicates,
        PageInfo=PAGE,
        ReturnAdditionalFields="CouponClaimInfo",
    )
    assert "ReturnAdditionalFields" in text


# By hand


@pytest.mark.parametrize(
    ("body", "symbol"),
    [
        ("<b:RedeemCouponRequest/>", "AccountIdInvalid"),
        ("<b:SearchCouponsRequest>\n</b:SearchCouponsRequest>", "RequiredPredicateMissing"),
        ("<b:DispatchCouponsRequest></b:DispatchCouponsRequest>", "ListNullOrEmpty"),
        (
            "<b:DispatchCouponsRequest><b:SendToEmails/></b:DispatchCouponsRequest>",
            "ListNullOrEmpty",
        ),
        (
            '<b:DispatchCouponsRequest><b:SendToEmails i:nil="1"/></b:DispatchCouponsRequest>',
            "ListNullOrEmpty",
        ),
        (
            "<b:RedeemCouponRequest><b:AccountId>ACCOUNT</b:AccountId>"
            "<b:CouponCode></b:CouponCode></b:RedeemCouponRequest>",
            "NullParameter",
        ),
        (
            "<b:RedeemCouponRequest><b:AccountId> +ACCOUNT </b:AccountId>"
            '<b:CouponCode i:nil="true"/></b:RedeemCouponRequest>',
            "NullParameter",
        ),
        (
            "<b:SearchCouponsRequest><b:Predicates><e:Predicate><e:Field>CustomerId</e:Field>"
            "<e:Operator/></e:Predicate></b:Predicates></b:SearchCouponsRequest>",
            "SchemaInvalid",
        ),
        (
            "<b:DispatchCouponsRequest><b:SendToEmails>a@example.com</b:SendToEmails>"
            "</b:DispatchCouponsRequest>",
            "SchemaInvalid",
        ),
        (
            "<b:DispatchCouponsRequest><b:SendToEmails/><b:SendToEmails/>"
            "</b:DispatchCouponsRequest>",
            "SchemaInvalid",
        ),
    ],
)
def test_an_odd_request_is_refused_by_name(server, customer, body, symbol):
    headers = "".join(
        f"<b:{name}>{value}</b:{name}>" for name, value in customer.keys.headers.items()
    )
    content = envelope(body.replace("ACCOUNT", str(customer.account_id)), headers)
    with connected(server) as connection:
        answer = connection.soap(HEAD, content)
    assert (answer.status, answer.symbol) == (500, symbol)


def test_nothing_in_a_list_counts_in_its_places(server, customer, programme):
    programme.coupon_class(customer.customer_id)
    headers = "".join(
        f"<b:{name}>{value}</b:{name}>" for name, value in customer.keys.headers.items()
    )
    body = (
        '<b:DispatchCouponsRequest><b:SendToEmails><r:string/><r:string i:nil="true"/>'
        "<r:string>a@example.com</r:string></b:SendToEmails>"
        f"<b:CustomerId>{customer.customer_id}</b:CustomerId>"
        "<b:CouponClassName>Spring</b:CouponClassName></b:DispatchCouponsRequest>"
    )
    with connected(server) as connection:
        answer = connection.soap(HEAD, envelope(body, headers))
    places = [index.text for index in answer.root.iter("{*}Index")]
    assert places == ["0", "1", "2"]
