"""The requirements on the form of a description and on its types."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlparse

import xmlschema
from lxml import etree

from service.soap.namespaces import WSDL, WSDL_SOAP, XS
from tests.conformance.descriptions import NAMESPACES, Description, place, qualified, requires

ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_DECLARATION = re.compile(rb"<\?xml\s+version=[\"']([^\"']*)[\"'](?:\s+encoding=[\"']([^\"']*))?")

# The schemas of WSDL itself. The package of a validator has them; its parser is not used.


@cache
def _wsdl_schema() -> etree.XMLSchema:
    folder = Path(xmlschema.__file__).parent / "schemas" / "WSDL"
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{(folder / name).as_uri()}"/>'
        for namespace, name in {WSDL: "wsdl.xsd", WSDL_SOAP: "wsdl-soap.xsd"}.items()
    )
    return etree.XMLSchema(etree.fromstring(f'<xs:schema xmlns:xs="{XS}">{imports}</xs:schema>'))


def _schema_errors(description: Description, namespace: str) -> Iterator[str]:
    schema = _wsdl_schema()
    schema.validate(description.root)
    for error in schema.error_log:
        if error.message.startswith(f"Element '{{{namespace}}}"):
            yield f"line {error.line}: {error.message}"


@requires("R2028")
def _valid_wsdl(description: Description) -> Iterator[str]:
    yield from _schema_errors(description, WSDL)


@requires("R2029")
def _valid_soap_binding(description: Description) -> Iterator[str]:
    yield from _schema_errors(description, WSDL_SOAP)


# Form


@requires("R2001")
def _imports_lead_to_wsdl(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:import"):
        text = description.documents.get(item.get("location", ""))
        if text is None or etree.fromstring(text).tag != f"{{{WSDL}}}definitions":
            yield place(item)


@requires("R2803")
def _import_namespaces_are_absolute(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:import"):
        if not urlparse(item.get("namespace", "")).scheme:
            yield place(item)


@requires("R2002")
def _schemas_are_imported_as_such(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:import"):
        text = description.documents.get(item.get("location", ""))
        if text is not None and etree.fromstring(text).tag == f"{{{XS}}}schema":
            yield place(item)


@requires("R2003")
def _schema_imports_are_in_schemas(description: Description) -> Iterator[str]:
    for item in description.root.iter(f"{{{XS}}}import"):
        parent = item.getparent()
        if parent.tag != f"{{{XS}}}schema" or parent.getparent().tag != f"{{{WSDL}}}types":
            yield place(item)


@requires("R2004")
def _schema_locations_lead_to_schemas(description: Description) -> Iterator[str]:
    for schema in description.schemas:
        for item in schema.iterfind("xs:import[@schemaLocation]", NAMESPACES):
            text = description.documents.get(item.get("schemaLocation"))
            if text is None or etree.fromstring(text).tag != f"{{{XS}}}schema":
                yield item.get("schemaLocation")


def _declarations(description: Description, *, imported: bool) -> Iterator[tuple[str, str]]:
    """Version and encoding of the WSDL, or of what it imports."""
    for address, text in description.documents.items():
        if (address != description.address) is imported:
            found = _DECLARATION.match(text)
            version, encoding = found.groups(b"utf-8") if found else (b"1.0", b"utf-8")
            yield version.decode(), encoding.decode().lower()


@requires("R2010")
def _schemas_are_in_utf(description: Description) -> Iterator[str]:
    for _, encoding in _declarations(description, imported=True):
        if encoding not in {"utf-8", "utf-16"}:
            yield encoding


@requires("R2011")
def _schemas_are_xml_1_0(description: Description) -> Iterator[str]:
    for version, _ in _declarations(description, imported=True):
        if version != "1.0":
            yield version


@requires("R4003")
def _is_in_utf(description: Description) -> Iterator[str]:
    for _, encoding in _declarations(description, imported=False):
        if encoding not in {"utf-8", "utf-16"}:
            yield encoding


@requires("R4004")
def _is_xml_1_0(description: Description) -> Iterator[str]:
    for version, _ in _declarations(description, imported=False):
        if version != "1.0":
            yield version


@requires("R4005")
def _does_not_declare_xml(description: Description) -> Iterator[str]:
    # A parser takes the declaration for granted, and shows it nowhere.
    for address, text in description.documents.items():
        if b"xmlns:xml=" in text:
            yield address


@requires("R2007")
def _imports_have_a_location(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:import"):
        if not item.get("location"):
            yield place(item)


def _late(description: Description, kind: str, allowed: set[str]) -> Iterator[str]:
    names = [etree.QName(item).localname for item in description.root.iterchildren(f"{{{WSDL}}}*")]
    for count, name in enumerate(names):
        if name == kind and not set(names[:count]) <= allowed:
            yield f"{kind} after {names[count - 1]}"


@requires("R2022")
def _imports_come_first(description: Description) -> Iterator[str]:
    yield from _late(description, "import", {"documentation", "import"})


@requires("R2023")
def _types_come_next(description: Description) -> Iterator[str]:
    yield from _late(description, "types", {"documentation", "import", "types"})


@requires("R2005")
def _imports_name_the_target(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:import"):
        text = description.documents.get(item.get("location", ""))
        if text is not None:
            target = etree.fromstring(text).get("targetNamespace")
            if target != item.get("namespace"):
                yield f"{target} imported as {item.get('namespace')}"


@requires("R2026")
def _nothing_is_required(description: Description) -> Iterator[str]:
    for item in description.find("//*[@wsdl:required='true' and not(self::soap:*)]"):
        yield place(item)


# Types

_REFERENCES = {"base", "itemType", "ref", "type"}
_WSDL_REFERENCES = {"binding", "message"}


@requires("R2101")
def _wsdl_names_are_known(description: Description) -> Iterator[str]:
    known = {description.root.get("targetNamespace")}
    known |= {item.get("namespace") for item in description.find("wsdl:import")}
    for item in description.find("//wsdl:* | //soap:*"):
        names = set(_WSDL_REFERENCES)
        if item.tag == f"{{{WSDL}}}binding":
            names.add("type")
        for name in names & set(item.attrib):
            if etree.QName(qualified(item, item.get(name))).namespace not in known:
                yield f"{item.get(name)} of {place(item)}"


def _namespaces_in_reach(schema: etree._Element) -> set[str | None]:
    imports = schema.iterfind("xs:import", NAMESPACES)
    return {XS, schema.get("targetNamespace"), *(item.get("namespace") for item in imports)}


@requires("R2102")
def _schema_names_are_known(description: Description) -> Iterator[str]:
    for schema in description.schemas:
        known = _namespaces_in_reach(schema)
        for item in schema.iter(f"{{{XS}}}*"):
            for name in _REFERENCES & set(item.attrib):
                if etree.QName(qualified(item, item.get(name))).namespace not in known:
                    yield f"{item.get(name)} of {place(item)}"


@requires("R2105")
def _schemas_have_targets(description: Description) -> Iterator[str]:
    bare = {f"{{{XS}}}import", f"{{{XS}}}annotation"}
    for schema in description.find("wsdl:types/xs:schema"):
        if not schema.get("targetNamespace") and not {child.tag for child in schema} <= bare:
            yield place(schema)


@requires("R2110")
def _no_encoded_array(description: Description) -> Iterator[str]:
    for schema in description.schemas:
        for item in schema.iter(f"{{{XS}}}extension", f"{{{XS}}}restriction"):
            if qualified(item, item.get("base", "")) == f"{{{ENCODING}}}Array":
                yield place(item)


@requires("R2111")
def _no_array_type(description: Description) -> Iterator[str]:
    for schema in description.schemas:
        for item in schema.xpath("//*[@wsdl:arrayType]", namespaces=NAMESPACES):
            yield place(item)


@requires("R2112")
def _no_array_of(description: Description) -> Iterator[str]:
    for schema in description.schemas:
        for item in schema.iterfind("xs:element", NAMESPACES):
            if item.get("name", "").startswith("ArrayOf"):
                yield item.get("name")


@requires("R2801")
def _types_are_of_xml_schema(description: Description) -> Iterator[str]:
    for item in description.find("wsdl:types/*"):
        if item.tag != f"{{{XS}}}schema":
            yield place(item)
    for schema in description.schemas:
        yield from (
            place(item) for item in schema.iter("{*}*") if _is_of_another_schema(schema, item)
        )


def _is_of_another_schema(schema: etree._Element, item: etree._Element) -> bool:
    in_note = any(True for _ in item.iterancestors(f"{{{XS}}}appinfo", f"{{{XS}}}documentation"))
    return not in_note and etree.QName(item).namespace != XS
