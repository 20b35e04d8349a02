"""Who may redeem a coupon when, why not, and what a redemption begins with."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACQUISITION_NOT_ELIGIBLE,
    COUPON_ALREADY_REDEEMED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_CLASS_RETIRED,
    COUPON_ENDED,
    COUPON_EXPIRED,
    COUPON_NOT_STARTED,
    COUPON_RESERVATION_REQUIRED,
    CURRENCY_MISMATCH,
)
from service.domain.instants import NO_END
from service.domain.redemption import (
    CouponState,
    NewRedemption,
    RedeemingAccount,
    expiry_of,
    redeem,
)
from service.domain.refusals import ServiceError
from service.domain.terms import CouponType
from tests.programme import START, terms, utc

TICK = timedelta(microseconds=1)
ACCOUNT = RedeemingAccount(
    account_id=5,
    customer_id=1,
    currency_code="USD",
    customer_first_spend_at=None,
    customer_has_acquisition=False,
)


def coupon(**changes: Any) -> CouponState:
    state: dict[str, Any] = {
        "code": "CODE",
        "terms": terms(),
        "is_class_retired": False,
        "claimed_account_id": None,
        "redeemed_account_id": None,
    }
    return CouponState(**{**state, **changes})


def acquisition() -> CouponState:
    return coupon(terms=terms(coupon_type=CouponType.ACQUISITION))


def refusal(
    state: CouponState, account: RedeemingAccount = ACCOUNT, now: datetime = START
) -> ErrorRow | None:
    try:
        redeem(state, account, now)
    except ServiceError as error:
        return error.row
    return None


def test_a_redemption_begins_with_the_whole_amount() -> None:
    state = coupon(terms=terms(amount=Decimal("12.34"), active_duration=30))
    expected = NewRedemption(START, START + timedelta(days=30), Decimal("12.34"), "USD")
    assert redeem(state, ACCOUNT, START) == expected


@pytest.mark.parametrize("at", [START, utc(2028, 2, 29)])
@pytest.mark.parametrize(
    ("term", "ticks", "expected"),
    [
        ("start_date", -1, COUPON_NOT_STARTED),
        ("start_date", 0, None),
        ("start_date", 1, None),
        ("end_date", -1, None),
        ("end_date", 0, None),
        ("end_date", 1, COUPON_ENDED),
        ("expiration_date", -1, None),
        ("expiration_date", 0, None),
        ("expiration_date", 1, COUPON_EXPIRED),
    ],
)
def test_both_ends_of_a_period_are_included(
    term: str, ticks: int, expected: ErrorRow | None, at: datetime
) -> None:
    assert refusal(coupon(terms=terms(**{term: at})), now=at + ticks * TICK) is expected


FIRST_TO_LAST: list[tuple[ErrorRow, dict[str, Any]]] = [
    (COUPON_ALREADY_REDEEMED, {"redeemed_account_id": 6}),
    (COUPON_CLASS_RETIRED, {"is_class_retired": True}),
    (COUPON_CLAIMED_BY_ANOTHER_ACCOUNT, {"claimed_account_id": 6}),
    (COUPON_RESERVATION_REQUIRED, {"is_reservation_mandatory": True}),
    (COUPON_NOT_STARTED, {"start_date": START + TICK}),
    (COUPON_ENDED, {"end_date": START - TICK}),
    (COUPON_EXPIRED, {"expiration_date": START - TICK}),
    (CURRENCY_MISMATCH, {"currency_code": "EUR"}),
    (ACQUISITION_NOT_ELIGIBLE, {"coupon_type": CouponType.ACQUISITION}),
]
SPENDER = replace(ACCOUNT, customer_has_acquisition=True)


def with_faults(*faults: dict[str, Any]) -> CouponState:
    together: dict[str, Any] = {name: value for fault in faults for name, value in fault.items()}
    of_terms = {name: together.pop(name) for name in list(together) if hasattr(terms(), name)}
    return coupon(terms=terms(**of_terms), **together)


@pytest.mark.parametrize(("row", "fault"), FIRST_TO_LAST, ids=lambda it: getattr(it, "symbol", ""))
def test_each_reason_refuses_alone(row: ErrorRow, fault: dict[str, Any]) -> None:
    assert refusal(with_faults(fault), SPENDER) is row


@pytest.mark.parametrize(
    ("first", "second"),
    list(combinations(FIRST_TO_LAST, 2)),
    ids=lambda pair: pair[0].symbol,
)
def test_of_two_reasons_the_first_is_told(
    first: tuple[ErrorRow, dict[str, Any]], second: tuple[ErrorRow, dict[str, Any]]
) -> None:
    assert refusal(with_faults(first[1], second[1]), SPENDER) is first[0]


@pytest.mark.parametrize("is_mandatory", [False, True])
def test_the_account_that_claimed_a_coupon_redeems_it(is_mandatory: bool) -> None:
    its_terms = terms(is_reservation_mandatory=is_mandatory)
    assert refusal(coupon(terms=its_terms, claimed_account_id=ACCOUNT.account_id)) is None


@pytest.mark.parametrize(
    ("first_spend_at", "expected"),
    [
        (None, None),
        (START + TICK, None),
        (START, None),
        (START - timedelta(days=30), None),
        (START - timedelta(days=30) - TICK, ACQUISITION_NOT_ELIGIBLE),
    ],
)
def test_a_customer_is_new_for_30_days(
    first_spend_at: datetime | None, expected: ErrorRow | None
) -> None:
    account = replace(ACCOUNT, customer_first_spend_at=first_spend_at)
    assert refusal(acquisition(), account) is expected


def test_everybody_redeems_retention_coupons() -> None:
    old = utc(2001, 1, 1)
    assert refusal(coupon(), replace(SPENDER, customer_first_spend_at=old)) is None


EARLY, LATE = START + timedelta(days=10), START + timedelta(days=100)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, NO_END),
        ({"end_date": EARLY}, NO_END),
        ({"expiration_date": EARLY}, EARLY),
        ({"active_duration": 30}, START + timedelta(days=30)),
        ({"active_duration": 30, "expiration_date": EARLY}, EARLY),
        ({"active_duration": 30, "expiration_date": LATE}, START + timedelta(days=30)),
        ({"active_duration": 10, "expiration_date": EARLY}, EARLY),
    ],
)
def test_a_redemption_expires_by_date_or_duration(
    changes: dict[str, Any], expected: datetime
) -> None:
    assert expiry_of(terms(**changes), START) == expected


@pytest.mark.parametrize(
    ("redeemed_at", "days", "expected"),
    [
        (utc(2028, 2, 29), 365, utc(2029, 2, 28)),
        (utc(2028, 2, 28), 1, utc(2028, 2, 29)),
        (utc(2028, 2, 28), 2, utc(2028, 3, 1)),
        (utc(2100, 2, 28), 1, utc(2100, 3, 1)),
    ],
)
def test_days_are_counted_over_29_february(
    redeemed_at: datetime, days: int, expected: datetime
) -> None:
    assert expiry_of(terms(active_duration=days), redeemed_at) == expected


@pytest.mark.parametrize(
    ("before_the_end", "expected"),
    [
        (timedelta(days=2), NO_END - timedelta(days=1)),
        (timedelta(days=1, hours=5), NO_END - timedelta(hours=5)),
        (timedelta(days=1), NO_END),
        (timedelta(hours=23), NO_END),
        (timedelta(0), NO_END),
    ],
)
def test_no_redemption_outlives_the_calendar(before_the_end: timedelta, expected: datetime) -> None:
    assert expiry_of(terms(active_duration=1), NO_END - before_the_end) == expected
