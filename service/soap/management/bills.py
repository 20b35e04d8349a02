"""Bills: what coupons take off them, beforehand and for good, and taken back."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from service.domain.bills import BillLine, Tier
from service.domain.discount_errors import BILL_INVALID
from service.domain.discounted_bills import (
    BilledDiscount,
    BilledLine,
    BillRequest,
    DiscountedBill,
)
from service.domain.refusals import ServiceError
from service.operations import bills
from service.operations.calls import Call
from service.soap.declaration import ContractService
from service.soap.management.discount_elements import read_currency, read_decision
from service.soap.management.elements import given, operation

__all__ = ["BillOperations"]


class BillOperations(ContractService):
    """What coupons do to bills."""

    @operation()
    def EstimateDiscounts(
        call: Call,
        subscription_reference: str | None,
        currency: str | None,
        lines: list[Any] | None,
        billed_at: datetime | None,
        coupon_codes: list[str | None] | None,
        include_applied_coupons: bool | None,
    ) -> SimpleNamespace:
        """Tell what coupons would take off a bill."""
        request = BillRequest(
            subscription_reference=given(subscription_reference, "SubscriptionReference"),
            currency_code=given(read_currency(currency), "Currency"),
            lines=_read_lines(lines),
            billed_at=billed_at,
            coupon_codes=tuple(
                given(code, f"CouponCodes[{place}]")
                for place, code in enumerate(coupon_codes or [])
            ),
            includes_applied=read_decision(include_applied_coupons, default=True),
        )
        return _write_bill(bills.estimate_discounts(call, request))

    @operation(changes=True)
    def ApplyCouponsToBill(
        call: Call,
        subscription_reference: str | None,
        bill_reference: str | None,
        currency: str | None,
        lines: list[Any] | None,
        billed_at: datetime | None,
    ) -> SimpleNamespace:
        """Take off a bill what coupons give."""
        request = BillRequest(
            subscription_reference=given(subscription_reference, "SubscriptionReference"),
            reference=given(bill_reference, "BillReference"),
            currency_code=given(read_currency(currency), "Currency"),
            lines=_read_lines(lines),
            billed_at=billed_at,
        )
        return _write_bill(bills.apply_coupons_to_bill(call, request))

    @operation(changes=True)
    def RollbackBill(
        call: Call, subscription_reference: str | None, bill_reference: str | None
    ) -> SimpleNamespace:
        """Take a bill back."""
        subscription = given(subscription_reference, "SubscriptionReference")
        reference = given(bill_reference, "BillReference")
        return _write_bill(bills.rollback_bill(call, subscription, reference))

    @operation()
    def GetBill(
        call: Call, subscription_reference: str | None, bill_reference: str | None
    ) -> SimpleNamespace:
        """Show a bill."""
        subscription = given(subscription_reference, "SubscriptionReference")
        reference = given(bill_reference, "BillReference")
        return _write_bill(bills.get_bill(call, subscription, reference))


def _read_lines(elements: list[Any] | None) -> tuple[BillLine, ...]:
    return tuple(
        _read_line(element, f"Lines[{place}]") for place, element in enumerate(elements or [])
    )


def _read_line(element: Any, where: str) -> BillLine:
    line = given(element, where)
    return BillLine(
        component_id=line.pricing_component_id or "",
        component_name=line.pricing_component_name or None,
        unit_of_measure=line.unit_of_measure or None,
        units=line.units,
        tiers=_read_tiers(line, where),
        given_cost=line.cost,
    )


def _read_tiers(line: Any, where: str) -> tuple[Tier, ...]:
    """Read prices; one for every unit is a tier without an end."""
    tiers = tuple(
        _read_tier(element, f"{where}.Tiers[{place}]")
        for place, element in enumerate(line.tiers or [])
    )
    if line.unit_price is None:
        return tiers
    if tiers:
        raise ServiceError(BILL_INVALID, f"{where} has UnitPrice or Tiers, not both")
    return (Tier(None, line.unit_price),)


def _read_tier(element: Any, where: str) -> Tier:
    tier = given(element, where)
    return Tier(tier.up_to, given(tier.unit_price, f"{where}.UnitPrice"), tier.tier_id or None)


def _write_bill(bill: DiscountedBill) -> SimpleNamespace:
    return SimpleNamespace(
        bill_reference=bill.reference,
        subscription_reference=bill.subscription_reference,
        currency=bill.currency_code,
        billed_at=bill.billed_at,
        cost=bill.cost,
        discount=bill.discount,
        drawn=bill.drawn,
        due=bill.due,
        lines=[_write_line(line) for line in bill.lines],
        discounts=[_write_discount(it, bill.currency_code) for it in bill.discounts],
        draws=[
            SimpleNamespace(
                coupon_code=draw.coupon_code, amount=draw.amount, calculation=draw.explanation
            )
            for draw in bill.draws
        ],
        left_out=[
            SimpleNamespace(
                coupon_instance_id=it.instance_id, coupon_code=it.coupon_code, reason=it.reason
            )
            for it in bill.left_out
        ],
        rolled_back_at=bill.rolled_back_at,
    )


def _write_line(line: BilledLine) -> SimpleNamespace:
    return SimpleNamespace(
        pricing_component_id=line.component_id,
        cost=line.cost,
        discount=line.discount,
        net_cost=line.cost - line.discount,
    )


def _write_discount(discount: BilledDiscount, currency_code: str) -> SimpleNamespace:
    first, last = discount.unit_range
    return SimpleNamespace(
        unaltered_value=discount.base,
        discount_value=discount.amount,
        affected_specifier_count=sum(units.count for units in discount.units),
        discount_start_value=first,
        discount_end_value=last,
        unit_discounts=_write_units(discount, currency_code),
        coupon_instance_id=discount.instance_id,
        coupon_code=discount.coupon_code,
        coupon_definition_name=discount.definition_name,
        domain=discount.domain.value,
        specifier=discount.component_id,
        operand=discount.operand.value,
        effect_amount=discount.size,
        asked_value=discount.asked,
        calculation=discount.explanation,
    )


def _write_units(discount: BilledDiscount, currency_code: str) -> list[SimpleNamespace]:
    shares = discount.unit_shares(currency_code)
    return [
        SimpleNamespace(
            unit_value=units.count,
            tier_id=units.tier_id,
            unaltered_value=units.cost,
            discount_value=share,
            pricing_component_id=units.component_id,
            first_unit=units.first,
            last_unit=units.last,
            unit_price=units.unit_price,
        )
        for units, share in zip(discount.units, shares, strict=True)
    ]
