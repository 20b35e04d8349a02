"""A description as a client fetches it, and the table of what is checked in it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from lxml import etree

from service.soap import published
from service.soap.contract import Contract
from service.soap.namespaces import WSDL, WSDL_SOAP, XS

NAMESPACES = {"wsdl": WSDL, "soap": WSDL_SOAP, "xs": XS}
Check = TypeVar("Check")


@dataclass(frozen=True)
class Description:
    """A description and the schemas that it imports, as a client would fetch them.

    Attributes:
        documents: Every document, by its address.
        address: That of the WSDL.
    """

    documents: Mapping[str, bytes]
    address: str

    @cached_property
    def root(self) -> etree._Element:
        return etree.fromstring(self.documents[self.address])

    @cached_property
    def schemas(self) -> list[etree._Element]:
        """The schemas inside the WSDL, and those that they lead to."""
        found = self.find("wsdl:types/xs:schema")
        for schema in found:
            for item in schema.iterfind("xs:import", NAMESPACES):
                text = self.documents.get(item.get("schemaLocation", ""))
                if text is not None and item.getparent().getparent() is not None:
                    found.append(etree.fromstring(text))
        return found

    def find(self, path: str) -> list[etree._Element]:
        """The elements at a path below ``wsdl:definitions``."""
        return self.root.xpath(path, namespaces=NAMESPACES)

    def declared(self, kind: str) -> set[str]:
        """The qualified names of the global declarations of a kind in all schemas."""
        return {
            f"{{{schema.get('targetNamespace')}}}{item.get('name')}"
            for schema in self.schemas
            for item in schema.iterfind(f"xs:{kind}", NAMESPACES)
        }

    def named(self, kind: str, reference: str, user: etree._Element) -> etree._Element | None:
        """The construct of WSDL that a qualified name means."""
        name = qualified(user, reference)
        for item in self.find(f"wsdl:{kind}"):
            if f"{{{self.root.get('targetNamespace')}}}{item.get('name')}" == name:
                return item
        return None

    def parts(self, user: etree._Element) -> list[etree._Element]:
        """The parts of the message that an element refers to."""
        message = self.named("message", user.get("message", ""), user)
        return [] if message is None else message.findall("wsdl:part", NAMESPACES)

    def abstract(self, bound: etree._Element) -> etree._Element:
        """What input, output or fault of a binding is in the portType."""
        operation = bound.getparent()
        binding = operation.getparent()
        port_type = self.named("portType", binding.get("type"), binding)
        kind = etree.QName(bound).localname
        for item in port_type.iterfind(f"wsdl:operation/wsdl:{kind}", NAMESPACES):
            is_same = item.getparent().get("name") == operation.get("name")
            if is_same and (kind != "fault" or item.get("name") == bound.get("name")):
                return item
        raise LookupError(f"no {kind} of {operation.get('name')}")


def qualified(element: etree._Element, text: str) -> str:
    """A name with the namespace that its prefix has at an element; "" for an unknown prefix."""
    prefix, _, local = text.rpartition(":")
    return f"{{{element.nsmap.get(prefix or None, '')}}}{local}"


def descriptions(contract: Contract) -> Iterator[Description]:
    """Every way in which a contract is published."""
    for scheme in ("http", "https"):
        address = f"{scheme}://localhost/service.svc"
        for query in ("wsdl", "singleWsdl"):
            queries = [query, *(f"xsd=xsd{place}" for place in range(len(contract.schema_names())))]
            documents = {
                f"{address}?{each}": published.document(contract, each, address) or b""
                for each in queries
            }
            yield Description(documents, f"{address}?{query}")


def declaring(checks: dict[str, Check]) -> Callable[[str], Callable[[Check], Check]]:
    """What puts a check among others, under the number of its requirement, which has one."""

    def requires(number: str) -> Callable[[Check], Check]:
        def declare(check: Check) -> Check:
            assert number not in checks
            checks[number] = check
            return check

        return declare

    return requires


CHECKS: dict[str, Callable[[Description], Iterator[str]]] = {}
"""What tells each place at which a requirement is broken, by the requirement's number."""
requires = declaring(CHECKS)


def place(element: etree._Element) -> str:
    """Where an element stands, for those who read of it."""
    named = [item for item in (element, *element.iterancestors()) if item.get("name")]
    path = "/".join(reversed([item.get("name") for item in named]))
    return f"{etree.QName(element).localname} in {path}"
