"""Validity is decided at the moment of use, to the microsecond, whatever clocks are on the wall.

Each test runs in a process that believes to be in UTC, and in one that believes to be in Berlin.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_ENDED,
    COUPON_EXPIRED,
    COUPON_NOT_STARTED,
    NO_COUPON_AVAILABLE,
)
from service.domain.instants import parse_instant
from service.domain.ledger import Spend
from service.domain.refusals import ServiceError
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.get_account_monthly_spend import get_account_monthly_spend
from service.operations.record_spend import record_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.show_coupon import show_coupon
from tests.programme import Clock, Programme, utc

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
# As the rules of the European Union are, for a machine without a time zone database.
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
LEAP_DAY = utc(2024, 2, 29, 12)
SPRING = parse_instant("2026-03-29T03:30:00+02:00")
"""In Berlin there is no half past two on this day; this is an hour after half past one."""
AUTUMN = parse_instant("2026-10-25T02:30:00+01:00")
"""In Berlin it is half past two for the second time on this day."""
INSTANTS = [utc(2026, 6, 15, 12), LEAP_DAY, SPRING, AUTUMN, utc(2027, 1, 1)]
BESIDE = [-TICK, 0 * TICK, TICK]


@pytest.fixture(autouse=True, params=["UTC0", BERLIN], ids=["UTC", "Berlin"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """What the process believes of the place where it is."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def owner(programme: Programme) -> int:
    return programme.customer()


@pytest.fixture
def account(programme: Programme, owner: int) -> int:
    return programme.account(owner)


def test_the_process_believes_it(zone: str) -> None:
    hours = {"UTC0": 0, BERLIN: 2}
    assert time.localtime(SPRING.timestamp()).tm_gmtoff == hours[zone] * 3600


def refused(action: Callable[[], object]) -> ErrorRow | None:
    """Why; None if it is not."""
    try:
        action()
    except ServiceError as refusal:
        return refusal.row
    return None


# Redemption, dispatch, claim.


@pytest.mark.parametrize("bound", INSTANTS)
@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("start_date", [COUPON_NOT_STARTED, None, None]),
        ("end_date", [None, None, COUPON_ENDED]),
        ("expiration_date", [None, None, COUPON_EXPIRED]),
    ],
)
def test_a_coupon_is_redeemed_within_its_dates(
    programme: Programme,
    owner: int,
    bound: datetime,
    term: str,
    expected: list[ErrorRow | None],
) -> None:
    def redeem_beside(distance: timedelta) -> ErrorRow | None:
        account_id, code = programme.account(owner), programme.coupon(owner, **{term: bound})
        programme.clock.now = bound + distance
        return refused(lambda: redeem_coupon(programme.call(), account_id, code))

    assert [redeem_beside(distance) for distance in BESIDE] == expected


@pytest.mark.parametrize("bound", INSTANTS)
@pytest.mark.parametrize("term", ["end_date", "expiration_date"])
def test_a_coupon_is_dispatched_until_its_end(
    programme: Programme, owner: int, bound: datetime, term: str
) -> None:
    programme.coupon_class(owner, **{term: bound})
    programme.mint(owner, count=3)

    def dispatch_beside(distance: timedelta) -> list[ErrorRow]:
        programme.clock.now = bound + distance
        errors = dispatch_coupons(programme.call(), ["kim@example.com"], owner, "Spring")
        return [error.row for error in errors]

    assert [dispatch_beside(distance) for distance in BESIDE] == [[], [], [NO_COUPON_AVAILABLE]]


@pytest.mark.parametrize("bound", INSTANTS)
@pytest.mark.parametrize(
    ("term", "row"), [("end_date", COUPON_ENDED), ("expiration_date", COUPON_EXPIRED)]
)
def test_a_coupon_is_claimed_until_its_end(
    programme: Programme, owner: int, bound: datetime, term: str, row: ErrorRow
) -> None:
    def claim_beside(distance: timedelta) -> list[ErrorRow]:
        code = programme.coupon(owner, feature_id=7, **{term: bound})
        programme.clock.now = bound + distance
        pair = AccountCoupon(programme.account(owner), code)
        return [error.row for error in claim_coupons(programme.call(), [pair]).errors]

    assert [claim_beside(distance) for distance in BESIDE] == [[], [], [row]]


# Use.


def draws(programme: Programme, account: int, at: datetime | None = None) -> Decimal:
    """What coupons give for a spend of 1 USD."""
    recorded: Spend = programme.spend(account, "1", at)
    return recorded.drawn


def expiry(programme: Programme, code: str) -> datetime:
    redemption = show_coupon(programme.call(), code).coupon.redemption_info
    assert redemption is not None
    return redemption.expiration_date


@pytest.mark.parametrize("redeemed_at", INSTANTS)
@pytest.mark.parametrize("days", [1, 30, 365, 36_500])
@pytest.mark.parametrize("is_reported_late", [False, True])
def test_a_coupon_is_used_for_days_of_24_hours(
    programme: Programme, owner: int, redeemed_at: datetime, days: int, is_reported_late: bool
) -> None:
    def use_beside(distance: timedelta) -> Decimal:
        account, code = programme.account(owner), programme.coupon(owner, active_duration=days)
        programme.clock.now = redeemed_at
        redeem_coupon(programme.call(), account, code)
        last = redeemed_at + days * timedelta(hours=24)
        assert expiry(programme, code) == last
        at = last + distance
        programme.clock.now = at + DAY if is_reported_late else at
        return draws(programme, account, at if is_reported_late else None)

    assert [use_beside(distance) for distance in BESIDE] == [1, 1, 0]


