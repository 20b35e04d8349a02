"""The requirements on the messages, operations and bindings of a description."""

import re
from collections.abc import Iterator

from lxml import etree

from service.soap.namespaces import WSDL, WSDL_SOAP
from tests.conformance.descriptions import NAMESPACES, Description, place, qualified, requires

HTTP_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
EXTENSIONS = {
    "http://schemas.xmlsoap.org/ws/2004/09/policy",
    "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy",
}
"""The namespaces of the extension elements that the original has: they say that TLS is used."""
_NMTOKEN = re.compile(r"[\w.:-]+")
_MESSAGES = {f"{{{WSDL}}}{kind}" for kind in ("input", "output", "fault")}

# Messages


def _bodies(description: Description) -> Iterator[tuple[etree._Element, list[etree._Element]]]:
    """Each soap:body of a binding, with the parts of its message."""
    for body in description.find("wsdl:binding/wsdl:operation/*/soap:body"):
        yield body, description.parts(description.abstract(body.getparent()))


@requires("R2201")
def _bodies_name_one_part(description: Description) -> Iterator[str]:
    for body, _ in _bodies(description):
        if len(body.get("parts", "").split()) > 1:
            yield place(body)


@requires("R2210")
def _messages_have_one_part(description: Description) -> Iterator[str]:
    for body, parts in _bodies(description):
        if body.get("parts") is None and len(parts) > 1:
            yield place(body)


@requires("R2209")
def _every_part_is_bound(description: Description) -> Iterator[str]:
    for body, parts in _bodies(description):
        bound = body.get("parts")
        if bound is not None:
            yield from (place(part) for part in parts if part.get("name") not in bound.split())
        elif not parts:
            yield place(body)


@requires("R2204")
def _bodies_have_elements(description: Description) -> Iterator[str]:
    for _, parts in _bodies(description):
        yield from (place(part) for part in parts if part.get("element") is None)


@requires("R2205")
def _headers_and_faults_have_elements(description: Description) -> Iterator[str]:
    for header in description.find("//soap:header | //soap:headerfault"):
        parts = {part.get("name"): part for part in description.parts(header)}
        part = parts.get(header.get("part"))
        if part is None or part.get("element") is None:
            yield place(header)
    for fault in description.find("wsdl:portType/wsdl:operation/wsdl:fault"):
        yield from (place(it) for it in description.parts(fault) if it.get("element") is None)


@requires("R2206")
def _parts_name_global_elements(description: Description) -> Iterator[str]:
    declared = description.declared("element")
    for part in description.find("wsdl:message/wsdl:part[@element]"):
        if qualified(part, part.get("element")) not in declared:
            yield place(part)


@requires("R2303")
def _requests_come_first(description: Description) -> Iterator[str]:
    for operation in description.find("wsdl:portType/wsdl:operation"):
        kinds = [item.tag for item in operation if item.tag in _MESSAGES]
        if kinds[:1] != [f"{{{WSDL}}}input"]:
            yield place(operation)


@requires("R2304")
def _operations_have_names_of_their_own(description: Description) -> Iterator[str]:
    for port_type in description.find("wsdl:portType"):
        names = [item.get("name") for item in port_type.iterfind("wsdl:operation", NAMESPACES)]
        yield from sorted({name for name in names if names.count(name) > 1})


@requires("R2305")
def _parameter_order_is_nearly_whole(description: Description) -> Iterator[str]:
    for operation in description.find("wsdl:portType/wsdl:operation[@parameterOrder]"):
        ordered = operation.get("parameterOrder").split()
        for output in operation.iterfind("wsdl:output", NAMESPACES):
            omitted = {part.get("name") for part in description.parts(output)} - set(ordered)
            if len(omitted) > 1:
                yield place(operation)


@requires("R2306")
def _parts_have_a_type_or_an_element(description: Description) -> Iterator[str]:
    for part in description.find("wsdl:message/wsdl:part[@type and @element]"):
        yield place(part)


# What could only arise with operations that neither description has.


@requires("R2213")
def _no_body_is_empty(description: Description) -> Iterator[str]:
    for body in description.find("//soap:body[normalize-space(@parts) = '' and @parts]"):
        yield place(body)


@requires("R2301")
def _messages_have_nothing_to_order(description: Description) -> Iterator[str]:
    for body, parts in _bodies(description):
        if len(parts) != 1:
            yield place(body)


@requires("R2714")
def _no_operation_is_one_way(description: Description) -> Iterator[str]:
    for operation in description.find("wsdl:portType/wsdl:operation[not(wsdl:output)]"):
        yield place(operation)


@requires("R2745")
def _every_operation_has_a_soap_action(description: Description) -> Iterator[str]:
    for operation in description.find("wsdl:binding/wsdl:operation/soap:operation"):
        if not operation.get("soapAction"):
            yield place(operation)


# Bindings


@requires("R2401")
def _bindings_are_of_soap(description: Description) -> Iterator[str]:
    for binding in description.find("wsdl:binding[count(soap:binding) != 1]"):
        yield place(binding)


