"""Coupon instances: added, changed, shown, put into effect, retired."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from service.domain.coupon_instances import CouponInstance, ExistingValue, InstanceTarget
from service.domain.search import Paging
from service.operations import coupon_instances
from service.operations.calls import Call
from service.soap.declaration import ContractService
from service.soap.management.discount_elements import (
    read_decision,
    read_owner,
    read_wanted_page,
    require_same,
    trace_fields,
)
from service.soap.management.elements import given, operation

__all__ = ["InstanceOperations"]


class InstanceOperations(ContractService):
    """What an operator does with coupon instances."""

    @operation(changes=True)
    def AddCouponInstance(call: Call, coupon_instance: Any) -> SimpleNamespace:
        """Add an instance."""
        new = _read_instance(coupon_instance, call.now)
        return _write_instance(coupon_instances.add_instance(call, new))

    @operation(changes=True)
    def UpdateCouponInstance(call: Call, coupon_instance: Any) -> SimpleNamespace:
        """Change an instance."""
        changed = _read_instance(coupon_instance)
        return _write_instance(coupon_instances.update_instance(call, changed))

    @operation()
    def GetCouponInstance(call: Call, id_: str | None, coupon_code: str | None) -> SimpleNamespace:
        """Show an instance, by its identifier or its code."""
        found = coupon_instances.get_instance(
            call, instance_id=id_ or None, coupon_code=coupon_code or None
        )
        return _write_instance(found)

    @operation()
    def GetCouponInstances(
        call: Call,
        customer_id: int | None,
        coupon_definition_id: str | None,
        book_id: str | None,
        target: str | None,
        target_id: str | None,
        is_attachable: bool | None,
        has_code: bool | None,
        include_retired: bool | None,
        page_info: Paging | None,
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the instances of a customer."""
        query = coupon_instances.InstanceQuery(
            customer_id=given(customer_id, "CustomerId"),
            definition_id=coupon_definition_id or None,
            book_id=book_id or None,
            target=InstanceTarget(target) if target else None,
            target_id=target_id or None,
            is_attachable=is_attachable,
            has_code=has_code,
            includes_retired=read_decision(include_retired, default=True),
        )
        page = coupon_instances.list_instances(call, query, read_wanted_page(page_info))
        return [_write_instance(found) for found in page.items], page.has_more

    @operation(changes=True)
    def AttachCouponInstance(
        call: Call,
        id_: str | None,
        coupon_code: str | None,
        book_code: str | None,
        target: str | None,
        target_id: str | None,
        instance_discount_value: Decimal | None,
        coupon_instance_existing_values: list[Any] | None,
    ) -> SimpleNamespace:
        """Put an instance into effect."""
        attachment = coupon_instances.Attachment(
            instance_id=id_ or None,
            coupon_code=coupon_code or None,
            book_code=book_code or None,
            target=InstanceTarget(given(target, "Target")),
            target_id=given(target_id, "TargetID"),
            instance_discount_value=instance_discount_value,
            existing_values=_read_existing_values(coupon_instance_existing_values),
        )
        return _write_instance(coupon_instances.attach_instance(call, attachment))

    @operation(changes=True)
    def RetireCouponInstance(call: Call, id_: str | None) -> SimpleNamespace:
        """Retire an instance."""
        return _write_instance(coupon_instances.retire_instance(call, given(id_, "Id")))


def _read_instance(element: Any, now: datetime | None = None) -> CouponInstance:
    """Read an instance.

    Args:
        element: The instance.
        now: When a new one is put into effect that does not say so, and of whose uses either
            bound may be left out; None for one that says all.
    """
    instance = given(element, "CouponInstance")
    left, most = instance.remaining_uses, instance.max_remaining_uses
    if now is not None:
        left, most = most if left is None else left, left if most is None else most
    values = _read_existing_values(instance.coupon_instance_existing_values, instance)
    return CouponInstance(
        instance_id=instance.id or None,
        customer_id=read_owner(instance.organization_id),
        definition_id=given(instance.coupon_definition_id, "CouponDefinitionID"),
        crm_id=instance.crm_id or None,
        book_id=instance.book_id or None,
        coupon_code=instance.coupon_code or None,
        target=InstanceTarget(instance.target or InstanceTarget.NONE),
        target_id=instance.target_id or None,
        initialised_at=given(instance.date_initialised or now, "DateInitialised"),
        valid_till=instance.valid_till,
        periods_valid_for=instance.periods_valid_for,
        total_periods=instance.total_periods,
        remaining_uses=left,
        max_remaining_uses=most,
        instance_discount_value=instance.instance_discount_value,
        existing_values=values,
    )


def _read_existing_values(
    elements: list[Any] | None, instance: Any = None
) -> tuple[ExistingValue, ...]:
    """Read existing values.

    Args:
        elements: The values.
        instance: The instance around them; None when there is none.
    """
    return tuple(
        _read_existing_value(element, f"CouponInstanceExistingValues[{place}]", instance)
        for place, element in enumerate(elements or [])
    )


def _read_existing_value(element: Any, where: str, instance: Any) -> ExistingValue:
    value = given(element, where)
    if instance is not None:
        require_same(f"{where}.OrganizationID", value.organization_id, instance.organization_id)
        require_same(f"{where}.CouponInstanceID", value.coupon_instance_id, instance.id)
    return ExistingValue(
        existing_value_id=value.id or None,
        component_id=given(value.logical_component_id, f"{where}.LogicalComponentID"),
        units=given(value.existing_value, f"{where}.ExistingValue"),
    )


def _write_instance(found: CouponInstance) -> SimpleNamespace:
    return SimpleNamespace(
        target_id=found.target_id,
        coupon_code=found.coupon_code,
        date_initialised=found.initialised_at,
        valid_till=found.valid_till,
        **trace_fields(found.trace),
        id=found.instance_id,
        crm_id=found.crm_id,
        organization_id=str(found.customer_id),
        book_id=found.book_id,
        coupon_definition_id=found.definition_id,
        target=found.target.value,
        periods_valid_for=found.periods_valid_for,
        total_periods=found.total_periods,
        remaining_uses=found.remaining_uses,
        instance_discount_value=found.instance_discount_value,
        max_remaining_uses=found.max_remaining_uses,
        coupon_instance_existing_values=[
            _write_existing_value(value, found) for value in found.existing_values
        ],
        used=found.used_count,
        discount_value=found.discount_value,
        removed_at=found.removed_at,
        retired_at=found.retired_at,
    )


def _write_existing_value(value: ExistingValue, instance: CouponInstance) -> SimpleNamespace:
    return SimpleNamespace(
        **trace_fields(value.trace),
        id=value.existing_value_id,
        organization_id=str(instance.customer_id),
        coupon_instance_id=instance.instance_id,
        logical_component_id=value.component_id,
        existing_value=value.units,
    )
