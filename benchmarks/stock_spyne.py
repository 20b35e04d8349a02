"""A peer: Spyne as it comes, with the same types, answering from memory.

It does less than the service: no authentication, no database, no limits; the
request is validated against the schema that Spyne generates.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import service.soap  # noqa: F401 - lets newer Pythons import Spyne

# isort: split
from spyne import Application, Double, Fault, Service, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from benchmarks.supply import Memory
from benchmarks.traffic import UNKNOWN_CODE
from service.domain.errors import COUPON_NOT_FOUND
from service.soap.declared import is_complex, members_of
from service.soap.namespaces import BILLING
from service.soap.types import entities
from service.soap.types.messages import OPERATIONS
from service.soap.types.simple import Flags, String

FAULT_DETAIL = {
    "ApiFault": {
        "TrackingId": "00000000-0000-4000-8000-000000000000",
        "OperationErrors": {
            "OperationError": {
                "Code": str(COUPON_NOT_FOUND.code),
                "Details": COUPON_NOT_FOUND.symbol,
                "Message": COUPON_NOT_FOUND.message,
            }
        },
    }
}


def stock_application(memory: Memory) -> Callable[..., Any]:
    """A WSGI application that answers from memory."""
    coupons = [_instance(entities.Coupon, coupon) for coupon in memory.page]
    infos = [_instance(entities.CouponInfoData, info) for info in memory.infos]

    class StockService(Service):  # type: ignore[misc]
        @_declared("SearchCoupons")
        def SearchCoupons(_ctx: Any, *request: Any) -> Any:  # noqa: N802, N805
            return coupons[: request[2].Size]

        @_declared("RedeemCoupon")
        def RedeemCoupon(_ctx: Any, _account_id: int, code: str) -> datetime:  # noqa: N802, N805
            if code == UNKNOWN_CODE:
                raise Fault("Server", COUPON_NOT_FOUND.message, detail=FAULT_DETAIL)
            return memory.redeemed_at

        @_declared("GetCouponInfo")
        def GetCouponInfo(_ctx: Any, _customer_id: int) -> Any:  # noqa: N802, N805
            return infos

    application = Application(
        [StockService], BILLING, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11()
    )
    return WsgiApplication(application)  # type: ignore[no-any-return]


def _declared(operation: str) -> Callable[[Callable[..., Any]], Any]:
    """Spyne's decorator for an operation that gives one value."""
    takes = _takes(operation)
    ((given_name, given),) = OPERATIONS[operation].gives.items()
    declaration: Callable[[Callable[..., Any]], Any] = rpc(
        *takes.values(),
        _args=list(takes),
        _in_message_name=f"{operation}Request",
        _out_message_name=f"{operation}Response",
        _out_variable_name=given_name,
        _returns=given,
    )
    return declaration


def _takes(operation: str) -> dict[str, Any]:
    """The elements of the request; Spyne has no list type, so that lists are strings to it."""
    takes = OPERATIONS[operation].takes
    return {name: String if issubclass(taken, Flags) else taken for name, taken in takes.items()}


def _instance(declared: Any, value: Any) -> Any:
    """The value as an instance of Spyne's class, with Spyne's attribute names."""
    instance = declared()
    for member in members_of(declared):
        found = getattr(value, member.attribute)
        if is_complex(member.declared) and found is not None:
            found = _instance(member.declared, found)
        elif isinstance(found, Decimal) and issubclass(member.declared, Double):
            found = float(found)
        setattr(instance, member.name, found)
    return instance
