"""The data types of the coupon management service."""

# mypy: disallow-subclassing-any=False

from spyne import ComplexModel

from service.soap.namespaces import MANAGEMENT_ENTITIES
from service.soap.types.simple import (
    Boolean,
    DateTime,
    Decimal,
    Int,
    Long,
    NillableBoolean,
    NillableDateTime,
    NillableDecimal,
    NillableInt,
    NillableLong,
    String,
    array_of,
    enumeration,
)

__all__ = [
    "Account",
    "ArrayOfAccount",
    "ArrayOfCouponClass",
    "ArrayOfCustomer",
    "ArrayOfSpendLine",
    "ArrayOfSubscription",
    "ArrayOfUser",
    "CouponClass",
    "CouponTerms",
    "CouponType",
    "Customer",
    "Paging",
    "Role",
    "Spend",
    "SpendLine",
    "Subscription",
    "User",
]

CouponType = enumeration(MANAGEMENT_ENTITIES, "CouponType", "Acquisition", "Retention")
Role = enumeration(MANAGEMENT_ENTITIES, "Role", "SuperAdmin", "Standard", "ReadOnly", "Operator")


class CouponTerms(ComplexModel):
    """What coupons are worth, to whom, and when."""

    __namespace__ = MANAGEMENT_ENTITIES
    CouponType = CouponType
    CurrencyCode = String
    Amount = NillableDecimal
    PercentOff = NillableDecimal
    SpendThreshold = NillableDecimal
    ActiveDuration = NillableInt
    StartDate = NillableDateTime
    EndDate = NillableDateTime
    ExpirationDate = NillableDateTime
    IsReservationMandatory = NillableBoolean


class CouponClass(ComplexModel):
    """What coupons are minted from, owned by one customer."""

    __namespace__ = MANAGEMENT_ENTITIES
    ClassId = NillableLong
    CustomerId = Long
    Name = String
    Terms = CouponTerms
    FeatureId = NillableInt
    CodePattern = String
    CodeAlphabet = String
    Language = String
    CouponsCount = NillableInt
    RetiredAt = NillableDateTime


ArrayOfCouponClass = array_of(CouponClass)


class Customer(ComplexModel):
    """Who owns coupon classes, and whom accounts bill to."""

    __namespace__ = MANAGEMENT_ENTITIES
    CustomerId = Long
    Name = String
    CreatedAt = DateTime


ArrayOfCustomer = array_of(Customer)


class Account(ComplexModel):
    """Who redeems coupons."""

    __namespace__ = MANAGEMENT_ENTITIES
    AccountId = Long
    CustomerId = Long
    Number = String
    CurrencyCode = String
    Email = String


ArrayOfAccount = array_of(Account)


class User(ComplexModel):
    """A role of a user; a user comes once for each of its roles."""

    __namespace__ = MANAGEMENT_ENTITIES
    UserId = Long
    Name = String
    Role = Role
    CustomerId = NillableLong
    HasPassword = Boolean
    CreatedAt = DateTime
    DisabledAt = NillableDateTime
    Email = String


ArrayOfUser = array_of(User)


class SpendLine(ComplexModel):
    """What a spend did to a coupon."""

    __namespace__ = MANAGEMENT_ENTITIES
    CouponCode = String
    TowardsThreshold = Decimal
    Drawn = Decimal
    IsActivation = Boolean


ArrayOfSpendLine = array_of(SpendLine)


class Spend(ComplexModel):
    """What an account spent, and what that did to its coupons."""

    __namespace__ = MANAGEMENT_ENTITIES
    AccountId = Long
    Reference = String
    Amount = Decimal
    SpentAt = DateTime
    RecordedAt = DateTime
    ReversedAt = NillableDateTime
    Lines = ArrayOfSpendLine


class Paging(ComplexModel):
    """A page of a result."""

    __namespace__ = MANAGEMENT_ENTITIES
    Index = Int
    Size = Int


class Subscription(ComplexModel):
    """What an account has subscribed to."""

    __namespace__ = MANAGEMENT_ENTITIES
    SubscriptionId = Long
    AccountId = Long
    Reference = String
    ProductId = String
    RatePlanId = String
    CurrencyCode = String
    CreatedAt = DateTime
    EndedAt = NillableDateTime


ArrayOfSubscription = array_of(Subscription)
