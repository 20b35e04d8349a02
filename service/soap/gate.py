"""The gate: bytes come in, and an envelope goes on whose content follows the schema.

Whatever else comes is refused with a row of ``refusals``, in SOAP's order: the version
first, then headers that must be understood, then everything else.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from lxml import etree

from service.soap import refusals
from service.soap.contract import Contract
from service.soap.faults import refusal
from service.soap.headers import check_understood
from service.soap.names import forget_names
from service.soap.namespaces import SOAP_ENVELOPE
from service.soap.spares import Spares
from service.soap.validation import Validator

__all__ = ["Envelope", "Gate", "GateLimits"]


@dataclass(frozen=True, slots=True)
class GateLimits:
    """How large a request may be. The bounds themselves are allowed.

    Attributes:
        body_bytes_max: Bytes of the body.
        depth_max: Elements inside each other, the Envelope being the first.
        elements_count_max: Elements of the whole request.
        attributes_count_max: Attributes of the whole request.
    """

    body_bytes_max: int = 262_144
    depth_max: int = 32
    elements_count_max: int = 20_000
    attributes_count_max: int = 2_000


class Envelope(NamedTuple):
    """A request that came through the gate.

    Attributes:
        headers: The children of Header.
        payload: The one child of Body, valid in the schema.
    """

    headers: list[etree._Element]
    payload: etree._Element


_ENVELOPE, _HEADER, _BODY, _FAULT = (
    f"{{{SOAP_ENVELOPE}}}{name}" for name in ("Envelope", "Header", "Body", "Fault")
)

# What may stand before a document type.
_PROLOGUE = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)

# The first bytes of a document give its character set away.
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_STARTS = {b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<"}
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}


class Document(NamedTuple):
    """A request that is well formed.

    Attributes:
        root: Its root element.
        is_small: Whether it cannot break a limit, nor have what is looked for when limits are.
    """

    root: etree._Element
    is_small: bool


class Gate:
    """What every request passes.

    Args:
        contract: Of the service that is called.
        limits: How large a request may be.
    """

    def __init__(self, contract: Contract, limits: GateLimits) -> None:
        self.limits = limits
        self._censuses = Spares(partial(_census, limits))
        self._validator = Validator(contract)

    def parse(self, content: bytes, charset: str | None) -> Document:
        """Parse a body, with nothing resolved, loaded or fetched.

        The thread knows its names until its envelope is opened, or until it is refused.

        Args:
            content: The body.
            charset: The character set that Content-Type names, if it names one.

        Raises:
            WireFault: The character set is not UTF-8 or UTF-16, or is named twice
                differently; the XML is not well formed, or has a document type.
        """
        try:
            text = _as_utf8(content, charset)
            if _has_doctype(text):
                raise refusal(refusals.DOCTYPE_FORBIDDEN)
            root = etree.fromstring(text, _new_parser())
            return Document(root, self._is_small(text))
        except (etree.XMLSyntaxError, UnicodeDecodeError) as error:
            forget_names()
            raise refusal(refusals.XML_MALFORMED, str(error)) from None

    def open_envelope(
        self, document: Document, requests: Mapping[str, Collection[str]]
    ) -> Envelope:
        """Check everything that stands between parsed XML and an operation.

        Args:
            document: The request.
            requests: The tags of the request elements that operations answer, each with the
                tags of the instants inside it.

        Raises:
            WireFault: A refusal of the groups XML, Envelope and Content.
        """
        try:
            return self._opened(document, requests)
        finally:
            # Not earlier: to validate a payload, lxml copies the names of its attributes.
            forget_names()

    def _opened(self, document: Document, requests: Mapping[str, Collection[str]]) -> Envelope:
        root = document.root
        if root.tag != _ENVELOPE:
            raise refusal(refusals.VERSION_MISMATCH, element=root)
        # Size comes before everything that takes time for each element.
        kinds = None if document.is_small else self._check_size(root)
        headers = [
            header for block in root.iterchildren(_HEADER) for header in block.iterchildren("*")
        ]
        check_understood(headers)
        if kinds is not None:
            _check_kinds(kinds)
        payload = _payload(root)
        if payload.tag not in requests:
            row = refusals.FAULT_AS_REQUEST if payload.tag == _FAULT else refusals.OPERATION_UNKNOWN
            raise refusal(row, element=payload)
        _trim(payload, requests[payload.tag])
        error = self._validator.first_error(payload)
        if error is not None:
            raise refusal(refusals.SCHEMA_INVALID, error)
        return Envelope(headers, payload)

    def _is_small(self, text: bytes) -> bool:
        """Tell whether a look at the text is enough: most requests are nowhere near a limit.

        Whatever begins an element begins with ``<``, and each attribute has a ``=``: there are
        at least as many of these, and no more levels than elements.
        """
        tags_count = text.count(b"<") - text.count(b"</")
        limits = self.limits
        return (
            tags_count <= min(limits.depth_max, limits.elements_count_max)
            and text.count(b"=") <= limits.attributes_count_max
            # A declaration looks like an instruction, and stands first.
            and b"<?" not in text.removeprefix(b"<?xml ")
            and b"encodingStyle" not in text
        )

    def _check_size(self, root: etree._Element) -> "_Kinds":
        """Hold a request against the limits; answers how much else is in it."""
        limits = self.limits
        with self._censuses.lent() as census:
            counts = str(census(root)).split()
        elements, attributes, instructions, styles, deep = map(int, counts)
        if deep:
            raise refusal(refusals.TOO_DEEP, f"At most {limits.depth_max} levels.")
        if elements > limits.elements_count_max:
            raise refusal(refusals.TOO_MANY_ELEMENTS, f"At most {limits.elements_count_max}.")
        if attributes > limits.attributes_count_max:
            raise refusal(refusals.TOO_MANY_ATTRIBUTES, f"At most {limits.attributes_count_max}.")
        return _Kinds(instructions, styles)


class _Kinds(NamedTuple):
    """How many things there are of kinds that no envelope may have."""

    instructions: int
    styles: int


def _check_kinds(kinds: _Kinds) -> None:
    if kinds.instructions:
        raise refusal(refusals.PROCESSING_INSTRUCTION_FORBIDDEN)
    if kinds.styles:
        raise refusal(refusals.ENCODING_STYLE_FORBIDDEN)


def _payload(root: etree._Element) -> etree._Element:
    """Find the one child of Body, in an envelope that has nothing beside it."""
    children = list(root)
    bodies = children[1:] if children and children[0].tag == _HEADER else children
    if [body.tag for body in bodies] != [_BODY]:
        misplaced = next((child for child in bodies if child.tag != _BODY), root)
        raise refusal(refusals.ENVELOPE_INVALID, element=misplaced)
    (body,) = bodies
    if len(body) != 1 or _has_text(body):
        raise refusal(refusals.BODY_ENTRY_INVALID, element=body)
    if _has_text(root):
        raise refusal(refusals.ENVELOPE_INVALID, element=root)
    return body[0]


def _trim(payload: etree._Element, tags: Collection[str]) -> None:
    """Take the white space off instants: the schema allows it, and libxml2 wrongly does not."""
    if tags:
        for element in payload.iter(*tags):
            # A nil one must stay without any text at all.
            element.text = (element.text or "").strip() or None


def _has_text(element: etree._Element) -> bool:
    """Tell whether there is text, other than white space, between an element's children."""
    texts = [element.text, *(child.tail for child in element)]
    return any(text and not text.isspace() for text in texts)


