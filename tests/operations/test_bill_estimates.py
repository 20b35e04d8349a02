"""An estimate is what the bill becomes, with codes as if they were claimed."""

from dataclasses import replace

import pytest

from service.domain.discount_errors import (
    BILL_INVALID,
    CLAIM_LIMIT_REACHED,
    COUPON_ALREADY_APPLIED,
    COUPON_RETIRED,
    COUPON_RULE_BROKEN,
    PARENT_CODE_NOT_REDEEMABLE,
    STATE_INVALID,
)
from service.domain.errors import COUPON_NOT_FOUND, CURRENCY_MISMATCH, NULL_PARAMETER
from service.domain.roles import Role
from service.operations.bills import estimate_discounts
from service.operations.coupon_books import add_book, add_book_definition
from service.operations.coupon_instances import add_instance
from service.operations.definitions import add_definition
from service.operations.parent_coupons import retire_coupon
from service.operations.subscription_coupons import apply_coupon
from service.operations.unique_codes import generate_unique_codes
from tests.operations import handed_out
from tests.operations.bills import (
    TEN_OFF,
    TICK,
    applied,
    asked,
    attached,
    claim,
    costs,
    estimated,
    redeemed,
    seats,
)
from tests.operations.simple_coupons import new_coupon, subscription
from tests.operations.traces import refused
from tests.programme import START, Clock, Programme, member


def test_an_estimate_is_what_the_bill_becomes(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    redeemed(programme, owner, account)
    claim(programme, owner, order, discounts=TEN_OFF)
    before = programme.all_rows()
    call = programme.call(member(owner, Role.READ_ONLY))
    estimate = estimate_discounts(call, asked(order))
    assert programme.all_rows() == before
    assert (estimate.discount, estimate.drawn, estimate.due) == (10, 50, 40)
    assert replace(estimate, reference="january") == applied(programme, order)


def test_an_estimate_reckons_with_codes_as_if_they_were_claimed(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    claim(programme, owner, order, discounts=TEN_OFF)
    new_coupon(programme, owner, coupon_code="HALF", uses_max=1)
    attached(programme, owner, coupon_code="STOCK")
    before = programme.all_rows()
    codes = ("half", "HALF ", "Stock")
    bills = [
        estimated(programme, order, coupon_codes=codes),
        estimated(programme, order, coupon_codes=codes, includes_applied=False),
        estimated(programme, order, includes_applied=False),
    ]
    assert [it.discount for it in bills] == [100, 100, 0]
    assert [it.coupon_code for it in bills[0].discounts] == ["SUMMER", "HALF", "STOCK"]
    assert [it.instance_id is None for it in bills[0].discounts] == [False, True, True]
    assert programme.all_rows() == before


def test_an_estimate_refuses_what_could_not_be_claimed(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    claim(programme, owner, order)
    other = subscription(programme, account)
    claim(programme, owner, other, coupon_code="ONCE", coupons_max=1)
    new_coupon(programme, programme.customer(), coupon_code="OTHERS")
    attached(programme, programme.customer(), coupon_code="FOREIGN")
    attached(programme, owner, account, coupon_code="TAKEN")
    rule = seats("equal_to", "only_at_initialisation")
    attached(programme, owner, coupon_code="RULED", definition={"rules": (rule,)})
    early = {"valid_from": START + TICK}
    attached(programme, owner, coupon_code="USED", remaining_uses=0)
    attached(programme, owner, coupon_code="OVER", valid_till=START - TICK)
    attached(programme, owner, coupon_code="EUROS", definition={"currency_code": "EUR"})
    attached(programme, owner, coupon_code="EARLY", definition=early)
    expected = {
        "SUMMER": COUPON_ALREADY_APPLIED,
        "ONCE": CLAIM_LIMIT_REACHED,
        "OTHERS": COUPON_NOT_FOUND,
        "FOREIGN": COUPON_NOT_FOUND,
        "UNKNOWN": COUPON_NOT_FOUND,
        "TAKEN": STATE_INVALID,
        "RULED": COUPON_RULE_BROKEN,
        "EARLY": STATE_INVALID,
        "USED": STATE_INVALID,
        "OVER": STATE_INVALID,
        "EUROS": CURRENCY_MISMATCH,
        "": NULL_PARAMETER,
    }
    rows = {
        code: refused(
            programme, lambda code=code: estimated(programme, order, coupon_codes=(code,))
        )
        for code in expected
    }
    assert {code: error.row for code, error in rows.items()} == expected


def test_an_estimate_of_too_much_is_refused(programme: Programme, owner: int, order: str) -> None:
    lines = [costs("1", f"part {number}") for number in range(1_000)]
    for code in ("ONE", "TWO", "MORE"):
        new_coupon(programme, owner, coupon_code=code, discounts=TEN_OFF * 100)
    claim(programme, owner, order, discounts=TEN_OFF * 100)
    error = refused(
        programme, lambda: estimated(programme, order, *lines, coupon_codes=("ONE", "TWO"))
    )
    assert (error.row, "200000" in error.details) == (BILL_INVALID, True)
    small = estimated(programme, order, *lines[:100], coupon_codes=("ONE", "TWO", "MORE"))
    assert (small.cost, small.due) == (100, 0)


def test_an_estimate_reckons_with_unique_codes(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    new_coupon(programme, owner, is_redeemable=False)
    free, taken, retired = generate_unique_codes(programme.call(), "SUMMER", 3)
    apply_coupon(programme.call(), subscription(programme, account), taken)
    retire_coupon(programme.call(), retired)
    assert estimated(programme, order, coupon_codes=(free,)).discount == 50
    expected = {
        (taken,): CLAIM_LIMIT_REACHED,
        (retired,): COUPON_RETIRED,
        ("SUMMER",): PARENT_CODE_NOT_REDEEMABLE,
    }
    rows = {
        codes: refused(
            programme, lambda codes=codes: estimated(programme, order, coupon_codes=codes)
        )
        for codes in expected
    }
    assert {codes: error.row for codes, error in rows.items()} == expected


def test_an_estimate_counts_a_coupon_once(programme: Programme, owner: int, order: str) -> None:
    new_coupon(programme, owner)
    codes = ("SUMMER", *generate_unique_codes(programme.call(), "SUMMER", 1))
    error = refused(programme, lambda: estimated(programme, order, coupon_codes=codes))
    assert (error.row, error.details) == (
        COUPON_ALREADY_APPLIED,
        "coupon SUMMER is named twice",
    )


@pytest.mark.parametrize("is_over", [False, True])
def test_an_estimate_reckons_with_coupons_of_books(
    programme: Programme, owner: int, order: str, clock: Clock, is_over: bool
) -> None:
    call = programme.call()
    kind = add_definition(call, handed_out.definition(owner)).definition_id or ""
    packs = handed_out.book_definition(owner, kind, valid_till=START)
    of_kind = add_book_definition(call, packs).book_definition_id or ""
    pack = add_book(call, handed_out.book(owner, of_kind)).book_id
    add_instance(call, handed_out.stock(owner, kind, book_id=pack, coupon_code="PACKED"))
    clock.move(seconds=int(is_over))
    if is_over:
        error = refused(programme, lambda: estimated(programme, order, coupon_codes=("PACKED",)))
        assert error.row is STATE_INVALID
    else:
        assert estimated(programme, order, coupon_codes=("PACKED",)).discount == 50
