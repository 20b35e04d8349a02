"""How far the life of a coupon has come, and how that is told."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from service.domain.coupon_info import (
    COUPON_TYPE_CODES,
    CouponInfo,
    CouponStatus,
    coupon_info,
    coupon_status,
)
from service.domain.errors import ID_TOO_LARGE
from service.domain.instants import NO_END
from service.domain.ledger import RedeemedCoupon
from service.domain.numbers import INT_MAX
from service.domain.refusals import ServiceError
from service.domain.terms import CouponType
from tests.programme import START, terms, utc

TICK = timedelta(microseconds=1)
ENDS = utc(2028, 2, 29)
REDEEMED = RedeemedCoupon(
    coupon_id=9,
    currency_code="USD",
    percent_off=None,
    granted=Decimal(50),
    balance=Decimal(50),
    spend_threshold=Decimal(20),
    spend_to_threshold=Decimal(5),
    redeemed_at=START,
    expires_at=ENDS,
)
ACTIVE = replace(REDEEMED, is_active=True, activated_at=START)
USED_UP = replace(REDEEMED, balance=Decimal(0))
UNBOUNDED = replace(
    ACTIVE, percent_off=Decimal(10), granted=Decimal(0), balance=Decimal(0), is_active=True
)


def test_the_codes_are_those_that_are_documented() -> None:
    assert {status.name: int(status) for status in CouponStatus} == {
        "AVAILABLE": 0,
        "CLAIMED": 1,
        "WAITING": 2,
        "ACTIVE": 3,
        "USED_UP": 4,
        "EXPIRED": 5,
    }
    assert COUPON_TYPE_CODES == {CouponType.ACQUISITION: 1, CouponType.RETENTION: 2}


@pytest.mark.parametrize(
    ("redeemed", "now", "status"),
    [
        (REDEEMED, START, CouponStatus.WAITING),
        (REDEEMED, ENDS, CouponStatus.WAITING),
        (REDEEMED, ENDS + TICK, CouponStatus.EXPIRED),
        (ACTIVE, ENDS, CouponStatus.ACTIVE),
        (ACTIVE, ENDS + TICK, CouponStatus.EXPIRED),
        (USED_UP, ENDS, CouponStatus.USED_UP),
        (USED_UP, ENDS + TICK, CouponStatus.USED_UP),
        (UNBOUNDED, ENDS, CouponStatus.ACTIVE),
    ],
)
@pytest.mark.parametrize("is_claimed", [True, False])
def test_the_status_of_a_redeemed_coupon(
    redeemed: RedeemedCoupon, now: datetime, status: CouponStatus, is_claimed: bool
) -> None:
    # When it could be redeemed does not count any more.
    over = terms(end_date=START - TICK)
    assert coupon_status(over, is_claimed=is_claimed, redeemed=redeemed, now=now) is status


@pytest.mark.parametrize("last", ["end_date", "expiration_date"])
@pytest.mark.parametrize(
    ("is_claimed", "status"), [(True, CouponStatus.CLAIMED), (False, CouponStatus.AVAILABLE)]
)
def test_the_status_of_a_coupon_that_is_not_redeemed(
    last: str, is_claimed: bool, status: CouponStatus
) -> None:
    def at(now: datetime) -> CouponStatus:
        return coupon_status(terms(**{last: ENDS}), is_claimed=is_claimed, redeemed=None, now=now)

    assert at(ENDS - TICK) is status
    assert at(ENDS) is status
    assert at(ENDS + TICK) is CouponStatus.EXPIRED
    assert coupon_status(terms(), is_claimed=is_claimed, redeemed=None, now=NO_END) is status


def info(
    redeemed: RedeemedCoupon | None = None, coupon_id: int = 9, account_id: int = 5
) -> CouponInfo:
    return coupon_info(
        terms(
            coupon_type=CouponType.ACQUISITION,
            percent_off=Decimal("12.5"),
            spend_threshold=Decimal(20),
            active_duration=90,
            start_date=START - TICK,
            end_date=START + TICK,
            expiration_date=ENDS + TICK,
        ),
        coupon_id=coupon_id,
        account_id=account_id,
        feature_id=7,
        claimed_at=START,
        redeemed=redeemed,
        now=START,
    )


def test_all_seventeen_members_of_a_claimed_coupon() -> None:
    assert info() == CouponInfo(
        account_id=5,
        coupon_id=9,
        claim_date=START,
        status=CouponStatus.CLAIMED,
        redemption_date=None,
        expiration_date=ENDS + TICK,
        percent_off=Decimal("12.5"),
        coupon_value=Decimal(50),
        upfront_spending=None,
        active_duration=90,
        spend_to_threshold=Decimal(20),
        start_date=START - TICK,
        end_date=START + TICK,
        balance=None,
        currency_code="USD",
        feature_id=7,
        coupon_type=1,
    )


def test_what_a_redemption_changes() -> None:
    assert info(REDEEMED) == replace(
        info(),
        status=CouponStatus.WAITING,
        redemption_date=START,
        expiration_date=ENDS,
        balance=Decimal(50),
    )


@pytest.mark.parametrize("name", ["account_id", "coupon_id"])
def test_a_number_that_does_not_fit_is_refused(name: str) -> None:
    assert getattr(info(**{name: INT_MAX}), name) == 2147483647
    with pytest.raises(ServiceError) as refusal:
        info(**{name: INT_MAX + 1})
    assert refusal.value.row is ID_TOO_LARGE
    assert "2147483648" in refusal.value.details
