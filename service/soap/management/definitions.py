"""Definitions of coupon instances: added, changed, shown, retired; and their rules, checked."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from types import SimpleNamespace
from typing import Any

from service.domain.search import Paging
from service.operations import coupon_rules, definitions
from service.operations.calls import Call
from service.soap.declaration import ContractService
from service.soap.management.definition_elements import (
    read_definition,
    write_definition,
    write_rule_satisfaction,
)
from service.soap.management.discount_elements import read_decision, read_wanted_page
from service.soap.management.elements import given, operation

__all__ = ["DefinitionOperations"]


class DefinitionOperations(ContractService):
    """What an operator does with definitions."""

    @operation(changes=True)
    def AddCouponDefinition(call: Call, coupon_definition: Any) -> SimpleNamespace:
        """Add a definition."""
        new = read_definition(coupon_definition, call.now)
        return write_definition(definitions.add_definition(call, new))

    @operation(changes=True)
    def UpdateCouponDefinition(call: Call, coupon_definition: Any) -> SimpleNamespace:
        """Change a definition."""
        changed = read_definition(coupon_definition)
        return write_definition(definitions.update_definition(call, changed))

    @operation()
    def GetCouponDefinition(call: Call, id_: str | None) -> SimpleNamespace:
        """Show a definition."""
        return write_definition(definitions.get_definition(call, given(id_, "Id")))

    @operation()
    def GetCouponDefinitions(
        call: Call,
        customer_id: int | None,
        include_retired: bool | None,
        page_info: Paging | None,
    ) -> tuple[list[SimpleNamespace], bool]:
        """Show a page of the definitions of a customer."""
        page = definitions.list_definitions(
            call,
            given(customer_id, "CustomerId"),
            read_wanted_page(page_info),
            includes_retired=read_decision(include_retired, default=True),
        )
        return [write_definition(found) for found in page.items], page.has_more

    @operation(changes=True)
    def RetireCouponDefinition(call: Call, id_: str | None) -> SimpleNamespace:
        """Retire a definition."""
        return write_definition(definitions.retire_definition(call, given(id_, "Id")))

    @operation()
    def CheckCouponRules(
        call: Call,
        coupon_definition_id: str | None,
        account_id: int | None,
        subscription_reference: str | None,
        coupon_instance_being_initialised: bool | None,
        units: list[Any] | None,
    ) -> SimpleNamespace:
        """Tell whether the rules of a definition are satisfied."""
        definition_id = given(coupon_definition_id, "CouponDefinitionID")
        found = coupon_rules.check_coupon_rules(
            call,
            definition_id,
            given(account_id, "AccountId"),
            subscription_reference or None,
            is_initialisation=read_decision(coupon_instance_being_initialised, default=True),
            units=_read_units(units),
        )
        definition = definitions.get_definition(call, definition_id)
        return write_rule_satisfaction(found, definition)


def _read_units(elements: list[Any] | None) -> dict[str, int]:
    """Units by their unit of measure; those of one that comes twice are added up."""
    counts: dict[str, int] = {}
    for place, element in enumerate(elements or []):
        where = f"Units[{place}]"
        name = given(given(element, where).unit_of_measure, f"{where}.UnitOfMeasure")
        counts[name] = counts.get(name, 0) + given(element.units, f"{where}.Units")
    return counts
