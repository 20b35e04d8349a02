"""The protocol: Spyne's SOAP 1.1 with a way in and a way out of our own."""

# mypy: disallow-subclassing-any=False

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from spyne.protocol.soap import Soap11

from service.soap.declared import instant_tags, members_of
from service.soap.faults import fault_xml
from service.soap.gate import Gate
from service.soap.headers import credentials
from service.soap.namespaces import BILLING, SOAP_ENVELOPE
from service.soap.readers import arguments_reader
from service.soap.reply_check import ReplyCheck
from service.soap.request_body import RequestBody
from service.soap.writers import element_writer

__all__ = ["ReplyProtocol", "RequestProtocol"]

_ENVELOPE_START = (
    f'<s:Envelope xmlns:s="{SOAP_ENVELOPE}"><s:Header>'
    f'<h:TrackingId xmlns:h="{BILLING}">%s</h:TrackingId></s:Header><s:Body>'
)


class RequestProtocol(Soap11):
    """The way in: the gate, then the readers.

    Args:
        gate: What every request passes.
    """

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def set_app(self, value: Any) -> None:
        """Make the readers of all operations."""
        super().set_app(value)
        if value is not None:
            messages = {
                request: descriptor.in_message
                for request, (descriptor,) in value.interface.service_method_map.items()
            }
            self._readers = {tag: arguments_reader(declared) for tag, declared in messages.items()}
            self._instants = {tag: instant_tags(declared) for tag, declared in messages.items()}

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        """Read the body and parse it."""
        body: RequestBody = ctx.udc.body
        content = body.read(self._gate.limits.body_bytes_max)
        ctx.in_document = self._gate.parse(content, charset or body.charset)

    def decompose_incoming_envelope(self, ctx: Any, message: Any = None) -> None:  # noqa: ARG002
        """Check the envelope; the name of the Body's child chooses the operation."""
        envelope = self._gate.open_envelope(ctx.in_document, self._instants)
        ctx.in_header_doc, ctx.in_body_doc = envelope
        ctx.method_request_string = envelope.payload.tag

    def deserialize(self, ctx: Any, message: Any) -> None:  # noqa: ARG002
        """Read headers and arguments."""
        ctx.in_header = credentials(ctx.in_header_doc)
        ctx.in_object = self._readers[ctx.method_request_string](ctx.in_body_doc)


class ReplyProtocol(Soap11):
    """The way out: the writers, and TrackingId in every header.

    Args:
        check: Checks each reply before it leaves; None to check none.
    """

    def __init__(self, check: ReplyCheck | None) -> None:
        super().__init__()
        self._check = check

    def set_app(self, value: Any) -> None:
        """Make the writers of all operations."""
        super().set_app(value)
        if value is not None:
            self._writers = {
                descriptor.operation_name: _response_writer(value.tns, descriptor.out_message)
                for (descriptor,) in value.interface.service_method_map.values()
            }

    def write_response(self, operation: str, result: Any) -> str:
        """Write the response of an operation: the value of its one element, or of several."""
        return self._writers[operation](result)

    def serialize(self, ctx: Any, message: Any) -> None:  # noqa: ARG002
        """Write the envelope around a response or a fault."""
        tracking_id = ctx.udc.tracking_id
        if ctx.out_error is None:
            content = ctx.udc.content
        else:
            content = fault_xml(ctx.out_error, tracking_id)
        ctx.out_document = f"{_ENVELOPE_START % tracking_id}{content}</s:Body></s:Envelope>"

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:  # noqa: ARG002
        """Encode the reply."""
        content = ctx.out_document.encode()
        if self._check is not None:
            self._check(content)
        ctx.out_string = [content]


def _response_writer(namespace: str, message: Any) -> Callable[[Any], str]:
    attributes = [member.attribute for member in members_of(message)]
    write = element_writer(message.get_type_name(), namespace, message)

    def write_response(result: Any) -> str:
        values = result if len(attributes) > 1 else (result,)
        return write(SimpleNamespace(**dict(zip(attributes, values, strict=True))))

    return write_response
