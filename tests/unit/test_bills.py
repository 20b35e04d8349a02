"""What bills charge for, and which lines none can have."""

from decimal import Decimal
from typing import Any

import pytest

from service.domain.bills import (
    LINES_MAX,
    TIERS_MAX,
    UNITS_MAX,
    BillLine,
    Tier,
    UnitRange,
    require_valid_lines,
)
from service.domain.discount_errors import BILL_INVALID
from service.domain.money import AMOUNT_MAX
from service.domain.refusals import ServiceError


def line(**changes: Any) -> BillLine:
    """A line of 12 units at 5.00, unless told otherwise."""
    values = {"component_id": "users", "units": 12, "tiers": (Tier(None, Decimal(5)),)}
    return BillLine(**{**values, **changes})


def tiers(*prices: tuple[int | None, str]) -> tuple[Tier, ...]:
    return tuple(Tier(up_to, Decimal(price)) for up_to, price in prices)


def charge(cost: str) -> BillLine:
    return line(units=None, tiers=(), given_cost=Decimal(cost))


def test_a_range_counts_both_its_ends() -> None:
    units = UnitRange(4, 6, Decimal("2.5"), "gold")
    assert (units.count, units.cost) == (3, Decimal("7.5"))
    assert units.part(5, 6) == UnitRange(5, 6, Decimal("2.5"), "gold")


@pytest.mark.parametrize(
    ("units", "prices", "expected"),
    [
        (12, [(None, "5")], [(1, 12, "5")]),
        (12, [(12, "5")], [(1, 12, "5")]),
        (0, [(None, "5")], []),
        (1, [(None, "5")], [(1, 1, "5")]),
        (3, [(4, "5"), (None, "1")], [(1, 3, "5")]),
        (4, [(4, "5"), (None, "1")], [(1, 4, "5")]),
        (5, [(4, "5"), (None, "1")], [(1, 4, "5"), (5, 5, "1")]),
        (9, [(1, "5"), (8, "0"), (20, "3")], [(1, 1, "5"), (2, 8, "0"), (9, 9, "3")]),
    ],
)
def test_tiers_price_the_units_from_the_first_on(
    units: int, prices: list[tuple[int | None, str]], expected: list[tuple[int, int, str]]
) -> None:
    found = line(units=units, tiers=tiers(*prices)).ranges()
    assert [(it.first, it.last, str(it.unit_price)) for it in found] == expected


def test_a_line_without_units_has_no_ranges() -> None:
    assert list(charge("5").ranges()) == []
    assert list(line(units=None).ranges()) == []


@pytest.mark.parametrize(
    ("changes", "currency", "expected"),
    [
        ({}, "USD", "60.00"),
        ({"given_cost": Decimal(60)}, "USD", "60.00"),
        ({"tiers": tiers((4, "5"), (None, "1"))}, "USD", "28.00"),
        ({"units": 3, "tiers": tiers((None, "0.335"))}, "USD", "1.01"),  # 1.005, rounded once
        ({"units": 3, "tiers": tiers((None, "0.3333"))}, "JPY", "1"),
        ({"units": 3, "tiers": tiers((None, "0.3335"))}, "KWD", "1.001"),
        ({"units": 0}, "USD", "0.00"),
        ({"units": UNITS_MAX, "tiers": tiers((None, "0.123456789012"))}, "USD", "265121435.51"),
    ],
)
def test_a_line_costs_its_units_or_what_is_given(
    changes: dict[str, Any], currency: str, expected: str
) -> None:
    assert str(line(**changes).cost_in(currency)) == expected


def test_a_given_cost_is_rounded() -> None:
    assert str(charge("0.005").cost_in("USD")) == "0.01"
    assert str(charge(f"{AMOUNT_MAX}").cost_in("CLF")) == "1000000000000.0000"


def test_the_most_units_at_the_longest_price_are_exact() -> None:
    many = line(units=UNITS_MAX, tiers=tiers((None, "997956541934.341019129073")))
    # It is ...300.998449769231. Of 28 digits, as many as Python keeps, it would be rounded up.
    assert str(many.cost_in("CLF")) == "2143095354220667086300.9984"


@pytest.mark.parametrize(
    ("component", "is_named"),
    [("users", True), ("Users", True), ("USERS", False), ("", False), (None, False)],
)
def test_a_line_is_called_by_identifier_or_name(component: str | None, is_named: bool) -> None:
    assert line(component_name="Users").is_of(component) is is_named


