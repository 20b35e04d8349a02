"""Bills that tests ask for, and what has a part in them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from service.domain.bills import BillLine, Tier
from service.domain.coupon_instances import CouponInstance, InstanceTarget
from service.domain.coupon_rules import (
    CouponRule,
    Preposition,
    RuleObject,
    Subject,
    ValidationStrategy,
)
from service.domain.discounted_bills import BillRequest, DiscountedBill
from service.domain.parent_coupons import CouponDiscount
from service.operations.bills import apply_coupons_to_bill, estimate_discounts, rollback_bill
from service.operations.coupon_instances import add_instance
from service.operations.definitions import add_definition
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscription_coupons import apply_coupon
from service.storage.discount_tables import coupon_instance
from tests.operations import handed_out
from tests.operations.simple_coupons import new_coupon
from tests.programme import Programme

TICK = timedelta(microseconds=1)
TEN_OFF = (CouponDiscount(cash=Decimal(10)),)
EVERYTHING = (CouponDiscount(percentage=Decimal(100)),)


def costs(cost: str, component: str = "support") -> BillLine:
    return BillLine(component_id=component, given_cost=Decimal(cost))


def users(count: int, *tiers: Tier) -> BillLine:
    prices = tiers or (Tier(None, Decimal(5)),)
    return BillLine(component_id="users", unit_of_measure="seat", units=count, tiers=prices)


def asked(order: str, *lines: BillLine, **changes: Any) -> BillRequest:
    """A bill of 100 USD for support, but for the changes."""
    request = BillRequest(
        subscription_reference=order,
        currency_code="USD",
        lines=lines or (costs("100"),),
        reference="january",
    )
    return replace(request, **changes)


def applied(programme: Programme, order: str, *lines: BillLine, **changes: Any) -> DiscountedBill:
    return apply_coupons_to_bill(programme.call(), asked(order, *lines, **changes))


def estimated(programme: Programme, order: str, *lines: BillLine, **changes: Any) -> DiscountedBill:
    return estimate_discounts(programme.call(), asked(order, *lines, **changes))


def rolled_back(programme: Programme, order: str, reference: str = "january") -> DiscountedBill:
    return rollback_bill(programme.call(), order, reference)


def claim(programme: Programme, owner: int, order: str, **changes: Any) -> str:
    """The code of a new coupon, which the subscription has claimed."""
    record = new_coupon(programme, owner, **changes)
    apply_coupon(programme.call(), order, record.coupon_code)
    return record.coupon_code


def attached(
    programme: Programme,
    owner: int,
    target_id: str | int | None = None,
    *,
    definition: dict[str, Any] | None = None,
    **changes: Any,
) -> CouponInstance:
    """An instance of a new definition of half the price, but for the changes.

    It is attached to the subscription, or the account, with this identifier; or is stock.
    """
    target = {str: InstanceTarget.SUBSCRIPTION, int: InstanceTarget.ACCOUNT}.get(
        type(target_id), InstanceTarget.NONE
    )
    kind = add_definition(programme.call(), handed_out.definition(owner, **(definition or {})))
    values = {"target": target, "target_id": str(target_id) if target_id else None, **changes}
    return add_instance(
        programme.call(), handed_out.stock(owner, kind.definition_id or "", **values)
    )


def redeemed(programme: Programme, owner: int, account: int, **changes: Any) -> str:
    """The code of a new coupon of Microsoft's kind that the account has redeemed."""
    code = programme.coupon(owner, **changes)
    redeem_coupon(programme.call(), account, code)
    return code


def uses(programme: Programme) -> list[tuple[int | None, int, Decimal]]:
    """Of each instance: uses left, used, given."""
    return [
        (row["remaining_uses"], row["used_count"], row["discount_value"])
        for row in programme.rows(coupon_instance)
    ]


def seats(preposition: str, strategy: str) -> CouponRule:
    return CouponRule(
        subject=Subject.CURRENT_SUBSCRIPTION,
        preposition=Preposition(preposition),
        parameter="12",
        object=RuleObject.UNIT_OF_MEASURE,
        specifier="seat",
        strategy=ValidationStrategy(strategy),
    )
