"""Publishing the contract: the documents that clients are generated from.

A client asks the service's own address for them: ``?wsdl`` (which imports the schemas as
``?xsd=xsd0``, ``?xsd=xsd1`` and so on) or ``?singleWsdl`` (all in one document).
"""

from collections.abc import Mapping
from functools import cache
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from service.soap.contract import Contract, read_schema
from service.soap.namespaces import WSDL, WSDL_SOAP, XS

__all__ = ["document"]

# Stands for the service's address in a document until somebody asks for it. Only text without
# any address is kept between calls, so no caller can be answered another's.
_ADDRESS: Final = "urn:address-of-the-service"

_POLICY: Final = "http://schemas.xmlsoap.org/ws/2004/09/policy"


def document(contract: Contract, query: str, address: str) -> bytes | None:
    """Answer the document of a contract that a GET asks for.

    Args:
        contract: Of the service that is asked.
        query: The query string, without the question mark; its case does not count.
        address: The URL at which the caller reaches the service, without a query.

    Returns:
        The document in UTF-8, naming ``address`` and no other; None when the query
        asks for none.
    """
    is_secure = address.lower().startswith("https:")
    template = _templates(contract, secure=is_secure).get(query.lower())
    if template is None:
        return None
    return template.replace(_ADDRESS.encode(), escape(address, {'"': "&quot;"}).encode())


@cache
def _templates(contract: Contract, *, secure: bool) -> Mapping[str, bytes]:
    """Write every document, by the query that asks for it in lower case."""
    locations = {name: f"xsd=xsd{place}" for place, name in enumerate(contract.schema_names())}
    roots = {query: _linked(read_schema(name), locations) for name, query in locations.items()}
    roots["wsdl"] = _linked(_description(contract, secure=secure), locations)
    roots["singlewsdl"] = _inlined(_description(contract, secure=secure), list(locations))
    return {query: _written(root) for query, root in roots.items()}


def _description(contract: Contract, *, secure: bool) -> etree._Element:
    root = contract.read_wsdl()
    for address in root.iter(f"{{{WSDL_SOAP}}}address"):
        address.set("location", _ADDRESS)
    if not secure:
        # The policy demands TLS. Over plain http that is untrue, and clients that honour
        # policies (.NET, CXF) would refuse to call.
        etree.strip_elements(root, f"{{{_POLICY}}}*", with_tail=False)
    return root


def _linked(root: etree._Element, locations: Mapping[str, str]) -> etree._Element:
    """Let each import point to the published schema."""
    for item in root.iter(f"{{{XS}}}import"):
        name = str(item.get("schemaLocation")).rpartition("/")[2]
        item.set("schemaLocation", f"{_ADDRESS}?{locations[name]}")
    return root


def _inlined(root: etree._Element, names: list[str]) -> etree._Element:
    """Put the schemas themselves in the place of the imports."""
    (types,) = root.iter(f"{{{WSDL}}}types")
    # One prefix means one namespace in all our files, so that a type named with a
    # prefix still names the same type after the move.
    types[:] = [read_schema(name) for name in names]
    for item in types.iter(f"{{{XS}}}import"):
        del item.attrib["schemaLocation"]
    return root


def _written(root: etree._Element) -> bytes:
    etree.indent(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
