"""The published documents: who asks for what, under which address, and that clients load them."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import zeep
from lxml import etree

from service.soap import published
from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING
from service.soap.namespaces import WSDL, WSDL_SOAP, XS

QUERIES = ["wsdl", "singleWsdl", *(f"xsd=xsd{place}" for place in range(6))]
HTTP = "http://localhost:8080/Api/Billing/v13/CustomerBillingService.svc"
HTTPS = "https://coupons.example.org/Api/Billing/v13/CustomerBillingService.svc"


@pytest.fixture(params=[CUSTOMER_BILLING, COUPON_MANAGEMENT], ids=lambda it: it.name)
def contract(request):
    return request.param


@pytest.fixture
def document(contract):
    """Answers the published document of a query and an address."""
    return partial(published.document, contract)


def addresses_in(document: bytes) -> set[str]:
    """Every address in a document at which a client would call or look."""
    root = etree.fromstring(document)
    found = {item.get("location") for item in root.iter(f"{{{WSDL_SOAP}}}address")}
    found |= {item.get("schemaLocation") for item in root.iter(f"{{{XS}}}import")}
    return {location.partition("?")[0] for location in found if location}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("spelled", [str, str.lower, str.upper])
def test_a_document_is_asked_for_in_any_case(document, query, spelled):
    assert document(spelled(query), HTTPS) == document(query, HTTPS)


@pytest.mark.parametrize(
    "query", ["", "wsdl2", "xsd", "xsd=", "xsd=xsd8", "xsd=xsd-1", "xsd=../setup.cfg", "disco"]
)
def test_what_is_not_published_is_not_answered(document, query):
    assert document(query, HTTPS) is None


def test_the_linked_description_points_to_all_schemas(document, contract):
    root = etree.fromstring(document("wsdl", HTTPS))
    locations = [item.get("schemaLocation") for item in root.iter(f"{{{XS}}}import")]
    assert locations == [f"{HTTPS}?xsd=xsd{place}" for place in range(len(contract.schema_names()))]
    for item in root.iter(f"{{{XS}}}import"):
        query = item.get("schemaLocation").partition("?")[2]
        schema = etree.fromstring(document(query, HTTPS))
        assert schema.get("targetNamespace") == item.get("namespace")


def test_the_single_document_points_nowhere(document, contract):
    root = etree.fromstring(document("singleWsdl", HTTPS))
    assert len(root.findall(f"{{{WSDL}}}types/{{{XS}}}schema")) == len(contract.schema_names())
    assert addresses_in(document("singleWsdl", HTTPS)) == {HTTPS}


@pytest.mark.parametrize(
    "address",
    [
        HTTP,
        "https://[2001:db8::1]:8443/a/b",
        "http://xn--bcher-kva.example/",
        "https://host/&amp;<x y='1' z=\"2\">",
        "urn:address-of-the-service",
    ],
)
@pytest.mark.parametrize("query", ["wsdl", "singleWsdl", "xsd=xsd0"])
def test_any_address_is_written_as_it_is_given(document, query, address):
    assert addresses_in(document(query, address)) == {address}


@pytest.mark.parametrize("query", QUERIES)
def test_addresses_never_leak_into_one_another(document, query):
    addresses = [f"http{'s' * (n % 2)}://host-{n}.example/service.svc" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        documents = list(pool.map(lambda address: document(query, address), addresses))
    for place, found in enumerate(documents):
        assert set(re.findall(rb"host-\d+", found)) <= {b"host-%d" % place}
        assert b"localhost" not in found
        assert b"urn:address-of-the-service" not in found
    assert documents[0] == document(query, addresses[0])


@pytest.mark.parametrize("query", ["wsdl", "singleWsdl"])
@pytest.mark.parametrize(
    ("address", "secure"), [(HTTP, False), (HTTPS, True), (HTTPS.upper(), True)]
)
def test_the_policy_is_published_where_it_is_true(document, query, address, secure):
    found = document(query, address)
    assert (b"HttpsToken" in found) is secure
    assert (b"PolicyReference" in found) is secure


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def address():
    """The address of a server that publishes and does nothing else."""

    def application(environ, start_response):
        found = published.document(CUSTOMER_BILLING, environ["QUERY_STRING"], location)
        start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/xml")])
        return [found or b""]

    with make_server("127.0.0.1", 0, application, handler_class=QuietHandler) as server:
        location = f"http://127.0.0.1:{server.server_port}/CustomerBillingService.svc"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield location
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("query", ["wsdl", "singleWsdl"])
def test_zeep_builds_a_client_from_it(address, query):
    with zeep.Client(f"{address}?{query}") as client:
        service = client.wsdl.services["CustomerBillingService"]
        port = service.ports["BasicHttpBinding_ICustomerBillingService"]
        assert len(port.binding.all()) == 16
        assert port.binding_options["address"] == address
        coupon = client.get_type("{https://bingads.microsoft.com/Customer/v13/Entities}Coupon")
        assert len(coupon.elements) == 16
        message = client.create_message(client.service, "RedeemCoupon", 1, "SPRING-0001")
        assert b"SPRING-0001" in etree.tostring(message)
