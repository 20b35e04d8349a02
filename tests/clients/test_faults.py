"""Every typed fault that a call can earn, as each client reads it."""

from decimal import Decimal

import pytest

from service.domain import errors
from service.domain.errors import FaultKind
from service.domain.roles import Role
from service.domain.terms import CouponType
from service.operations.classes import retire_class
from service.soap.types.messages import OPERATIONS
from tests.clients.callers import Keys, RefusedError
from tests.clients.conftest import user_keys
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
    (errors.OPERATION_NOT_SUPPORTED, lambda caller, *_: caller.call("GetCouponInfo")),
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


def check(refused, row):
    """A fault is the row's, and says so to those who read only its text."""
    assert refused.kind == row.kind.value
    assert (refused.code, refused.message) == (row.code, row.message)
    assert refused.fault_code.endswith("Server")
    assert refused.text.startswith(
        "Invalid client data. Check the SOAP fault details for more information. "
        f"{row.symbol}: {row.message}"
    )
    assert len(refused.tracking_id) == 36
    assert refused.text.endswith(f" TrackingId: {refused.tracking_id}.")
    if row.kind is FaultKind.AD_API:
        assert refused.error_code == row.symbol
    else:
        assert refused.details.startswith(row.symbol)


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
    check(refused.value, row)


@pytest.mark.parametrize(
    "operation", sorted(set(OPERATIONS) - {"SearchCoupons", "DispatchCoupons", "RedeemCoupon"})
)
def test_an_operation_that_is_not_carried_out_says_so(zeep_caller, operation):
    with pytest.raises(RefusedError) as refused:
        zeep_caller.call(operation)
    check(refused.value, errors.OPERATION_NOT_SUPPORTED)
    assert operation in refused.value.details


# Who calls.


@pytest.mark.parametrize("wrong", ["developer_token", "authentication_token"])
def test_a_wrong_token_is_refused(connect, customer, wrong):
    keys = {**vars(customer.keys), wrong: "wrong"}
    with pytest.raises(RefusedError) as refused:
        connect(Keys(**keys)).redeem(customer.account_id, "ABC-123")
    check(refused.value, errors.INVALID_CREDENTIALS)
    assert refused.value.details is None


@pytest.mark.parametrize("missing", ["developer_token", "authentication_token"])
def test_a_missing_token_is_refused_by_name(connect, customer, missing):
    keys = {**vars(customer.keys), missing: None}
    with pytest.raises(RefusedError) as refused:
        connect(Keys(**keys)).redeem(customer.account_id, "ABC-123")
    check(refused.value, errors.REQUEST_MISSING_HEADERS)
    assert refused.value.details == missing.title().replace("_", "")


def test_user_name_and_password_are_as_good_as_a_token(connect, customer, programme):
    keys = user_keys(programme, Role.STANDARD, customer.customer_id, password="correct horse")
    code = coupon(programme, customer)
    assert connect(keys).redeem(customer.account_id, code).year >= 2026

    with pytest.raises(RefusedError) as refused:
        connect(Keys(**{**vars(keys), "password": "wrong horse"})).search(of(customer))
    check(refused.value, errors.INVALID_CREDENTIALS)


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.OPERATOR])
def test_roles_that_may_write(connect, customer, programme, role):
    owner = None if role is Role.OPERATOR else customer.customer_id
    caller = connect(user_keys(programme, role, owner))
    code = coupon(programme, customer)
    assert caller.redeem(customer.account_id, code) == caller.redeem(customer.account_id, code)
    assert [found.CouponCode for found in caller.search(of(customer))] == [code]


def test_read_only_searches_and_changes_nothing(connect, customer, programme):
    caller = connect(user_keys(programme, Role.READ_ONLY, customer.customer_id))
    code = coupon(programme, customer)
    assert [found.CouponCode for found in caller.search(of(customer))] == [code]
    for change in (
        lambda: caller.redeem(customer.account_id, code),
        lambda: caller.dispatch(customer.customer_id, "Spring", "a@example.com"),
    ):
        with pytest.raises(RefusedError) as refused:
            change()
        check(refused.value, errors.NOT_AUTHORIZED)


def test_only_operators_learn_that_an_account_does_not_exist(connect, customer, programme):
    operator = connect(user_keys(programme, Role.OPERATOR, None))
    with pytest.raises(RefusedError) as refused:
        operator.redeem(2**62, "ABC-123")
    check(refused.value, errors.ACCOUNT_ID_INVALID)
    with pytest.raises(RefusedError) as refused:
        connect(customer.keys).redeem(2**62, "ABC-123")
    check(refused.value, errors.NOT_AUTHORIZED)
