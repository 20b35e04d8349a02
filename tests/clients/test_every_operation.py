"""Each operation on coupons, and both faults that each of them declares, by each client."""

import pytest

from service.domain import errors
from service.soap.customer_billing import IMPLEMENTED_OPERATIONS
from tests.clients.callers import Keys, RefusedError, check_fault

# For each operation: what succeeds with an account, a customer and a class of one coupon; what
# is changed to earn an ApiFault; and which.
PAGE = {"Index": 0, "Size": 10}
CALLS = {
    "SearchCoupons": (
        lambda it, _code: {
            "Predicates": {
                "Predicate": [
                    {"Field": "CustomerId", "Operator": "Equals", "Value": str(it.customer_id)}
                ]
            },
            "PageInfo": PAGE,
        },
        {"PageInfo": {"Index": 0, "Size": 101}},
        errors.PAGING_INVALID,
    ),
    "DispatchCoupons": (
        lambda it, _code: {
            "SendToEmails": {"string": ["a@example.com"]},
            "CustomerId": it.customer_id,
            "CouponClassName": "Spring",
        },
        {"CouponClassName": "Autumn"},
        errors.COUPON_CLASS_NOT_FOUND,
    ),
    "RedeemCoupon": (
        lambda it, code: {"AccountId": it.account_id, "CouponCode": code},
        {"CouponCode": "NONSENSE"},
        errors.COUPON_NOT_FOUND,
    ),
    "CheckFeatureAdoptionCouponEligibility": (
        lambda it, _code: {"FeatureId": 7, "AccountIds": {"long": [it.account_id]}},
        {"AccountIds": {"long": list(range(1, 102))}},
        errors.BATCH_TOO_LARGE,
    ),
    "ClaimFeatureAdoptionCoupons": (
        lambda it, code: {
            "AccountCouponPairs": {
                "KeyValueEntityOflongstring": [{"Key": it.account_id, "Value": code}]
            }
        },
        {
            "AccountCouponPairs": {
                "KeyValueEntityOflongstring": [{"Key": 1, "Value": "A"} for _ in range(101)]
            }
        },
        errors.BATCH_TOO_LARGE,
    ),
    "GetCouponInfo": (
        lambda it, _code: {"CustomerId": it.customer_id},
        {"CustomerId": 1_999_999_999},
        errors.NOT_AUTHORIZED,
    ),
    "DistributeCoupons": (
        lambda it, _code: {
            "AccountIds": {"int": [it.account_id]},
            "ClassName": "Spring",
            "FeatureId": 7,
            "SendNotification": False,
        },
        {"ClassName": "Autumn"},
        errors.COUPON_CLASS_NOT_FOUND,
    ),
    "GetAccountMonthlySpend": (
        lambda it, _code: {"AccountId": it.account_id, "MonthYear": "2026-03-01T00:00:00Z"},
        {"AccountId": 1_999_999_999},
        errors.NOT_AUTHORIZED,
    ),
}


def test_every_operation_is_called():
    assert CALLS.keys() == IMPLEMENTED_OPERATIONS


def refusal(caller, operation, arguments):
    with pytest.raises(RefusedError) as refused:
        caller.call_all(operation, **arguments)
    return refused.value


# The others are made from the same description, and have the same code behind them.
@pytest.mark.parametrize("connect", ["bing_ads", "zeep_wsdl", "node", "php"], indirect=True)
def test_each_operation_and_its_two_faults(connect, customer, programme):
    caller = connect(customer.keys)
    stranger = connect(Keys(customer.keys.developer_token, "wrong"))
    programme.coupon_class(customer.customer_id, feature_id=7)
    programme.mint(customer.customer_id, count=len(CALLS))
    tracking_ids = set()
    for operation, (arguments_of, wrong, row) in CALLS.items():
        code = programme.coupon(customer.customer_id, feature_id=7)
        arguments = arguments_of(customer, code)

        caller.call_all(operation, **arguments)

        tracking_ids.add(caller.tracking_id)
        check_fault(refusal(caller, operation, {**arguments, **wrong}), row)
        check_fault(refusal(stranger, operation, arguments), errors.INVALID_CREDENTIALS)
    assert len(tracking_ids) == len(CALLS)
