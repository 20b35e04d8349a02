"""The deviations from WS-I Basic Profile 1.1 that docs/wsdl.md lists: so many, and inherited."""

from pathlib import Path

import pytest
from lxml import etree

from service.soap import published
from service.soap.contract import CUSTOMER_BILLING
from tests.contract.facts import official_document

PAGE = Path(__file__).parents[2] / "docs" / "wsdl.md"
NAMESPACES = {
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "xs": "http://www.w3.org/2001/XMLSchema",
    "wsp": "http://schemas.xmlsoap.org/ws/2004/09/policy",
    "sp": "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy",
    "wsaw": "http://www.w3.org/2006/05/addressing/wsdl",
    "msc": "http://schemas.microsoft.com/ws/2005/12/wsdl/contract",
}
NAMESPACE_ON_FAULT = "//soap:fault[@namespace]"
ARRAY_ELEMENT = "//xs:schema/xs:element[starts-with(@name, 'ArrayOf')]"
EXTENSION = "//wsp:* | //sp:*"


@pytest.fixture(scope="module")
def ours() -> etree._Element:
    return etree.fromstring(
        published.document(CUSTOMER_BILLING, "singleWsdl", "https://localhost/")
    )


@pytest.fixture(scope="module")
def theirs() -> etree._Element:
    return official_document()


@pytest.mark.parametrize(
    ("row", "xpath"),
    [("R2716", NAMESPACE_ON_FAULT), ("R2112", ARRAY_ELEMENT), ("Extensions", EXTENSION)],
)
def test_the_documented_count_is_ours_and_the_originals(ours, theirs, row, xpath):
    count = len(ours.xpath(xpath, namespaces=NAMESPACES))
    assert f"| {row} | {count} |" in PAGE.read_text(encoding="utf-8")
    assert count == len(theirs.xpath(xpath, namespaces=NAMESPACES))


def test_the_documented_extension_attributes_are_all(ours):
    assert len(ours.xpath("//@wsaw:Action", namespaces=NAMESPACES)) == 66
    assert len(ours.xpath("//@msc:usingSession", namespaces=NAMESPACES)) == 1
    assert "66 `wsaw:Action`" in PAGE.read_text(encoding="utf-8")


def test_no_other_place_has_the_namespace_attribute(ours):
    others = "//soap:body[@namespace] | //soap:header[@namespace] | //soap:headerfault"
    assert ours.xpath(others, namespaces=NAMESPACES) == []


def test_the_counted_extensions_are_all(ours):
    known = {ours.nsmap[prefix] for prefix in ("wsdl", "soap", "wsp", "sp")}
    outside = ours.xpath("//*[not(ancestor-or-self::xs:schema)]", namespaces=NAMESPACES)
    assert {etree.QName(element).namespace for element in outside} == known


def test_over_http_no_extension_element_is_left():
    plain = etree.fromstring(
        published.document(CUSTOMER_BILLING, "singleWsdl", "http://localhost/")
    )
    assert plain.xpath(EXTENSION, namespaces=NAMESPACES) == []
