"""Simple coupons: parent codes, their unique codes, and claims for subscriptions."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from types import SimpleNamespace
from typing import Any

from service.domain.coupon_records import CouponRecord
from service.domain.pages import Page
from service.domain.parent_coupons import (
    SUFFIX_LENGTH,
    SUFFIX_SEPARATOR,
    CouponDiscount,
    LimitScope,
    ParentCoupon,
    Scope,
)
from service.domain.programmes import Subscription
from service.domain.search import Paging
from service.operations import parent_coupons, subscription_coupons, unique_codes
from service.operations.calls import Call
from service.soap.declaration import ContractService
from service.soap.management.discount_elements import (
    read_currency,
    read_decision,
    read_owner,
    read_said_once,
    read_wanted_page,
    trace_fields,
)
from service.soap.management.elements import given, operation

__all__ = ["ClaimOperations", "SimpleCouponOperations"]


class SimpleCouponOperations(ContractService):
    """What an operator does with simple coupons and their codes."""

    @operation(changes=True)
    def AddCoupon(call: Call, coupon: Any) -> SimpleNamespace:
        """Add a coupon."""
        return _write_record(parent_coupons.add_coupon(call, _read_coupon(coupon)))

    @operation()
    def GetCoupon(call: Call, coupon_code: str | None) -> SimpleNamespace:
        """Show a coupon, by its parent code or a unique code."""
        return _write_record(parent_coupons.get_coupon(call, given(coupon_code, "CouponCode")))

    @operation()
    def GetCoupons(
        call: Call,
        customer_id: int | None,
        include_retired: bool | None,
        page_info: Paging | None,
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the coupons of a customer."""
        page = parent_coupons.list_coupons(
            call,
            given(customer_id, "CustomerId"),
            read_wanted_page(page_info),
            includes_retired=bool(include_retired),
        )
        return _write_records(page)

    @operation(changes=True)
    def RetireCoupon(call: Call, coupon_code: str | None) -> SimpleNamespace:
        """Retire a coupon, or a unique code."""
        return _write_record(parent_coupons.retire_coupon(call, given(coupon_code, "CouponCode")))

    @operation(changes=True)
    def GenerateUniqueCodes(
        call: Call,
        coupon_code: str | None,
        quantity: int | None,
        separator: str | None,
        suffix_length: int | None,
    ) -> list[str]:
        """Make unique codes of a coupon."""
        return unique_codes.generate_unique_codes(
            call,
            given(coupon_code, "CouponCode"),
            given(quantity, "Quantity"),
            separator=SUFFIX_SEPARATOR if separator is None else separator,
            suffix_length=SUFFIX_LENGTH if suffix_length is None else suffix_length,
        )

    @operation()
    def GetAvailableCodes(
        call: Call, coupon_code: str | None, page_info: Paging | None
    ) -> tuple[list[str], bool]:
        """Show a page of the unique codes that nobody has claimed."""
        parent_code, wanted = given(coupon_code, "CouponCode"), read_wanted_page(page_info)
        page = unique_codes.get_available_codes(call, parent_code, wanted)
        return page.items, page.has_more

    @operation()
    def GetAppliedCoupons(
        call: Call, coupon_code: str | None, page_info: Paging | None
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the claims of a coupon, by whichever of its codes."""
        parent_code, wanted = given(coupon_code, "CouponCode"), read_wanted_page(page_info)
        return _write_records(unique_codes.get_applied_coupons(call, parent_code, wanted))

    @operation()
    def GetCouponSubscriptions(
        call: Call, coupon_code: str | None, page_info: Paging | None
    ) -> tuple[list[Subscription], bool]:
        """Show a page of the subscriptions that a coupon is applied to."""
        code, wanted = given(coupon_code, "CouponCode"), read_wanted_page(page_info)
        page = unique_codes.get_coupon_subscriptions(call, code, wanted)
        return page.items, page.has_more


class ClaimOperations(ContractService):
    """What an operator does with the coupons of a subscription."""

    @operation(changes=True)
    def ApplyCouponToSubscription(
        call: Call, subscription_reference: str | None, coupon_code: str | None
    ) -> SimpleNamespace:
        """Claim a coupon for a subscription."""
        subscription = given(subscription_reference, "SubscriptionReference")
        code = given(coupon_code, "CouponCode")
        return _write_record(subscription_coupons.apply_coupon(call, subscription, code))

    @operation()
    def GetSubscriptionCoupons(
        call: Call,
        subscription_reference: str | None,
        include_removed: bool | None,
        page_info: Paging | None,
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the claims of a subscription."""
        page = subscription_coupons.get_subscription_coupons(
            call,
            given(subscription_reference, "SubscriptionReference"),
            read_wanted_page(page_info),
            includes_removed=bool(include_removed),
        )
        return _write_records(page)

    @operation()
    def GetApplicableCoupons(
        call: Call, subscription_reference: str | None, page_info: Paging | None
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the coupons that could be claimed for a subscription."""
        subscription = given(subscription_reference, "SubscriptionReference")
        wanted = read_wanted_page(page_info)
        return _write_records(
            subscription_coupons.get_applicable_coupons(call, subscription, wanted)
        )

    @operation(changes=True)
    def RemoveCouponFromSubscription(
        call: Call, subscription_reference: str | None, coupon_code: str | None
    ) -> SimpleNamespace:
        """End a claim."""
        subscription = given(subscription_reference, "SubscriptionReference")
        code = given(coupon_code, "CouponCode")
        return _write_record(subscription_coupons.remove_coupon(call, subscription, code))


def _read_coupon(element: Any) -> ParentCoupon:
    coupon = given(element, "Coupon")
    return ParentCoupon(
        customer_id=read_owner(coupon.organization_id),
        coupon_code=given(coupon.coupon_code, "CouponCode"),
        name=given(coupon.name, "Name"),
        discounts=tuple(
            _read_discount(discount, f"Discounts[{place}]")
            for place, discount in enumerate(coupon.discounts or [])
        ),
        coupons_max=coupon.coupons,
        uses_max=coupon.uses,
        currency_code=read_currency(coupon.currency),
        scope=Scope(
            product=coupon.product or None,
            product_id=coupon.product_id or None,
            product_name=coupon.product_name or None,
            rate_plan=coupon.product_rate_plan or None,
            rate_plan_id=coupon.product_rate_plan_id or None,
            rate_plan_name=coupon.product_rate_plan_name or None,
        ),
        is_redeemable=read_decision(coupon.parent_coupon_code_redeemable, default=True),
        limit_scope=LimitScope(coupon.limit_scope or LimitScope.COUPON),
    )


def _read_discount(element: Any, where: str) -> CouponDiscount:
    discount = given(element, where)
    return CouponDiscount(
        pricing_component=read_said_once(
            discount,
            where,
            pricing_component="PricingComponent",
            pricing_component_id="PricingComponentID",
            pricing_component_name="PricingComponentName",
        ),
        unit_of_measure=read_said_once(
            discount,
            where,
            unit_of_measure_name="UnitOfMeasureName",
            unit_of_measure_id="UnitOfMeasureID",
        ),
        units_free=discount.units_free,
        percentage=discount.percentage_discount,
        cash=discount.cash_discount,
    )


def _write_records(page: Page[CouponRecord]) -> tuple[list[SimpleNamespace], bool]:
    return [_write_record(record) for record in page.items], page.has_more


def _write_record(record: CouponRecord) -> SimpleNamespace:
    coupon, scope = record.parent, record.parent.scope
    return SimpleNamespace(
        **trace_fields(record.trace),
        name=coupon.name,
        coupon_code=record.coupon_code,
        coupons=coupon.coupons_max,
        uses=coupon.uses_max,
        product=scope.product,
        product_name=scope.product_name,
        product_id=scope.product_id,
        product_rate_plan=scope.rate_plan,
        product_rate_plan_name=scope.rate_plan_name,
        product_rate_plan_id=scope.rate_plan_id,
        currency=coupon.currency_code,
        parent_coupon_code_redeemable=coupon.is_redeemable,
        organization_id=str(coupon.customer_id),
        discounts=[_write_discount(discount) for discount in coupon.discounts],
        deleted=record.is_deleted,
        parent_coupon_code=record.parent_code,
        applies_to=record.applies_to and record.applies_to.value,
        applies_to_id=record.applies_to_id,
        remaining_uses=record.remaining_uses,
        used=record.used_count,
        discount_value=record.discount_value,
        valid_until=record.valid_until,
        limit_scope=coupon.limit_scope.value,
    )


def _write_discount(discount: CouponDiscount) -> SimpleNamespace:
    component, unit = discount.pricing_component, discount.unit_of_measure
    return SimpleNamespace(
        **trace_fields(discount.trace),
        pricing_component=component,
        pricing_component_name=component,
        pricing_component_id=component,
        unit_of_measure_name=unit,
        unit_of_measure_id=unit,
        units_free=discount.units_free,
        percentage_discount=discount.percentage,
        cash_discount=discount.cash,
    )
