"""The requests and responses of the contract: what each operation takes and gives."""

from typing import NamedTuple

from service.soap.types.arrays import ArrayOfint, ArrayOflong, ArrayOfstring
from service.soap.types.entities import (
    AccountAdditionalField,
    ArrayOfBillingDocument,
    ArrayOfBillingDocumentInfo,
    ArrayOfBillingGroup,
    ArrayOfCoupon,
    ArrayOfCouponInfoData,
    ArrayOfInsertionOrder,
    ArrayOfKeyValueEntityOflongdateTime,
    ArrayOfKeyValueEntityOflongstring,
    ArrayOfOrderBy,
    ArrayOfPredicate,
    ArrayOfUngroupedAccount,
    DataType,
    InsertionOrder,
    InsertionOrderAdditionalField,
    Paging,
)
from service.soap.types.exception import (
    ArrayOfArrayOfOperationError,
    ArrayOfBatchError,
    ArrayOfOperationError,
)
from service.soap.types.simple import (
    Boolean,
    DateTime,
    Double,
    Int,
    Long,
    NillableBoolean,
    NillableDateTime,
    NillableInt,
    SpyneType,
    String,
)

__all__ = ["OPERATIONS", "Signature"]


class Signature(NamedTuple):
    """The elements of an operation's two messages, by name, in the order of the wire."""

    takes: dict[str, SpyneType]
    gives: dict[str, SpyneType]


OPERATIONS: dict[str, Signature] = {
    "GetBillingDocumentsInfo": Signature(
        {
            "AccountIds": ArrayOflong,
            "StartDate": DateTime,
            "EndDate": NillableDateTime,
            "ReturnInvoiceNumber": NillableBoolean,
        },
        {"BillingDocumentsInfo": ArrayOfBillingDocumentInfo},
    ),
    "GetBillingDocuments": Signature(
        {"BillingDocumentsInfo": ArrayOfBillingDocumentInfo, "Type": DataType},
        {"BillingDocuments": ArrayOfBillingDocument},
    ),
    "AddInsertionOrder": Signature(
        {"InsertionOrder": InsertionOrder},
        {"InsertionOrderId": Long, "CreateTime": DateTime},
    ),
    "UpdateInsertionOrder": Signature(
        {"InsertionOrder": InsertionOrder},
        {"LastModifiedTime": DateTime},
    ),
    "SearchInsertionOrders": Signature(
        {
            "Predicates": ArrayOfPredicate,
            "Ordering": ArrayOfOrderBy,
            "PageInfo": Paging,
            "ReturnAdditionalFields": InsertionOrderAdditionalField,
        },
        {"InsertionOrders": ArrayOfInsertionOrder},
    ),
    "GetAccountMonthlySpend": Signature(
        {"AccountId": Long, "MonthYear": DateTime},
        {"Amount": Double},
    ),
    "DispatchCoupons": Signature(
        {"SendToEmails": ArrayOfstring, "CustomerId": Long, "CouponClassName": String},
        {"PartialErrors": ArrayOfBatchError},
    ),
    "RedeemCoupon": Signature(
        {"AccountId": Long, "CouponCode": String},
        {"RedemptionDate": DateTime},
    ),
    "SearchCoupons": Signature(
        {
            "Predicates": ArrayOfPredicate,
            "Ordering": ArrayOfOrderBy,
            "PageInfo": Paging,
            "ReturnAdditionalFields": AccountAdditionalField,
        },
        {"Coupons": ArrayOfCoupon},
    ),
    "CheckFeatureAdoptionCouponEligibility": Signature(
        {"FeatureId": Int, "AccountIds": ArrayOflong},
        {"EligibleAccountIds": ArrayOflong},
    ),
    "ClaimFeatureAdoptionCoupons": Signature(
        {"AccountCouponPairs": ArrayOfKeyValueEntityOflongstring},
        {
            "ClaimedDateByAccountId": ArrayOfKeyValueEntityOflongdateTime,
            "OperationErrors": ArrayOfOperationError,
            "PartialErrors": ArrayOfArrayOfOperationError,
        },
    ),
    "GetCouponInfo": Signature(
        {"CustomerId": Long},
        {"CouponInfoData": ArrayOfCouponInfoData},
    ),
    "DistributeCoupons": Signature(
        {
            "AccountIds": ArrayOfint,
            "ClassName": String,
            "FeatureId": NillableInt,
            "SendNotification": Boolean,
        },
        {
            "OperationErrors": ArrayOfOperationError,
            "PartialErrors": ArrayOfArrayOfOperationError,
        },
    ),
    "GetBillingGroups": Signature(
        {"CustomerId": Long},
        {"BillingGroups": ArrayOfBillingGroup},
    ),
    "GetUngroupedAccounts": Signature(
        {"CustomerId": Long},
        {"UngroupedAccounts": ArrayOfUngroupedAccount},
    ),
    "UpdateBillingGroupAccounts": Signature(
        {"CustomerId": Long, "BillingGroupId": Long, "AccountsToAdd": ArrayOflong},
        {"PartialErrors": ArrayOfArrayOfOperationError},
    ),
}
