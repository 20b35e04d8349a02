"""Simple coupons: which there can be, what becomes of their discounts, and whom they are for."""

import re
from decimal import Decimal
from typing import Any

import pytest

from service.domain.definitions import UNITS_MAX, Effect, ModifierDomain, Operand
from service.domain.discount_errors import (
    COUPON_RETIRED,
    DISCOUNT_INVALID,
    PARENT_CODE_NOT_REDEEMABLE,
    RATE_PLAN_MISMATCH,
)
from service.domain.error_rows import ErrorRow
from service.domain.errors import CURRENCY_MISMATCH
from service.domain.parent_coupons import (
    CouponDiscount,
    LimitScope,
    ParentCoupon,
    Scope,
    discount_of,
    suffix_pattern,
)
from service.domain.programmes import Subscription
from service.domain.refusals import ServiceError
from tests.programme import START

HALF = CouponDiscount(percentage=Decimal(50))
SUBSCRIPTION = Subscription(
    subscription_id=1,
    account_id=1001,
    reference="SUB-1",
    product_id="PRD-1",
    rate_plan_id="PRP-1",
    currency_code="USD",
    created_at=START,
    ended_at=None,
)


def coupon(**changes: Any) -> ParentCoupon:
    values = {
        "customer_id": 1,
        "coupon_code": "SPRING",
        "name": "Spring",
        "discounts": (HALF,),
        "currency_code": "USD",
    }
    return ParentCoupon(**{**values, **changes})


# --- Discounts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        (HALF, (Decimal(50), Operand.PERCENT, Effect.ALL, None)),
        (CouponDiscount(cash=Decimal(7)), (Decimal(7), Operand.FIXED, Effect.ALL, None)),
        (
            CouponDiscount(units_free=5, pricing_component="users"),
            (Decimal(100), Operand.PERCENT, Effect.FIRST_UNITS, 5),
        ),
    ],
)
def test_a_discount_becomes_a_modifier(discount: CouponDiscount, expected: tuple[Any, ...]) -> None:
    found = discount.as_modifier()
    assert (found.effect_amount, found.operand, found.effect, found.specifier_amount) == expected
    assert not found.is_additional
    assert found.precedence == 0


@pytest.mark.parametrize(
    ("component", "domain", "specifier"),
    [
        (None, ModifierDomain.PRODUCT, None),
        ("", ModifierDomain.PRODUCT, None),
        ("users", ModifierDomain.PRICING_COMPONENT, "users"),
    ],
)
def test_a_discount_without_component_is_for_the_whole_bill(
    component: str | None, domain: ModifierDomain, specifier: str | None
) -> None:
    found = CouponDiscount(cash=Decimal(7), pricing_component=component).as_modifier()
    assert (found.domain, found.specifier) == (domain, specifier)


@pytest.mark.parametrize(
    "kind", [{"units_free": 5}, {"percentage": Decimal(0)}, {"cash": Decimal(0)}]
)
def test_a_modifier_tells_the_discount_that_it_came_of(kind: dict[str, Any]) -> None:
    discount = CouponDiscount(pricing_component="users", unit_of_measure="seats", **kind)
    modifier = discount.as_modifier()
    modifier.require_valid("Modifiers[0]")
    assert discount_of(modifier) == discount


@pytest.mark.parametrize(
    ("kind", "currency"),
    [
        ({"percentage": Decimal(100)}, "USD"),
        ({"percentage": Decimal("33.333333")}, "USD"),
        ({"cash": Decimal("0.01")}, "USD"),
        ({"cash": Decimal("0.001")}, "KWD"),
        ({"cash": Decimal("0.000001")}, None),
        ({"units_free": 0, "pricing_component": "users"}, "USD"),
        ({"units_free": UNITS_MAX, "pricing_component": "users"}, "USD"),
    ],
)
def test_discounts_may_be_like_this(kind: dict[str, Any], currency: str | None) -> None:
    CouponDiscount(**kind).require_valid("Discounts[0]", currency)


