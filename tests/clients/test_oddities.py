"""What clients send for nothing, for too much, and for the wrong thing."""

import pytest
import suds
import zeep

from service.domain import errors
from tests.clients.callers import RefusedError, SudsCaller, check_fault
from tests.clients.wire import connected

PAGE = {"Index": 0, "Size": 10}


def in_dispatch(content: str) -> str:
    return f"<b:DispatchCouponsRequest>{content}</b:DispatchCouponsRequest>"


def in_search(predicates: str) -> str:
    content = f"<b:Predicates>{predicates}</b:Predicates>"
    return f"<b:SearchCouponsRequest>{content}</b:SearchCouponsRequest>"


def in_redeem(content: str) -> str:
    content = f"<b:AccountId> +{{account}} </b:AccountId>{content}"
    return f"<b:RedeemCouponRequest>{content}</b:RedeemCouponRequest>"


@pytest.fixture(params=["bing_ads", "suds_single_wsdl"])
def suds_caller(request, customer) -> SudsCaller:
    return request.getfixturevalue(f"connect_{request.param}")(customer.keys)


def refused(caller, operation, **arguments):
    with pytest.raises(RefusedError) as fault:
        caller.call(operation, **arguments)
    return fault.value


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
        check_fault(refused(suds_caller, operation), row)


def test_suds_sends_nil(suds_caller, customer, predicates):
    nil = suds.null()
    fault = refused(suds_caller, "SearchCoupons", Predicates=nil, PageInfo=PAGE)
    check_fault(fault, errors.PREDICATE_MISSING)
    fault = refused(suds_caller, "SearchCoupons", Predicates=predicates, PageInfo=nil)
    check_fault(fault, errors.PAGING_INVALID)
    check_fault(refused(suds_caller, "DispatchCoupons", SendToEmails=nil), errors.LIST_EMPTY)
    fault = refused(suds_caller, "RedeemCoupon", AccountId=customer.account_id, CouponCode=nil)
    check_fault(fault, errors.NULL_PARAMETER)


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


def test_an_sdk_object_without_operator_is_refused(connect_bing_ads, customer):
    caller = connect_bing_ads(customer.keys)
    predicate = caller.client.factory.create("ns4:Predicate")
    predicate.Field, predicate.Value = "CustomerId", customer.customer_id
    text = refused_by_the_schema(
        caller, "SearchCoupons", Predicates={"Predicate": [predicate]}, PageInfo=PAGE
    )
    assert "Operator" in text


def test_an_unset_sdk_page_counts_as_zero(suds_caller, predicates):
    page = suds_caller.client.factory.create("ns4:Paging")
    fault = refused(suds_caller, "SearchCoupons", Predicates=predicates, PageInfo=page)
    check_fault(fault, errors.PAGING_INVALID)


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
    check_fault(refused(zeep_caller, "DispatchCoupons", SendToEmails=nil), errors.LIST_EMPTY)
    fault = refused(zeep_caller, "RedeemCoupon", AccountId=customer.account_id, CouponCode=nil)
    check_fault(fault, errors.NULL_PARAMETER)


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

# What a request says of nothing, and the symbol that it earns; {account} is an account's number.
REQUESTS = {
    "empty wrapper": ("<b:RedeemCouponRequest/>", "AccountIdInvalid"),
    "white space": (
        "<b:SearchCouponsRequest>\n</b:SearchCouponsRequest>",
        "RequiredPredicateMissing",
    ),
    "no content": ("<b:DispatchCouponsRequest></b:DispatchCouponsRequest>", "ListNullOrEmpty"),
    "empty list": (in_dispatch("<b:SendToEmails/>"), "ListNullOrEmpty"),
    "nil list": (in_dispatch('<b:SendToEmails i:nil="1"/>'), "ListNullOrEmpty"),
    "empty text": (in_redeem("<b:CouponCode></b:CouponCode>"), "NullParameter"),
    "nil text": (in_redeem('<b:CouponCode i:nil="true"/>'), "NullParameter"),
    "not nil": (in_redeem('<b:CouponCode i:nil="false">No</b:CouponCode>'), "CouponNotFound"),
    "empty enumeration": (
        in_search("<e:Predicate><e:Field>CustomerId</e:Field><e:Operator/></e:Predicate>"),
        "SchemaInvalid",
    ),
    "text for a list": (
        in_dispatch("<b:SendToEmails>a@example.com</b:SendToEmails>"),
        "SchemaInvalid",
    ),
    "list twice": (in_dispatch("<b:SendToEmails/><b:SendToEmails/>"), "SchemaInvalid"),
}


@pytest.mark.parametrize(("body", "symbol"), REQUESTS.values(), ids=REQUESTS)
def test_an_odd_request_is_refused_by_name(server, customer, body, symbol):
    body = body.format(account=customer.account_id)
    with connected(server) as connection:
        answer = connection.call(customer.keys, body)
    assert (answer.status, answer.symbol) == (500, symbol)


def test_nothing_in_a_list_has_its_place(server, customer, programme):
    programme.coupon_class(customer.customer_id)
    body = in_dispatch(
        '<b:SendToEmails><r:string/><r:string i:nil="true"/><r:string>a@b.example</r:string>'
        f"</b:SendToEmails><b:CustomerId>{customer.customer_id}</b:CustomerId>"
        "<b:CouponClassName>Spring</b:CouponClassName>"
    )
    with connected(server) as connection:
        answer = connection.call(customer.keys, body)
    assert [index.text for index in answer.root.iter("{*}Index")] == ["0", "1", "2"]
