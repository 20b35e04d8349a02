"""Descriptions that break a requirement each: what no check notices is not checked."""

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from service.soap.namespaces import WSDL, WSDL_SOAP, XS
from tests.conformance.descriptions import NAMESPACES, Description
from tests.conformance.forms import ENCODING

Break = Callable[[Description], Description]

_OTHER = "urn:other"
_EMPTY_WSDL = f'<definitions xmlns="{WSDL}" targetNamespace="{_OTHER}"/>'.encode()


def _with(description: Description, **documents: bytes) -> Description:
    """The description with further documents, or others; ``main`` is the WSDL itself."""
    renamed = {
        description.address if name == "main" else name: text for name, text in documents.items()
    }
    return Description({**description.documents, **renamed}, description.address)


def _edited(change: Callable[[etree._Element], None]) -> Break:
    """Change the root of the WSDL."""

    def edit(description: Description) -> Description:
        root = deepcopy(description.root)
        change(root)
        return _with(description, main=etree.tostring(root))

    return edit


def _first(path: str, change: Callable[[etree._Element], None]) -> Break:
    """Change the first element at a path."""

    def edit(root: etree._Element) -> None:
        change(root.xpath(path, namespaces=NAMESPACES)[0])

    return _edited(edit)


def _setting(path: str, **attributes: str | None) -> Break:
    """Give the first element at a path these attributes; None takes one away."""

    def change(element: etree._Element) -> None:
        for name, value in attributes.items():
            if value is None:
                del element.attrib[name]
            else:
                element.set(name, value)

    return _first(path, change)