ONE_KIND = " must have one of CashDiscount, PercentageDiscount and UnitsFree"
PERCENT_BOUND = ".PercentageDiscount must be 0 to 100, at most 6 decimals"
CASH_BOUND = ".CashDiscount must be a multiple of 0.01, 0 to 999999999999.999999"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ({}, ONE_KIND),
        ({"cash": Decimal(1), "percentage": Decimal(1)}, ONE_KIND),
        ({"cash": Decimal(0), "units_free": 0}, ONE_KIND),
        ({"percentage": Decimal("100.000001")}, PERCENT_BOUND),
        ({"percentage": Decimal(-1)}, PERCENT_BOUND),
        ({"percentage": Decimal("0.0000001")}, PERCENT_BOUND),
        ({"percentage": Decimal("NaN")}, PERCENT_BOUND),
        ({"cash": Decimal("0.001")}, CASH_BOUND),
        ({"cash": Decimal("-0.01")}, CASH_BOUND),
        ({"cash": Decimal(10) ** 12}, CASH_BOUND),
        ({"cash": Decimal("NaN")}, CASH_BOUND),
        ({"units_free": 1}, ".UnitsFree needs a PricingComponent"),
        ({"units_free": -1, "pricing_component": "a"}, ".UnitsFree: 0 to 2147483647"),
        ({"units_free": 2**31, "pricing_component": "a"}, ".UnitsFree: 0 to 2147483647"),
        (
            {"cash": Decimal(1), "pricing_component": "x" * 256},
            ".PricingComponent has at most 255 characters",
        ),
        (
            {"cash": Decimal(1), "unit_of_measure": "x" * 256},
            ".UnitOfMeasureName has at most 255 characters",
        ),
    ],
)
def test_a_discount_that_cannot_be_is_refused(kind: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        coupon(discounts=(HALF, CouponDiscount(**kind))).require_valid()
    assert (refused.value.row, refused.value.details) == (
        DISCOUNT_INVALID,
        f"Discounts[1]{reason}",
    )


# --- Coupons ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"currency_code": None, "scope": Scope(rate_plan="Gold")},
        {"currency_code": None, "scope": Scope(rate_plan_id="PRP-1")},
        {"currency_code": None, "scope": Scope(rate_plan_name="Gold")},
        {"coupons_max": 1, "uses_max": 2**31 - 1},
        {"discounts": (HALF,) * 100},
    ],
)
def test_coupons_may_be_like_this(changes: dict[str, Any]) -> None:
    coupon(**changes).require_valid()


CURRENCY_NEEDED = "Currency is needed unless a ProductRatePlan is named"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": ""}, "Name is needed"),
        ({"currency_code": "XXX"}, "Currency 'XXX' is unknown"),
        ({"currency_code": None}, CURRENCY_NEEDED),
        ({"currency_code": None, "scope": Scope(product="Cloud")}, CURRENCY_NEEDED),
        ({"coupons_max": 0}, "Coupons must be 1 to 2147483647, or left out for no bound"),
        ({"coupons_max": 2**31}, "Coupons must be 1 to 2147483647, or left out for no bound"),
        ({"uses_max": 0}, "Uses must be 1 to 2147483647, or left out for no bound"),
        ({"uses_max": 2**31}, "Uses must be 1 to 2147483647, or left out for no bound"),
        ({"discounts": ()}, "Discounts has 1 to 100 items"),
        ({"discounts": (HALF,) * 101}, "Discounts has 1 to 100 items"),
        ({"scope": Scope(product_id="")}, "product_id is needed"),
    ],
)
def test_a_coupon_that_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        coupon(**changes).require_valid()
    assert (refused.value.row, refused.value.details) == (DISCOUNT_INVALID, reason)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), True),
        (Scope(product="PRD-1"), True),
        (Scope(product="Cloud", product_id="PRD-1", product_name="Cloud"), True),
        (Scope(product="PRD-2"), False),
        (Scope(product="PRP-1"), False),
        (Scope(product_name="PRD-1", rate_plan_name="PRP-1"), True),
        (Scope(product="PRD-1", rate_plan="PRP-2"), False),
        (Scope(product="PRD-2", rate_plan="PRP-1"), False),
        (Scope(rate_plan_id="PRP-1"), True),
    ],
)
def test_a_scope_names_a_product_or_rate_plan_in_any_way(scope: Scope, expected: bool) -> None:
    assert scope.includes("PRD-1", "PRP-1") is expected


