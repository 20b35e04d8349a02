"""Who may claim a coupon when, and why not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from service.domain.claims import Claim, ClaimableCoupon, claim
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_ALREADY_REDEEMED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_CLASS_RETIRED,
    COUPON_ENDED,
    COUPON_EXPIRED,
    COUPON_WITHOUT_FEATURE,
    CURRENCY_MISMATCH,
    FEATURE_ALREADY_CLAIMED,
)
from service.domain.programmes import Account
from service.domain.redemption import CouponState
from service.domain.refusals import ServiceError
from tests.programme import START, terms

TICK = timedelta(microseconds=1)
ACCOUNT = Account(5, 1, "X0000005", "USD")
COUPON = ClaimableCoupon(9, CouponState("CODE", terms(), False, None, None), 7, None)


def with_state(coupon: ClaimableCoupon, **changes: object) -> ClaimableCoupon:
    return replace(coupon, state=replace(coupon.state, **changes))


def with_terms(coupon: ClaimableCoupon, **changes: object) -> ClaimableCoupon:
    return with_state(coupon, terms=replace(coupon.state.terms, **changes))


def refusal(coupon: ClaimableCoupon, *claimed_features: int) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        claim(coupon, ACCOUNT, claimed_features, START)
    return error.value


def test_a_coupon_is_claimed_with_its_feature() -> None:
    assert claim(COUPON, ACCOUNT, {6, 8}, START) == Claim(9, 5, 7, START)


def test_a_claimed_coupon_is_booked() -> None:
    after = COUPON.claimed(claim(COUPON, ACCOUNT, set(), START))
    assert (after.state.claimed_account_id, after.claimed_at) == (5, START)
    assert with_state(replace(after, claimed_at=None), claimed_account_id=None) == COUPON


@pytest.mark.parametrize(
    "changes",
    [
        {"start_date": START + timedelta(days=1)},
        {"end_date": START},
        {"expiration_date": START},
    ],
)
def test_a_coupon_is_claimed_until_its_time_is_over(changes: dict[str, object]) -> None:
    assert claim(with_terms(COUPON, **changes), ACCOUNT, set(), START).claimed_at == START


OBSTACLES: list[tuple[ErrorRow, Callable[[ClaimableCoupon], ClaimableCoupon]]] = [
    (COUPON_WITHOUT_FEATURE, lambda coupon: replace(coupon, feature_id=None)),
    (COUPON_ALREADY_REDEEMED, lambda coupon: with_state(coupon, redeemed_account_id=6)),
    (COUPON_CLASS_RETIRED, lambda coupon: with_state(coupon, is_class_retired=True)),
    (COUPON_CLAIMED_BY_ANOTHER_ACCOUNT, lambda coupon: with_state(coupon, claimed_account_id=6)),
    (COUPON_ENDED, lambda coupon: with_terms(coupon, end_date=START - TICK)),
    (COUPON_EXPIRED, lambda coupon: with_terms(coupon, expiration_date=START - TICK)),
    (CURRENCY_MISMATCH, lambda coupon: with_terms(coupon, currency_code="EUR")),
]


@pytest.mark.parametrize(("row", "change"), OBSTACLES, ids=lambda it: getattr(it, "symbol", ""))
def test_each_obstacle_is_told(
    row: ErrorRow, change: Callable[[ClaimableCoupon], ClaimableCoupon]
) -> None:
    assert refusal(change(COUPON)).row is row


@pytest.mark.parametrize(("first", "second"), list(pairwise(OBSTACLES)))
def test_of_two_obstacles_the_first_is_told(
    first: tuple[ErrorRow, Callable[[ClaimableCoupon], ClaimableCoupon]],
    second: tuple[ErrorRow, Callable[[ClaimableCoupon], ClaimableCoupon]],
) -> None:
    assert refusal(second[1](first[1](COUPON))).row is first[0]


def test_one_coupon_of_a_feature_is_the_last_condition() -> None:
    assert refusal(COUPON, 7).row is FEATURE_ALREADY_CLAIMED
    assert refusal(OBSTACLES[-1][1](COUPON), 7).row is CURRENCY_MISMATCH


@pytest.mark.parametrize(("redeemer", "whom"), [(5, "this"), (6, "another")])
def test_a_redeemed_coupon_tells_by_whom(redeemer: int, whom: str) -> None:
    redeemed = with_state(COUPON, redeemed_account_id=redeemer)
    assert refusal(redeemed).details == f"coupon CODE, by {whom} account"
