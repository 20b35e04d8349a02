"""The comparison itself: documents that are wrong on purpose are found out, and only those."""

import pytest
from lxml import etree

from service.soap import published
from service.soap.contract import CUSTOMER_BILLING
from service.soap.namespaces import BILLING, ENTITIES, WSDL, WSDL_SOAP, XS
from tests.contract.facts import differences, read_contract

PREFIXES = {
    "wsdl": WSDL,
    "soap": WSDL_SOAP,
    "xs": XS,
    "wsaw": "http://www.w3.org/2006/05/addressing/wsdl",
    "wsp": "http://schemas.xmlsoap.org/ws/2004/09/policy",
    "sp": "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy",
    "ser": "http://schemas.microsoft.com/2003/10/Serialization/",
}


def our_document() -> etree._Element:
    return etree.fromstring(
        published.document(CUSTOMER_BILLING, "singleWsdl", "https://localhost/")
    )


def drop(element: etree._Element) -> None:
    element.getparent().remove(element)


def swap_with_next(element: etree._Element) -> None:
    element.getnext().addnext(element)


def without(name: str):
    return lambda element: element.attrib.pop(name)


def changed(name: str, value: str):
    return lambda element: element.set(name, value)


def with_text(text: str):
    return lambda element: setattr(element, "text", text)


def of_type(name: str) -> str:
    return f"//xs:complexType[@name='{name}']"


def of_binding(operation: str) -> str:
    return f"//wsdl:binding/wsdl:operation[@name='{operation}']"


def of_port_type(operation: str) -> str:
    return f"//wsdl:portType/wsdl:operation[@name='{operation}']"


FAULT_ACTION = f"{{{PREFIXES['wsaw']}}}Action"