def _adding(path: str, xml: str, place: int = 0) -> Break:
    """Put an element into the first one at a path; prefixes are those of the checks."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    (new,) = etree.fromstring(f"<x {declared}>{xml}</x>")
    return _first(path, lambda element: element.insert(place, deepcopy(new)))


def _removing(path: str) -> Break:
    return _first(path, lambda element: element.getparent().remove(element))


def _importing(text: bytes, **attributes: str) -> Break:
    """Let the WSDL import a document."""
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    add = _adding(".", f"<wsdl:import {written}/>")
    return lambda description: add(_with(description, elsewhere=text))


def _said(old: bytes, new: bytes, *, imported: bool) -> Break:
    """Exchange bytes in the WSDL, or in all that it imports."""

    def edit(description: Description) -> Description:
        return Description(
            {
                address: text.replace(old, new, 1)
                if (address != description.address) is imported
                else text
                for address, text in description.documents.items()
            },
            description.address,
        )

    return edit


def _repeat(element: etree._Element) -> None:
    element.getparent().append(deepcopy(element))


def _same_request(root: etree._Element) -> None:
    first, second = root.xpath("wsdl:portType/wsdl:operation/wsdl:input", namespaces=NAMESPACES)[:2]
    second.set("message", first.get("message"))


def _move_first(element: etree._Element) -> None:
    element.getparent().insert(0, element)


def _move_last(element: etree._Element) -> None:
    element.getparent().append(element)


def _ordered(root: etree._Element) -> None:
    """Let an operation order none of the two parts of its output."""
    (operation, *_) = root.xpath("wsdl:portType/wsdl:operation", namespaces=NAMESPACES)
    operation.set("parameterOrder", "nothing")
    name = operation.find(f"{{{WSDL}}}output").get("message").partition(":")[2]
    (part,) = root.xpath(f"wsdl:message[@name='{name}']/wsdl:part", namespaces=NAMESPACES)
    part.addnext(etree.Element(f"{{{WSDL}}}part", name="more", element=part.get("element")))


_SCHEMA = "wsdl:types/xs:schema"
_NEW_TYPE = (
    '<xs:schema targetNamespace="urn:other"><xs:complexType name="List"><xs:complexContent>'
    f'<xs:restriction base="e:Array" xmlns:e="{ENCODING}">{{}}</xs:restriction>'
    "</xs:complexContent></xs:complexType></xs:schema>"
)
_PART = "wsdl:message[contains(@name, 'Request') and not(contains(@name, 'Headers'))]/wsdl:part"
_HEADER_PART = "wsdl:message[contains(@name, '_Headers')]/wsdl:part"
_OPERATION = "wsdl:portType/wsdl:operation"
_BODY = "//wsdl:input/soap:body"
_XML = b'xmlns:xml="http://www.w3.org/XML/1998/namespace"'
_UTF = b"encoding='utf-8'"

BREAKS: dict[str, Break] = {
    "R2028": _adding("wsdl:portType", '<wsdl:operation name="two words"/>'),
    "R2029": _setting("//soap:body", use="loose"),
    "R2001": _importing(b"<html/>", location="elsewhere", namespace=_OTHER),
    "R2803": _importing(_EMPTY_WSDL, location="elsewhere", namespace="other"),
    "R2002": _importing(f'<schema xmlns="{XS}"/>'.encode(), location="elsewhere"),
    "R2003": _adding(".", '<xs:import namespace="urn:other"/>'),
    "R2004": _adding(_SCHEMA, '<xs:import namespace="urn:other" schemaLocation="nowhere"/>'),
    "R2010": _said(_UTF, b"encoding='iso-8859-1'", imported=True),
    "R2011": _said(b"version='1.0'", b"version='1.1'", imported=True),
    "R2007": _importing(_EMPTY_WSDL, namespace=_OTHER),
    "R2022": _adding(".", '<wsdl:import location="x" namespace="urn:other"/>', 99),
    "R2023": _first("wsdl:types", _move_last),
    "R4004": _said(b"version='1.0'", b"version='1.1'", imported=False),
    "R4005": _said(b"<wsdl:types", b"<wsdl:types " + _XML, imported=False),
    "R4003": _said(_UTF, b"encoding='iso-8859-1'", imported=False),
    "R2005": _importing(_EMPTY_WSDL, location="elsewhere", namespace="urn:another"),
    "R2025": _adding("wsdl:binding", '<binding xmlns="http://schemas.xmlsoap.org/wsdl/http/"/>'),
    "R2026": _adding("wsdl:binding", '<x xmlns="urn:other" wsdl:required="true"/>'),
    "Extensions": _adding("wsdl:binding", '<x xmlns="urn:other"/>'),
    "R2101": _setting("wsdl:binding", type="unknown:Port"),
    "R2102": _adding(_SCHEMA, '<xs:element name="x" type="unknown:x"/>', 99),
    "R2105": _adding("wsdl:types", '<xs:schema><xs:element name="x"/></xs:schema>'),
    "R2110": _adding("wsdl:types", _NEW_TYPE.format("")),
    "R2111": _adding(
        "wsdl:types",
        _NEW_TYPE.format('<xs:attribute ref="e:arrayType" wsdl:arrayType="xs:int[]"/>').replace(
            "<xs:attribute", f'<xs:attribute xmlns:e="{ENCODING}"'
        ),
    ),
    "R2112": _adding(_SCHEMA, '<xs:element name="ArrayOfLetters"/>', 99),
    "R2801": _adding("wsdl:types", '<x xmlns="urn:another-language-of-types"/>'),
    "R2201": _setting(_BODY, parts="parameters more"),
    "R2210": _first(_PART, _repeat),
    "R2209": _setting(_BODY, parts="another"),
    "R2204": _setting(_PART, element=None, type="xs:string"),
    "R2205": _setting(_HEADER_PART, element=None, type="xs:string"),
    "R2206": _setting(_PART, element="tns:NowhereDeclared"),
    "R2303": _first(f"{_OPERATION}/wsdl:output", _move_first),
    "R2304": _first(_OPERATION, _repeat),
    "R2305": _edited(_ordered),
    "R2306": _setting(_PART, type="xs:string"),
    "R2213": _setting(_BODY, parts=""),
    "R2301": _first(_PART, _repeat),
    "R2714": _removing(f"{_OPERATION}/wsdl:output"),
    "R2745": _setting("//soap:operation", soapAction=""),
    "R2401": _removing("wsdl:binding/soap:binding"),
    "R2701": _setting("wsdl:binding/soap:binding", transport=None),
    "R2702": _setting(
        "wsdl:binding/soap:binding", transport="http://schemas.xmlsoap.org/soap/smtp"
    ),
    "R2705": _setting("wsdl:binding/wsdl:operation/soap:operation", style="rpc"),
    "R2706": _setting("//wsdl:output/soap:header", use="encoded"),
    "R2723": _setting("//soap:fault", use="encoded"),
    "R2710": _edited(_same_request),
    "R2711": _first("wsdl:service/wsdl:port", _repeat),
    "R2716": _setting("//soap:body", namespace=_OTHER),
    "R2718": _removing("wsdl:binding/wsdl:operation"),
    "R2740": _removing("//wsdl:fault[soap:fault]"),
    "R2741": _adding("//soap:header", f'<headerfault xmlns="{WSDL_SOAP}"/>'),
    "R2720": _setting("//soap:header", part=None),
    "R2749": _setting("//soap:header", parts="ApplicationToken"),
    "R2721": _setting("//soap:fault", name=None),
    "R2754": _setting("//soap:fault", name="Another"),
}
"""What breaks each requirement."""
