"""Peers and floors that are made of Python answer from memory what the service answers."""

from itertools import islice

import pytest
from lxml import etree

from benchmarks.bare_lxml import lxml_application
from benchmarks.in_process import answer
from benchmarks.stock_spyne import stock_application
from benchmarks.supply import Memory, Supply, Unredeemed
from benchmarks.traffic import BILLS, KINDS, PAGE_SIZES, Kind, Traffic
from service.domain.search import Paging, Predicate, SearchRequest
from service.operations.get_coupon_info import get_coupon_info
from service.operations.initialise import FirstKeys
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from tests.programme import START, Programme
from tests.reliability.crowd import Address

ADDRESS = Address("127.0.0.1", 80, "/")


@pytest.fixture
def supply(programme: Programme) -> Supply:
    owner = programme.customer()
    account = programme.account(owner)
    programme.coupon_class(owner)
    code, *_ = programme.mint(owner, count=max(PAGE_SIZES))
    redeem_coupon(programme.call(), account, code)
    of_owner = Predicate("CustomerId", "Equals", str(owner))
    page = search_coupons(
        programme.call(), SearchRequest([of_owner], page_info=Paging(0, max(PAGE_SIZES)))
    )
    memory = Memory(page, get_coupon_info(programme.call(), owner), START)
    keys = FirstKeys(owner, account, "developer", "authentication", "Kim", "")
    return Supply("", keys, [account], [], (account, code), owner, [], 0, memory)


@pytest.mark.parametrize("make", [stock_application, lxml_application])
def test_every_kind_of_request_is_answered(make, supply: Supply) -> None:
    application = make(supply.memory)
    first_pages = dict.fromkeys(PAGE_SIZES, 1)
    traffic = Traffic(supply, ADDRESS, [Unredeemed(1, supply.redeemed[1])], first_pages)
    for kind in KINDS:
        if kind.name != BILLS:
            check(application, kind, traffic)


def check(application, kind: Kind, traffic: Traffic) -> None:
    for request in islice(kind.requests(traffic), 2):
        status, reply = answer(application, request)
        assert status.startswith(f"{request.status} "), kind.name
        assert reply.count(request.marker) == request.markers_count, kind.name
        amounts = etree.fromstring(reply).iter("{*}Amount", "{*}CouponValue")
        assert {float(amount.text) for amount in amounts} <= {50.0}, kind.name
