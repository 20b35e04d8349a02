"""The description of CouponManagementService, and what its operations are declared to be."""

import pytest
from lxml import etree

from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING
from service.soap.management import MANAGEMENT_SERVICES
from service.soap.namespaces import ADAPI, BILLING, MANAGEMENT, WSDL, WSDL_SOAP
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS

N = {"w": WSDL, "soap": WSDL_SOAP}


@pytest.fixture(scope="module")
def wsdl() -> etree._Element:
    return COUPON_MANAGEMENT.read_wsdl()


def elements_of(wsdl: etree._Element, message: str) -> set[str]:
    """The elements of a message, with their namespaces."""
    (found,) = wsdl.iterfind(f"w:message[@name='{message.removeprefix('tns:')}']", N)
    prefixed = [part.get("element").split(":") for part in found.iterfind("w:part", N)]
    return {f"{{{wsdl.nsmap[prefix]}}}{name}" for prefix, name in prefixed}


def test_the_port_type_has_every_operation(wsdl: etree._Element) -> None:
    operations = wsdl.findall("w:portType/w:operation", N)
    assert [it.get("name") for it in operations] == list(MANAGEMENT_OPERATIONS)
    for operation in operations:
        name = operation.get("name")
        for kind, suffix in (("input", "Request"), ("output", "Response")):
            message = operation.find(f"w:{kind}", N).get("message")
            assert elements_of(wsdl, message) == {f"{{{MANAGEMENT}}}{name}{suffix}"}
        faults = [fault.get("message") for fault in operation.iterfind("w:fault", N)]
        assert set().union(*(elements_of(wsdl, fault) for fault in faults)) == {
            f"{{{ADAPI}}}AdApiFaultDetail",
            f"{{{BILLING}}}ApiFault",
        }


def test_the_binding_names_each_operation_and_its_headers(wsdl: etree._Element) -> None:
    operations = wsdl.findall("w:binding/w:operation", N)
    assert [it.get("name") for it in operations] == list(MANAGEMENT_OPERATIONS)
    credentials = {"ApplicationToken", "AuthenticationToken", "DeveloperToken"} | {
        "Password",
        "UserName",
    }
    for operation in operations:
        assert operation.find("soap:operation", N).get("soapAction") == operation.get("name")
        sent = {it.get("part") for it in operation.iterfind("w:input/soap:header", N)}
        answered = {it.get("part") for it in operation.iterfind("w:output/soap:header", N)}
        assert (sent, answered) == (credentials, {"TrackingId"})


def test_headers_are_those_of_the_other_service(wsdl: etree._Element) -> None:
    for message in ("Request_Headers", "Response_Headers"):
        assert all(it.startswith(f"{{{BILLING}}}") for it in elements_of(wsdl, message))
    other = set(CUSTOMER_BILLING.schema_names())
    assert other < set(COUPON_MANAGEMENT.schema_names())


def test_whatever_does_not_only_read_is_carried_out_once_for_a_key() -> None:
    methods = {name: it for one in MANAGEMENT_SERVICES for name, it in one.public_methods.items()}
    changing = {name for name, it in methods.items() if it.udd.changes}
    assert changing == {
        name
        for name in methods
        if not name.startswith(("Get", "Search", "Export", "Check", "Estimate"))
    }
