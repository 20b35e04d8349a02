"""Minting: as many codes as asked for, never one twice, places without gaps."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from service.domain.codes import DEFAULT_ALPHABET
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PATTERN_FULL,
    PATTERN_INVALID,
    QUANTITY_OUT_OF_RANGE,
)
from service.domain.programmes import Batch
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.classes import retire_class, show_class, update_class
from service.operations.mint_coupons import COUPONS_COUNT_MAX, mint_coupons
from service.storage.tables import audit, coupon, coupon_batch, coupon_place
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Programme, member, terms

DIGITS = "0123456789"
"""With the pattern ``A-#`` there are ten codes."""


@pytest.fixture
def spring(programme: Programme, owner: int) -> int:
    """A class without coupons."""
    return programme.coupon_class(owner)


def mint_of_ten(programme: Programme, owner: int, count: int, name: str = "Spring") -> Batch:
    """Mint codes of which there are ten."""
    return mint_coupons(programme.call(), owner, name, count, pattern="A-#", alphabet=DIGITS)


def refusal(
    programme: Programme,
    owner: int,
    count: int = 1,
    name: str = "Spring",
    caller: Caller = COMMAND_LINE,
    **pattern: str,
) -> ErrorRow:
    """Why a minting is refused; whatever is refused leaves no trace."""
    before = [programme.rows(table) for table in (coupon, coupon_batch, audit)]
    with pytest.raises(ServiceError) as error:
        mint_coupons(programme.call(caller), owner, name, count, **pattern)
    assert [programme.rows(table) for table in (coupon, coupon_batch, audit)] == before
    return error.value.row


def require_dense(programme: Programme, owner: int, class_id: int) -> None:
    """Hold that the places of each batch run from 0 without gaps, as the counts say."""
    rows = programme.coupons(class_id)
    batches = [row for row in programme.rows(coupon_batch) if row["class_id"] == class_id]
    for batch in batches:
        seqs = [row["seq"] for row in rows if row["batch_id"] == batch["batch_id"]]
        assert seqs == list(range(batch["coupons_count"]))
    places = [(row["batch_id"], row["seq"], row["coupon_id"]) for row in rows]
    batch_ids = {batch["batch_id"] for batch in batches}
    written = [tuple(row.values()) for row in programme.rows(coupon_place)]
    assert [row for row in written if row[0] in batch_ids] == places
    assert show_class(programme.call(), owner, "Spring").coupons_count == len(rows)


