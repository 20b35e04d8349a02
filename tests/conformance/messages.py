"""The requirements on messages, held against every request and reply of the tests."""

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

import xmlschema
from lxml import etree

from service.soap.contract import COUPON_MANAGEMENT
from service.soap.namespaces import SOAP_ENVELOPE
from tests.conformance.exchanges import (
    BODY,
    ENVELOPE,
    FAULT,
    HEADER,
    NO_METHOD,
    Exchange,
    operations,
    requires,
)
from tests.conformance.forms import ENCODING

_STYLE = f"{{{SOAP_ENVELOPE}}}encodingStyle"
_MUST_UNDERSTAND = f"{{{SOAP_ENVELOPE}}}mustUnderstand"
_OF_FAULT = ("faultcode", "faultstring", "faultactor", "detail")
_FAULT_CODES = {"VersionMismatch", "MustUnderstand", "Client", "Server"}
_INSTANT = re.compile(r"\s*-?\d{4,}-\d\d-\d\dT\S+\s*")


# HTTP


@requires("R1141")
def _travels_by_http_1(exchange: Exchange) -> Iterator[str]:
    if exchange.reply.version not in {"1.0", "1.1"}:
        yield exchange.reply.version


@requires("R1140")
def _travels_by_http_1_1(exchange: Exchange) -> Iterator[str]:
    if exchange.request.version == "1.1" != exchange.reply.version:
        yield exchange.reply.version


@requires("R1132")
def _only_a_post_is_a_request(exchange: Exchange) -> Iterator[str]:
    if exchange.method != "POST" and b"Envelope" in exchange.reply.content[:200]:
        yield f"{exchange.method} is answered with an envelope"


@requires("R1124")
def _a_success_is_2xx(exchange: Exchange) -> Iterator[str]:
    if exchange.is_response and exchange.status // 100 != 2:
        yield str(exchange.status)


@requires("R1111")
def _a_response_is_200(exchange: Exchange) -> Iterator[str]:
    if exchange.is_response and exchange.status != 200:
        yield str(exchange.status)


@requires("R1112")
def _a_success_without_envelope_is_200_or_202(exchange: Exchange) -> Iterator[str]:
    if not exchange.is_call and exchange.status // 100 == 2 and exchange.status not in {200, 202}:
        yield str(exchange.status)


@requires("R1130")
def _a_redirection_is_307(exchange: Exchange) -> Iterator[str]:
    if exchange.status // 100 == 3 and exchange.status != 307:
        yield str(exchange.status)


@requires("R1125")
def _trouble_without_envelope_is_4xx(exchange: Exchange) -> Iterator[str]:
    if not exchange.is_call and exchange.status // 100 not in {2, 3, 4}:
        yield str(exchange.status)


@requires("R1113")
def _what_is_no_http_is_400(exchange: Exchange) -> Iterator[str]:
    if exchange.method == NO_METHOD and exchange.status != 400:
        yield str(exchange.status)


@requires("R1114")
def _other_methods_are_405(exchange: Exchange) -> Iterator[str]:
    # The description is published by GET, unless the request has no usable Host.
    is_asked = exchange.method == "GET" and exchange.status in {200, 400}
    is_other = exchange.method not in {"POST", NO_METHOD}
    if is_other and not is_asked and exchange.status != 405:
        yield f"{exchange.method}: {exchange.status}"


@requires("R1115")
def _other_media_types_are_415(exchange: Exchange) -> Iterator[str]:
    is_xml = exchange.request.media_type == "text/xml"
    if exchange.method == "POST" and not is_xml and exchange.status != 415:
        yield f"{exchange.request.media_type!r}: {exchange.status}"


@requires("R1126")
def _a_fault_is_500(exchange: Exchange) -> Iterator[str]:
    if b"Fault>" in exchange.reply.content and exchange.status != 500:
        yield str(exchange.status)


@requires("R1121")
def _no_cookie_is_set(exchange: Exchange) -> Iterator[str]:
    if "set-cookie" in exchange.reply.headers:
        yield exchange.reply.headers["set-cookie"]


@requires("SSBP5101")
def _an_envelope_is_text_xml(exchange: Exchange) -> Iterator[str]:
    is_envelope = exchange.method == "POST" and b"Envelope" in exchange.reply.content[:200]
    if is_envelope and exchange.reply.media_type != "text/xml":
        yield exchange.reply.media_type


@requires("SSBP1003")
def _the_charset_is_the_one_used(exchange: Exchange) -> Iterator[str]:
    if exchange.is_call:
        named = exchange.reply.charset
        declared = re.match(rb"<\?xml[^>]*encoding=[\"']([^\"']+)", exchange.reply.content)
        used = declared.group(1).decode().lower() if declared else "utf-8"
        if named != used or exchange.reply.root is None:
            yield f"{named} and {used}"


# Envelope


@cache
def _envelope_schema() -> etree.XMLSchema:
    folder = Path(xmlschema.__file__).parent / "schemas" / "WSDL"
    return etree.XMLSchema(file=str(folder / "soap-envelope.xsd"))


