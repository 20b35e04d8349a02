"""What tests of discounts over the wire share: objects as clients send them, and a subscription."""

from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import uuid4

from service.operations.subscriptions import add_subscription
from tests.clients.callers import Caller
from tests.clients.conftest import Customer
from tests.programme import Programme

Fields = dict[str, Any]

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
END = datetime(2046, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
NOBODYS = {"Created": END, "ChangedBy": "nobody", "Updated": END}
"""What only the service says; clients that send it anyway are not believed."""


def unused(prefix: str) -> str:
    """A code or an identifier that nothing has."""
    return f"{prefix}{uuid4().hex[:10].upper()}"


def subscribe(programme: Programme, customer: Customer, **changes: str) -> str:
    """The reference of a new subscription of the customer's account, to CRM by the month."""
    reference = unused("order ")
    plan = {"product_id": "crm", "rate_plan_id": "monthly", **changes}
    add_subscription(programme.call(), customer.account_id, reference, **plan)
    return reference


def coupon(customer: Customer, *discounts: Fields, **changes: Any) -> Fields:
    """A simple coupon with these discounts, as few fields as can be."""
    least = {
        "Name": "Summer",
        "CouponCode": unused("SUMMER"),
        "Currency": "USD",
        "OrganizationID": str(customer.customer_id),
        "Discounts": {"CouponDiscount": list(discounts)},
    }
    return {**least, **changes}


def definition(customer: Customer, *modifiers: Fields, **changes: Any) -> Fields:
    """A definition with these modifiers, as few fields as can be."""
    least = {
        "Name": "Loyalty",
        "Currency": "USD",
        "OrganizationID": str(customer.customer_id),
        "Modifiers": {"CouponModifier": list(modifiers)},
    }
    return {**least, **changes}


def added(caller: Caller, kind: str, new: Fields) -> Any:
    """What is answered when an object is added."""
    return caller.call(f"Add{kind}", **{kind: new})


def check(found: Any, expected: Mapping[str, Any], where: str = "") -> None:
    """Every field is as expected, at any depth; others are not looked at."""
    for name, value in expected.items():
        seen, here = getattr(found, name), f"{where}.{name}"
        if isinstance(value, Mapping):
            check(seen, value, here)
        elif isinstance(value, list):
            assert len(seen) == len(value), here
            for place, item in enumerate(value):
                check(seen[place], item, f"{here}[{place}]")
        else:
            assert seen == value, here


def without_nobodys(sent: Any) -> Any:
    """What a client sent, at any depth, without what only the service says."""
    if isinstance(sent, Mapping):
        kept = {name: value for name, value in sent.items() if name not in NOBODYS}
        return {name: without_nobodys(value) for name, value in kept.items()}
    return [without_nobodys(item) for item in sent] if isinstance(sent, list) else sent


def bill(reference: str, *lines: Fields, currency: str = "USD") -> Fields:
    """A bill of a subscription with these lines."""
    return {
        "SubscriptionReference": reference,
        "Currency": currency,
        "Lines": {"BillLine": list(lines)},
    }


def line(component: str, cost: str) -> Fields:
    """A line that is charged as a whole."""
    return {"PricingComponentID": component, "Cost": Decimal(cost)}


def units(component: str, count: int, unit_price: str) -> Fields:
    """A line whose units all cost the same."""
    return {"PricingComponentID": component, "Units": count, "UnitPrice": Decimal(unit_price)}