@pytest.mark.parametrize("expires_at", INSTANTS)
def test_a_coupon_is_used_until_it_expires(
    programme: Programme, owner: int, expires_at: datetime
) -> None:
    def use_beside(distance: timedelta) -> Decimal:
        account = programme.account(owner)
        code = programme.coupon(owner, active_duration=30, expiration_date=expires_at)
        programme.clock.now = expires_at - 10 * DAY
        redeem_coupon(programme.call(), account, code)
        assert expiry(programme, code) == expires_at
        programme.clock.now = expires_at + distance
        return draws(programme, account)

    assert [use_beside(distance) for distance in BESIDE] == [1, 1, 0]


@pytest.mark.parametrize("redeemed_at", INSTANTS)
def test_spend_counts_from_the_redemption(
    programme: Programme, owner: int, redeemed_at: datetime
) -> None:
    def use_beside(distance: timedelta) -> Decimal:
        account, code = programme.account(owner), programme.coupon(owner)
        programme.clock.now = redeemed_at
        redeem_coupon(programme.call(), account, code)
        programme.clock.now += DAY
        return draws(programme, account, redeemed_at + distance)

    assert [use_beside(distance) for distance in BESIDE] == [0, 1, 1]


@pytest.mark.parametrize(
    ("redeemed_at", "days", "last"),
    [
        (utc(2024, 2, 28, 12), 1, LEAP_DAY),
        (LEAP_DAY, 1, utc(2024, 3, 1, 12)),
        (LEAP_DAY, 365, utc(2025, 2, 28, 12)),
        (utc(2025, 2, 28, 12), 1, utc(2025, 3, 1, 12)),
        # Berlin's 29 March 2026 has 23 hours, its 25 October has 25.
        (utc(2026, 3, 28, 23), 1, utc(2026, 3, 29, 23)),
        (utc(2026, 10, 24, 22), 1, utc(2026, 10, 25, 22)),
    ],
)
def test_a_day_is_24_hours(
    programme: Programme,
    owner: int,
    redeemed_at: datetime,
    days: int,
    last: datetime,
) -> None:
    account, code = programme.account(owner), programme.coupon(owner, active_duration=days)
    programme.clock.now = redeemed_at
    redeem_coupon(programme.call(), account, code)
    assert expiry(programme, code) == last


# Instants with offsets.


@pytest.mark.parametrize(
    ("dates", "inside", "outside"),
    [
        (
            # Half past two that never was, by the clock before the change.
            ("2026-03-29T02:30:00+01:00", "2026-03-29T03:30:00+02:00"),
            ["2026-03-29T01:30:00Z", "2026-03-28T21:30:00-04:00"],
            ["2026-03-29T02:30:00+02:00", "2026-03-29T03:30:00+01:00", "2026-03-29T03:30:00Z"],
        ),
        (
            ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
            [
                "2026-10-25T02:59:59.999999+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T01:00:00Z",
            ],
            ["2026-10-25T02:29:59.999999+02:00", "2026-10-25T02:30:00.000001+01:00"],
        ),
    ],
)
def test_an_offset_is_part_of_an_instant(
    programme: Programme,
    owner: int,
    dates: tuple[str, str],
    inside: list[str],
    outside: list[str],
) -> None:
    start, end = (parse_instant(text) for text in dates)

    def is_redeemed(now: str) -> bool:
        account_id, code = (
            programme.account(owner),
            programme.coupon(owner, start_date=start, end_date=end),
        )
        programme.clock.now = parse_instant(now)
        return refused(lambda: redeem_coupon(programme.call(), account_id, code)) is None

    assert [is_redeemed(now) for now in [*dates, *inside]] == [True] * (2 + len(inside))
    assert [is_redeemed(now) for now in outside] == [False] * len(outside)


def test_a_repeat_may_write_its_date_with_another_offset(
    programme: Programme, clock: Clock, account: int
) -> None:
    clock.now = utc(2026, 11, 1)
    texts = ["2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00+01:00"]
    recorded = [
        record_spend(programme.call(), account, Decimal(1), "invoice", datetime.fromisoformat(text))
        for text in (text.replace("Z", "+00:00") for text in texts)
    ]
    assert recorded == [recorded[0]] * 3
    twin = datetime.fromisoformat("2026-10-25T02:30:00+01:00")
    row = refused(lambda: record_spend(programme.call(), account, Decimal(1), "invoice", twin))
    assert row is not None
    assert row.symbol == "SpendReferenceTaken"


def test_a_month_begins_with_its_midnight_in_utc(
    programme: Programme, clock: Clock, account: int
) -> None:
    clock.now = utc(2026, 12, 1)
    # In Berlin it is 1 April and 1 November by then, in UTC not yet.
    for text in ("2026-04-01T01:59:59.999999+02:00", "2026-11-01T00:59:59.999999+01:00"):
        draws(programme, account, parse_instant(text))
    sums = [
        get_account_monthly_spend(programme.call(), account, utc(2026, month, 1))
        for month in (3, 4, 10, 11)
    ]
    assert sums == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("text", "last"),
    [("2024-02-29", "2024-02-29T23:59:59.999999Z"), ("2026-03-29", "2026-03-29T23:59:59.999999Z")],
)
def test_a_bare_date_ends_with_its_day_in_utc(
    programme: Programme, owner: int, text: str, last: str
) -> None:
    end = parse_instant(text, bare_date_is_end=True)
    assert end == parse_instant(last)

    def redeem_beside(distance: timedelta) -> ErrorRow | None:
        account_id, code = programme.account(owner), programme.coupon(owner, end_date=end)
        programme.clock.now = end + distance
        return refused(lambda: redeem_coupon(programme.call(), account_id, code))

    assert [redeem_beside(distance) for distance in BESIDE] == [None, None, COUPON_ENDED]