def test_a_batch_is_stored_whole(programme: Programme, owner: int, spring: int) -> None:
    call = programme.call(member(owner))
    batch = mint_coupons(call, owner, "Spring", 3, pattern="ab-####")
    assert batch == Batch(batch.batch_id, 3, 3, batch.codes, 32**4 // 3)
    assert batch.codes == sorted(set(batch.codes))
    assert all(code.startswith("AB-") for code in batch.codes)
    rows = programme.rows(coupon)
    terms_id = show_class(call, owner, "Spring").terms_id
    assert [(row["code"], row["batch_id"], row["terms_id"]) for row in rows] == [
        (code, batch.batch_id, terms_id) for code in batch.codes
    ]
    assert programme.rows(coupon_batch) == [
        {
            "batch_id": batch.batch_id,
            "class_id": spring,
            "requested_count": 3,
            "created_count": 3,
            "coupons_count": 3,
            "unused_from": 0,
            "start_date": None,
            "has_one_start": True,
            "attributes": None,
            "created_at": START,
        }
    ]
    last = programme.rows(audit)[-1]
    assert (last["action"], last["entity_id"], last["tracking_id"], last["after"]) == (
        "mint",
        batch.batch_id,
        call.tracking_id,
        {"class_id": spring, "created_count": 3},
    )


def test_codes_follow_the_pattern_of_the_class(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, pattern="SPRING-####")
    for code in programme.mint(owner, count=20):
        prefix, rest = code.split("-")
        assert prefix == "SPRING"
        assert set(rest) <= set(DEFAULT_ALPHABET)


def test_new_terms_are_for_later_batches(programme: Programme, owner: int, spring: int) -> None:
    programme.mint(owner)
    update_class(programme.call(), owner, "Spring", lambda _: terms(spend_threshold=Decimal(99)))
    programme.mint(owner)
    first, second = programme.coupons(spring)
    assert first["terms_id"] != second["terms_id"]


def test_places_are_dense_after_many_batches(programme: Programme, owner: int, spring: int) -> None:
    for count in (3, 1, 50, 7):
        programme.mint(owner, count=count)
        require_dense(programme, owner, spring)
    assert len(programme.coupons(spring)) == 61


def test_a_pattern_is_used_to_its_last_code(programme: Programme, owner: int, spring: int) -> None:
    batches = [mint_of_ten(programme, owner, count) for count in (4, 5, 3)]
    assert [batch.created_count for batch in batches] == [4, 5, 1]
    assert [batch.status for batch in batches] == ["completed", "completed", "coupon pattern full"]
    assert [batch.density for batch in batches] == [2, 1, 1]
    codes = [code for batch in batches for code in batch.codes]
    assert sorted(codes) == [f"A-{digit}" for digit in DIGITS]
    require_dense(programme, owner, spring)
    assert refusal(programme, owner, pattern="A-#", alphabet=DIGITS) is PATTERN_FULL
    programme.mint(owner, count=3)
    require_dense(programme, owner, spring)


@pytest.mark.parametrize("count", [10, 11, 20_000])
def test_a_pattern_is_used_up_at_once(
    programme: Programme, owner: int, spring: int, count: int
) -> None:
    batch = mint_of_ten(programme, owner, count)
    assert (batch.requested_count, batch.created_count) == (count, 10)
    assert batch.codes == [f"A-{digit}" for digit in DIGITS]
    require_dense(programme, owner, spring)


def test_classes_do_not_share_codes(programme: Programme, owner: int, spring: int) -> None:
    programme.coupon_class(owner, "Summer")
    theirs = mint_of_ten(programme, owner, 7, "Summer").codes
    ours = mint_of_ten(programme, owner, 7).codes
    assert (len(theirs), len(ours)) == (7, 3)
    assert len({*theirs, *ours}) == 10
    require_dense(programme, owner, spring)


def test_a_pattern_larger_than_a_lookup_is_used_up(
    programme: Programme, owner: int, spring: int
) -> None:
    mints = [
        mint_coupons(programme.call(), owner, "Spring", 9_000, pattern="A-####", alphabet=DIGITS)
        for _ in range(2)
    ]
    assert [batch.created_count for batch in mints] == [9_000, 1_000]
    assert len({code for batch in mints for code in batch.codes}) == 10_000
    require_dense(programme, owner, spring)


def correlation(values: Sequence[int]) -> float:
    """The rank correlation of a permutation with its places, in standard deviations.

    Above 6 is no chance: that happens once in 10^9 times.
    """
    count = len(values)
    distance = sum((value - place) ** 2 for place, value in enumerate(values))
    return abs(1 - 6 * distance / (count * (count**2 - 1))) * math.sqrt(count - 1)


@pytest.mark.parametrize("filling", [{}, {"pattern": "A-###", "alphabet": DIGITS}])
def test_a_place_tells_nothing_of_the_code(
    programme: Programme, owner: int, spring: int, filling: dict[str, str]
) -> None:
    mint_coupons(programme.call(), owner, "Spring", 1_000, **filling)
    by_code = sorted(programme.coupons(spring), key=lambda row: str(row["code"]))
    assert correlation([row["seq"] for row in by_code]) < 6


def test_places_in_the_order_of_codes_would_be_noticed() -> None:
    assert correlation(range(1_000)) > 6
    assert correlation(range(1_000)[::-1]) > 6


def test_20_000_coupons_are_minted_at_once(programme: Programme, owner: int, spring: int) -> None:
    assert COUPONS_COUNT_MAX == 20_000
    batch = mint_coupons(programme.call(), owner, "Spring", 20_000)
    assert (batch.created_count, batch.status) == (20_000, "completed")
    assert len(set(batch.codes)) == 20_000
    require_dense(programme, owner, spring)


@pytest.mark.parametrize("count", [-1, 0, 20_001])
def test_other_numbers_are_refused(
    programme: Programme, owner: int, spring: int, count: int
) -> None:
    assert refusal(programme, owner, count) is QUANTITY_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "Summer"}, COUPON_CLASS_NOT_FOUND),
        ({"name": " "}, NULL_PARAMETER),
        ({"pattern": "ABC"}, PATTERN_INVALID),
        ({"pattern": "AB #"}, PATTERN_INVALID),
        ({"alphabet": "A"}, PATTERN_INVALID),
    ],
)
def test_what_cannot_be_minted_is_refused(
    programme: Programme, owner: int, spring: int, changes: dict[str, Any], expected: ErrorRow
) -> None:
    assert refusal(programme, owner, **changes) is expected


def test_a_retired_class_is_not_minted(programme: Programme, owner: int, spring: int) -> None:
    retire_class(programme.call(), owner, "Spring")
    assert refusal(programme, owner) is COUPON_CLASS_RETIRED


def test_only_writers_of_the_owner_mint(programme: Programme, owner: int, spring: int) -> None:
    for caller in (member(owner, Role.READ_ONLY), member(programme.customer())):
        assert refusal(programme, owner, caller=caller) is NOT_AUTHORIZED
    assert mint_coupons(programme.call(member(owner)), owner, "Spring", 1).created_count == 1


def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, spring: int
) -> None:
    mint_of_ten(programme, owner, 4)
    require_all_or_nothing(programme, lambda: mint_of_ten(programme, owner, 5))
    require_dense(programme, owner, spring)
