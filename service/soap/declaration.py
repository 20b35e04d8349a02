"""Declaring operations: a short method here, and nothing else on the wire."""

# mypy: disallow-subclassing-any=False

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from lxml import etree
from spyne import Service, srpc

from service.domain.idempotency import KeyedRequest
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.domain.roles import Credentials
from service.operations.call_limits import CallLimits
from service.operations.calls import Call
from service.operations.idempotency import once
from service.soap.exchange import Exchange
from service.soap.faults import internal_fault, service_fault, trouble_fault
from service.soap.headers import idempotency_key
from service.soap.types.messages import Signature

__all__ = ["Authenticate", "ContractService", "OperationDecorator", "ServiceConfig", "declaring"]

Authenticate = Callable[[Credentials, str], Call]
"""Turns the credentials of a request and its TrackingId into a call, or raises ServiceError."""


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """What the operations of a service need beside their requests.

    Attributes:
        authenticate: Who turns credentials into calls.
        idempotency_keep: How long at least a request with a key is remembered.
        call_limits: How often callers may call; None for as often as they like.
    """

    authenticate: Authenticate
    idempotency_keep: timedelta
    call_limits: CallLimits | None = None


def declaring(signatures: Mapping[str, Signature]) -> "OperationDecorator":
    """Make the decorator that declares the operations of a contract.

    Args:
        signatures: What each operation of the contract takes and gives.
    """

    def operation(*, changes: bool = False) -> Callable[[Callable[..., Any]], Any]:
        return lambda function: _declared(function, signatures[function.__name__], changes=changes)

    return operation


class OperationDecorator(Protocol):
    """Declares the method that carries out the operation of the same name.

    The method gets the call and one argument per element of the request; what it returns
    is the element of the response, or a tuple of several.
    """

    def __call__(self, *, changes: bool = False) -> Callable[[Callable[..., Any]], Any]:
        """Make the decorator of a method.

        Args:
            changes: Whether it changes anything, so that a request with a key is carried out
                once. Whatever only reads takes no notice of keys.
        """


def _declared(function: Callable[..., Any], signature: Signature, *, changes: bool) -> Any:
    name = function.__name__
    declaration = srpc(
        *signature.takes.values(),
        _args=list(signature.takes),
        _in_message_name=f"{name}Request",
        _returns=list(signature.gives.values()),
        _out_variable_names=list(signature.gives),
        _out_message_name=f"{name}Response",
        _udd={"changes": changes},
    )
    return declaration(function)


class ContractService(Service):
    """A Spyne service whose operations are called by somebody known.

    The application's ``config`` is a ``ServiceConfig``.
    """

    @classmethod
    def call_wrapper(cls, ctx: Any, args: Any = None) -> None:  # noqa: ARG003
        """Authenticate, run the operation, and write its response.

        Whatever it raises becomes a typed fault.
        """
        exchange: Exchange = ctx.udc
        config: ServiceConfig = ctx.app.config
        try:
            call = config.authenticate(ctx.in_header, exchange.tracking_id)
            exchange.user_id = call.caller.user_id
            if config.call_limits is None:
                _carry_out(ctx, call)
            else:
                with config.call_limits.admitted(call.caller):
                    _carry_out(ctx, call)
        except ServiceTroubleError as error:
            raise trouble_fault(error, exchange.tracking_id) from error
        except ServiceError as error:
            raise service_fault(error) from error
        except Exception as error:
            raise internal_fault(exchange.tracking_id) from error


def _carry_out(ctx: Any, call: Call) -> None:
    """Run the operation, once for a request with a key."""
    key = idempotency_key(ctx.in_header_doc) if ctx.descriptor.udd.changes else None
    if key is None:
        ctx.udc.content = _response(ctx, call)
    else:
        _answer_once(ctx, call, key, ctx.app.config.idempotency_keep)


def _response(ctx: Any, call: Call) -> str:
    """Run the operation for the call, and write what it returns."""
    result = ctx.function(call, *ctx.in_object)
    response: str = ctx.out_protocol.write_response(ctx.descriptor.operation_name, result)
    return response


def _answer_once(ctx: Any, call: Call, key: str, keep: timedelta) -> None:
    """Answer a request with a key as it was answered the first time, if this is not the first."""
    request = KeyedRequest(key, ctx.descriptor.operation_name, _digest(ctx.in_body_doc))
    answer = once(call, request, keep, lambda joined: _response(ctx, joined))
    ctx.udc.is_replay = answer.is_replay
    ctx.udc.content = answer.reply
    if answer.error is not None:
        raise answer.error


def _digest(payload: etree._Element) -> bytes:
    """SHA-256 of a request in canonical form, without the white space between its elements."""
    for element in payload.iter():
        element.tail = None
        if len(element):
            element.text = None
    return hashlib.sha256(etree.tostring(payload, method="c14n", exclusive=True)).digest()
