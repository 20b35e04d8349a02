"""The data types: coupons, searches, billing documents, billing groups, insertion orders."""

# mypy: disallow-subclassing-any=False

from spyne import ComplexModel

from service.soap.namespaces import ENTITIES
from service.soap.types.simple import (
    Boolean,
    DateTime,
    Double,
    Int,
    Long,
    NillableBase64Binary,
    NillableBoolean,
    NillableDateTime,
    NillableDecimal,
    NillableDouble,
    NillableInt,
    NillableLong,
    NillableUnsignedByte,
    String,
    array_of,
    enumeration,
    flags,
    left_out_when_unset,
)

# Coupons.


class CouponRedemption(ComplexModel):
    """Who redeemed a coupon, and what is left of it."""

    __namespace__ = ENTITIES
    AccountId = Long
    AccountNumber = String
    SpendToThreshold = Double
    Balance = Double
    CurrencyCode = String
    RedemptionDate = DateTime
    ExpirationDate = DateTime
    ActivationDate = NillableDateTime


class CouponClaimInfo(ComplexModel):
    """The account that a coupon is booked for."""

    __namespace__ = ENTITIES
    AccountId = Long
    AccountNumber = String
    ClaimDate = DateTime


class Coupon(ComplexModel):
    """A coupon with its terms."""

    __namespace__ = ENTITIES
    CouponCode = String
    ClassName = String
    CouponType = String
    Amount = Double
    SpendThreshold = Double
    CurrencyCode = String
    PercentOff = NillableDouble
    ActiveDuration = NillableInt
    ExpirationDate = NillableDateTime
    StartDate = NillableDateTime
    EndDate = NillableDateTime
    SendToEmail = String
    SendToDate = NillableDateTime
    IsRedeemed = Boolean
    RedemptionInfo = CouponRedemption
    ClaimInfo = left_out_when_unset(CouponClaimInfo)


ArrayOfCoupon = array_of(Coupon)


class CouponInfoData(ComplexModel):
    """A coupon as GetCouponInfo shows it."""

    __namespace__ = ENTITIES
    AccountId = Int
    CouponId = NillableInt
    ClaimDate = NillableDateTime
    Status = NillableUnsignedByte
    RedemptionDate = NillableDateTime
    ExpirationDate = NillableDateTime
    PercentOff = NillableDouble
    CouponValue = NillableDecimal
    UpfrontSpending = NillableDecimal
    ActiveDuration = NillableInt
    SpendToThreshold = NillableDecimal
    StartDate = NillableDateTime
    EndDate = NillableDateTime
    Balance = NillableDecimal
    CurrencyCode = String
    FeatureId = NillableInt
    CouponType = NillableUnsignedByte


ArrayOfCouponInfoData = array_of(CouponInfoData)

# Pairs.


class KeyValueEntityOflongstring(ComplexModel):
    """A number and a text."""

    __namespace__ = ENTITIES
    Key = Long
    Value = String


class KeyValueEntityOflongdateTime(ComplexModel):
    """A number and an instant."""

    __namespace__ = ENTITIES
    Key = Long
    Value = DateTime


ArrayOfKeyValueEntityOflongstring = array_of(KeyValueEntityOflongstring)
ArrayOfKeyValueEntityOflongdateTime = array_of(KeyValueEntityOflongdateTime)

# Searches.

PredicateOperator = enumeration(
    ENTITIES,
    "PredicateOperator",
    "Equals",
    "NotEquals",
    "Contains",
    "In",
    "GreaterThanEquals",
    "LessThanEquals",
    "StartsWith",
    "NotContains",
)
OrderByField = enumeration(
    ENTITIES,
    "OrderByField",
    "Id",
    "Name",
    "Number",
    "LifeCycleStatus",
    "CouponClassName",
    "CouponStartDate",
)
SortOrder = enumeration(ENTITIES, "SortOrder", "Ascending", "Descending")
AccountAdditionalField = flags(
    ENTITIES,
    "AccountAdditionalField",
    "TaxCertificate",
    "AccountMode",
    "CouponClaimInfo",
    "ParentCustomerNumber",
)


class Predicate(ComplexModel):
    """One condition of a search."""

    __namespace__ = ENTITIES
    Field = String
    Operator = PredicateOperator
    Value = String


