"""Every typed fault that a call can earn, as each client reads it."""

from decimal import Decimal

import pytest

from service.domain import errors
from service.domain.roles import Role
from service.domain.terms import CouponType
from service.operations.classes import retire_class
from service.soap.customer_billing import IMPLEMENTED_OPERATIONS
from service.soap.types.messages import OPERATIONS
from tests.clients.callers import Keys, RefusedError, check_fault
from tests.programme import utc


def of(customer):
    return ("CustomerId", "Equals", str(customer.customer_id))


def coupon(programme, customer, **terms):
    return programme.coupon(customer.customer_id, **terms)


def another_acquisition(caller, customer, programme):
    codes = [coupon(programme, customer, coupon_type=CouponType.ACQUISITION) for _ in range(2)]
    caller.redeem(customer.account_id, codes[0])
    caller.redeem(customer.account_id, codes[1])


def redeemed_by_another(caller, customer, programme):
    code = coupon(programme, customer)
    caller.redeem(programme.account(customer.customer_id), code)
    caller.redeem(customer.account_id, code)


def claimed_by_another(caller, customer, programme):
    code = coupon(programme, customer)
    programme.claim(code, programme.account(customer.customer_id))
    caller.redeem(customer.account_id, code)


def of_a_retired_class(caller, customer, programme):
    programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id)
    retire_class(programme.call(), customer.customer_id, "Spring")
    caller.dispatch(customer.customer_id, "Spring", "a@example.com")


def redeeming(**terms):
    """A scenario: redeem a coupon of these terms."""
    return lambda caller, customer, programme: caller.redeem(
        customer.account_id, coupon(programme, customer, **terms)
    )


def searching(*predicates, **arguments):
    """A scenario: search the customer's coupons with these further predicates."""
    return lambda caller, customer, _: caller.search(of(customer), *predicates, **arguments)


def dispatching(class_name, *emails):
    """A scenario: dispatch coupons of the customer."""
    return lambda caller, customer, _: caller.dispatch(customer.customer_id, class_name, *emails)


SCENARIOS = [
    (errors.INPUT_INVALID, searching(order=("Name", "Ascending"))),
    (errors.NULL_PARAMETER, dispatching(None, "a@example.com")),
    (errors.NULL_PARAMETER, lambda caller, customer, _: caller.redeem(customer.account_id, None)),
    (errors.NULL_PARAMETER, lambda caller, customer, _: caller.redeem(customer.account_id, "")),
    (errors.OPERATION_NOT_SUPPORTED, lambda caller, *_: caller.call("GetBillingGroups")),
    (
        errors.PREDICATE_MISSING,
        lambda caller, *_: caller.search(("CouponClassName", "Equals", "Spring")),
    ),
    (
        errors.NOT_AUTHORIZED,
        lambda caller, _, programme: caller.search(
            ("CustomerId", "Equals", str(programme.customer()))
        ),
    ),
    (
        errors.NOT_AUTHORIZED,
        lambda caller, _, programme: caller.redeem(
            programme.account(programme.customer()), "ABC-123"
        ),
    ),
    (
        errors.NOT_AUTHORIZED,
        lambda caller, _, programme: caller.dispatch(programme.customer(), "Spring", "a@b.example"),
    ),
    (errors.ACCOUNT_ID_INVALID, lambda caller, *_: caller.redeem(None, "ABC-123")),
    (errors.ACCOUNT_ID_INVALID, lambda caller, *_: caller.redeem(-1, "ABC-123")),
    (errors.BATCH_TOO_LARGE, searching(*[("IsRedeemed", "Equals", "true")] * 4)),
    (
        errors.BATCH_TOO_LARGE,
        dispatching("Spring", *[f"member{number}@example.com" for number in range(1001)]),
    ),
    (errors.PREDICATE_INVALID, searching(("IsRedeemed", "NotEquals", "true"))),
    (errors.PREDICATE_INVALID, searching(("Balance", "Equals", "1"))),
    (errors.PAGING_INVALID, searching(page=None)),
    (errors.PAGING_INVALID, searching(page=(0, 101))),
    (errors.PAGING_INVALID, searching(page=(-1, 10))),
    (errors.LIST_EMPTY, dispatching("Spring")),
    (errors.COUPON_NOT_FOUND, lambda caller, customer, _: caller.redeem(customer.account_id, "No")),
    (errors.COUPON_ALREADY_REDEEMED, redeemed_by_another),
    (errors.COUPON_NOT_STARTED, redeeming(start_date=utc(2999, 1, 1))),
    (errors.COUPON_ENDED, redeeming(end_date=utc(2020, 1, 1))),
    (errors.COUPON_EXPIRED, redeeming(expiration_date=utc(2020, 1, 1))),
    (errors.CURRENCY_MISMATCH, redeeming(currency_code="EUR", amount=Decimal(5))),
    (errors.ACQUISITION_NOT_ELIGIBLE, another_acquisition),
    (errors.COUPON_CLAIMED_BY_ANOTHER_ACCOUNT, claimed_by_another),
    (errors.COUPON_CLASS_RETIRED, of_a_retired_class),
    (errors.COUPON_CLASS_NOT_FOUND, dispatching("Winter", "a@example.com")),
]


