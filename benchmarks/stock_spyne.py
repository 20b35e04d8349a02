"""The peer: Spyne as it comes, with the same types, answering from memory.

It does less than the service: no authentication, no database, no limits; the
request is validated against the schema that Spyne generates.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import service.soap  # noqa: F401 - lets newer Pythons import Spyne

# isort: split
from spyne import Application, Service, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from service.domain.coupons import Coupon
from service.soap.namespaces import BILLING
from service.soap.types import entities
from service.soap.types.messages import OPERATIONS
from service.soap.types.simple import DateTime, Flags, String


def stock_application(page: Sequence[Coupon], redeemed_at: datetime) -> Callable[..., Any]:
    """A WSGI application that answers searches with the page and redemptions with the date."""
    coupons = [_instance(entities.Coupon, coupon) for coupon in page]
    search, redeem = _takes("SearchCoupons"), _takes("RedeemCoupon")

    class StockService(Service):  # type: ignore[misc]
        @rpc(
            *search.values(),
            _args=list(search),
            _in_message_name="SearchCouponsRequest",
            _out_message_name="SearchCouponsResponse",
            _out_variable_name="Coupons",
            _returns=entities.ArrayOfCoupon,
        )
        def SearchCoupons(ctx: Any, *_request: Any) -> Any:  # noqa: N802, N805
            return coupons

        @rpc(
            *redeem.values(),
            _args=list(redeem),
            _in_message_name="RedeemCouponRequest",
            _out_message_name="RedeemCouponResponse",
            _out_variable_name="RedemptionDate",
            _returns=DateTime,
        )
        def RedeemCoupon(ctx: Any, *_request: Any) -> Any:  # noqa: N802, N805
            return redeemed_at

    application = Application(
        [StockService], BILLING, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11()
    )
    return WsgiApplication(application)  # type: ignore[no-any-return]


def _takes(operation: str) -> dict[str, Any]:
    """The elements of the request; Spyne has no list type, so that lists are strings to it."""
    takes = OPERATIONS[operation].takes
    return {name: String if issubclass(taken, Flags) else taken for name, taken in takes.items()}


def _instance(spyne_class: Any, value: Any) -> Any:
    """The value as an instance of Spyne's class, with Spyne's attribute names."""
    instance = spyne_class()
    for attribute, member in zip(_attributes(value), spyne_class._type_info.items(), strict=True):  # noqa: SLF001
        name, declared = member
        found = getattr(value, attribute)
        if isinstance(found, Decimal):
            found = float(found)
        elif hasattr(found, "__dataclass_fields__"):
            found = _instance(declared, found)
        setattr(instance, name, found)
    return instance


def _attributes(value: Any) -> list[str]:
    return list(value.__dataclass_fields__)
