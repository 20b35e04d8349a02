"""Declaring operations: a short method here, and nothing else on the wire."""

# mypy: disallow-subclassing-any=False

from collections.abc import Callable
from typing import Any

from spyne import Service, srpc

from service.domain.errors import ServiceError
from service.domain.roles import Credentials
from service.operations.calls import Call
from service.soap.exchange import Exchange
from service.soap.faults import internal_fault, service_fault
from service.soap.types.messages import OPERATIONS

__all__ = ["Authenticate", "ContractService", "operation"]

Authenticate = Callable[[Credentials, str], Call]
"""Turns the credentials of a request and its TrackingId into a call, or raises ServiceError."""


def operation(function: Callable[..., Any]) -> Any:
    """Declare the method that carries out the operation of the same name.

    The method gets the call and one argument per element of the request; what it returns
    is the element of the response, or a tuple of several.
    """
    name = function.__name__
    signature = OPERATIONS[name]
    declare = srpc(
        *signature.takes.values(),
        _args=list(signature.takes),
        _in_message_name=f"{name}Request",
        _returns=list(signature.gives.values()),
        _out_variable_names=list(signature.gives),
        _out_message_name=f"{name}Response",
    )
    return declare(function)


class ContractService(Service):
    """A Spyne service whose operations are called by somebody known.

    The application's ``config`` is the ``Authenticate`` that it uses.
    """

    @classmethod
    def call_wrapper(cls, ctx: Any, args: Any = None) -> Any:  # noqa: ARG003
        """Authenticate, then run the operation; whatever it raises becomes a typed fault."""
        exchange: Exchange = ctx.udc
        authenticate: Authenticate = ctx.app.config
        try:
            call = authenticate(ctx.in_header, exchange.tracking_id)
            exchange.user_id = call.caller.user_id
            return ctx.function(call, *ctx.in_object)
        except ServiceError as error:
            raise service_fault(error) from error
        except Exception as error:
            raise internal_fault(exchange.tracking_id) from error
