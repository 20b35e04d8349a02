"""CustomerBillingService: the operations of the contract, named as on the wire."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NoReturn

from spyne.service import ServiceMeta

from service.domain.coupon_info import CouponInfo
from service.domain.coupons import Coupon
from service.domain.errors import OPERATION_NOT_SUPPORTED
from service.domain.refusals import AccountError, BatchError, ServiceError
from service.domain.search import OrderBy, Paging, Predicate, SearchRequest
from service.operations.calls import Call
from service.operations.check_eligibility import check_eligibility
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.get_account_monthly_spend import get_account_monthly_spend
from service.operations.get_coupon_info import get_coupon_info
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.soap.declaration import ContractService, declaring
from service.soap.types.messages import OPERATIONS

__all__ = ["IMPLEMENTED_OPERATIONS", "CustomerBillingService", "UnsupportedOperations"]

operation = declaring(OPERATIONS)


class CustomerBillingService(ContractService):
    """The operations that this service carries out."""

    @operation()
    def CheckFeatureAdoptionCouponEligibility(
        call: Call, feature_id: int | None, account_ids: list[int] | None
    ) -> list[int]:
        """Show which accounts can claim a coupon of the feature."""
        return check_eligibility(call, feature_id, account_ids)

    @operation(changes=True)
    def ClaimFeatureAdoptionCoupons(
        call: Call, account_coupon_pairs: list[Any] | None
    ) -> tuple[list[Any], list[NoReturn], list[list[AccountError]]]:
        """Book coupons for accounts."""
        pairs = account_coupon_pairs and [_account_coupon(pair) for pair in account_coupon_pairs]
        outcome = claim_coupons(call, pairs)
        dates = [
            SimpleNamespace(key=claim.account_id, value=claim.claimed_at)
            for claim in outcome.claims
        ]
        return dates, [], _each_alone(outcome.errors)

    @operation(changes=True)
    def DispatchCoupons(
        call: Call,
        send_to_emails: list[str | None] | None,
        customer_id: int | None,
        coupon_class_name: str | None,
    ) -> list[BatchError]:
        """Send a coupon of the class to each address."""
        return dispatch_coupons(call, send_to_emails, customer_id, coupon_class_name)

    @operation(changes=True)
    def DistributeCoupons(
        call: Call,
        account_ids: list[int] | None,
        class_name: str | None,
        feature_id: int | None,
        send_notification: bool | None,
    ) -> tuple[list[NoReturn], list[list[AccountError]]]:
        """Book a coupon of the class for each account."""
        request = Distribution(
            account_ids=account_ids,
            class_name=class_name,
            feature_id=feature_id,
            send_notification=bool(send_notification),
        )
        return [], _each_alone(distribute_coupons(call, request))

    @operation()
    def GetAccountMonthlySpend(
        call: Call, account_id: int | None, month_year: datetime | None
    ) -> Decimal:
        """Show what an account spent in a month."""
        return get_account_monthly_spend(call, account_id, month_year)

    @operation()
    def GetCouponInfo(call: Call, customer_id: int | None) -> list[CouponInfo]:
        """Show the coupons of a customer's accounts."""
        return get_coupon_info(call, customer_id)

    @operation(changes=True)
    def RedeemCoupon(call: Call, account_id: int | None, coupon_code: str | None) -> datetime:
        """Bind a coupon to an account."""
        return redeem_coupon(call, account_id, coupon_code)

    @operation()
    def SearchCoupons(
        call: Call,
        predicates: list[Predicate | None] | None,
        ordering: list[OrderBy | None] | None,
        page_info: Paging | None,
        return_additional_fields: list[str] | None,
    ) -> tuple[Coupon, ...]:
        """Show a page of a customer's coupons."""
        request = SearchRequest(predicates, ordering, page_info, return_additional_fields)
        return search_coupons(call, request)


def _account_coupon(pair: Any) -> AccountCoupon:
    return AccountCoupon() if pair is None else AccountCoupon(pair.key, pair.value)


def _each_alone(errors: list[AccountError]) -> list[list[AccountError]]:
    """PartialErrors: a list for each account that failed, with its one reason."""
    return [[error] for error in errors]


IMPLEMENTED_OPERATIONS: frozenset[str] = frozenset(CustomerBillingService.public_methods)
"""The names of the operations that this service carries out."""


def _refusing(name: str) -> Callable[..., NoReturn]:
    """Make the method of an operation that the contract has and this service has not."""

    def refuse(_call: Call, *_arguments: Any) -> NoReturn:
        raise ServiceError(OPERATION_NOT_SUPPORTED, f"{name} is not carried out by this service")

    refuse.__name__ = name
    return refuse


UnsupportedOperations = ServiceMeta(
    "UnsupportedOperations",
    (ContractService,),
    {
        name: operation()(_refusing(name))
        for name in OPERATIONS
        if name not in IMPLEMENTED_OPERATIONS
    },
)
"""The other operations, each answering ``OperationNotSupported``."""