@requires("R9980")
def _the_structure_is_soaps(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        tags = [child.tag for child in message.root.iterchildren("*")]
        if message.root.tag != ENVELOPE or tags not in ([BODY], [HEADER, BODY]):
            yield f"{name}: {message.root.tag} of {tags}"
    # Requests are let in with headers of no namespace, which the original's documents show.
    schema = _envelope_schema()
    if exchange.is_call and not schema.validate(exchange.reply.root):
        yield f"reply: {schema.error_log.last_error}"


@requires("R1015")
def _what_is_no_envelope_is_refused(exchange: Exchange) -> Iterator[str]:
    root = exchange.request.root
    if exchange.is_response and (root is None or root.tag != ENVELOPE):
        yield "carried out"


@requires("R1014")
def _children_of_body_are_qualified(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        for child in message.body.iterchildren("*"):
            if etree.QName(child).namespace is None:
                yield f"{name}: {child.tag}"


@requires("R1008")
def _no_document_type(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        if message.root.getroottree().docinfo.doctype:
            yield name


@requires("R1009")
def _no_instruction(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        if message.root.xpath("//processing-instruction()"):
            yield name


@requires("R1033")
def _xml_is_not_declared(exchange: Exchange) -> Iterator[str]:
    if exchange.is_call and b"xmlns:xml=" in exchange.reply.content:
        yield "reply"


@requires("R1011")
def _nothing_follows_body(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        tags = [child.tag for child in message.root.iterchildren("*")]
        if tags[-1:] != [BODY] or tags.count(BODY) != 1:
            yield f"{name}: {tags}"


@requires("R1005")
def _soap_has_no_encoding_style(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        for element in message.root.iter(f"{{{SOAP_ENVELOPE}}}*"):
            if _STYLE in element.attrib:
                yield f"{name}: {element.tag}"


@requires("R1006")
def _the_body_has_no_encoding_style(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        for element in message.body.iterchildren("*"):
            if _STYLE in element.attrib:
                yield f"{name}: {element.tag}"


@requires("R1013")
def _must_understand_is_0_or_1(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        for header in message.root.iterfind(f"{HEADER}/*"):
            if header.get(_MUST_UNDERSTAND, "0") not in {"0", "1"}:
                yield f"{name}: {header.tag}"


@requires("R1032")
def _soap_has_no_attributes_of_its_own(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        for element in message.root.iter(ENVELOPE, HEADER, BODY):
            for attribute in element.attrib:
                if etree.QName(attribute).namespace == SOAP_ENVELOPE:
                    yield f"{name}: {attribute} of {element.tag}"


@requires("R2113")
def _no_array_type(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        if message.root.xpath("//@e:arrayType", namespaces={"e": ENCODING}):
            yield name


@requires("R1029")
def _a_fault_takes_the_place_of_the_response(exchange: Exchange) -> Iterator[str]:
    tags = [it.tag for it in exchange.reply.body.iterchildren("*")] if exchange.is_call else []
    if FAULT in tags and len(tags) != 1:
        yield str(tags)


# Faults


@requires("R1000")
def _faults_have_four_children_at_most(exchange: Exchange) -> Iterator[str]:
    for child in _children_of_fault(exchange):
        if etree.QName(child).localname not in _OF_FAULT:
            yield child.tag


@requires("R1001")
def _the_children_of_a_fault_are_unqualified(exchange: Exchange) -> Iterator[str]:
    for child in _children_of_fault(exchange):
        if etree.QName(child).namespace is not None:
            yield child.tag


@requires("R1004")
def _fault_codes_are_soaps(exchange: Exchange) -> Iterator[str]:
    if exchange.fault is not None:
        prefix, _, name = exchange.fault.findtext("faultcode", "").rpartition(":")
        # The prefix must be one that the envelope declares.
        is_soaps = exchange.fault.nsmap.get(prefix or None) == SOAP_ENVELOPE
        if not is_soaps or name.partition(".")[0] not in _FAULT_CODES:
            yield f"{prefix}:{name}"


@requires("R1031")
def _fault_codes_have_no_dot(exchange: Exchange) -> Iterator[str]:
    if exchange.fault is not None and "." in exchange.fault.findtext("faultcode", ""):
        yield exchange.fault.findtext("faultcode")


def _children_of_fault(exchange: Exchange) -> Iterator[etree._Element]:
    yield from () if exchange.fault is None else exchange.fault.iterchildren("*")


# Messages and their description


@cache
def _schema() -> etree.XMLSchema:
    # It imports that of the other contract.
    return COUPON_MANAGEMENT.compile_schema()


def _error_in(payload: etree._Element) -> str | None:
    """How an element breaks the schema; white space around instants is allowed."""
    copied = deepcopy(payload)
    for element in copied.iter("*"):
        if element.text and _INSTANT.fullmatch(element.text):
            element.text = element.text.strip()
    schema = _schema()
    return None if schema.validate(etree.ElementTree(copied)) else str(schema.error_log.last_error)


@requires("R2724")
def _what_breaks_the_description_is_a_client_fault(exchange: Exchange) -> Iterator[str]:
    fault = exchange.fault
    is_let_in = exchange.is_response or (
        fault is not None and fault.findtext("faultcode", "").endswith(":Server")
    )
    if is_let_in and exchange.request.body is not None:
        payload = exchange.request.body.find("*")
        if payload is None or payload.tag not in operations(exchange.contract):
            yield "no operation"
        elif (error := _error_in(payload)) is not None:
            yield error


@requires("R2712")
def _the_response_is_the_described_element(exchange: Exchange) -> Iterator[str]:
    if exchange.is_response and exchange.operation is not None:
        for child in exchange.reply.body.iterchildren("*"):
            if child.tag != exchange.operation.response:
                yield child.tag
            elif (error := _error_in(child)) is not None:
                yield error


@requires("R2212")
def _there_is_one_element_for_the_one_part(exchange: Exchange) -> Iterator[str]:
    for name, message in exchange.messages:
        count = sum(1 for _ in message.body.iterchildren("*"))
        if count != 1:
            yield f"{name}: {count}"


@requires("R2738")
def _every_bound_header_is_there(exchange: Exchange) -> Iterator[str]:
    if exchange.is_call:
        # Faults too, also of requests that name no operation: all answers have the same headers.
        (expected,) = {it.headers for it in operations(exchange.contract).values()}
        found = {header.tag for header in exchange.reply.root.iterfind(f"{HEADER}/*")}
        yield from sorted(expected - found)
