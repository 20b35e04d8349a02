"""What tests of CouponManagementService share."""

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.callers import Caller, RefusedError
from tests.clients.conftest import Customer

TERMS = {
    "CouponType": "Retention",
    "CurrencyCode": "USD",
    "Amount": Decimal("12.50"),
    "SpendThreshold": Decimal(100),
    "ActiveDuration": 30,
    "StartDate": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "EndDate": datetime(2046, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
}


def add_class(caller: Caller, customer: Customer, name: str = "Spring", **terms: Any) -> int:
    new = {"CustomerId": customer.customer_id, "Name": name, "Terms": {**TERMS, **terms}}
    return int(caller.call("AddCouponClass", CouponClass=new))


def refusal(caller: Caller, operation: str, **arguments: Any) -> RefusedError:
    with pytest.raises(RefusedError) as fault:
        caller.call_all(operation, **arguments)
    return fault.value
