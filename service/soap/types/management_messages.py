"""The requests and responses of the coupon management service."""

from service.soap.types.arrays import (
    ArrayOflong,
    ArrayOfstring,
)
from service.soap.types.discount_messages import DISCOUNT_OPERATIONS
from service.soap.types.management_entities import (
    ArrayOfAccount,
    ArrayOfCouponAttribute,
    ArrayOfCouponClass,
    ArrayOfCouponCreationJob,
    ArrayOfCouponDeletionJob,
    ArrayOfCustomer,
    ArrayOfLineError,
    ArrayOfPersonalCoupon,
    ArrayOfPredicate,
    ArrayOfSubscription,
    ArrayOfUser,
    CouponClass,
    CouponCreationJob,
    CouponDeletionFilters,
    CouponDeletionJob,
    CouponTerms,
    CouponType,
    NewCouponCreationJob,
    Paging,
    Role,
    Spend,
    Subscription,
)
from service.soap.types.messages import Signature
from service.soap.types.simple import (
    Boolean,
    Decimal,
    Int,
    Long,
    NillableBoolean,
    NillableDateTime,
    NillableDecimal,
    NillableInt,
    NillableLong,
    String,
)

__all__ = ["MANAGEMENT_OPERATIONS"]

MANAGEMENT_OPERATIONS: dict[str, Signature] = {
    "AddCouponClass": Signature({"CouponClass": CouponClass}, {"ClassId": Long}),
    "GetCouponClass": Signature(
        {"CustomerId": NillableLong, "ClassName": String}, {"CouponClass": CouponClass}
    ),
    "GetCouponClasses": Signature(
        {"CustomerId": NillableLong}, {"CouponClasses": ArrayOfCouponClass}
    ),
    "SearchCouponClasses": Signature(
        {
            "CustomerId": NillableLong,
            "Name": String,
            "CouponType": CouponType,
            "FeatureId": NillableInt,
            "IsRetired": NillableBoolean,
            "PageInfo": Paging,
        },
        {"CouponClasses": ArrayOfCouponClass, "HasMore": Boolean},
    ),
    "UpdateCouponClass": Signature(
        {"CustomerId": NillableLong, "ClassName": String, "Terms": CouponTerms},
        {"CouponClass": CouponClass},
    ),
    "RetireCouponClass": Signature(
        {"CustomerId": NillableLong, "ClassName": String}, {"CouponClass": CouponClass}
    ),
    "MintCoupons": Signature(
        {
            "CustomerId": NillableLong,
            "ClassName": String,
            "CouponsCount": NillableInt,
            "CodePattern": String,
            "CodeAlphabet": String,
            "ReturnCodes": NillableBoolean,
        },
        {
            "BatchId": Long,
            "CreatedCount": Int,
            "Status": String,
            "Density": Decimal,
            "Codes": ArrayOfstring,
        },
    ),
    "GetPatternCapacity": Signature(
        {"CodePattern": String, "CodeAlphabet": String, "CouponsCount": NillableInt},
        {"Capacity": Decimal, "Density": Decimal, "IsGuessable": Boolean},
    ),
    "CreateCouponsForRecipients": Signature(
        {
            "CustomerId": NillableLong,
            "ClassName": String,
            "AccountIds": ArrayOflong,
            "CodePattern": String,
            "CodeAlphabet": String,
            "Attributes": ArrayOfCouponAttribute,
        },
        {"BatchId": Long, "Coupons": ArrayOfPersonalCoupon},
    ),
    "UpdateCoupons": Signature(
        {
            "CustomerId": NillableLong,
            "CouponCode": String,
            "BatchId": NillableLong,
            "Terms": CouponTerms,
        },
        {"UpdatedCount": Int},
    ),
    "ImportCoupons": Signature(
        {
            "CustomerId": NillableLong,
            "ClassName": String,
            "Csv": String,
            "SkipDuplicates": NillableBoolean,
        },
        {
            "BatchId": NillableLong,
            "LinesCount": Int,
            "CreatedCount": Int,
            "SkippedCount": Int,
            "UsedCount": Int,
            "ErrorsCount": Int,
            "Errors": ArrayOfLineError,
            "PassedOverColumns": ArrayOfstring,
        },
    ),
    "ExportCoupons": Signature(
        {
            "CustomerId": NillableLong,
            "ClassName": String,
            "BatchId": NillableLong,
            "CodesOnly": NillableBoolean,
            "PageInfo": Paging,
        },
        {"Csv": String, "HasMore": Boolean},
    ),
    "CreateCouponCreationJob": Signature({"Job": NewCouponCreationJob}, {"Job": CouponCreationJob}),
    "GetCouponCreationJobs": Signature(
        {
            "JobId": NillableLong,
            "BatchId": NillableLong,
            "Predicates": ArrayOfPredicate,
            "PageInfo": Paging,
        },
        {"Jobs": ArrayOfCouponCreationJob},
    ),
    "CancelCouponCreationJob": Signature({"JobId": NillableLong}, {"Job": CouponCreationJob}),
    "RetryCouponCreationJob": Signature({"JobId": NillableLong}, {"Job": CouponCreationJob}),
    "CreateCouponDeletionJob": Signature(
        {"CustomerId": NillableLong, "ClassName": String, "Filters": CouponDeletionFilters},
        {"Job": CouponDeletionJob},
    ),
    "GetCouponDeletionJobs": Signature(
        {
            "JobId": NillableLong,
            "BatchId": NillableLong,
            "Predicates": ArrayOfPredicate,
            "PageInfo": Paging,
        },
        {"Jobs": ArrayOfCouponDeletionJob},
    ),
    "RecordSpend": Signature(
        {
            "AccountId": NillableLong,
            "Amount": NillableDecimal,
            "Reference": String,
            "SpentAt": NillableDateTime,
        },
        {"Spend": Spend},
    ),
    "ReverseSpend": Signature({"AccountId": NillableLong, "Reference": String}, {"Spend": Spend}),
    "AddCustomer": Signature({"Name": String}, {"CustomerId": Long}),
    "GetCustomers": Signature({}, {"Customers": ArrayOfCustomer}),
    "AddAccount": Signature(
        {"CustomerId": NillableLong, "Number": String, "CurrencyCode": String, "Email": String},
        {"AccountId": Long},
    ),
    "GetAccounts": Signature({"CustomerId": NillableLong}, {"Accounts": ArrayOfAccount}),
    "AddSubscription": Signature(
        {
            "AccountId": NillableLong,
            "Reference": String,
            "ProductId": String,
            "RatePlanId": String,
            "CurrencyCode": String,
        },
        {"SubscriptionId": Long},
    ),
    "GetSubscriptions": Signature(
        {"AccountId": NillableLong}, {"Subscriptions": ArrayOfSubscription}
    ),
    "EndSubscription": Signature({"Reference": String}, {"Subscription": Subscription}),
    "AddUser": Signature(
        {"Name": String, "Role": Role, "CustomerId": NillableLong, "Email": String},
        {"UserId": Long},
    ),
    "SetUserEmail": Signature({"Name": String, "Email": String}, {"UserId": Long}),
    "GetUsers": Signature({}, {"Users": ArrayOfUser}),
    "DisableUser": Signature({"Name": String}, {"UserId": Long}),
    **DISCOUNT_OPERATIONS,
}
"""What each operation of the coupon management service takes and gives."""
