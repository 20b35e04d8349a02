"""Unique codes of simple coupons: generated, listed, and who claimed them."""

import re
from typing import Any

import pytest

from service.domain.discount_errors import (
    CLAIM_LIMIT_REACHED,
    COUPON_RETIRED,
    DISCOUNT_INVALID,
)
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_NOT_FOUND,
    NOT_AUTHORIZED,
    PAGING_INVALID,
    PATTERN_INVALID,
    QUANTITY_OUT_OF_RANGE,
)
from service.domain.pages import PageWanted
from service.domain.parent_coupons import SUFFIX_ALPHABET, LimitScope
from service.domain.roles import Role
from service.operations.parent_coupons import get_coupon, retire_coupon
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.operations.unique_codes import (
    generate_unique_codes,
    get_applied_coupons,
    get_available_codes,
    get_coupon_subscriptions,
)
from service.storage.discount_tables import parent_coupon
from tests.operations.faults import require_all_or_nothing
from tests.operations.simple_coupons import new_coupon, subscription
from tests.operations.traces import last_entry, refusal
from tests.programme import Programme, member

ALL = PageWanted()


def generate(programme: Programme, quantity: int = 1, **options: Any) -> list[str]:
    """Generate unique codes of SUMMER."""
    return generate_unique_codes(programme.call(), "summer", quantity, **options)


def available(programme: Programme) -> list[str]:
    """The codes of SUMMER that can be claimed, in order."""
    return sorted(get_available_codes(programme.call(), "SUMMER", ALL).items)


def test_unique_codes_are_the_parent_code_and_four_characters(
    programme: Programme, owner: int
) -> None:
    new_coupon(programme, owner)
    codes = generate(programme, 100)
    assert len(set(codes)) == 100
    assert codes == sorted(codes)
    assert all(re.fullmatch("SUMMER-[A-Z0-9]{4}", code) for code in codes)
    assert available(programme) == codes
    action, entity, _, after = last_entry(programme)
    said = {"quantity": 100, "first": codes[0], "last": codes[-1]}
    assert (action, entity, after) == ("generate", "parent coupon", said)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"separator": ""}, "SUMMER[A-Z0-9]{4}"),
        ({"separator": "/x/", "suffix_length": 8}, "SUMMER/X/[A-Z0-9]{8}"),
        ({"suffix_length": 32}, "SUMMER-[A-Z0-9]{32}"),
    ],
)
def test_separator_and_length_can_be_given(
    programme: Programme, owner: int, options: dict[str, Any], expected: str
) -> None:
    new_coupon(programme, owner)
    (code,) = generate(programme, **options)
    assert re.fullmatch(expected, code)
    assert get_coupon(programme.call(), code).parent_code == "SUMMER"


@pytest.mark.parametrize(("quantity", "length"), [(18, 1), (19, 2)])
def test_codes_grow_where_they_would_be_over_half_of_all(
    programme: Programme, owner: int, quantity: int, length: int
) -> None:
    new_coupon(programme, owner)
    first = generate(programme, quantity - 1, suffix_length=1)
    second = generate(programme, suffix_length=1)
    assert {len(code) for code in first} == {len("SUMMER-") + 1}
    assert {len(code) for code in second} == {len("SUMMER-") + length}


def test_codes_grow_where_others_have_most_of_them(programme: Programme, owner: int) -> None:
    for character in SUFFIX_ALPHABET:
        new_coupon(programme, owner, coupon_code=f"SUMMER-{character}")
    new_coupon(programme, owner)
    (code,) = generate(programme, suffix_length=1)
    assert re.fullmatch("SUMMER-[A-Z0-9]{2}", code)


@pytest.mark.parametrize(
    ("code", "options", "expected"),
    [
        ("SUMMER", {"quantity": 0}, QUANTITY_OUT_OF_RANGE),
        ("SUMMER", {"quantity": 20_001}, QUANTITY_OUT_OF_RANGE),
        ("SUMMER", {"separator": "#"}, DISCOUNT_INVALID),
        ("SUMMER", {"suffix_length": 0}, DISCOUNT_INVALID),
        ("SUMMER", {"suffix_length": 33}, DISCOUNT_INVALID),
        ("SUMMER", {"separator": "-" * 91}, PATTERN_INVALID),
        ("SUMMER", {"separator": "\u00e4"}, PATTERN_INVALID),
        ("\u00c4PFEL", {}, PATTERN_INVALID),
        ("WINTER", {}, COUPON_NOT_FOUND),
    ],
)
def test_what_cannot_be_generated_is_refused(
    programme: Programme,
    owner: int,
    code: str,
    options: dict[str, Any],
    expected: ErrorRow,
) -> None:
    for parent_code in ("SUMMER", "\u00c4PFEL"):
        new_coupon(programme, owner, coupon_code=parent_code)
    asked = {"quantity": 1, **options}
    action = lambda: generate_unique_codes(programme.call(), code, **asked)  # noqa: E731
    assert refusal(programme, action) is expected


