"""Books and their kinds: which there can be, and of which sizes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.coupon_books import BookDefinition, CouponBook
from service.domain.definitions import UNITS_MAX, LifeState, Period
from service.domain.discount_errors import BOOK_SIZE_INVALID, DISCOUNT_INVALID, STATE_INVALID
from service.domain.money import AMOUNT_MAX
from service.domain.refusals import ServiceError
from tests.programme import START

TICK = timedelta(microseconds=1)


def kind(**changes: Any) -> BookDefinition:
    """Books of 100, 110, 120, 130, 140 and 150."""
    values = {
        "customer_id": 1,
        "definition_id": "CDF-1",
        "name": "Bundle",
        "minimum": 100,
        "maximum": 150,
        "step": 10,
        "valid_from": START,
    }
    return BookDefinition(**{**values, **changes})


def book(**changes: Any) -> CouponBook:
    values = {
        "customer_id": 1,
        "book_definition_id": "CBD-1",
        "name": "Spring",
        "max_remaining_coupons": 100,
        "remaining_coupons": 100,
        "maximum_coupon_uses": 1,
    }
    return CouponBook(**{**values, **changes})


def sizes(of: BookDefinition) -> list[int]:
    found = []
    for size in range(200):
        try:
            of.require_size(size)
        except ServiceError:
            continue
        found.append(size)
    return found


@pytest.mark.parametrize(
    ("minimum", "maximum", "step", "expected"),
    [
        (100, 150, 10, [100, 110, 120, 130, 140, 150]),
        (100, 159, 10, [100, 110, 120, 130, 140, 150]),
        (7, 16, 5, [7, 12]),
        (5, 5, 1, [5]),
        (5, 6, 99, [5]),
    ],
)
def test_sizes_go_from_the_minimum_in_steps_to_the_maximum(
    minimum: int, maximum: int, step: int, expected: list[int]
) -> None:
    of = kind(minimum=minimum, maximum=maximum, step=step)
    of.require_valid()
    assert sizes(of) == expected


def test_a_size_that_there_is_not_is_told_those_that_there_are() -> None:
    with pytest.raises(ServiceError) as refused:
        kind().require_size(105)
    expected = "105 is none of 100, then 10 more each, up to 150"
    assert (refused.value.row, refused.value.details) == (BOOK_SIZE_INVALID, expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"minimum": 1, "maximum": UNITS_MAX, "step": UNITS_MAX},
        {"valid_till": START},
        {"instance_duration": 0, "instance_duration_period": Period.YEARS},
    ],
)
def test_kinds_may_be_like_this(changes: dict[str, Any]) -> None:
    kind(**changes).require_valid()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"minimum": 0}, "Minimum must be 1 to 2147483647"),
        (
            {"minimum": UNITS_MAX + 1, "maximum": UNITS_MAX + 1},
            "Minimum must be 1 to 2147483647",
        ),
        ({"maximum": 99}, "Maximum must be Minimum (100) to 2147483647"),
        ({"maximum": UNITS_MAX + 1}, "Maximum must be Minimum (100) to 2147483647"),
        ({"step": 0}, "Step must be 1 to 2147483647"),
        ({"step": UNITS_MAX + 1}, "Step must be 1 to 2147483647"),
        (
            {"valid_till": START - TICK},
            "DefinitionValidTill must not be before DefinitionValidFrom",
        ),
        (
            {"instance_duration_period": Period.PERIODS},
            "InstanceDurationPeriod of a book is no periods",
        ),
        ({"instance_duration": -1}, "InstanceDuration must be 0 to 2147483647"),
        ({"instance_duration": UNITS_MAX + 1}, "InstanceDuration must be 0 to 2147483647"),
        ({"name": ""}, "Name is needed"),
        ({"book_definition_id": ""}, "Id is needed"),
        ({"crm_id": "x" * 256}, "CrmID has at most 255 characters"),
    ],
)
def test_a_kind_that_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        kind(**changes).require_valid()
    assert (refused.value.row, refused.value.details) == (DISCOUNT_INVALID, reason)


def test_a_kind_is_used_in_production_and_in_its_window() -> None:
    kind(valid_till=START).require_usable(START)
    for refused in (kind(state=LifeState.DELETED), kind(valid_from=START + TICK)):
        with pytest.raises(ServiceError, match="book definition Bundle is") as told:
            refused.require_usable(START)
        assert told.value.row == STATE_INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"cost": Decimal("0.000001")},
        {"cost": AMOUNT_MAX},
        {"remaining_coupons": 0},
        {"max_remaining_coupons": 0, "remaining_coupons": 0},
        {"maximum_coupon_uses": UNITS_MAX},
    ],
)
def test_books_may_be_like_this(changes: dict[str, Any]) -> None:
    book(**changes).require_valid()


COST_BOUND = "Cost must be 0 to 999999999999.999999 with at most 6 decimals"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cost": Decimal("-0.01")}, COST_BOUND),
        ({"cost": AMOUNT_MAX + 1}, COST_BOUND),
        ({"cost": Decimal("0.0000001")}, COST_BOUND),
        ({"cost": Decimal("NaN")}, COST_BOUND),
        ({"remaining_coupons": -1}, "RemainingCoupons must be 0 to MaxRemainingCoupons (100)"),
        ({"remaining_coupons": 101}, "RemainingCoupons must be 0 to MaxRemainingCoupons (100)"),
        ({"maximum_coupon_uses": 0}, "MaximumCouponUses must be 1 to 2147483647"),
        ({"maximum_coupon_uses": UNITS_MAX + 1}, "MaximumCouponUses must be 1 to 2147483647"),
        ({"name": ""}, "Name is needed"),
        ({"book_id": " "}, "Id is needed"),
        ({"crm_id": "x" * 256}, "CrmID has at most 255 characters"),
    ],
)
def test_a_book_that_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        book(**changes).require_valid()
    assert (refused.value.row, refused.value.details) == (DISCOUNT_INVALID, reason)
