"""The endpoint: the service as a WSGI application."""

# mypy: disallow-subclassing-any=False

import re
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from spyne import Application
from spyne.server import ServerBase

from service.domain.recorded import CallRecord
from service.operations.call_limits import CallLimits
from service.operations.calls import new_tracking_id
from service.soap import published
from service.soap.call_context import CallContext
from service.soap.call_log import call_record
from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING, Contract
from service.soap.customer_billing import CustomerBillingService, UnsupportedOperations
from service.soap.declaration import Authenticate, ServiceConfig
from service.soap.exchange import Exchange
from service.soap.faults import internal_fault
from service.soap.gate import Gate, GateLimits
from service.soap.management import MANAGEMENT_SERVICES
from service.soap.protocol import ReplyProtocol, RequestProtocol
from service.soap.reply_check import ReplyCheck
from service.soap.request_body import RequestBody

__all__ = ["Endpoint", "create_endpoint"]

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_TEXT_XML = "text/xml; charset=utf-8"
_TEXT_PLAIN = "text/plain; charset=utf-8"

# A name, an IPv4 or a bracketed IPv6 address, and a port.
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)


class _Reply(NamedTuple):
    status: int
    content_type: str
    content: bytes
    headers: tuple[tuple[str, str], ...] = ()


_METHOD_NOT_ALLOWED = _Reply(
    HTTPStatus.METHOD_NOT_ALLOWED,
    _TEXT_PLAIN,
    b"POST a SOAP 1.1 envelope, or GET ?wsdl or ?singleWsdl.\n",
    (("Allow", "GET, POST"),),
)
_HOST_INVALID = _Reply(HTTPStatus.BAD_REQUEST, _TEXT_PLAIN, b"The Host header is not a host.\n")


class Endpoint(ServerBase):
    """A WSGI application that answers calls by POST and shows the contract by GET.

    Args:
        app: The Spyne application.
        contract: What it publishes.
        fault_http_status: The HTTP status of faults.
        public_url: Scheme, host and path prefix under which callers reach the service;
            None to take them from each request.
        note_call: Takes the record of each call; None to record none.
    """

    transport = "http://schemas.xmlsoap.org/soap/http"

    def __init__(
        self,
        app: Application,
        contract: Contract,
        *,
        fault_http_status: int,
        public_url: str | None,
        note_call: Callable[[CallRecord], None] | None,
    ) -> None:
        super().__init__(app)
        self._contract = contract
        self._fault_http_status = fault_http_status
        self._public_url = public_url
        self._note_call = note_call

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        body = RequestBody(environ)
        method = environ["REQUEST_METHOD"]
        if method == "POST":
            reply = self._answer(body)
        else:
            body.discard()
            reply = self._publish(environ) if method == "GET" else _METHOD_NOT_ALLOWED
        headers = [
            ("Content-Type", reply.content_type),
            ("Content-Length", str(len(reply.content))),
            *reply.headers,
        ]
        start_response(f"{reply.status:d} {HTTPStatus(reply.status).phrase}", headers)
        return [reply.content]

    def _answer(self, body: RequestBody) -> _Reply:
        """Answer a call, and record it."""
        start = time.perf_counter()
        ctx = CallContext(self)
        ctx.udc = Exchange(body, new_tracking_id())
        self._run(ctx)
        body.discard()
        reply = self._reply(ctx)
        if self._note_call is not None:
            duration_s = time.perf_counter() - start
            size = len(reply.content)
            self._note_call(call_record(ctx, self._contract.name, reply.status, duration_s, size))
        ctx.take_apart()
        return reply

    def _run(self, ctx: CallContext) -> None:
        """Run a request through Spyne's pipeline."""
        try:
            self.generate_contexts(ctx)
            self._run_stages(ctx)
        except Exception:  # noqa: BLE001 - the last resort: whatever it was, a fault answers
            ctx.out_error = internal_fault(ctx.udc.tracking_id)
            ctx.out_document = None
            self.get_out_string(ctx)

    def _run_stages(self, ctx: CallContext) -> None:
        if ctx.out_error is None:
            self.get_in_object(ctx)
        if ctx.out_error is None:
            self.get_out_object(ctx)
        self.get_out_string(ctx)

    def _reply(self, ctx: CallContext) -> _Reply:
        fault = ctx.out_error
        if fault is not None and fault.http_status:
            # WS-I R1126: an envelope with a fault has status 500, so any other has no envelope.
            text = f"{fault.text} TrackingId: {ctx.udc.tracking_id}.\n"
            return _Reply(fault.http_status, _TEXT_PLAIN, text.encode())
        status = HTTPStatus.OK if fault is None else self._fault_http_status
        return _Reply(status, _TEXT_XML, b"".join(ctx.out_string))

    def _publish(self, environ: Environ) -> _Reply:
        """Show the document of the contract that the query asks for."""
        host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
        if self._public_url is None and not _HOST.fullmatch(host):
            return _HOST_INVALID
        seen = f"{environ['wsgi.url_scheme']}://{host}{quote(environ.get('SCRIPT_NAME', ''))}"
        root = (self._public_url or seen).rstrip("/")
        address = root + quote(environ.get("PATH_INFO", ""), encoding="latin-1")
        document = published.document(self._contract, environ.get("QUERY_STRING", ""), address)
        if document is None:
            return _METHOD_NOT_ALLOWED
        return _Reply(HTTPStatus.OK, _TEXT_XML, document)


_SERVICES = {
    CUSTOMER_BILLING: [CustomerBillingService, UnsupportedOperations],
    COUPON_MANAGEMENT: MANAGEMENT_SERVICES,
}


def create_endpoint(
    authenticate: Authenticate,
    *,
    idempotency_keep: timedelta,
    call_limits: CallLimits | None = None,
    contract: Contract = CUSTOMER_BILLING,
    limits: GateLimits = GateLimits(),  # noqa: B008 - frozen
    fault_http_status: int = 500,
    public_url: str | None = None,
    validate_responses: bool = False,
    note_call: Callable[[CallRecord], None] | None = None,
) -> Endpoint:
    """Put a service together as a WSGI application.

    Args:
        authenticate: Who turns credentials into calls.
        idempotency_keep: How long at least a request with a key is remembered.
        call_limits: How often callers may call; None for as often as they like.
        contract: Which service.
        limits: How large a request may be.
        fault_http_status: The HTTP status of faults: 500 as SOAP demands, or 200 as the
            original's live service answers.
        public_url: Scheme, host and path prefix under which callers reach the service, for
            the addresses in the WSDL; None to take them from each request.
        validate_responses: Whether to check each reply against the schema before it leaves;
            one that breaks it becomes an InternalError and a line in the log.
        note_call: Takes the record of each call; None to record none.
    """
    app = Application(
        _SERVICES[contract],
        tns=contract.namespace,
        name=contract.name,
        in_protocol=RequestProtocol(Gate(contract, limits)),
        out_protocol=ReplyProtocol(ReplyCheck(contract) if validate_responses else None),
        config=ServiceConfig(authenticate, idempotency_keep, call_limits),
    )
    return Endpoint(
        app,
        contract,
        fault_http_status=fault_http_status,
        public_url=public_url,
        note_call=note_call,
    )
