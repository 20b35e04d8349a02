"""A request and its reply, as they travelled, and the table of what is checked in them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from lxml import etree

from service.addresses import COUPON_MANAGEMENT_PATH, CUSTOMER_BILLING_PATH
from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING, Contract
from service.soap.namespaces import SOAP_ENVELOPE
from tests.conformance.descriptions import (
    NAMESPACES,
    Description,
    declaring,
    descriptions,
    qualified,
)

CONTRACTS = {CUSTOMER_BILLING_PATH: CUSTOMER_BILLING, COUPON_MANAGEMENT_PATH: COUPON_MANAGEMENT}
ENVELOPE, HEADER, BODY, FAULT = (
    f"{{{SOAP_ENVELOPE}}}{name}" for name in ("Envelope", "Header", "Body", "Fault")
)
NO_METHOD = ""
"""Stands for the method of a request that is not HTTP."""
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\ufeff?<\?xml[^>]*\?>")
_UTF16 = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}


@dataclass(frozen=True)
class Message:
    """One half of an exchange.

    Attributes:
        headers: By their names in lower case.
        version: Of HTTP.
    """

    headers: Mapping[str, str]
    content: bytes
    version: str = "1.1"

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """The character set that the media type names."""
        found = _CHARSET.search(self.headers.get("content-type", ""))
        return found.group(1).lower() if found else None

    @cached_property
    def root(self) -> etree._Element | None:
        """The root element; None when it is not well formed."""
        # Read as the service should: nothing is resolved, and comments cut no text in two.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
        try:
            return etree.fromstring(self._text(), parser)
        except (etree.XMLSyntaxError, UnicodeDecodeError, ValueError):
            return None

    def _text(self) -> bytes | str:
        codec = _UTF16.get(self.content[:2])
        return _DECLARATION.sub("", self.content.decode(codec)) if codec else self.content

    @property
    def body(self) -> etree._Element | None:
        """The element soap:Body."""
        return None if self.root is None else self.root.find(BODY)


@dataclass(frozen=True)
class Exchange:
    """A request to one of the services, and what it was answered."""

    method: str
    path: str
    status: int
    request: Message
    reply: Message

    @property
    def contract(self) -> Contract:
        return CONTRACTS[self.path.partition("?")[0]]

    @property
    def is_call(self) -> bool:
        """Whether an envelope came back, or should have: XML for a POST."""
        return self.method == "POST" and self.reply.media_type == "text/xml"

    @property
    def fault(self) -> etree._Element | None:
        """The fault that came back."""
        body = self.reply.body if self.is_call else None
        return None if body is None else body.find(FAULT)

    @property
    def is_response(self) -> bool:
        """Whether the request was carried out."""
        return self.is_call and self.fault is None

    @property
    def operation(self) -> "Operation | None":
        """What was called, by the element in the request."""
        body = self.request.body
        payload = None if body is None else next(body.iterchildren("*"), None)
        return None if payload is None else operations(self.contract).get(payload.tag)

    @property
    def messages(self) -> Iterator[tuple[str, Message]]:
        """The envelopes that must be right: the reply, and a request that was carried out."""
        if self.is_call:
            yield "reply", self.reply
        if self.is_response:
            yield "request", self.request


class Operation(NamedTuple):
    """What a description says of an operation.

    Attributes:
        response: The element that answers.
        headers: The headers that the answer has.
    """

    name: str
    soap_action: str
    response: str
    headers: frozenset[str]


@cache
def operations(contract: Contract) -> Mapping[str, Operation]:
    """The operations of a contract, by the element of their requests."""
    description = next(iter(descriptions(contract)))
    return {
        _element(description, bound, "input"): Operation(
            bound.get("name"),
            bound.find("soap:operation", NAMESPACES).get("soapAction"),
            _element(description, bound, "output"),
            frozenset(_headers(description, bound.find("wsdl:output", NAMESPACES))),
        )
        for bound in description.find("wsdl:binding/wsdl:operation")
    }


def _element(description: Description, bound: etree._Element, kind: str) -> str:
    abstract = description.abstract(bound.find(f"wsdl:{kind}", NAMESPACES))
    (part,) = description.parts(abstract)
    return qualified(part, part.get("element"))


def _headers(description: Description, output: etree._Element) -> Iterator[str]:
    for header in output.iterfind("soap:header", NAMESPACES):
        for part in description.parts(header):
            if part.get("name") == header.get("part"):
                yield qualified(part, part.get("element"))


CHECKS: dict[str, Callable[[Exchange], Iterator[str]]] = {}
"""What tells how an exchange breaks a requirement, by the requirement's number."""
requires = declaring(CHECKS)
