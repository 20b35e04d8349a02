"""Coupon instances: which there can be, which are stock, and when they have their effect."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.coupon_instances import CouponInstance, ExistingValue, InstanceTarget
from service.domain.definitions import UNITS_MAX
from service.domain.discount_errors import DISCOUNT_INVALID
from service.domain.money import AMOUNT_MAX
from service.domain.refusals import ServiceError
from tests.programme import START

TICK = timedelta(microseconds=1)
LATER = START + timedelta(days=1)
STOCK = {"target": InstanceTarget.NONE, "target_id": None}


def instance(**changes: Any) -> CouponInstance:
    """Attached to a subscription at the start, with 3 uses."""
    values = {
        "customer_id": 1,
        "definition_id": "CDF-1",
        "target": InstanceTarget.SUBSCRIPTION,
        "target_id": "SUB-1",
        "initialised_at": START,
        "max_remaining_uses": 3,
        "remaining_uses": 3,
    }
    return CouponInstance(**{**values, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        STOCK,
        {"target": InstanceTarget.ACCOUNT, "target_id": "1001"},
        {"max_remaining_uses": None, "remaining_uses": None},
        {"remaining_uses": 0},
        {"max_remaining_uses": UNITS_MAX},
        {"instance_discount_value": Decimal(0)},
        {"instance_discount_value": AMOUNT_MAX},
        {"periods_valid_for": 0, "total_periods": UNITS_MAX},
        {
            "existing_values": (
                ExistingValue(component_id="a", units=0),
                ExistingValue(component_id="b", units=UNITS_MAX),
            )
        },
    ],
)
def test_instances_may_be_like_this(changes: dict[str, Any]) -> None:
    instance(**changes).require_valid()


TARGET_NEEDED = "TargetID is needed for a Target, and for none there is none"
OWN_BOUND = "InstanceDiscountValue must be 0 to 999999999999.999999 with at most 6 decimals"


def values(*units: int, component: str = "a") -> dict[str, Any]:
    found = (ExistingValue(component_id=component, units=count) for count in units)
    return {"existing_values": tuple(found)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"target_id": None}, TARGET_NEEDED),
        ({"target_id": ""}, TARGET_NEEDED),
        ({"target": InstanceTarget.NONE}, TARGET_NEEDED),
        ({"max_remaining_uses": -1}, "MaxRemainingUses: 0 to 2147483647"),
        ({"max_remaining_uses": UNITS_MAX + 1}, "MaxRemainingUses: 0 to 2147483647"),
        ({"remaining_uses": 4}, "RemainingUses must be 0 to MaxRemainingUses (3)"),
        ({"remaining_uses": -1}, "RemainingUses must be 0 to MaxRemainingUses (3)"),
        ({"remaining_uses": None}, "RemainingUses must be 0 to MaxRemainingUses (3)"),
        ({"max_remaining_uses": None}, "RemainingUses must be 0 to MaxRemainingUses (None)"),
        ({"instance_discount_value": Decimal("NaN")}, OWN_BOUND),
        ({"instance_discount_value": Decimal("-1")}, OWN_BOUND),
        ({"instance_discount_value": AMOUNT_MAX + 1}, OWN_BOUND),
        ({"instance_discount_value": Decimal("0.0000001")}, OWN_BOUND),
        ({"periods_valid_for": -1}, "PeriodsValidFor must be 0 to 2147483647"),
        ({"total_periods": UNITS_MAX + 1}, "TotalPeriods must be 0 to 2147483647"),
        (values(1, 2), "CouponInstanceExistingValues has a LogicalComponentID twice"),
        (values(-1), "ExistingValue must be 0 to 2147483647"),
        (values(UNITS_MAX + 1), "ExistingValue must be 0 to 2147483647"),
        (values(1, component=""), "LogicalComponentID is needed"),
        ({"instance_id": ""}, "Id is needed"),
        ({"crm_id": "x" * 256}, "CrmID has at most 255 characters"),
    ],
)
def test_an_instance_that_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        instance(**changes).require_valid()
    assert (refused.value.row, refused.value.details) == (DISCOUNT_INVALID, reason)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (STOCK, True),
        ({**STOCK, "max_remaining_uses": None, "remaining_uses": None}, True),
        ({**STOCK, "remaining_uses": 0}, False),
        ({**STOCK, "retired_at": START}, False),
        ({}, False),
    ],
)
def test_stock_with_uses_left_can_be_attached(changes: dict[str, Any], expected: bool) -> None:
    assert instance(**changes).is_attachable is expected


@pytest.mark.parametrize(
    ("changes", "instant", "expected"),
    [
        ({}, START, True),
        ({}, START - TICK, False),
        ({}, LATER, True),
        ({"target": InstanceTarget.ACCOUNT}, START, True),
        (STOCK, START, False),
        ({"remaining_uses": 1}, START, True),
        ({"remaining_uses": 0}, START, False),
        ({"remaining_uses": None}, START, True),
        ({"valid_till": LATER}, LATER, True),
        ({"valid_till": LATER}, LATER + TICK, False),
        ({"removed_at": LATER}, LATER - TICK, True),
        ({"removed_at": LATER}, LATER, False),
        ({"retired_at": LATER}, LATER - TICK, True),
        ({"retired_at": LATER}, LATER, False),
        ({"valid_till": LATER + TICK, "removed_at": LATER}, LATER, False),
    ],
)
def test_an_instance_has_its_effect_from_when_it_was_attached_until_it_ends(
    changes: dict[str, Any], instant: datetime, expected: bool
) -> None:
    assert instance(**changes).is_in_effect_at(instant) is expected
