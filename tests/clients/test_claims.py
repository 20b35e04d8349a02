"""ClaimFeatureAdoptionCoupons by each client."""

from service.storage.tables import coupon


def claim(caller, *pairs):
    """Claim coupons; answers the dates and the partial errors, each as the client has them."""
    reply = caller.call_all(
        "ClaimFeatureAdoptionCoupons",
        AccountCouponPairs={
            "KeyValueEntityOflongstring": [
                {"Key": account_id, "Value": code} for account_id, code in pairs
            ]
        },
    )
    assert not reply.OperationErrors
    dates, errors = reply.ClaimedDateByAccountId, reply.PartialErrors
    return (
        [(date.Key, date.Value) for date in dates.KeyValueEntityOflongdateTime] if dates else [],
        [list(each.OperationError) for each in errors.ArrayOfOperationError] if errors else [],
    )


def test_an_account_claims_a_coupon(caller, customer, programme):
    code = programme.coupon(customer.customer_id, feature_id=7)

    ((account_id, claimed_at),), errors = claim(caller, (customer.account_id, code))

    assert errors == []
    assert account_id == customer.account_id
    (stored,) = [row for row in programme.rows(coupon) if row["code"] == code]
    assert stored["claimed_account_id"] == customer.account_id
    assert stored["claimed_feature_id"] == 7
    assert stored["claimed_at"] == claimed_at
