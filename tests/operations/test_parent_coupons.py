"""Simple coupons: added, read, listed, retired; and their codes beside those of classes."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.domain.coupon_instances import InstanceTarget
from service.domain.coupon_records import CouponRecord
from service.domain.discount_errors import COUPON_CODE_TAKEN, DISCOUNT_INVALID
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_NOT_FOUND,
    ENTITY_NOT_EXISTENT,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PAGING_INVALID,
)
from service.domain.pages import PageWanted
from service.domain.parent_coupons import CouponDiscount, LimitScope, ParentCoupon, Scope
from service.domain.roles import Role
from service.domain.traces import Trace
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.import_coupons import import_coupons
from service.operations.parent_coupons import add_coupon, get_coupon, list_coupons, retire_coupon
from service.operations.redeem_coupon import redeem_coupon
from service.operations.show_coupon import show_coupon
from service.operations.subscription_coupons import apply_coupon
from service.operations.unique_codes import generate_unique_codes
from service.operations.update_coupons import update_coupons
from service.storage.tables import coupon
from tests.operations.faults import require_all_or_nothing
from tests.operations.simple_coupons import half_price, new_coupon, subscription
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Clock, Programme, member, terms

ONE_OF_EACH = (
    CouponDiscount(pricing_component="seats", units_free=5, unit_of_measure="seat"),
    CouponDiscount(pricing_component="disk", percentage=Decimal("12.5")),
    CouponDiscount(cash=Decimal("10.01")),
)
WHOLE = {
    "name": " Summer of 2026 ",
    "discounts": ONE_OF_EACH,
    "coupons_max": 10,
    "uses_max": 3,
    "scope": Scope(
        product="ads",
        product_id="PRO-1",
        product_name="Ads",
        rate_plan="monthly",
        rate_plan_id="PRP-1",
        rate_plan_name="Monthly",
    ),
    "is_redeemable": False,
    "limit_scope": LimitScope.CODE,
}


def stripped(record: CouponRecord) -> ParentCoupon:
    """The coupon without what the service notes."""
    discounts = tuple(replace(discount, trace=None) for discount in record.parent.discounts)
    return replace(record.parent, discounts=discounts, trace=None)


@pytest.mark.parametrize("values", [WHOLE, {}, {"currency_code": None, "scope": WHOLE["scope"]}])
def test_a_coupon_is_answered_as_it_was_added(
    programme: Programme, owner: int, values: dict[str, Any]
) -> None:
    new = half_price(owner, **values)
    added = add_coupon(programme.call(), new)
    assert stripped(added) == new
    trace = Trace(START, 0)
    assert added == CouponRecord(
        parent=added.parent, coupon_code="SUMMER", parent_code=None, is_deleted=False, trace=trace
    )
    assert [discount.trace for discount in added.parent.discounts] == [trace] * len(new.discounts)
    assert get_coupon(programme.call(), " summer ") == added


def test_code_and_currency_are_given_their_one_form(programme: Programme, owner: int) -> None:
    new = half_price(owner, coupon_code=" summer ", currency_code="usd")
    added = add_coupon(programme.call(), new)
    assert (added.coupon_code, added.parent.currency_code) == ("SUMMER", "USD")
    action, entity, _, after = last_entry(programme)
    assert (action, entity) == ("add", "parent coupon")
    assert isinstance(after, dict)
    assert (after["code"], after["coupons_max"]) == ("SUMMER", None)


@pytest.mark.parametrize(
    "values",
    [
        {"coupon_code": "AB"},
        {"coupon_code": "A B C"},
        {"coupon_code": "SUMMER#"},
        {"name": " "},
        {"name": "n" * 256},
        {"currency_code": "XYZ"},
        {"currency_code": None},
        {"coupons_max": 0},
        {"uses_max": 0},
        {"discounts": ()},
        {"discounts": (CouponDiscount(),)},
        {"discounts": (CouponDiscount(cash=Decimal(1), percentage=Decimal(1)),)},
        {"discounts": (CouponDiscount(units_free=1),)},
        {"discounts": (CouponDiscount(cash=Decimal("0.001")),)},
        {"discounts": (CouponDiscount(cash=Decimal("NaN")),)},
        {"discounts": (CouponDiscount(percentage=Decimal(101)),)},
        {"discounts": (CouponDiscount(cash=Decimal(1)),) * 101},
        {"discounts": (CouponDiscount(cash=Decimal(1), pricing_component="x" * 256),)},
        {"scope": Scope(product="")},
        {"scope": Scope(rate_plan_name="x" * 256)},
    ],
)
def test_what_cannot_be_a_coupon_is_refused(
    programme: Programme, owner: int, values: dict[str, Any]
) -> None:
    wrong = half_price(owner, **values)
    assert refusal(programme, lambda: add_coupon(programme.call(), wrong)) is DISCOUNT_INVALID


def test_coupons_are_added_by_those_who_may_write(programme: Programme, owner: int) -> None:
    for caller in (member(owner, Role.READ_ONLY), member(programme.customer())):
        call = programme.call(caller)
        assert refusal(programme, lambda: add_coupon(call, half_price(owner))) is NOT_AUTHORIZED  # noqa: B023
    nobodys = half_price(10**9)
    assert refusal(programme, lambda: add_coupon(programme.call(), nobodys)) is ENTITY_NOT_EXISTENT
    assert add_coupon(programme.call(member(owner)), half_price(owner)).trace.changed_by == 7


def test_coupons_are_read_by_those_who_may(programme: Programme, owner: int) -> None:
    added = new_coupon(programme, owner)
    reader = programme.call(member(owner, Role.READ_ONLY))
    assert get_coupon(reader, "SUMMER") == added
    assert list_coupons(reader, owner, PageWanted()).items == [added]
    assert refusal(programme, lambda: retire_coupon(reader, "SUMMER")) is NOT_AUTHORIZED
    stranger = programme.call(member(programme.customer()))
    expected: list[tuple[Any, ErrorRow]] = [
        (lambda: get_coupon(stranger, "SUMMER"), COUPON_NOT_FOUND),
        (lambda: retire_coupon(stranger, "SUMMER"), COUPON_NOT_FOUND),
        (lambda: list_coupons(stranger, owner, PageWanted()), NOT_AUTHORIZED),
        (lambda: get_coupon(reader, "WINTER"), COUPON_NOT_FOUND),
        (lambda: get_coupon(reader, " "), NULL_PARAMETER),
        (lambda: get_coupon(reader, None), NULL_PARAMETER),
        (lambda: list_coupons(reader, owner, PageWanted(0, 1001)), PAGING_INVALID),
        (lambda: list_coupons(reader, owner, PageWanted(0, 0)), PAGING_INVALID),
        (lambda: list_coupons(reader, owner, PageWanted(-1, 1)), PAGING_INVALID),
    ]
    assert [refusal(programme, action) for action, _ in expected] == [row for _, row in expected]


def test_coupons_are_listed_in_pages(programme: Programme, owner: int) -> None:
    codes = ["CCC", "AAA", "BBB", "DDD"]
    for code in codes:
        new_coupon(programme, owner, coupon_code=code)
    generate_unique_codes(programme.call(), "CCC", 1)
    new_coupon(programme, programme.customer(), coupon_code="EEE")
    retire_coupon(programme.call(), "AAA")
    call = programme.call()

    def listed(index: int, size: int, **options: bool) -> tuple[list[str], bool]:
        page = list_coupons(call, owner, PageWanted(index, size), **options)
        return [record.coupon_code for record in page.items], page.has_more

    assert listed(0, 4, includes_retired=True) == (codes, False)
    assert listed(0, 2) == (["CCC", "BBB"], True)
    assert listed(1, 2) == (["DDD"], False)
    assert listed(2**31 - 1, 1000) == ([], False)


def test_a_coupon_is_retired_once(programme: Programme, clock: Clock, owner: int) -> None:
    new_coupon(programme, owner)
    clock.move(days=1)
    retired = retire_coupon(programme.call(member(owner)), "summer")
    assert (retired.is_deleted, retired.parent.retired_at) == (True, clock.now)
    assert retired.trace == Trace(START, 7, clock.now)
    assert last_entry(programme)[:2] == ("retire", "parent coupon")
    clock.move(days=1)
    entry = last_entry(programme)
    assert retire_coupon(programme.call(), "SUMMER") == retired
    assert last_entry(programme) == entry


def test_a_unique_code_is_told_with_its_claim(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    new_coupon(programme, owner, uses_max=3)
    (code,) = generate_unique_codes(programme.call(), "SUMMER", 1)
    unclaimed = get_coupon(programme.call(), code)
    assert unclaimed.applies_to is InstanceTarget.NONE
    assert (unclaimed.parent_code, unclaimed.remaining_uses) == ("SUMMER", None)
    clock.move(days=1)
    claimed = apply_coupon(programme.call(), subscription(programme, account), code)
    assert get_coupon(programme.call(), code) == claimed
    assert (claimed.coupon_code, claimed.parent_code) == (code, "SUMMER")
    assert (claimed.remaining_uses, claimed.used_count, claimed.discount_value) == (3, 0, 0)
    assert claimed.trace == Trace(clock.now, 0)


def test_a_retired_unique_code_ends_its_claims(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    new_coupon(programme, owner, limit_scope=LimitScope.CODE)
    code, another = generate_unique_codes(programme.call(), "SUMMER", 2)
    references = [subscription(programme, account) for _ in range(3)]
    for reference in references[:2]:
        apply_coupon(programme.call(), reference, code)
    kept = apply_coupon(programme.call(), references[2], another)
    clock.move(days=1)
    retired = retire_coupon(programme.call(), code)
    assert (retired.is_deleted, retired.valid_until) == (True, clock.now)
    assert retired.applies_to_id in references[:2]
    assert get_coupon(programme.call(), another) == kept
    assert last_entry(programme)[:2] == ("remove", "instance")


@pytest.mark.parametrize("name", ["add", "retire"])
def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, account: int, name: str
) -> None:
    new_coupon(programme, owner)
    (code,) = generate_unique_codes(programme.call(), "SUMMER", 1)
    apply_coupon(programme.call(), subscription(programme, account), code)
    winter = half_price(owner, coupon_code="WINTER", discounts=ONE_OF_EACH)
    actions = {
        "add": lambda: add_coupon(programme.call(), winter),
        "retire": lambda: retire_coupon(programme.call(), code),
    }
    require_all_or_nothing(programme, actions[name])


def test_codes_of_every_kind_are_unique(programme: Programme, owner: int) -> None:
    used, deleted = (programme.coupon(owner, pattern="#####") for _ in range(2))
    programme.change(coupon, coupon.c.code == deleted, deleted_at=START, seq=None)
    new_coupon(programme, owner)
    (unique,) = generate_unique_codes(programme.call(), "SUMMER", 1)
    for code in (used, deleted, "SUMMER", " summer ", unique):
        again = half_price(owner, coupon_code=code)
        assert refusal(programme, lambda: add_coupon(programme.call(), again)) is COUPON_CODE_TAKEN  # noqa: B023


def test_a_code_that_discounts_bills_is_never_minted(programme: Programme, owner: int) -> None:
    for letter in "ABC":
        new_coupon(programme, owner, coupon_code=f"AA{letter}")
    programme.coupon_class(owner, pattern="AA#")
    minted = programme.mint(owner, count=32)
    assert len(minted) == 32 - 3
    assert not {"AAA", "AAB", "AAC"} & set(minted)


def test_an_import_of_a_code_that_discounts_bills_is_told_that_it_is_taken(
    programme: Programme, owner: int
) -> None:
    new_coupon(programme, owner)
    programme.coupon_class(owner)
    lines = ["code\n", "SUMMER\n", "WINTER\n"]
    report = import_coupons(programme.call(), owner, "Spring", lambda: iter(lines))
    assert (report.created_count, [error.line for error in report.errors]) == (0, [2])
    assert "SUMMER" in str(report.errors[0])


def test_a_code_that_discounts_bills_is_no_coupon_of_a_class(
    programme: Programme, owner: int, account: int
) -> None:
    new_coupon(programme, owner)
    call = programme.call()
    expected: list[Callable[[], object]] = [
        lambda: redeem_coupon(call, account, "SUMMER"),
        lambda: show_coupon(call, "SUMMER"),
        lambda: update_coupons(call, owner, terms(), coupon_code="SUMMER"),
    ]
    assert {refusal(programme, action) for action in expected} == {COUPON_NOT_FOUND}
    outcome = claim_coupons(call, [AccountCoupon(account, "SUMMER")])
    assert [error.row for error in outcome.errors] == [COUPON_NOT_FOUND]
