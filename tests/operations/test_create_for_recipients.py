"""CreateCouponsForRecipients: a coupon for each account, made and booked at once, or none."""

import pytest

from service.domain.errors import (
    BATCH_TOO_LARGE,
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    LIST_EMPTY,
    NOT_AUTHORIZED,
    PATTERN_FULL,
    PATTERN_INVALID,
    RECIPIENT_REFUSED,
)
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations.check_database import check_database
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class
from service.operations.create_for_recipients import (
    PersonalCoupons,
    create_coupons_for_recipients,
)
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import coupon, coupon_batch, outbox
from tests.operations.faults import require_all_or_nothing
from tests.operations.traces import refused
from tests.programme import START, Programme, member

FEATURE = 7


def create(programme: Programme, owner: int, account_ids: list[int] | None) -> PersonalCoupons:
    return create_coupons_for_recipients(programme.call(), owner, "Spring", account_ids)


def test_each_account_has_a_coupon_that_only_it_can_redeem(
    programme: Programme, owner: int
) -> None:
    programme.coupon_class(owner, is_reservation_mandatory=True)
    account_ids = [programme.account(owner) for _ in range(3)]
    made = create(programme, owner, account_ids)
    assert [account_id for account_id, _ in made.coupons] == account_ids
    stored = {row["code"]: row for row in programme.rows(coupon)}
    assert {code: row["claimed_account_id"] for code, row in stored.items()} == {
        code: account_id for account_id, code in made.coupons
    }
    (first, code), (second, _), _ = made.coupons
    with pytest.raises(ServiceError, match="CouponClaimedByAnotherAccount"):
        redeem_coupon(programme.call(), second, code)
    assert redeem_coupon(programme.call(), first, code) == START
    assert check_database(programme.call()).is_clean
    assert programme.rows(outbox) == []


def test_they_are_a_batch_with_the_notes_of_the_operator(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    account_ids = [programme.account(programme.customer()) for _ in range(2)]
    made = create_coupons_for_recipients(
        programme.call(),
        owner,
        "Spring",
        account_ids,
        pattern="vip-#####",
        alphabet="abc",
        attributes={"campaign": "VIP"},
    )
    (batch,) = programme.rows(coupon_batch)
    assert (batch["batch_id"], batch["coupons_count"]) == (made.batch_id, 2)
    assert batch["attributes"] == {"campaign": "VIP"}
    assert all(set(code.removeprefix("VIP-")) <= set("ABC") for _, code in made.coupons)


def test_neighbours_do_not_know_each_others_codes(programme: Programme, owner: int) -> None:
    """Ten codes in ascending order would come once in 3,628,800 times."""
    programme.coupon_class(owner)
    made = create(programme, owner, [programme.account(owner) for _ in range(10)])
    codes = [code for _, code in made.coupons]
    assert codes != sorted(codes)


def test_nobody_else_is_handed_one(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    create(programme, owner, [programme.account(owner)])
    assert len(dispatch_coupons(programme.call(), ["anna@example.com"], owner, "Spring")) == 1


def test_it_is_the_one_coupon_of_its_feature(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, feature_id=FEATURE)
    (code,) = programme.mint(owner)
    account_id = programme.account(owner)
    create(programme, owner, [account_id])
    (error,) = claim_coupons(programme.call(), [AccountCoupon(account_id, code)]).errors
    assert error.row.symbol == "FeatureAlreadyClaimed"
    told = refused(programme, lambda: create(programme, owner, [account_id]))
    assert told.details == f"account {account_id}: FeatureAlreadyClaimed: feature {FEATURE}"
    assert check_database(programme.call()).is_clean


@pytest.mark.parametrize("reason", ["AccountIdInvalid", "AccountDuplicate", "CurrencyMismatch"])
def test_one_account_that_cannot_have_one_refuses_all(
    programme: Programme, owner: int, reason: str
) -> None:
    programme.coupon_class(owner)
    good = programme.account(owner)
    refused_id = {
        "AccountIdInvalid": 10**9,
        "AccountDuplicate": good,
        "CurrencyMismatch": programme.account(owner, "JPY"),
    }[reason]
    told = refused(programme, lambda: create(programme, owner, [good, refused_id]))
    assert told.row is RECIPIENT_REFUSED
    assert told.details.startswith(f"account {refused_id}: {reason}")


def test_a_pattern_with_too_few_codes_makes_none(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, pattern="A-#")
    programme.mint(owner, count=31)
    account_ids = [programme.account(owner) for _ in range(2)]
    assert refused(programme, lambda: create(programme, owner, account_ids)).row is PATTERN_FULL
    assert len(create(programme, owner, account_ids[:1]).coupons) == 1


def test_what_is_asked_is_in_bounds(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    account_id = programme.account(owner)
    stranger = programme.call(member(programme.customer()))
    reader = programme.call(member(owner, Role.READ_ONLY))
    for action, row in (
        (lambda: create(programme, owner, None), LIST_EMPTY),
        (lambda: create(programme, owner, []), LIST_EMPTY),
        (lambda: create(programme, owner, [account_id] * 1001), BATCH_TOO_LARGE),
        *(
            (
                lambda call=call: create_coupons_for_recipients(
                    call, owner, "Spring", [account_id]
                ),
                NOT_AUTHORIZED,
            )
            for call in (stranger, reader)
        ),
        (
            lambda: create_coupons_for_recipients(programme.call(), owner, "None", [account_id]),
            COUPON_CLASS_NOT_FOUND,
        ),
        (
            lambda: create_coupons_for_recipients(
                programme.call(), owner, "Spring", [account_id], pattern="no place"
            ),
            PATTERN_INVALID,
        ),
    ):
        assert refused(programme, action).row is row


def test_a_retired_class_makes_none(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    retire_class(programme.call(), owner, "Spring")
    account_id = programme.account(owner)
    told = refused(programme, lambda: create(programme, owner, [account_id]))
    assert told.row is COUPON_CLASS_RETIRED


def test_all_are_made_or_none(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    account_ids = [programme.account(owner) for _ in range(2)]
    require_all_or_nothing(programme, lambda: create(programme, owner, account_ids))
