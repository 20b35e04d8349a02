"""The requests and responses of operations on coupons that discount bills."""

from service.soap.types.arrays import ArrayOfstring
from service.soap.types.bill_entities import (
    ArrayOfBillLine,
    Bill,
)
from service.soap.types.discount_entities import (
    ArrayOfCoupon,
    ArrayOfCouponBook,
    ArrayOfCouponBookDefinition,
    ArrayOfCouponDefinition,
    ArrayOfCouponInstance,
    ArrayOfCouponInstanceExistingValue,
    ArrayOfUnitCount,
    Coupon,
    CouponBook,
    CouponBookDefinition,
    CouponDefinition,
    CouponInstance,
    InstanceTarget,
    RuleSatisfaction,
)
from service.soap.types.management_entities import (
    ArrayOfSubscription,
    Paging,
)
from service.soap.types.messages import Signature
from service.soap.types.simple import (
    Boolean,
    NillableBoolean,
    NillableDateTime,
    NillableDecimal,
    NillableInt,
    NillableLong,
    String,
)

__all__ = ["DISCOUNT_OPERATIONS"]

DISCOUNT_OPERATIONS: dict[str, Signature] = {
    "AddCoupon": Signature({"Coupon": Coupon}, {"Coupon": Coupon}),
    "GetCoupon": Signature({"CouponCode": String}, {"Coupon": Coupon}),
    "GetCoupons": Signature(
        {"CustomerId": NillableLong, "IncludeRetired": NillableBoolean, "PageInfo": Paging},
        {"Coupons": ArrayOfCoupon, "HasMore": Boolean},
    ),
    "RetireCoupon": Signature({"CouponCode": String}, {"Coupon": Coupon}),
    "GenerateUniqueCodes": Signature(
        {
            "CouponCode": String,
            "Quantity": NillableInt,
            "Separator": String,
            "SuffixLength": NillableInt,
        },
        {"CouponCodes": ArrayOfstring},
    ),
    "GetAvailableCodes": Signature(
        {"CouponCode": String, "PageInfo": Paging},
        {"CouponCodes": ArrayOfstring, "HasMore": Boolean},
    ),
    "GetAppliedCoupons": Signature(
        {"CouponCode": String, "PageInfo": Paging}, {"Coupons": ArrayOfCoupon, "HasMore": Boolean}
    ),
    "GetCouponSubscriptions": Signature(
        {"CouponCode": String, "PageInfo": Paging},
        {"Subscriptions": ArrayOfSubscription, "HasMore": Boolean},
    ),
    "ApplyCouponToSubscription": Signature(
        {"SubscriptionReference": String, "CouponCode": String}, {"Coupon": Coupon}
    ),
    "GetSubscriptionCoupons": Signature(
        {"SubscriptionReference": String, "IncludeRemoved": NillableBoolean, "PageInfo": Paging},
        {"Coupons": ArrayOfCoupon, "HasMore": Boolean},
    ),
    "GetApplicableCoupons": Signature(
        {"SubscriptionReference": String, "PageInfo": Paging},
        {"Coupons": ArrayOfCoupon, "HasMore": Boolean},
    ),
    "RemoveCouponFromSubscription": Signature(
        {"SubscriptionReference": String, "CouponCode": String}, {"Coupon": Coupon}
    ),
    "AddCouponDefinition": Signature(
        {"CouponDefinition": CouponDefinition}, {"CouponDefinition": CouponDefinition}
    ),
    "UpdateCouponDefinition": Signature(
        {"CouponDefinition": CouponDefinition}, {"CouponDefinition": CouponDefinition}
    ),
    "GetCouponDefinition": Signature({"Id": String}, {"CouponDefinition": CouponDefinition}),
    "GetCouponDefinitions": Signature(
        {"CustomerId": NillableLong, "IncludeRetired": NillableBoolean, "PageInfo": Paging},
        {"CouponDefinitions": ArrayOfCouponDefinition, "HasMore": Boolean},
    ),
    "RetireCouponDefinition": Signature({"Id": String}, {"CouponDefinition": CouponDefinition}),
    "AddCouponBookDefinition": Signature(
        {"CouponBookDefinition": CouponBookDefinition},
        {"CouponBookDefinition": CouponBookDefinition},
    ),
    "UpdateCouponBookDefinition": Signature(
        {"CouponBookDefinition": CouponBookDefinition},
        {"CouponBookDefinition": CouponBookDefinition},
    ),
    "GetCouponBookDefinition": Signature(
        {"Id": String}, {"CouponBookDefinition": CouponBookDefinition}
    ),
    "GetCouponBookDefinitions": Signature(
        {
            "CustomerId": NillableLong,
            "CouponDefinitionID": String,
            "IncludeRetired": NillableBoolean,
            "PageInfo": Paging,
        },
        {"CouponBookDefinitions": ArrayOfCouponBookDefinition, "HasMore": Boolean},
    ),
    "RetireCouponBookDefinition": Signature(
        {"Id": String}, {"CouponBookDefinition": CouponBookDefinition}
    ),
    "AddCouponBook": Signature({"CouponBook": CouponBook}, {"CouponBook": CouponBook}),
    "UpdateCouponBook": Signature({"CouponBook": CouponBook}, {"CouponBook": CouponBook}),
    "GetCouponBook": Signature({"Id": String, "BookCode": String}, {"CouponBook": CouponBook}),
    "GetCouponBooks": Signature(
        {
            "CustomerId": NillableLong,
            "CouponBookDefinitionID": String,
            "IsAttachable": NillableBoolean,
            "HasCode": NillableBoolean,
            "IncludeRetired": NillableBoolean,
            "PageInfo": Paging,
        },
        {"CouponBooks": ArrayOfCouponBook, "HasMore": Boolean},
    ),
    "RetireCouponBook": Signature({"Id": String}, {"CouponBook": CouponBook}),
    "AddCouponInstance": Signature(
        {"CouponInstance": CouponInstance}, {"CouponInstance": CouponInstance}
    ),
    "UpdateCouponInstance": Signature(
        {"CouponInstance": CouponInstance}, {"CouponInstance": CouponInstance}
    ),
    "GetCouponInstance": Signature(
        {"Id": String, "CouponCode": String}, {"CouponInstance": CouponInstance}
    ),
    "GetCouponInstances": Signature(
        {
            "CustomerId": NillableLong,
            "CouponDefinitionID": String,
            "BookID": String,
            "Target": InstanceTarget,
            "TargetID": String,
            "IsAttachable": NillableBoolean,
            "HasCode": NillableBoolean,
            "IncludeRetired": NillableBoolean,
            "PageInfo": Paging,
        },
        {"CouponInstances": ArrayOfCouponInstance, "HasMore": Boolean},
    ),
    "RetireCouponInstance": Signature({"Id": String}, {"CouponInstance": CouponInstance}),
    "AttachCouponInstance": Signature(
        {
            "Id": String,
            "CouponCode": String,
            "BookCode": String,
            "Target": InstanceTarget,
            "TargetID": String,
            "InstanceDiscountValue": NillableDecimal,
            "CouponInstanceExistingValues": ArrayOfCouponInstanceExistingValue,
        },
        {"CouponInstance": CouponInstance},
    ),
    "CheckCouponRules": Signature(
        {
            "CouponDefinitionID": String,
            "AccountId": NillableLong,
            "SubscriptionReference": String,
            "CouponInstanceBeingInitialised": NillableBoolean,
            "Units": ArrayOfUnitCount,
        },
        {"RuleSatisfaction": RuleSatisfaction},
    ),
    "EstimateDiscounts": Signature(
        {
            "SubscriptionReference": String,
            "Currency": String,
            "Lines": ArrayOfBillLine,
            "BilledAt": NillableDateTime,
            "CouponCodes": ArrayOfstring,
            "IncludeAppliedCoupons": NillableBoolean,
        },
        {"Bill": Bill},
    ),
    "ApplyCouponsToBill": Signature(
        {
            "SubscriptionReference": String,
            "BillReference": String,
            "Currency": String,
            "Lines": ArrayOfBillLine,
            "BilledAt": NillableDateTime,
        },
        {"Bill": Bill},
    ),
    "RollbackBill": Signature(
        {"SubscriptionReference": String, "BillReference": String}, {"Bill": Bill}
    ),
    "GetBill": Signature(
        {"SubscriptionReference": String, "BillReference": String}, {"Bill": Bill}
    ),
}
"""What each of these operations takes and gives."""
