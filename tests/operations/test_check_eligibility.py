"""CheckFeatureAdoptionCouponEligibility: who could claim a coupon of a feature."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    BATCH_TOO_LARGE,
    LIST_EMPTY,
    NULL_PARAMETER,
)
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.check_eligibility import check_eligibility
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class, update_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from tests.programme import START, Programme, member, terms

TICK = timedelta(microseconds=1)
FEATURE = 7


def eligible(programme: Programme, *account_ids: int, caller: Caller = COMMAND_LINE) -> list[int]:
    return check_eligibility(programme.call(caller), FEATURE, list(account_ids))


def claim(programme: Programme, account_id: int, code: str) -> None:
    assert claim_coupons(programme.call(), [AccountCoupon(account_id, code)]).errors == []


@pytest.fixture
def code(programme: Programme, owner: int) -> str:
    """The code of the one coupon of the class Spring, of the feature."""
    programme.coupon_class(owner, feature_id=FEATURE)
    return programme.mint(owner)[0]


def test_accounts_come_in_the_order_of_the_request_without_repeats(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    second, third = programme.account(owner), programme.account(owner)
    asked = (third, account, third, 1000, 0, -1, second, account)
    assert eligible(programme, *asked) == [third, account, second]


def test_a_coupon_of_any_owner_counts(programme: Programme, account: int) -> None:
    assert eligible(programme, account) == []
    programme.coupon(programme.customer(), feature_id=FEATURE + 1)
    programme.coupon(programme.customer())
    assert eligible(programme, account) == []
    programme.coupon(programme.customer(), feature_id=FEATURE)
    assert eligible(programme, account) == [account]


def test_a_coupon_counts_until_it_is_claimed(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    other = programme.account(owner)
    dispatch_coupons(programme.call(), ["kim@example.com"], owner, "Spring")
    assert eligible(programme, account, other) == [account, other]
    claim(programme, other, code)
    assert eligible(programme, account, other) == []


def test_a_coupon_counts_until_it_is_redeemed(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    redeem_coupon(programme.call(), account, code)
    assert eligible(programme, account, programme.account(owner)) == []


def test_an_account_that_claimed_one_is_left_out(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    programme.mint(owner)
    other = programme.account(owner)
    claim(programme, account, code)
    assert eligible(programme, account, other) == [other]


def test_the_currency_of_a_coupon_and_not_of_its_class_counts(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    in_euro = programme.account(owner, "EUR")
    update_class(programme.call(), owner, "Spring", lambda _: terms(currency_code="EUR"))
    assert eligible(programme, account, in_euro) == [account]
    programme.mint(owner)
    assert eligible(programme, account, in_euro) == [account, in_euro]


@pytest.mark.parametrize(
    ("changes", "is_eligible"),
    [
        ({"end_date": START - TICK}, False),
        ({"end_date": START}, True),
        ({"expiration_date": START - TICK}, False),
        ({"expiration_date": START}, True),
        ({"start_date": START + TICK}, True),
    ],
)
def test_time_decides_as_it_does_for_a_claim(
    programme: Programme,
    owner: int,
    account: int,
    changes: dict[str, object],
    is_eligible: bool,
) -> None:
    code = programme.coupon(owner, feature_id=FEATURE, **changes)
    assert eligible(programme, account) == ([account] if is_eligible else [])
    outcome = claim_coupons(programme.call(), [AccountCoupon(account, code)])
    assert (outcome.errors == []) == is_eligible


def test_a_retired_class_does_not_count(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    retire_class(programme.call(), owner, "Spring")
    assert eligible(programme, account) == []


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY])
def test_accounts_that_the_caller_may_not_read_are_left_out(
    programme: Programme, owner: int, account: int, code: str, role: Role
) -> None:
    foreign = programme.account(programme.customer())
    caller = member(owner, role)
    assert eligible(programme, foreign, account, caller=caller) == [account]


def test_a_feature_of_number_zero_is_one(programme: Programme, owner: int, account: int) -> None:
    programme.coupon(owner, feature_id=0)
    assert check_eligibility(programme.call(), 0, [account]) == [account]


REFUSED: list[tuple[ErrorRow, Callable[[int], tuple[int | None, list[int] | None]]]] = [
    (NULL_PARAMETER, lambda account: (None, [account])),
    (LIST_EMPTY, lambda account: (FEATURE, None)),
    (LIST_EMPTY, lambda account: (FEATURE, [])),
    (BATCH_TOO_LARGE, lambda account: (FEATURE, [account] * 101)),
]


@pytest.mark.parametrize(("row", "request_of"), REFUSED)
def test_what_is_required(
    programme: Programme,
    account: int,
    row: ErrorRow,
    request_of: Callable[[int], tuple[int | None, list[int] | None]],
) -> None:
    with pytest.raises(ServiceError) as error:
        check_eligibility(programme.call(), *request_of(account))
    assert error.value.row is row


def test_a_hundred_accounts_are_answered(programme: Programme, owner: int, code: str) -> None:
    account_ids = [programme.account(owner) for _ in range(100)]
    assert eligible(programme, *account_ids) == account_ids
