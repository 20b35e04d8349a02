"""The data types of bills and of what coupons take off them."""

# mypy: disallow-subclassing-any=False

from spyne import ComplexModel

from service.soap.namespaces import MANAGEMENT_ENTITIES
from service.soap.types.discount_entities import (
    ModifierDomain,
    ModifierOperand,
)
from service.soap.types.simple import (
    DateTime,
    Decimal,
    Int,
    NillableDateTime,
    NillableDecimal,
    NillableInt,
    String,
    array_of,
)

__all__ = [
    "ArrayOfBillLine",
    "ArrayOfBilledLine",
    "ArrayOfCouponDiscountEstimate",
    "ArrayOfCouponDraw",
    "ArrayOfCouponLeftOut",
    "ArrayOfPriceTier",
    "ArrayOfUnitDiscount",
    "Bill",
    "BillLine",
    "BilledLine",
    "CouponDiscountEstimate",
    "CouponDraw",
    "CouponLeftOut",
    "PriceTier",
    "UnitDiscount",
]


class PriceTier(ComplexModel):
    """A price that holds for the units of a line up to one of them."""

    __namespace__ = MANAGEMENT_ENTITIES
    UpTo = NillableInt
    UnitPrice = NillableDecimal
    TierID = String


ArrayOfPriceTier = array_of(PriceTier)


class BillLine(ComplexModel):
    """What is charged for a pricing component, before any discount."""

    __namespace__ = MANAGEMENT_ENTITIES
    PricingComponentID = String
    PricingComponentName = String
    UnitOfMeasure = String
    Units = NillableInt
    UnitPrice = NillableDecimal
    Tiers = ArrayOfPriceTier
    Cost = NillableDecimal


ArrayOfBillLine = array_of(BillLine)


class BilledLine(ComplexModel):
    """What a line comes to."""

    __namespace__ = MANAGEMENT_ENTITIES
    PricingComponentID = String
    Cost = Decimal
    Discount = Decimal
    NetCost = Decimal


ArrayOfBilledLine = array_of(BilledLine)


class UnitDiscount(ComplexModel):
    """Neighbouring units of one price that a discount looks at."""

    __namespace__ = MANAGEMENT_ENTITIES
    UnitValue = Int
    TierID = String
    UnalteredValue = Decimal
    DiscountValue = Decimal
    PricingComponentID = String
    FirstUnit = Int
    LastUnit = Int
    UnitPrice = Decimal


ArrayOfUnitDiscount = array_of(UnitDiscount)


class CouponDiscountEstimate(ComplexModel):
    """What one modifier of one coupon takes off a bill, and why."""

    __namespace__ = MANAGEMENT_ENTITIES
    UnalteredValue = Decimal
    DiscountValue = Decimal
    AffectedSpecifierCount = Int
    DiscountStartValue = NillableInt
    DiscountEndValue = NillableInt
    UnitDiscounts = ArrayOfUnitDiscount
    CouponInstanceID = String
    CouponCode = String
    CouponDefinitionName = String
    Domain = ModifierDomain
    Specifier = String
    Operand = ModifierOperand
    EffectAmount = Decimal
    AskedValue = Decimal
    Calculation = String


ArrayOfCouponDiscountEstimate = array_of(CouponDiscountEstimate)


class CouponDraw(ComplexModel):
    """What a redeemed coupon of the account paid of what discounts left."""

    __namespace__ = MANAGEMENT_ENTITIES
    CouponCode = String
    Amount = Decimal
    Calculation = String


ArrayOfCouponDraw = array_of(CouponDraw)


class CouponLeftOut(ComplexModel):
    """A coupon that had no part in a bill, and why."""

    __namespace__ = MANAGEMENT_ENTITIES
    CouponInstanceID = String
    CouponCode = String
    Reason = String


ArrayOfCouponLeftOut = array_of(CouponLeftOut)


class Bill(ComplexModel):
    """A bill with all that coupons did to it."""

    __namespace__ = MANAGEMENT_ENTITIES
    BillReference = String
    SubscriptionReference = String
    Currency = String
    BilledAt = DateTime
    Cost = Decimal
    Discount = Decimal
    Drawn = Decimal
    Due = Decimal
    Lines = ArrayOfBilledLine
    Discounts = ArrayOfCouponDiscountEstimate
    Draws = ArrayOfCouponDraw
    LeftOut = ArrayOfCouponLeftOut
    RolledBackAt = NillableDateTime
