"""The declared types against the schemas: names, order, types, nillable, what is left out."""

from datetime import timedelta

import pytest
import spyne
from lxml import etree
from spyne.interface.xml_schema import XmlSchema

from service.soap import headers
from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING, read_schema
from service.soap.customer_billing import IMPLEMENTED_OPERATIONS
from service.soap.declared import is_array, is_complex, members_of
from service.soap.endpoint import create_endpoint
from service.soap.management import MANAGEMENT_SERVICES
from service.soap.namespaces import BILLING, SERIALIZATION, XS
from service.soap.types import (
    adapi,
    arrays,
    bill_entities,
    discount_entities,
    entities,
    exception,
    management_entities,
)
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS
from service.soap.types.messages import OPERATIONS
from service.soap.types.simple import Flags
from tests.wire.declared_values import REQUESTS, RESPONSES

N = {"xs": XS, "ser": SERIALIZATION}
CONTRACTS = (CUSTOMER_BILLING, COUPON_MANAGEMENT)
SCHEMAS = [
    read_schema(name)
    for name in dict.fromkeys(name for contract in CONTRACTS for name in contract.schema_names())
]


def resolved(element, name):
    prefix, _, local = name.rpartition(":")
    return f"{{{element.nsmap[prefix or None]}}}{local}"


def from_schema(complex_type):
    """The elements of a complex type as the schema declares them."""
    return [
        (
            item.get("name"),
            resolved(item, item.get("type")),
            item.get("nillable") == "true",
            item.find(".//ser:DefaultValue[@EmitDefaultValue='false']", N) is not None,
        )
        for item in complex_type.iterfind(".//xs:sequence/xs:element", N)
    ]


def from_types(declared):
    """The elements of a complex type as Spyne knows them, without those of its base."""
    inherited = len(members_of(declared.__extends__)) if declared.__extends__ else 0
    return [
        (
            member.name,
            f"{{{member.declared.get_namespace()}}}{member.declared.get_type_name()}",
            member.nillable,
            member.left_out,
        )
        for member in members_of(declared)[inherited:]
    ]


def named_types():
    """Every named type of the schemas beside the built-in ones, by its name."""
    return {
        f"{{{schema.get('targetNamespace')}}}{item.get('name')}": item
        for schema in SCHEMAS
        if schema.get("targetNamespace") != SERIALIZATION
        for item in schema.iterfind("*[@name]", N)
        if etree.QName(item).localname in {"complexType", "simpleType"}
    }


def declared_types():
    found = {}
    rooms = (adapi, arrays, entities, exception)
    for room in (*rooms, management_entities, discount_entities, bill_entities):
        for declared in vars(room).values():
            if isinstance(declared, type) and issubclass(declared, spyne.ModelBase):
                name = f"{{{declared.get_namespace()}}}{declared.get_type_name()}"
                found.setdefault(name, declared)
    return {
        name: declared
        for name, declared in found.items()
        if not name.startswith(f"{{{XS}}}") and declared is not spyne.ComplexModel
    }


DECLARED, NAMED = declared_types(), named_types()


def test_every_type_of_the_schemas_is_declared_and_no_other():
    assert set(DECLARED) == set(NAMED)


def test_complex_types_are_the_same():
    complex_types = {name for name, declared in DECLARED.items() if is_complex(declared)}
    assert len(complex_types) == 106
    assert {name: from_types(DECLARED[name]) for name in complex_types} == {
        name: from_schema(NAMED[name]) for name in complex_types
    }


def test_arrays_are_those_without_bound():
    unbounded = {
        name
        for name, item in NAMED.items()
        if item.find(".//xs:element[@maxOccurs='unbounded']", N) is not None
    }
    assert {name for name, declared in DECLARED.items() if is_array(declared)} == unbounded


def test_bases_are_the_same():
    assert {
        name: f"{{{base.get_namespace()}}}{base.get_type_name()}"
        for name, declared in DECLARED.items()
        if is_complex(declared) and (base := declared.__extends__)
    } == {
        name: resolved(extension, extension.get("base"))
        for name, item in NAMED.items()
        for extension in item.iterfind(".//xs:extension", N)
    }


def test_enumerations_and_lists_are_the_same():
    simple = {name: declared for name, declared in DECLARED.items() if not is_complex(declared)}
    assert {
        name: (issubclass(declared, Flags), list(declared.Attributes.values))
        for name, declared in simple.items()
    } == {
        name: (
            item.find("xs:list", N) is not None,
            [value.get("value") for value in item.iterfind(".//xs:enumeration", N)],
        )
        for name, item in NAMED.items()
        if name in simple
    }


def test_messages_are_the_same():
    wrappers = {
        item.get("name"): from_schema(item)
        for schema in SCHEMAS
        if schema.get("targetNamespace") in {contract.namespace for contract in CONTRACTS}
        for item in schema.iterfind("xs:element", N)
        if item.find("xs:complexType", N) is not None
    }
    assert {name: from_types(item) for name, item in (REQUESTS | RESPONSES).items()} == wrappers


def test_credentials_are_headers_of_the_contract():
    billing = next(item for item in SCHEMAS if item.get("targetNamespace") == BILLING)
    elements = {f"{{{BILLING}}}{item.get('name')}" for item in billing.iterfind("xs:element", N)}
    assert set(headers._CREDENTIALS) < elements


def test_implemented_operations_are_operations_of_the_contract():
    assert set(OPERATIONS) > IMPLEMENTED_OPERATIONS
    assert len(OPERATIONS) == 16
    carried_out = [name for one in MANAGEMENT_SERVICES for name in one.public_methods]
    assert sorted(carried_out) == sorted(MANAGEMENT_OPERATIONS)


def occurrence(complex_type):
    """Name, type, nillable and occurrence of every element of a complex type."""
    return [
        (
            item.get("name"),
            resolved(item, item.get("type")),
            item.get("nillable") == "true",
            item.get("minOccurs", "1"),
            item.get("maxOccurs", "1"),
        )
        for item in complex_type.iterfind(".//xs:sequence/xs:element", N)
    ]


@pytest.mark.parametrize(
    ("contract", "types_count"), [(CUSTOMER_BILLING, 66), (COUPON_MANAGEMENT, 206)]
)
def test_the_schema_that_spyne_generates_is_the_same(contract, types_count):
    endpoint = create_endpoint(lambda *_: None, idempotency_keep=timedelta(), contract=contract)
    # Spyne sorts types by what they need, and rules have rules inside.
    endpoint.app.interface.deps.pop(discount_entities.ArrayOfCouponRule, None)
    generator = XmlSchema(endpoint.app.interface)
    generator.build_interface_document()
    generated = {
        f"{{{schema.get('targetNamespace')}}}{item.get('name')}": occurrence(item)
        for schema in generator.get_interface_document().values()
        for item in schema.iterfind("xs:complexType", N)
    }
    wrappers = {
        f"{{{contract.namespace}}}{item.get('name')}": item
        for schema in SCHEMAS
        if schema.get("targetNamespace") == contract.namespace
        for item in schema.iterfind("xs:element", N)
    }
    # Spyne generates what operations reach: every data type and message, and no fault.
    assert len(generated) == types_count
    assert generated == {name: occurrence((NAMED | wrappers)[name]) for name in generated}