def test_a_line_without_name_is_not_that_of_no_component() -> None:
    assert not line().is_of(None)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"units": UNITS_MAX, "tiers": tiers((None, "0"))},
        {"units": 0, "tiers": tiers((1, "5"))},
        {"units": 12, "tiers": tiers((12, "5"))},
        {"units": 12, "tiers": tiers((1, "5"), (2, "5"), (12, "5"))},
        {"tiers": tiers(*((up_to, "1") for up_to in range(1, TIERS_MAX + 1)))},
        {"units": 1, "tiers": tiers((None, "0.000000000001"))},
        {"units": 1, "tiers": tiers((None, "999999999999.994999"))},
        {"units": 0, "tiers": tiers((None, "999999999999.999999"))},
        {"given_cost": Decimal(60)},
        {"given_cost": Decimal("60.004")},
        {"units": None, "tiers": (), "given_cost": Decimal(0)},
        {"units": None, "tiers": (), "given_cost": Decimal("999999999999.99")},
    ],
)
def test_lines_may_be_like_this(changes: dict[str, Any]) -> None:
    require_valid_lines((line(**changes),), "USD")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"component_id": ""}, "Lines[0].PricingComponentID is needed"),
        ({"given_cost": Decimal("NaN")}, "Lines[0].Cost must be 0 to 999999999999.999999"),
        ({"given_cost": Decimal("Infinity")}, "Lines[0].Cost must be 0 to 999999999999.999999"),
        ({"given_cost": Decimal("-0.01")}, "Lines[0].Cost must be 0 to 999999999999.999999"),
        ({"given_cost": AMOUNT_MAX * 2}, "Lines[0].Cost must be 0 to 999999999999.999999"),
        ({"given_cost": Decimal("60.01")}, "Lines[0].Cost is 60.01, its Units cost 60.00"),
        ({"given_cost": Decimal("59.994")}, "Lines[0].Cost is 59.994, its Units cost 60.00"),
        ({"units": -1}, "Lines[0].Units: 0 to 2147483647"),
        ({"units": UNITS_MAX + 1}, "Lines[0].Units: 0 to 2147483647"),
        ({"units": None}, "Lines[0] has Units and prices, or neither"),
        ({"tiers": ()}, "Lines[0] has Units and prices, or neither"),
        ({"units": None, "tiers": ()}, "Lines[0] needs Cost, or Units and prices"),
        (
            {"tiers": tiers(*((up_to, "1") for up_to in range(1, TIERS_MAX + 2)))},
            "Lines[0] has at most 100 Tiers",
        ),
        (
            {"tiers": tiers((None, "-1"))},
            "Lines[0].Tiers[0].UnitPrice must be 0 to 999999999999.999999, at most 12 decimals",
        ),
        (
            {"tiers": tiers((1, "1"), (None, "0.0000000000001"))},
            "Lines[0].Tiers[1].UnitPrice must be 0 to 999999999999.999999, at most 12 decimals",
        ),
        (
            {"tiers": tiers((None, "NaN"))},
            "Lines[0].Tiers[0].UnitPrice must be 0 to 999999999999.999999, at most 12 decimals",
        ),
        (
            {"tiers": tiers((None, "1000000000000"))},
            "Lines[0].Tiers[0].UnitPrice must be 0 to 999999999999.999999, at most 12 decimals",
        ),
        (
            {"tiers": tiers((None, "1"), (None, "1"))},
            "Lines[0].Tiers[0].UpTo is needed before the last tier",
        ),
        ({"tiers": tiers((0, "1"), (None, "1"))}, "Lines[0].Tiers[0].UpTo is not above 0"),
        ({"tiers": tiers((5, "1"), (5, "1"))}, "Lines[0].Tiers[1].UpTo is not above 5"),
        ({"tiers": tiers((5, "1"), (11, "1"))}, "Lines[0].Tiers end at unit 11"),
        (
            {"units": None, "tiers": (), "given_cost": AMOUNT_MAX},  # in whole cents
            "all Lines together cost more than 999999999999.999999",
        ),
        (
            {"units": UNITS_MAX, "tiers": tiers((None, "1000"))},
            "all Lines together cost more than 999999999999.999999",
        ),
    ],
)
def test_lines_that_cannot_be_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        require_valid_lines((line(**changes),), "USD")
    assert (refused.value.row, refused.value.details) == (BILL_INVALID, reason)


def test_a_refusal_names_the_place_of_the_line() -> None:
    with pytest.raises(ServiceError, match=r"Lines\[1\]\.PricingComponentID is needed"):
        require_valid_lines((line(), line(component_id="")), "USD")


@pytest.mark.parametrize("count", [0, LINES_MAX + 1])
def test_a_bill_has_lines_but_not_too_many(count: int) -> None:
    with pytest.raises(ServiceError, match="a bill has 1 to 1000 Lines"):
        require_valid_lines((charge("1"),) * count, "USD")


def test_a_bill_may_have_the_most_lines() -> None:
    require_valid_lines((charge("1"),) * LINES_MAX, "USD")


def test_all_lines_together_are_bounded() -> None:
    half = charge("500000000000")
    require_valid_lines((half, charge("499999999999.99")), "USD")
    with pytest.raises(ServiceError, match="all Lines together"):
        require_valid_lines((half, half), "USD")
