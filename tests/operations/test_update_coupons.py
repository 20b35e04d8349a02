"""UpdateCoupons: one coupon or a whole batch gets new terms; what is redeemed keeps its own."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_ALREADY_REDEEMED,
    COUPON_BATCH_INCOMPLETE,
    COUPON_CLASS_RETIRED,
    COUPON_NOT_FOUND,
    CURRENCY_MISMATCH,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NOT_AUTHORIZED,
    TERMS_INVALID,
)
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations.check_database import check_database
from service.operations.classes import retire_class
from service.operations.redeem_coupon import redeem_coupon
from service.operations.update_coupons import update_coupons
from service.storage.tables import audit, coupon, coupon_batch, coupon_terms
from tests.operations.faults import require_all_or_nothing
from tests.operations.jobs import begin_creation
from tests.operations.traces import refusal
from tests.programme import START, Programme, member, terms

LATER = START + timedelta(days=1)
NEW = terms(amount=Decimal(80), start_date=START, is_reservation_mandatory=False)


@pytest.fixture
def codes(programme: Programme, owner: int) -> list[str]:
    """A batch of three; the first one is redeemed."""
    programme.coupon_class(owner)
    minted = programme.mint(owner, count=3)
    redeem_coupon(programme.call(), programme.account(owner), minted[0])
    return minted


def batch_of(programme: Programme) -> dict[str, Any]:
    return programme.rows(coupon_batch)[0]


def amounts(programme: Programme) -> dict[str, Decimal]:
    by_terms = {row["terms_id"]: row["amount"] for row in programme.rows(coupon_terms)}
    return {row["code"]: by_terms[row["terms_id"]] for row in programme.rows(coupon)}


def require_consistent(programme: Programme) -> None:
    assert check_database(programme.call()).is_clean


def test_a_batch_gets_new_terms_but_for_what_is_redeemed(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    batch_id = batch_of(programme)["batch_id"]
    (other,) = programme.mint(owner)
    assert update_coupons(programme.call(), owner, NEW, batch_id=batch_id) == 2
    kept = {codes[0]: Decimal(50), other: Decimal(50)}
    assert amounts(programme) == {**kept, codes[1]: Decimal(80), codes[2]: Decimal(80)}
    assert len(programme.rows(coupon_terms)) == 2
    require_consistent(programme)


def test_one_coupon_gets_new_terms(programme: Programme, owner: int, codes: list[str]) -> None:
    written = f" {codes[1].lower()} "
    assert update_coupons(programme.call(), owner, NEW, coupon_code=written) == 1
    assert amounts(programme)[codes[1]] == Decimal(80)
    assert list(amounts(programme).values()).count(Decimal(50)) == 2
    require_consistent(programme)


def test_the_next_redemption_goes_by_the_new_terms(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    batch_id = batch_of(programme)["batch_id"]
    ended = terms(end_date=START - timedelta(days=1))
    update_coupons(programme.call(), owner, ended, batch_id=batch_id)
    account_id = programme.account(owner)
    with pytest.raises(ServiceError, match="CouponEnded"):
        redeem_coupon(programme.call(), account_id, codes[1])


@pytest.mark.parametrize(
    ("starts", "has_one_start"),
    [({}, True), ({"start_date": LATER}, False)],
    ids=["the same", "another"],
)
def test_a_batch_knows_whether_its_coupons_start_together(
    programme: Programme, owner: int, codes: list[str], starts: dict[str, Any], has_one_start: bool
) -> None:
    batch_id = batch_of(programme)["batch_id"]
    update_coupons(programme.call(), owner, terms(**starts), batch_id=batch_id)
    stored = batch_of(programme)
    assert (stored["has_one_start"], stored["start_date"]) == (
        has_one_start,
        starts.get("start_date"),
    )
    require_consistent(programme)


def test_a_batch_that_nobody_redeemed_from_starts_anew(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    programme.mint(owner, count=3)
    update_coupons(programme.call(), owner, terms(start_date=LATER), batch_id=1)
    assert (batch_of(programme)["has_one_start"], batch_of(programme)["start_date"]) == (
        True,
        LATER,
    )
    require_consistent(programme)


@pytest.mark.parametrize(("count", "has_one_start"), [(1, True), (2, False)])
def test_a_single_coupon_that_starts_otherwise(
    programme: Programme, owner: int, count: int, has_one_start: bool
) -> None:
    programme.coupon_class(owner)
    codes = programme.mint(owner, count=count)
    update_coupons(programme.call(), owner, terms(start_date=LATER), coupon_code=codes[0])
    assert batch_of(programme)["has_one_start"] is has_one_start
    require_consistent(programme)


def test_updates_are_in_the_audit_log(programme: Programme, owner: int, codes: list[str]) -> None:
    update_coupons(programme.call(), owner, NEW, batch_id=batch_of(programme)["batch_id"])
    of_batch = programme.rows(audit)[-1]
    assert (of_batch["entity"], of_batch["action"]) == ("coupon_batch", "update")
    assert (of_batch["after"]["amount"], of_batch["after"]["updated_count"]) == ("80", 2)
    update_coupons(programme.call(), owner, terms(), coupon_code=codes[1])
    of_coupon = programme.rows(audit)[-1]
    assert (of_coupon["entity"], of_coupon["action"]) == ("coupon", "update")
    assert (of_coupon["before"]["amount"], of_coupon["after"]["amount"]) == ("80", "50")


def test_a_claimed_coupon_keeps_the_currency_of_its_account(
    programme: Programme, owner: int
) -> None:
    programme.coupon_class(owner)
    codes = programme.mint(owner, count=2)
    programme.claim(codes[0], programme.account(owner))
    yen = terms(currency_code="JPY")
    for target in ({"batch_id": 1}, {"coupon_code": codes[0]}):
        update = lambda target=target: update_coupons(programme.call(), owner, yen, **target)  # noqa: E731
        assert refusal(programme, update) is CURRENCY_MISMATCH
    assert update_coupons(programme.call(), owner, NEW, batch_id=1) == 2
    assert update_coupons(programme.call(), owner, yen, coupon_code=codes[1]) == 1


def test_a_redeemed_coupon_is_refused(programme: Programme, owner: int, codes: list[str]) -> None:
    def update() -> int:
        return update_coupons(programme.call(), owner, NEW, coupon_code=codes[0])

    assert refusal(programme, update) is COUPON_ALREADY_REDEEMED


@pytest.mark.parametrize(
    ("arguments", "row"),
    [
        ({}, INPUT_INVALID),
        ({"coupon_code": "CODE", "batch_id": 1}, INPUT_INVALID),
        ({"coupon_code": "NONSENSE"}, COUPON_NOT_FOUND),
        ({"coupon_code": ""}, COUPON_NOT_FOUND),
        ({"batch_id": 999}, ENTITY_NOT_EXISTENT),
    ],
)
def test_what_is_asked_must_be_there(
    programme: Programme, owner: int, codes: list[str], arguments: dict[str, Any], row: ErrorRow
) -> None:
    update = lambda: update_coupons(programme.call(), owner, NEW, **arguments)  # noqa: E731
    assert refusal(programme, update) is row


def test_coupons_of_others_are_not_found(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    other = programme.customer()
    for target, row in (
        ({"batch_id": batch_of(programme)["batch_id"]}, ENTITY_NOT_EXISTENT),
        ({"coupon_code": codes[1]}, COUPON_NOT_FOUND),
    ):
        with pytest.raises(ServiceError) as error:
            update_coupons(programme.call(), other, NEW, **target)  # type: ignore[arg-type]
        assert error.value.row is row


def test_only_who_may_write_updates(programme: Programme, owner: int, codes: list[str]) -> None:
    call = programme.call(member(owner, Role.READ_ONLY))
    update = lambda: update_coupons(call, owner, NEW, coupon_code=codes[1])  # noqa: E731
    assert refusal(programme, update) is NOT_AUTHORIZED


def test_terms_that_no_coupon_can_have(programme: Programme, owner: int, codes: list[str]) -> None:
    update = lambda: update_coupons(  # noqa: E731
        programme.call(), owner, terms(amount=Decimal(0)), coupon_code=codes[1]
    )
    assert refusal(programme, update) is TERMS_INVALID


def test_a_retired_class_keeps_its_terms(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    retire_class(programme.call(), owner, "Spring")
    for target in ({"batch_id": batch_of(programme)["batch_id"]}, {"coupon_code": codes[1]}):
        update = lambda target=target: update_coupons(programme.call(), owner, NEW, **target)  # noqa: E731
        assert refusal(programme, update) is COUPON_CLASS_RETIRED


def test_a_batch_that_a_job_makes_is_refused(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    batch_id = begin_creation(programme, owner)
    update = lambda: update_coupons(programme.call(), owner, NEW, batch_id=batch_id)  # noqa: E731
    assert refusal(programme, update) is COUPON_BATCH_INCOMPLETE


def test_an_update_is_whole_or_not_there(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    batch_id = batch_of(programme)["batch_id"]
    for target in ({"batch_id": batch_id}, {"coupon_code": codes[1]}):
        require_all_or_nothing(
            programme,
            lambda target=target: update_coupons(programme.call(), owner, NEW, **target),
        )