@pytest.mark.parametrize(
    ("row", "scenario"),
    [
        pytest.param(row, scenario, id=f"{row.code}-{place}")
        for place, (row, scenario) in enumerate(SCENARIOS)
    ],
)
def test_a_refusal_arrives_typed(caller, customer, programme, row, scenario):
    with pytest.raises(RefusedError) as refused:
        scenario(caller, customer, programme)
    check_fault(refused.value, row)


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - IMPLEMENTED_OPERATIONS))
def test_an_operation_that_is_not_carried_out_says_so(zeep_caller, operation):
    with pytest.raises(RefusedError) as refused:
        zeep_caller.call(operation)
    check_fault(refused.value, errors.OPERATION_NOT_SUPPORTED)
    assert operation in refused.value.details


def test_the_sdk_finds_the_tracking_id_of_a_fault_in_its_header(connect_bing_ads, customer):
    caller = connect_bing_ads(customer.keys)
    with pytest.raises(RefusedError) as refused:
        caller.redeem(customer.account_id, "No")
    header = caller.service_client.get_response_header()
    assert header == {"TrackingId": refused.value.tracking_id}


# Who calls.


@pytest.mark.parametrize("wrong", ["developer_token", "authentication_token"])
def test_a_wrong_token_is_refused(connect, customer, wrong):
    keys = {**vars(customer.keys), wrong: "wrong"}
    with pytest.raises(RefusedError) as refused:
        connect(Keys(**keys)).redeem(customer.account_id, "ABC-123")
    check_fault(refused.value, errors.INVALID_CREDENTIALS)
    assert refused.value.details is None


@pytest.mark.parametrize("missing", ["developer_token", "authentication_token"])
def test_a_missing_token_is_refused_by_name(connect, customer, missing):
    keys = {**vars(customer.keys), missing: None}
    with pytest.raises(RefusedError) as refused:
        connect(Keys(**keys)).redeem(customer.account_id, "ABC-123")
    check_fault(refused.value, errors.REQUEST_MISSING_HEADERS)
    assert refused.value.details == missing.title().replace("_", "")


def test_user_name_and_password_are_as_good_as_a_token(connect, customer, new_keys, programme):
    keys = new_keys(Role.STANDARD, customer.customer_id, password="correct horse")
    code = coupon(programme, customer)
    assert connect(keys).redeem(customer.account_id, code).year >= 2026

    with pytest.raises(RefusedError) as refused:
        connect(Keys(**{**vars(keys), "password": "wrong horse"})).search(of(customer))
    check_fault(refused.value, errors.INVALID_CREDENTIALS)


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.OPERATOR])
def test_roles_that_may_write(connect, customer, new_keys, programme, role):
    owner = None if role is Role.OPERATOR else customer.customer_id
    caller = connect(new_keys(role, owner))
    code = coupon(programme, customer)
    assert caller.redeem(customer.account_id, code) == caller.redeem(customer.account_id, code)
    assert [found.CouponCode for found in caller.search(of(customer))] == [code]


def test_read_only_searches_and_changes_nothing(connect, customer, new_keys, programme):
    caller = connect(new_keys(Role.READ_ONLY, customer.customer_id))
    code = coupon(programme, customer)
    assert [found.CouponCode for found in caller.search(of(customer))] == [code]
    for change in (
        lambda: caller.redeem(customer.account_id, code),
        lambda: caller.dispatch(customer.customer_id, "Spring", "a@example.com"),
    ):
        with pytest.raises(RefusedError) as refused:
            change()
        check_fault(refused.value, errors.NOT_AUTHORIZED)


def test_only_operators_learn_that_an_account_does_not_exist(connect, customer, new_keys):
    operator = connect(new_keys(Role.OPERATOR, None))
    with pytest.raises(RefusedError) as refused:
        operator.redeem(2**62, "ABC-123")
    check_fault(refused.value, errors.ACCOUNT_ID_INVALID)
    with pytest.raises(RefusedError) as refused:
        connect(customer.keys).redeem(2**62, "ABC-123")
    check_fault(refused.value, errors.NOT_AUTHORIZED)
