"""Our contract against the one in Microsoft's SDK, construct by construct."""

import re

import pytest
from lxml import etree

from service.soap import published
from service.soap.contract import CUSTOMER_BILLING, read_schema
from tests.contract.facts import differences, reached, read_contract

ADDRESS = "https://coupons.example.org/Api/Billing/v13/CustomerBillingService.svc"


def fetched(query: str, address: str = ADDRESS) -> etree._Element:
    return etree.fromstring(published.document(CUSTOMER_BILLING, query, address))


def load_published(location: str) -> etree._Element:
    address, _, query = location.partition("?")
    return fetched(query, address)


def test_the_official_contract_is_read_whole(official):
    kinds = [name.partition(" ")[0] for name in official]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "definitions": 1,
        "Policy": 1,
        "schema": 6,
        "element": 109,
        "type": 53,
        "attribute": 3,
        "message": 98,
        "portType": 17,
        "binding": 17,
        "service": 1,
    }


def test_the_files_equal_the_official_contract(official):
    ours = read_contract(
        CUSTOMER_BILLING.read_wsdl(), lambda location: read_schema(location.rpartition("/")[2])
    )
    assert differences(official, ours) == []


def test_the_single_document_equals_the_official_contract(official):
    assert differences(official, read_contract(fetched("singleWsdl"))) == []


def test_the_linked_documents_equal_the_official_contract(official):
    assert differences(official, read_contract(fetched("wsdl"), load_published)) == []


@pytest.mark.parametrize("query", ["wsdl", "singleWsdl"])
def test_over_http_the_policy_alone_is_missing(official, query):
    ours = read_contract(fetched(query, ADDRESS.replace("https", "http")), load_published)
    places = {line.partition(": expected ")[0] for line in differences(official, ours)}
    binding = "binding BasicHttpBinding_ICustomerBillingService: "
    assert "Policy" not in ours
    assert {place for place in places if not place.startswith("Policy: ")} == {
        f"{binding} order",
        f"{binding}/PolicyReference tag",
        f"{binding}/PolicyReference@URI",
    }


def test_an_operation_reaches_its_types_and_those_of_its_faults(official):
    names = {
        re.sub(r"\{.*\}", "", name)
        for name in reached(official, ["portType operation RedeemCoupon"])
        if name.startswith("type ")
    }
    assert names == {
        "type AdApiFaultDetail",
        "type ApplicationFault",
        "type ArrayOfAdApiError",
        "type AdApiError",
        "type ApiFault",
        "type ArrayOfOperationError",
        "type OperationError",
    }