class OrderBy(ComplexModel):
    """One ordering of a search."""

    __namespace__ = ENTITIES
    Field = OrderByField
    Order = SortOrder


class Paging(ComplexModel):
    """A page of a search."""

    __namespace__ = ENTITIES
    Index = Int
    Size = Int


ArrayOfPredicate = array_of(Predicate)
ArrayOfOrderBy = array_of(OrderBy)

# Billing documents.

DataType = enumeration(ENTITIES, "DataType", "Xml", "Pdf")


class BillingDocumentInfo(ComplexModel):
    """A billing document without its content."""

    __namespace__ = ENTITIES
    AccountId = Long
    AccountName = String
    AccountNumber = String
    Amount = Double
    CurrencyCode = String
    DocumentDate = NillableDateTime
    DocumentId = NillableLong
    CustomerId = NillableInt
    CampaignId = left_out_when_unset(NillableLong)
    DocumentNumber = left_out_when_unset(String)


class BillingDocument(ComplexModel):
    """A billing document."""

    __namespace__ = ENTITIES
    Data = NillableBase64Binary
    Id = Long
    Type = DataType
    Number = left_out_when_unset(String)


ArrayOfBillingDocumentInfo = array_of(BillingDocumentInfo)
ArrayOfBillingDocument = array_of(BillingDocument)

# Billing groups.


class BillingGroup(ComplexModel):
    """Accounts that are billed together."""

    __namespace__ = ENTITIES
    BillingGroupId = Long
    CustomerId = Long
    Name = String
    Description = String


class UngroupedAccount(ComplexModel):
    """An account in no billing group, and the groups it may join."""

    __namespace__ = ENTITIES
    AccountId = Long
    AccountNumber = String
    AccountName = String
    PotentialBillingGroups = ArrayOfKeyValueEntityOflongstring


ArrayOfBillingGroup = array_of(BillingGroup)
ArrayOfUngroupedAccount = array_of(UngroupedAccount)

# Insertion orders.

InsertionOrderStatus = enumeration(
    ENTITIES,
    "InsertionOrderStatus",
    "PendingUserReview",
    "Active",
    "Declined",
    "Expired",
    "Canceled",
    "NotStarted",
    "Exhausted",
    "Queued",
    nillable=True,
)
InsertionOrderPendingChangesStatus = enumeration(
    ENTITIES,
    "InsertionOrderPendingChangesStatus",
    "PendingUserReview",
    "ApproveChanges",
    "DeclineChanges",
    "CancelChanges",
    nillable=True,
)
InsertionOrderAdditionalField = flags(
    ENTITIES, "InsertionOrderAdditionalField", "None", "UnlimitedAndEndlessFlags"
)


class InsertionOrderPendingChanges(ComplexModel):
    """What is about to change in an insertion order."""

    __namespace__ = ENTITIES
    Comment = String
    EndDate = NillableDateTime
    RequestedByUserId = NillableInt
    ModifiedDateTime = NillableDateTime
    NotificationThreshold = NillableDouble
    ReferenceId = NillableLong
    SpendCapAmount = NillableDouble
    StartDate = NillableDateTime
    Name = String
    PurchaseOrder = String
    ChangeStatus = InsertionOrderPendingChangesStatus


class InsertionOrder(ComplexModel):
    """An agreement on what an account may spend."""

    __namespace__ = ENTITIES
    AccountId = Long
    BookingCountryCode = String
    Comment = String
    EndDate = NillableDateTime
    Id = NillableLong
    LastModifiedByUserId = NillableLong
    LastModifiedTime = NillableDateTime
    NotificationThreshold = NillableDouble
    ReferenceId = NillableLong
    SpendCapAmount = NillableDouble
    StartDate = NillableDateTime
    Name = String
    Status = InsertionOrderStatus
    PurchaseOrder = String
    PendingChanges = InsertionOrderPendingChanges
    AccountNumber = String
    BudgetRemaining = NillableDouble
    BudgetSpent = NillableDouble
    BudgetRemainingPercent = NillableDouble
    BudgetSpentPercent = NillableDouble
    SeriesName = String
    IsInSeries = NillableBoolean
    SeriesFrequencyType = String
    IsUnlimited = left_out_when_unset(NillableBoolean)
    IsEndless = left_out_when_unset(NillableBoolean)


ArrayOfInsertionOrder = array_of(InsertionOrder)