@pytest.mark.parametrize(("limit_scope", "claims"), [(LimitScope.COUPON, 1), (LimitScope.CODE, 9)])
def test_a_unique_code_has_one_claim_or_as_many_as_the_coupon(
    limit_scope: LimitScope, claims: int
) -> None:
    assert coupon(coupons_max=9, limit_scope=limit_scope).code_claims_max == claims


# --- Whom they are for ------------------------------------------------------------------------

REFUSALS = {
    "retired_at": (START, COUPON_RETIRED, "coupon SPRING"),
    "is_redeemable": (False, PARENT_CODE_NOT_REDEEMABLE, "coupon SPRING"),
    "currency_code": ("EUR", CURRENCY_MISMATCH, "the coupon is in EUR, the subscription in USD"),
    "scope": (Scope(product="X"), RATE_PLAN_MISMATCH, "the subscription is to PRD-1, PRP-1"),
}


@pytest.mark.parametrize("place", range(len(REFUSALS)))
def test_a_claim_is_refused_for_the_first_reason(place: int) -> None:
    """All reasons from this one on hold at once."""
    rest = list(REFUSALS.items())[place:]
    changes = {name: value for name, (value, _, _) in rest}
    row: ErrorRow = rest[0][1][1]
    with pytest.raises(ServiceError) as refused:
        coupon(**changes).require_claimable(SUBSCRIPTION, by_parent_code=True)
    assert (refused.value.row, refused.value.details) == (row, rest[0][1][2])


@pytest.mark.parametrize(
    ("changes", "by_parent_code"),
    [
        ({}, True),
        ({"is_redeemable": False}, False),
        ({"currency_code": None}, True),
        ({"scope": Scope(product="PRD-1", rate_plan="PRP-1")}, True),
    ],
)
def test_a_subscription_that_the_coupon_is_for_may_claim_it(
    changes: dict[str, Any], by_parent_code: bool
) -> None:
    coupon(**changes).require_claimable(SUBSCRIPTION, by_parent_code=by_parent_code)


# --- Unique codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes_count", "length", "places"),
    [
        (1, 4, 4),
        (36**4 // 2, 4, 4),
        (36**4 // 2 + 1, 4, 5),
        (36**5 // 2 + 1, 4, 6),
        (18, 1, 1),
        (19, 1, 2),
        (1, 32, 32),
    ],
)
def test_suffixes_grow_when_they_would_be_more_than_half_used(
    codes_count: int, length: int, places: int
) -> None:
    assert suffix_pattern("SPRING", codes_count, "-", length).places == places


@pytest.mark.parametrize(
    ("separator", "shape"), [("-", "SPRING-[A-Z0-9]{4}"), ("", "SPRING[A-Z0-9]{4}")]
)
def test_unique_codes_begin_with_the_parent_code(separator: str, shape: str) -> None:
    codes = suffix_pattern("SPRING", 100, separator, 4).draw(100)
    assert all(re.fullmatch(shape, code) for code in codes)
    # That one of the 36 is missing among 4,000 drawn has a chance of 10^-47.
    drawn = set("".join(suffix_pattern("", 1, "", 4).draw(1_000)))
    assert len(drawn) == 36