@requires("R2701")
def _bindings_have_a_transport(description: Description) -> Iterator[str]:
    for binding in description.find("wsdl:binding/soap:binding[not(@transport)]"):
        yield place(binding)


@requires("R2702")
def _the_transport_is_http(description: Description) -> Iterator[str]:
    for binding in description.find("wsdl:binding/soap:binding"):
        if binding.get("transport") != HTTP_TRANSPORT:
            yield place(binding)


@requires("R2705")
def _bindings_have_one_style(description: Description) -> Iterator[str]:
    for binding in description.find("wsdl:binding"):
        default = {
            it.get("style", "document") for it in binding.iterfind(f"{{{WSDL_SOAP}}}binding")
        }
        operations = binding.iterfind("wsdl:operation/soap:operation", NAMESPACES)
        styles = {it.get("style", *default) for it in operations}
        if styles != {"document"}:
            yield f"{place(binding)}: {sorted(styles)}"


def _not_literal(description: Description, *kinds: str) -> Iterator[str]:
    for kind in kinds:
        for item in description.find(f"wsdl:binding//soap:{kind}[@use and @use != 'literal']"):
            yield place(item)


@requires("R2706")
def _messages_are_literal(description: Description) -> Iterator[str]:
    yield from _not_literal(description, "body", "header", "headerfault")


@requires("R2723")
def _faults_are_literal(description: Description) -> Iterator[str]:
    yield from _not_literal(description, "fault")


@requires("R2710")
def _operations_are_told_apart(description: Description) -> Iterator[str]:
    seen: set[str] = set()
    for body, parts in _bodies(description):
        if body.getparent().tag == f"{{{WSDL}}}input":
            signature = " ".join(qualified(part, part.get("element", "")) for part in parts)
            if signature in seen:
                yield signature
            seen.add(signature)


@requires("R2711")
def _ports_have_addresses_of_their_own(description: Description) -> Iterator[str]:
    addresses = [item.get("location") for item in description.find("//wsdl:port/soap:address")]
    yield from sorted({address for address in addresses if addresses.count(address) > 1})


@requires("R2716")
def _nothing_has_a_namespace(description: Description) -> Iterator[str]:
    for kind in ("body", "header", "headerfault", "fault"):
        for item in description.find(f"wsdl:binding//soap:{kind}[@namespace]"):
            yield place(item)


@requires("R2718")
def _binding_and_port_type_agree(description: Description) -> Iterator[str]:
    for binding in description.find("wsdl:binding"):
        port_type = description.named("portType", binding.get("type"), binding)
        bound, declared = (
            {item.get("name") for item in owner.iterfind("wsdl:operation", NAMESPACES)}
            for owner in (binding, port_type)
        )
        yield from sorted(bound ^ declared)


@requires("R2740")
def _known_faults_are_bound(description: Description) -> Iterator[str]:
    for binding in description.find("wsdl:binding"):
        port_type = description.named("portType", binding.get("type"), binding)
        bound = {
            _fault_name(it)
            for it in binding.iterfind("wsdl:operation/wsdl:fault/soap:fault", NAMESPACES)
        }
        for fault in port_type.iterfind("wsdl:operation/wsdl:fault", NAMESPACES):
            name = (fault.getparent().get("name"), fault.get("name"))
            if name not in bound:
                yield "/".join(name)


def _fault_name(bound: etree._Element) -> tuple[str, str]:
    return bound.getparent().getparent().get("name"), bound.getparent().get("name")


@requires("R2741")
def _there_are_no_header_faults(description: Description) -> Iterator[str]:
    # Whatever is wrong with a header is told in a fault's detail, which every operation declares.
    for item in description.find("//soap:headerfault"):
        yield place(item)


@requires("R2720")
def _headers_name_their_part(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:binding//soap:header | wsdl:binding//soap:headerfault"):
        if not _NMTOKEN.fullmatch(item.get("part", "")):
            yield place(item)


@requires("R2749")
def _headers_have_no_parts(description: Description) -> Iterator[str]:
    for item in description.find("//soap:header[@parts] | //soap:headerfault[@parts]"):
        yield place(item)


@requires("R2721")
def _faults_have_a_name(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:binding//soap:fault[not(@name)]"):
        yield place(item)


@requires("R2754")
def _faults_have_the_same_name(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:binding//wsdl:fault/soap:fault[@name != ../@name]"):
        yield place(item)


@requires("R2025")
def _extensions_are_the_originals(description: Description) -> Iterator[str]:
    known = {WSDL, WSDL_SOAP, *EXTENSIONS}
    for item in description.find("//*[not(ancestor-or-self::xs:schema)]"):
        if etree.QName(item).namespace not in known:
            yield place(item)


@requires("Extensions")
def _there_are_no_extensions(description: Description) -> Iterator[str]:
    for item in description.find("//*[not(ancestor-or-self::xs:schema)]"):
        if etree.QName(item).namespace not in {WSDL, WSDL_SOAP}:
            yield place(item)
