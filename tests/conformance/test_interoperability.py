"""What the tests of the wire and of clients leave of the ways in which clients differ."""

import ast
from itertools import permutations
from pathlib import Path

import pytest

from service.domain.roles import Credentials
from tests.conformance.checks import DESCRIPTION_CHECKS, EXCHANGE_CHECKS
from tests.conformance.requirements import REQUIREMENTS
from tests.conformance.shown import SHOWN_BY, TRAPS

ROOT = Path(__file__).parents[2]
MESSAGE_BYTES_MAX, TEXT_LENGTH_MAX = 65_536, 8_192
"""What a client of WCF accepts with the settings as they come."""
COUPONS_THAT_FIT = 50
"""How many coupons a page may have for it, as docs/conformance.md tells."""


def test_every_requirement_is_held():
    assert len(REQUIREMENTS) == 99
    checked = DESCRIPTION_CHECKS.keys() | EXCHANGE_CHECKS.keys() | SHOWN_BY.keys()
    assert REQUIREMENTS.keys() - checked == set()
    assert checked - REQUIREMENTS.keys() == {"Extensions", "SSBP1003", "SSBP5101"}


@pytest.mark.parametrize(
    "test",
    sorted(
        {it for tests in SHOWN_BY.values() for it in tests}
        | {it for trap in TRAPS for it in trap.shown_by}
    ),
)
def test_what_is_shown_elsewhere_is_there(test):
    path, _, name = test.partition("::")
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_there_are_twenty_traps():
    assert len(TRAPS) == 20


def test_headers_are_read_in_every_order(service):
    headers = [
        "<b:AuthenticationToken>T</b:AuthenticationToken>",
        "<b:DeveloperToken>D</b:DeveloperToken>",
        "<b:CustomerId>1</b:CustomerId>",
        '<w:To xmlns:w="http://www.w3.org/2005/08/addressing">x</w:To>',
    ]
    orders = list(permutations(headers))
    for order in orders:
        service.call(header="".join(order))
    expected = Credentials(developer_token="D", authentication_token="T")
    assert [seen.credentials for seen in service.seen] == [expected] * len(orders)


def test_answers_fit_the_quotas_of_wcf(service, coupon):
    long = coupon(class_name="é" * 255, coupon_code="Q" * 100, send_to_email="a" * 254)
    service.answers["SearchCoupons"] = [coupon()] * COUPONS_THAT_FIT
    page = service.call("<b:SearchCouponsRequest/>")
    service.answers["SearchCoupons"] = [long]
    longest = service.call("<b:SearchCouponsRequest/>")
    refused = service.call("<b:SearchCouponsRequest><b:Predicates>" + "x" * 100_000)
    assert len(page.content) <= MESSAGE_BYTES_MAX
    for answer in (page, longest, refused):
        texts = answer.root.itertext()
        assert max(len(text) for text in texts) <= TEXT_LENGTH_MAX
    # A control: the largest page that the contract allows does not fit.
    service.answers["SearchCoupons"] = [coupon()] * 100
    assert len(service.call("<b:SearchCouponsRequest/>").content) > MESSAGE_BYTES_MAX
