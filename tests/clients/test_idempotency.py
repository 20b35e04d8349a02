"""Unmodified clients send an IdempotencyKey, each in its own way."""

from typing import Any

import pytest
import suds.client
import zeep
from bingads.util import DictCache
from suds.plugin import MessagePlugin
from suds.sax.element import Element

from service.domain.errors import COUPON_NOT_FOUND, IDEMPOTENCY_KEY_REUSED
from service.soap.namespaces import OWN_HEADERS
from service.storage.tables import coupon, idempotency_key
from tests.clients.callers import (
    BingAdsCaller,
    Caller,
    ElementKeys,
    RefusedError,
    SudsCaller,
    ZeepCaller,
    bing_ads_caller,
    check_fault,
)
from tests.clients.conftest import Customer
from tests.clients.server import Server
from tests.programme import Programme

KEY = "a key & more"


class KeyPlugin(MessagePlugin):  # type: ignore[misc]
    """Puts the header into what suds sends."""

    def marshalled(self, context: Any) -> None:
        header = Element("IdempotencyKey", ns=("k", OWN_HEADERS)).setText(KEY)
        context.envelope.getChild("Header").append(header)


@pytest.fixture
def bing_ads(server: Server, customer: Customer) -> BingAdsCaller:
    caller = bing_ads_caller(server.url, customer.keys, customer.customer_id, customer.account_id)
    client = caller.service_client
    client.set_options(plugins=[client.hp, KeyPlugin()])
    return caller


@pytest.fixture
def suds_single_wsdl(server: Server, customer: Customer, suds_cache: DictCache) -> SudsCaller:
    url = f"{server.url}?singleWsdl"
    client = suds.client.Client(url, cache=suds_cache, plugins=[KeyPlugin()])
    return SudsCaller(client, customer.keys)


@pytest.fixture
def zeep_with_elements(zeep_wsdl: zeep.Client, customer: Customer) -> ZeepCaller:
    keys: Any = ElementKeys(customer.keys.headers, KEY)
    return ZeepCaller(zeep_wsdl, keys)


@pytest.fixture(params=["bing_ads", "suds_single_wsdl", "zeep_with_elements"])
def caller(request: pytest.FixtureRequest) -> Caller:
    """A client of the customer's Standard user whose every request has the same key."""
    caller: Caller = request.getfixturevalue(request.param)
    return caller


def coupons_sent(programme: Programme, *emails: str) -> list[str]:
    return [row["code"] for row in programme.rows(coupon) if row["sent_to_email"] in emails]


def test_a_repeat_is_answered_as_the_first_time(
    programme: Programme, customer: Customer, caller: Caller
) -> None:
    programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id, count=3)
    email = f"kim{customer.customer_id}@example.com"
    first = caller.dispatch(customer.customer_id, "Spring", email, "nobody")
    first_tracking_id = caller.tracking_id
    again = caller.dispatch(customer.customer_id, "Spring", email, "nobody")
    assert str(first) == str(again)
    assert [error.Index for error in again] == [1]
    assert caller.tracking_id != first_tracking_id
    assert len(coupons_sent(programme, email)) == 1
    with pytest.raises(RefusedError) as refusal:
        caller.dispatch(customer.customer_id, "Spring", f"lee{customer.customer_id}@example.com")
    check_fault(refusal.value, IDEMPOTENCY_KEY_REUSED)
    assert len(coupons_sent(programme, email, f"lee{customer.customer_id}@example.com")) == 1
    assert KEY in {row["key"] for row in programme.rows(idempotency_key)}


def test_a_fault_is_repeated_under_another_tracking_id(customer: Customer, caller: Caller) -> None:
    faults = []
    for _ in range(2):
        with pytest.raises(RefusedError) as refusal:
            caller.redeem(customer.account_id, "NONSENSE")
        check_fault(refusal.value, COUPON_NOT_FOUND)
        faults.append(refusal.value)
    assert faults[0].details == faults[1].details
    assert faults[0].tracking_id != faults[1].tracking_id
