"""The whole way, once, by each client: handed out, seen, redeemed, redeemed again, refused."""

from datetime import datetime, timedelta, timezone

import pytest

from tests.clients.callers import RefusedError


def test_a_coupon_is_dispatched_found_redeemed_and_bound(caller, customer, programme):
    programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id, count=2)
    other_account_id = programme.account(customer.customer_id)

    assert caller.dispatch(customer.customer_id, "Spring", "a@example.com", "b@example.com") == []

    coupons = caller.search(
        ("CustomerId", "Equals", str(customer.customer_id)), ("CouponClassName", "Equals", "Spring")
    )
    assert sorted(coupon.SendToEmail for coupon in coupons) == ["a@example.com", "b@example.com"]
    assert [coupon.IsRedeemed for coupon in coupons] == [False, False]

    code = coupons[0].CouponCode
    redeemed_at = caller.redeem(customer.account_id, code)
    assert redeemed_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(timezone.utc) - redeemed_at) < timedelta(minutes=1)
    assert caller.redeem(customer.account_id, code) == redeemed_at

    with pytest.raises(RefusedError) as refused:
        caller.redeem(other_account_id, code)
    assert (refused.value.kind, refused.value.code) == ("ApiFault", 90002)
    assert refused.value.details.startswith("CouponAlreadyRedeemed")