def test_codes_of_a_coupon_are_bounded_with_its_claims(
    programme: Programme, owner: int, account: int
) -> None:
    new_coupon(programme, owner, coupons_max=5)
    apply_coupon(programme.call(), subscription(programme, account), "SUMMER")
    generate(programme, 2)
    assert refusal(programme, lambda: generate(programme, 3)) is CLAIM_LIMIT_REACHED
    generate(programme, 2)
    assert refusal(programme, lambda: generate(programme)) is CLAIM_LIMIT_REACHED
    assert programme.rows(parent_coupon)[0]["claims_count"] == 5


def test_codes_with_a_limit_of_their_own_are_not_bounded(programme: Programme, owner: int) -> None:
    new_coupon(programme, owner, coupons_max=1, limit_scope=LimitScope.CODE)
    generate(programme, 10)
    assert programme.rows(parent_coupon)[0]["claims_count"] == 0


def test_codes_are_generated_by_those_who_may_write(programme: Programme, owner: int) -> None:
    new_coupon(programme, owner)
    (code,) = generate(programme)
    reader = programme.call(member(owner, Role.READ_ONLY))
    stranger = programme.call(member(programme.customer()))
    expected: list[tuple[Any, ErrorRow]] = [
        (lambda: generate_unique_codes(reader, "SUMMER", 1), NOT_AUTHORIZED),
        (lambda: generate_unique_codes(stranger, "SUMMER", 1), COUPON_NOT_FOUND),
        (lambda: generate_unique_codes(programme.call(), code, 1), COUPON_NOT_FOUND),
        (lambda: get_available_codes(stranger, "SUMMER", ALL), COUPON_NOT_FOUND),
        (lambda: get_applied_coupons(stranger, "SUMMER", ALL), COUPON_NOT_FOUND),
        (lambda: get_coupon_subscriptions(stranger, "SUMMER", ALL), COUPON_NOT_FOUND),
        (lambda: get_available_codes(reader, code, ALL), COUPON_NOT_FOUND),
        (lambda: get_applied_coupons(reader, code, ALL), COUPON_NOT_FOUND),
        (lambda: get_available_codes(reader, "SUMMER", PageWanted(-1)), PAGING_INVALID),
        (lambda: get_applied_coupons(reader, "SUMMER", PageWanted(-1)), PAGING_INVALID),
        (lambda: get_coupon_subscriptions(reader, "SUMMER", PageWanted(-1)), PAGING_INVALID),
    ]
    assert [refusal(programme, action) for action, _ in expected] == [row for _, row in expected]
    generate_unique_codes(programme.call(member(owner)), "SUMMER", 1)


def test_a_retired_coupon_gives_no_codes(programme: Programme, owner: int) -> None:
    new_coupon(programme, owner)
    generate(programme, 2)
    retire_coupon(programme.call(), "SUMMER")
    assert refusal(programme, lambda: generate(programme)) is COUPON_RETIRED
    assert available(programme) == []


@pytest.mark.parametrize(("limit_scope", "claims"), [(LimitScope.COUPON, 1), (LimitScope.CODE, 2)])
def test_codes_are_available_until_they_are_claimed_or_retired(
    programme: Programme, owner: int, account: int, limit_scope: LimitScope, claims: int
) -> None:
    new_coupon(programme, owner, coupons_max=claims if claims > 1 else 3, limit_scope=limit_scope)
    codes = generate(programme, 3)
    retire_coupon(programme.call(), codes[2])
    for _ in range(claims):
        assert available(programme) == codes[:2]
        reference = subscription(programme, account)
        apply_coupon(programme.call(), reference, codes[1])
    assert available(programme) == codes[:1]
    remove_coupon(programme.call(), reference, codes[1])
    assert available(programme) == codes[:1]


def test_a_coupon_tells_who_claimed_it(programme: Programme, owner: int, account: int) -> None:
    new_coupon(programme, owner)
    codes = generate(programme, 2)
    references = [subscription(programme, account) for _ in range(3)]
    claims = [
        apply_coupon(programme.call(), reference, code)
        for reference, code in zip(references, ["SUMMER", *codes], strict=True)
    ]
    call = programme.call(member(owner, Role.READ_ONLY))
    applied = get_applied_coupons(call, "SUMMER", ALL).items
    assert [record.applies_to_id for record in applied] == references
    assert applied[-1] == claims[-1]

    def claimants(code: str, page: PageWanted = ALL) -> tuple[list[str], bool]:
        found = get_coupon_subscriptions(call, code, page)
        return [item.reference for item in found.items], found.has_more

    assert claimants("SUMMER") == (references, False)
    assert claimants("SUMMER", PageWanted(0, 2)) == (references[:2], True)
    assert claimants(codes[1]) == (references[2:], False)
    remove_coupon(programme.call(), references[2], codes[1])
    assert claimants(codes[1]) == ([], False)
    page = get_applied_coupons(call, "SUMMER", PageWanted(1, 1))
    assert ([record.coupon_code for record in page.items], page.has_more) == ([codes[0]], False)


def test_a_fault_at_any_statement_leaves_nothing(programme: Programme, owner: int) -> None:
    new_coupon(programme, owner, coupons_max=2)
    require_all_or_nothing(programme, lambda: generate(programme, 2))
