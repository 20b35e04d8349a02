"""Simple coupons and subscriptions that tests make."""

import itertools
from decimal import Decimal
from typing import Any

from service.domain.coupon_records import CouponRecord
from service.domain.parent_coupons import CouponDiscount, ParentCoupon
from service.operations.parent_coupons import add_coupon
from service.operations.subscriptions import add_subscription
from tests.programme import Programme

_NUMBERS = itertools.count(1)


def half_price(customer_id: int, **changes: Any) -> ParentCoupon:
    """A coupon for half of every bill in USD, but for the changes."""
    values = {
        "coupon_code": "SUMMER",
        "name": "Summer",
        "discounts": (CouponDiscount(percentage=Decimal(50)),),
        "currency_code": "USD",
        **changes,
    }
    return ParentCoupon(customer_id=customer_id, **values)


def new_coupon(programme: Programme, customer_id: int, **changes: Any) -> CouponRecord:
    """Add a coupon as ``half_price`` has it."""
    return add_coupon(programme.call(), half_price(customer_id, **changes))


def subscription(programme: Programme, account_id: int, **changes: Any) -> str:
    """The reference of a new subscription to ads, monthly, but for the changes."""
    values = {"product_id": "ads", "rate_plan_id": "monthly", **changes}
    reference = f"order {next(_NUMBERS)}"
    add_subscription(programme.call(), account_id, reference, **values)
    return reference