def _has_doctype(text: bytes) -> bool:
    """Tell whether a document type comes before the root element, without parsing any of it."""
    place = 0
    while item := _PROLOGUE.match(text, place):
        place = item.end()
    return text.startswith(b"<!DOCTYPE", place)


# Character sets.


def _as_utf8(content: bytes, charset: str | None) -> bytes:
    """Give the body in the one encoding that the parser is told to expect."""
    guessed = "utf-16" if content[:2] in _UTF16_STARTS else "utf-8"
    named = _codec(charset) if charset is not None else None
    codec = named or guessed
    if codec == "utf-8":
        text = content.removeprefix(_UTF8_MARK)
    else:
        text = _decode_utf16(content, codec).encode()
    declaration = _DECLARED.match(text)
    if declaration is not None:
        declared = _codec(declaration.group(1).decode("ascii", "replace"))
        # Content-Type wins, or the first bytes; what the declaration says must be the same.
        if declared[:6] != codec[:6]:
            raise refusal(refusals.CHARSET_CONTRADICTORY, f"{codec} and {declared}.")
    return text


def _decode_utf16(content: bytes, codec: str) -> str:
    if codec == "utf-16" and content[:2] == b"\x00<":
        # Without a mark, Python would guess the other order.
        codec = "utf-16-be"
    return content.decode(codec).removeprefix("\ufeff")


def _codec(charset: str) -> str:
    try:
        return _CODECS[charset.strip().lower()]
    except KeyError:
        raise refusal(refusals.CHARSET_UNSUPPORTED, f"Not {charset[:40]!r}.") from None


def _new_parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        # A comment inside a value would cut its text in two.
        remove_comments=True,
        collect_ids=False,
    )


def _census(limits: GateLimits) -> etree.XPath:
    """What counts in one go: walking the tree in Python takes longer than parsing it."""
    too_deep = "/*" * (limits.depth_max + 1)
    return etree.XPath(
        "concat(count(//*), ' ', count(//@*), ' ', count(//processing-instruction()), ' ',"
        f" count(//@s:encodingStyle), ' ', count({too_deep}))",
        namespaces={"s": SOAP_ENVELOPE},
    )