MUTATIONS = {
    "nillable dropped": (
        of_type("Coupon") + "//xs:element[@name='EndDate']",
        without("nillable"),
        f"type {{{ENTITIES}}}Coupon: /sequence/element EndDate@nillable",
    ),
    "order of members swapped": (
        of_type("CouponRedemption") + "//xs:element[@name='Balance']",
        swap_with_next,
        f"type {{{ENTITIES}}}CouponRedemption: /sequence order",
    ),
    "member dropped": (
        of_type("Paging") + "//xs:element[@name='Size']",
        drop,
        f"type {{{ENTITIES}}}Paging: /sequence/element Size",
    ),
    "type of a member changed": (
        of_type("Coupon") + "//xs:element[@name='Amount']",
        changed("type", "xs:decimal"),
        f"type {{{ENTITIES}}}Coupon: /sequence/element Amount@type",
    ),
    "namespace of a member's type changed": (
        "//xs:element[@name='RedeemCouponRequest']//xs:element[@name='CouponCode']",
        changed("type", "tns:string"),
        f"element {{{BILLING}}}RedeemCouponRequest: /complexType/sequence/element CouponCode@type",
    ),
    "minOccurs raised": (
        of_type("Predicate") + "//xs:element[@name='Field']",
        without("minOccurs"),
        f"type {{{ENTITIES}}}Predicate: /sequence/element Field@minOccurs",
    ),
    "maxOccurs lowered": (
        of_type("ArrayOfCoupon") + "//xs:element",
        without("maxOccurs"),
        f"type {{{ENTITIES}}}ArrayOfCoupon: /sequence/element Coupon@maxOccurs",
    ),
    "enumeration value renamed": (
        "//xs:enumeration[@value='StartsWith']",
        changed("value", "StartWith"),
        f"type {{{ENTITIES}}}PredicateOperator: /restriction/enumeration StartsWith",
    ),
    "number of an enumeration value changed": (
        "//xs:enumeration[@value='Queued']//ser:EnumerationValue",
        with_text("8"),
        f"type {{{ENTITIES}}}InsertionOrderStatus: /restriction/enumeration Queued/annotation",
    ),
    "list made single": (
        "//xs:simpleType[@name='AccountAdditionalField']/xs:list",
        changed("itemType", "xs:string"),
        f"type {{{ENTITIES}}}AccountAdditionalField: /list@itemType",
    ),
    "EmitDefaultValue dropped": (
        of_type("Coupon") + "//ser:DefaultValue/ancestor::xs:annotation",
        drop,
        f"type {{{ENTITIES}}}Coupon: /sequence/element ClaimInfo/annotation/appinfo/DefaultValue",
    ),
    "generic parameter changed": (
        of_type("KeyValueEntityOflongdateTime") + "//ser:GenericParameter[@Name='dateTime']",
        changed("Name", "string"),
        f"type {{{ENTITIES}}}KeyValueEntityOflongdateTime: /annotation",
    ),
    "base type changed": (
        of_type("ApiBatchFault") + "//xs:extension",
        changed("base", "adapi:ApplicationFault"),
        "Exception}ApiBatchFault: /complexContent/extension@base",
    ),
    "pattern changed": (
        "//xs:simpleType[@name='guid']//xs:pattern",
        changed("value", ".*"),
        "Serialization/}guid: /restriction/pattern",
    ),
    "global element dropped": (
        "//xs:schema/xs:element[@name='ArrayOfstring']",
        drop,
        "Arrays}ArrayOfstring: ",
    ),
    "global attribute dropped": (
        "//xs:schema/xs:attribute[@name='Ref']",
        drop,
        "attribute {http://schemas.microsoft.com/2003/10/Serialization/}Ref",
    ),
    "elements no longer qualified": (
        f"//xs:schema[@targetNamespace='{ENTITIES}']",
        changed("elementFormDefault", "unqualified"),
        f"schema {ENTITIES}: @elementFormDefault",
    ),
    "soapAction changed": (
        of_binding("RedeemCoupon") + "/soap:operation",
        changed("soapAction", f"{BILLING}/RedeemCoupon"),
        "binding operation RedeemCoupon: /operation@soapAction",
    ),
    "style changed": (
        of_binding("RedeemCoupon") + "/soap:operation",
        changed("style", "rpc"),
        "binding operation RedeemCoupon: /operation@style",
    ),
    "use changed": (
        of_binding("RedeemCoupon") + "/wsdl:input/soap:body",
        changed("use", "encoded"),
        "binding operation RedeemCoupon: /input RedeemCouponRequest/body@use",
    ),
    "order of header parts changed": (
        "//wsdl:message[@name='SearchCouponsRequest_Headers']/wsdl:part[@name='DeveloperToken']",
        swap_with_next,
        f"message {{{BILLING}}}SearchCouponsRequest_Headers:  order",
    ),
    "order of bound headers changed": (
        of_binding("SearchCoupons") + "//soap:header[@part='Password']",
        swap_with_next,
        "binding operation SearchCoupons: /input SearchCouponsRequest order",
    ),
    "response header dropped": (
        of_binding("SearchCoupons") + "//soap:header[@part='TrackingId']",
        drop,
        "binding operation SearchCoupons: /output SearchCouponsResponse/header TrackingId",
    ),
    "part renamed": (
        "//wsdl:message[@name='RedeemCouponRequest']/wsdl:part",
        changed("name", "body"),
        f"message {{{BILLING}}}RedeemCouponRequest: /part parameters",
    ),
    "element of a part changed": (
        "//wsdl:message[contains(@name, '_RedeemCoupon_ApiFault_')]/wsdl:part",
        changed("element", "tns:ApiBatchFault"),
        "RedeemCoupon_ApiFault_FaultMessage: /part detail@element",
    ),
    "message dropped": (
        "//wsdl:message[@name='RedeemCouponResponse_Headers']",
        drop,
        f"message {{{BILLING}}}RedeemCouponResponse_Headers: ",
    ),
    "declared fault dropped": (
        of_port_type("DispatchCoupons") + "/wsdl:fault[@name='ApiFault']",
        drop,
        "portType operation DispatchCoupons: /fault ApiFault",
    ),
    "bound fault dropped": (
        of_binding("DispatchCoupons") + "/wsdl:fault[@name='ApiFault']",
        drop,
        "binding operation DispatchCoupons: /fault ApiFault",
    ),
    "namespace of a bound fault dropped": (
        of_binding("DispatchCoupons") + "/wsdl:fault[@name='ApiFault']/soap:fault",
        without("namespace"),
        "binding operation DispatchCoupons: /fault ApiFault/fault ApiFault@namespace",
    ),
    "order of faults changed": (
        of_port_type("GetBillingDocuments") + "/wsdl:fault[@name='ApiBatchFault']",
        swap_with_next,
        "portType operation GetBillingDocuments:  order",
    ),
    "action changed": (
        of_port_type("RedeemCoupon") + "/wsdl:fault[@name='ApiFault']",
        changed(FAULT_ACTION, "RedeemCoupon"),
        "portType operation RedeemCoupon: /fault ApiFault@",
    ),
    "message of an operation changed": (
        of_port_type("RedeemCoupon") + "/wsdl:output",
        changed("message", "tns:DispatchCouponsResponse"),
        "portType operation RedeemCoupon: /output RedeemCouponResponse@message",
    ),
    "order of operations changed": (
        of_port_type("RedeemCoupon"),
        swap_with_next,
        "portType ICustomerBillingService:  order",
    ),
    "operation dropped": (
        of_binding("GetCouponInfo"),
        drop,
        "binding operation GetCouponInfo: ",
    ),
    "transport changed": (
        "//soap:binding",
        changed("transport", "http://example.org/smtp"),
        "binding BasicHttpBinding_ICustomerBillingService: /binding@transport",
    ),
    "port renamed": (
        "//wsdl:port",
        changed("name", "Soap"),
        "service CustomerBillingService: /port BasicHttpBinding_ICustomerBillingService",
    ),
    "policy weakened": (
        "//sp:HttpsToken",
        drop,
        "Policy: /ExactlyOne/All/TransportBinding/Policy/TransportToken/Policy/HttpsToken",
    ),
    "policy not referred to": (
        "//wsp:PolicyReference",
        drop,
        "binding BasicHttpBinding_ICustomerBillingService: /PolicyReference",
    ),
}


@pytest.mark.parametrize(("xpath", "mutate", "construct"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_wrong_document_is_found_out(official, xpath, mutate, construct):
    document = our_document()
    (target,) = document.xpath(xpath, namespaces=PREFIXES)
    mutate(target)
    found = differences(official, read_contract(document))
    assert any(construct in line for line in found), found
    # The report names what was changed and little else.
    assert len({line.partition(": ")[0] for line in found}) <= 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: root.insert(0, etree.Comment("hello")), id="comment"),
        pytest.param(etree.indent, id="layout"),
        pytest.param(
            lambda root: [drop(e) for e in root.xpath("//xs:documentation", namespaces=PREFIXES)],
            id="documentation",
        ),
        pytest.param(
            lambda root: root.find(f".//{{{XS}}}sequence/{{{XS}}}element").set("maxOccurs", "1"),
            id="default written out",
        ),
    ],
)
def test_what_says_nothing_to_a_program_makes_no_difference(official, change):
    document = our_document()
    change(document)
    assert differences(official, read_contract(document)) == []


def test_a_construct_declared_twice_is_refused():
    document = our_document()
    first = document.find(f"{{{WSDL}}}message")
    first.addnext(etree.fromstring(etree.tostring(first)))
    with pytest.raises(ValueError, match="declared twice: message"):
        read_contract(document)
