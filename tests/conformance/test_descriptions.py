"""Both descriptions, in each way in which they are published, against WS-I Basic Profile 1.1."""

import pytest

from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING
from tests.conformance.broken_descriptions import BREAKS
from tests.conformance.checks import DESCRIPTION_CHECKS, deviations
from tests.conformance.descriptions import descriptions

PUBLISHED = [
    (contract, description)
    for contract in (CUSTOMER_BILLING, COUPON_MANAGEMENT)
    for description in descriptions(contract)
]


@pytest.mark.parametrize("number", DESCRIPTION_CHECKS)
def test_a_requirement_holds(number):
    for contract, description in PUBLISHED:
        found = list(DESCRIPTION_CHECKS[number](description))
        allowed = deviations(contract, description.address).get(number, 0)
        assert len(found) == allowed, (contract.name, description.address, found)


def test_every_check_has_its_control():
    assert BREAKS.keys() == DESCRIPTION_CHECKS.keys()


def whole(query):
    """The description as it is published under a query."""
    published = {it.address.partition("?")[2]: it for it in descriptions(CUSTOMER_BILLING)}
    return published[query]


@pytest.mark.parametrize(
    ("number", "query"),
    [
        *((number, "wsdl") for number in BREAKS),
        # A single document imports nothing, in whatever encoding or version.
        *((number, "singleWsdl") for number in sorted(BREAKS.keys() - {"R2010", "R2011"})),
    ],
)
def test_a_broken_description_is_noticed(number, query):
    check, right = DESCRIPTION_CHECKS[number], whole(query)
    assert len(list(check(BREAKS[number](right)))) > len(list(check(right)))
