"""What a discount of a bill says of its units."""

from decimal import Decimal

from service.domain.definitions import ModifierDomain, Operand
from service.domain.discounted_bills import BilledDiscount, DiscountedUnits


def units(first: int, last: int, unit_price: str, component: str = "users") -> DiscountedUnits:
    return DiscountedUnits(
        component_id=component, first=first, last=last, unit_price=Decimal(unit_price)
    )


def discount(amount: str, *looked_at: DiscountedUnits) -> BilledDiscount:
    return BilledDiscount(
        instance_id="CIN-1",
        coupon_code=None,
        definition_name="Loyalty",
        domain=ModifierDomain.PRODUCT,
        component_id=None,
        operand=Operand.FIXED,
        size=Decimal(amount),
        base=sum((it.cost for it in looked_at), Decimal(0)),
        asked=Decimal(amount),
        amount=Decimal(amount),
        units=looked_at,
        explanation="",
    )


def test_units_have_a_count_and_a_cost() -> None:
    assert (units(3, 5, "0.125").count, units(3, 5, "0.125").cost) == (3, Decimal("0.375"))


def test_the_range_of_units_is_that_of_one_component() -> None:
    assert discount("1", units(3, 5, "1"), units(1, 2, "9")).unit_range == (1, 5)
    assert discount("1", units(1, 2, "1"), units(1, 2, "1", "phones")).unit_range == (None, None)
    assert discount("1").unit_range == (None, None)


def test_units_share_the_discount_by_what_they_cost() -> None:
    tiers = (units(1, 2, "9"), units(3, 5, "5"))
    assert discount("33", *tiers).unit_shares("USD") == [18, 15]
    assert discount("0.10", *tiers).unit_shares("USD") == [Decimal("0.06"), Decimal("0.04")]
    assert discount("1", *tiers).unit_shares("JPY") == [1, 0]
    assert discount("0", *tiers).unit_shares("USD") == [0, 0]
    assert discount("7").unit_shares("USD") == []
