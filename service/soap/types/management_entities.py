"""The data types of the coupon management service."""

# mypy: disallow-subclassing-any=False

from spyne import ComplexModel

from service.soap.namespaces import MANAGEMENT_ENTITIES
from service.soap.types.arrays import ArrayOfstring
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
    "ArrayOfCouponAttribute",
    "ArrayOfCouponClass",
    "ArrayOfCouponCreationJob",
    "ArrayOfCouponDeletionJob",
    "ArrayOfCustomer",
    "ArrayOfLineError",
    "ArrayOfPersonalCoupon",
    "ArrayOfPredicate",
    "ArrayOfSpendLine",
    "ArrayOfSubscription",
    "ArrayOfUser",
    "CodeGeneratorSettings",
    "CouponAttribute",
    "CouponClass",
    "CouponCreationJob",
    "CouponDeletionFilters",
    "CouponDeletionJob",
    "CouponTerms",
    "CouponType",
    "CouponValidity",
    "Customer",
    "JobStatus",
    "LineError",
    "NewCouponCreationJob",
    "Paging",
    "PersonalCoupon",
    "Predicate",
    "PredicateOperator",
    "Role",
    "Spend",
    "SpendLine",
    "Subscription",
    "User",
]

CouponType = enumeration(MANAGEMENT_ENTITIES, "CouponType", "Acquisition", "Retention")
Role = enumeration(MANAGEMENT_ENTITIES, "Role", "SuperAdmin", "Standard", "ReadOnly", "Operator")
JobStatus = enumeration(
    MANAGEMENT_ENTITIES,
    "JobStatus",
    "pending verification",
    "not_ready",
    "pending",
    "completed",
    "failed",
    "coupon pattern full",
    "cancelled",
)
PredicateOperator = enumeration(
    MANAGEMENT_ENTITIES,
    "PredicateOperator",
    "Equals",
    "GreaterThanEquals",
    "LessThan",
)
CouponValidity = enumeration(
    MANAGEMENT_ENTITIES,
    "CouponValidity",
    "expired",
    "validNow",
    "validFuture",
    nillable=True,
)


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


class CodeGeneratorSettings(ComplexModel):
    """What codes are made of."""

    __namespace__ = MANAGEMENT_ENTITIES
    ValidCharacters = ArrayOfstring
    CouponPattern = String


class CouponAttribute(ComplexModel):
    """What the operator notes about coupons."""

    __namespace__ = MANAGEMENT_ENTITIES
    Name = String
    Value = String


ArrayOfCouponAttribute = array_of(CouponAttribute)


class NewCouponCreationJob(ComplexModel):
    """Coupons to be made by a job."""

    __namespace__ = MANAGEMENT_ENTITIES
    # A member called Attributes would hide a class of Spyne's.
    _type_info = (
        ("CustomerId", NillableLong),
        ("ClassName", String),
        ("NumberOfCoupons", NillableInt),
        ("UsageLimit", NillableInt),
        ("DiscountLimit", NillableDecimal),
        ("ReservationLimit", NillableInt),
        ("StartDate", NillableDateTime),
        ("ExpiryDate", NillableDateTime),
        ("CouponSettings", CodeGeneratorSettings),
        ("Attributes", ArrayOfCouponAttribute),
        ("IsReservationMandatory", NillableBoolean),
    )


class CouponCreationJob(ComplexModel):
    """A job that makes coupons, as far as it has come."""

    __namespace__ = MANAGEMENT_ENTITIES
    # A member called Attributes would hide a class of Spyne's.
    _type_info = (
        ("Id", Long),
        ("Created", DateTime),
        ("CampaignId", Long),
        ("ApplicationId", Long),
        ("AccountId", Long),
        ("UsageLimit", Int),
        ("DiscountLimit", NillableDecimal),
        ("ReservationLimit", NillableInt),
        ("StartDate", NillableDateTime),
        ("ExpiryDate", NillableDateTime),
        ("NumberOfCoupons", Int),
        ("CouponSettings", CodeGeneratorSettings),
        ("Attributes", ArrayOfCouponAttribute),
        ("IsReservationMandatory", Boolean),
        ("BatchId", Long),
        ("Status", JobStatus),
        ("CreatedAmount", Int),
        ("FailCount", Int),
        ("Errors", ArrayOfstring),
        ("CreatedBy", Long),
        ("Communicated", Boolean),
        ("ChunkExecutionCount", Int),
        ("ChunkSize", Int),
        ("ClassName", String),
        ("CancelRequestedAt", NillableDateTime),
        ("EndedAt", NillableDateTime),
        ("Density", Decimal),
        ("IsGuessable", Boolean),
    )


ArrayOfCouponCreationJob = array_of(CouponCreationJob)


class Predicate(ComplexModel):
    """One condition of a search."""

    __namespace__ = MANAGEMENT_ENTITIES
    Field = String
    Operator = PredicateOperator
    Value = String


ArrayOfPredicate = array_of(Predicate)


class PersonalCoupon(ComplexModel):
    """A coupon that was made for an account, which has claimed it."""

    __namespace__ = MANAGEMENT_ENTITIES
    AccountId = Long
    CouponCode = String


ArrayOfPersonalCoupon = array_of(PersonalCoupon)


class LineError(ComplexModel):
    """Why a line of CSV brought no coupon."""

    __namespace__ = MANAGEMENT_ENTITIES
    Line = Int
    Value = String
    Reason = String


ArrayOfLineError = array_of(LineError)


class CouponDeletionFilters(ComplexModel):
    """Which coupons are deleted: those that pass every filter that is given."""

    __namespace__ = MANAGEMENT_ENTITIES
    CreatedBefore = NillableDateTime
    CreatedAfter = NillableDateTime
    StartsBefore = NillableDateTime
    StartsAfter = NillableDateTime
    ExpiresBefore = NillableDateTime
    ExpiresAfter = NillableDateTime
    Valid = CouponValidity
    Usable = NillableBoolean
    Value = String
    ExactMatch = NillableBoolean
    BatchId = NillableLong
    RecipientAccountId = NillableLong


class CouponDeletionJob(ComplexModel):
    """A job that deletes coupons, as far as it has come."""

    __namespace__ = MANAGEMENT_ENTITIES
    Id = Long
    Created = DateTime
    CampaignId = NillableLong
    ApplicationId = Long
    AccountId = Long
    Filters = CouponDeletionFilters
    Status = JobStatus
    DeletedAmount = Int
    FailCount = Int
    Errors = ArrayOfstring
    CreatedBy = Long
    Communicated = Boolean
    ChunkExecutionCount = Int
    ClassName = String
    EndedAt = NillableDateTime


ArrayOfCouponDeletionJob = array_of(CouponDeletionJob)
