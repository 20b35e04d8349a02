"""From minting to its end: one scripted life of each kind of coupon, seen by clients.

The figures are computed by hand.
"""

from decimal import Decimal

import pytest

from service.domain.terms import CouponType
from tests.clients.callers import RefusedError
from tests.life.scripted import ACTIVE, CLAIMED, EXPIRED, USED_UP, WAITING, Life, Shown
from tests.programme import START, utc


def refused(life: Life, code: str, account_id: int) -> int:
    """The number with which a redemption is refused."""
    with pytest.raises(RefusedError) as refusal:
        life.redeem(code, account_id)
    assert refusal.value.code is not None
    return refusal.value.code


def test_an_amount_with_a_threshold(life: Life) -> None:
    code = life.hand_out(
        amount=Decimal(50),
        spend_threshold=Decimal(25),
        active_duration=90,
        end_date=utc(2026, 4, 30),
    )

    found = life.found(code)
    assert (found.SendToDate, found.IsRedeemed) == (START, False)
    assert life.info(code) is None

    redeemed_at = life.at("2026-03-10T10:00:00Z")
    assert life.redeem(code) == redeemed_at
    assert life.found(code).RedemptionInfo.ExpirationDate == utc(2026, 6, 8, 10)
    assert life.shown(code) == Shown(WAITING, "0", "50")

    life.at("2026-03-11T10:00:00Z")
    assert life.spend("24.99") == "0"
    assert life.shown(code) == Shown(WAITING, "24.99", "50")

    # A cent is missing, the other is the coupon's.
    active_since = life.at("2026-03-12T10:00:00Z")
    assert life.spend("0.02") == "0.01"
    assert life.shown(code) == Shown(ACTIVE, "25", "49.99", active_since)

    life.at("2026-03-20T10:00:00Z")

    def while_it_stands() -> None:
        assert life.shown(code) == Shown(ACTIVE, "25", "19.99", active_since)

    life.spend_and_take_back("30", while_it_stands)
    assert life.shown(code) == Shown(ACTIVE, "25", "49.99", active_since)

    life.at("2026-04-01T10:00:00Z")
    assert life.spend("49.98") == "49.98"
    assert life.shown(code) == Shown(ACTIVE, "25", "0.01", active_since)
    assert life.spend("5") == "0.01"
    assert life.shown(code) == Shown(USED_UP, "25", "0", active_since)
    assert life.spend("5") == "0"

    # March: 24.99 and 0.02, without what was taken back; April: 49.98, 5 and 5.
    for instant, spent in ((utc(2026, 3, 31), 25.01), (utc(2026, 4, 1), 59.98)):
        answer = life.caller.call(
            "GetAccountMonthlySpend", AccountId=life.account_id, MonthYear=instant
        )
        assert answer == spent


def test_an_amount_without_a_threshold(life: Life) -> None:
    first = life.hand_out("First", amount=Decimal(20), active_duration=10)
    second = life.hand_out("Second", amount=Decimal("7.50"))

    redeemed_at = life.at("2026-03-28T23:30:00Z")
    assert life.redeem(first) == redeemed_at
    life.at("2026-03-28T23:30:01Z")
    life.redeem(second)
    # Berlin's clocks change that night; ten days are 240 hours.
    assert life.found(first).RedemptionInfo.ExpirationDate == utc(2026, 4, 7, 23, 30)
    assert life.found(second).RedemptionInfo.ExpirationDate.year == 9999
    assert life.shown(first) == Shown(ACTIVE, "0", "20", redeemed_at)
    assert life.shown(second) == Shown(WAITING, "0", "7.5")

    life.at("2026-04-07T23:29:59.999999Z")
    assert life.spend("8.25") == "8.25"
    life.at("2026-04-07T23:30:00Z")
    assert life.spend("1") == "1"
    assert life.shown(first) == Shown(ACTIVE, "0", "10.75", redeemed_at)

    expired_at = life.at("2026-04-07T23:30:00.000001Z")
    assert life.shown(first) == Shown(EXPIRED, "0", "10.75", redeemed_at)
    # The next one takes its place, and gives all that it has.
    assert life.spend("100") == "7.5"
    assert life.shown(first) == Shown(EXPIRED, "0", "10.75", redeemed_at)
    assert life.shown(second) == Shown(USED_UP, "0", "0", expired_at)


def test_a_percentage_with_a_bound(life: Life) -> None:
    code = life.hand_out(
        percent_off=Decimal("12.5"), amount=Decimal(10), spend_threshold=Decimal(20)
    )
    life.at("2026-03-10T10:00:00Z")
    life.redeem(code)
    assert life.found(code).PercentOff == 12.5
    assert life.info(code).PercentOff == 12.5
    assert life.shown(code) == Shown(WAITING, "0", "10")

    life.at("2026-03-11T10:00:00Z")
    assert life.spend("19.99") == "0"
    # 0.01 is missing; an eighth of the other 49.99 is 6.24875.
    active_since = life.at("2026-03-12T10:00:00Z")
    assert life.spend("50") == "6.25"
    assert life.shown(code) == Shown(ACTIVE, "20", "3.75", active_since)
    # An eighth of 13.40 is 1.675: half a cent goes up.
    life.at("2026-03-13T10:00:00Z")
    assert life.spend("13.40") == "1.68"
    assert life.shown(code) == Shown(ACTIVE, "20", "2.07", active_since)
    # An eighth of 16.56 is 2.07 to the cent.
    assert life.spend("16.56") == "2.07"
    assert life.shown(code) == Shown(USED_UP, "20", "0", active_since)


def test_a_percentage_without_a_bound(life: Life) -> None:
    code = life.hand_out(
        percent_off=Decimal(10), amount=Decimal(0), expiration_date=utc(2026, 3, 31, 12)
    )
    redeemed_at = life.at("2026-03-10T10:00:00Z")
    life.redeem(code)
    shown = Shown(ACTIVE, "0", "0", redeemed_at)
    assert life.shown(code) == shown
    # A tenth of 99.95 is 9.995.
    assert life.spend("99.95") == "10"
    assert life.shown(code) == shown
    assert life.spend("1000000") == "100000"
    life.at("2026-03-31T12:00:00Z")
    assert life.spend("0.05") == "0.01"
    assert life.shown(code) == shown
    life.at("2026-03-31T12:00:00.000001Z")
    assert life.spend("100") == "0"
    assert life.shown(code) == Shown(EXPIRED, "0", "0", redeemed_at)


def test_an_acquisition_coupon(life: Life) -> None:
    terms = {"coupon_type": CouponType.ACQUISITION, "amount": Decimal(100)}
    code = life.hand_out("New", spend_threshold=Decimal(10), **terms)
    another = life.hand_out("Newer", **terms)
    veterans = life.programme.customer()
    veteran = life.programme.account(veterans)

    life.at("2026-03-02T10:00:00Z")
    life.spend("1", veteran)
    life.spend("2")
    # Thirty days after its first spend a customer is new for the last time.
    redeemed_at = life.at("2026-04-01T10:00:00Z")
    assert life.redeem(code) == redeemed_at
    assert life.found(code).CouponType == "Acquisition"
    assert life.info(code).CouponType == 1
    # One for a customer, whichever of its accounts asks.
    assert refused(life, another, life.account_id) == 90007
    assert refused(life, another, life.programme.account(life.customer_id)) == 90007

    veterans_client = life.connect(veterans, veteran)
    life.at("2026-04-01T10:00:00.000001Z")
    with pytest.raises(RefusedError) as refusal:
        veterans_client.redeem(veteran, another)
    assert refusal.value.code == 90007

    # What was spent before the redemption counts for nothing.
    assert life.shown(code) == Shown(WAITING, "0", "100")
    active_since = life.at("2026-04-02T10:00:00Z")
    assert life.spend("110.01") == "100"
    assert life.shown(code) == Shown(USED_UP, "10", "0", active_since)


def test_a_coupon_of_a_feature(life: Life) -> None:
    code = life.hand_out("Feature", amount=Decimal(5), feature_id=7)
    neighbour = life.programme.account(life.customer_id)
    life.at("2026-03-05T10:00:00Z")
    assert eligible(life, neighbour) == [life.account_id, neighbour]

    claimed_at = life.at("2026-03-06T10:00:00Z")
    reply = life.caller.call_all(
        "ClaimFeatureAdoptionCoupons",
        AccountCouponPairs={
            "KeyValueEntityOflongstring": [{"Key": life.account_id, "Value": code}]
        },
    )
    (date,) = reply.ClaimedDateByAccountId.KeyValueEntityOflongdateTime
    assert (date.Key, date.Value) == (life.account_id, claimed_at)
    assert eligible(life, neighbour) == []
    found, info = life.found(code), life.info(code)
    assert (found.ClaimInfo.AccountId, found.ClaimInfo.ClaimDate) == (life.account_id, claimed_at)
    assert (info.Status, info.ClaimDate, info.FeatureId) == (CLAIMED, claimed_at, 7)
    assert (info.Balance, info.RedemptionDate) == (None, None)

    life.at("2026-03-07T10:00:00Z")
    assert refused(life, code, neighbour) == 90008
    redeemed_at = life.at("2026-03-08T10:00:00Z")
    life.redeem(code)
    assert life.shown(code) == Shown(ACTIVE, "0", "5", redeemed_at)
    assert life.spend("4.99") == "4.99"
    assert life.shown(code) == Shown(ACTIVE, "0", "0.01", redeemed_at)
    assert life.spend("4.99") == "0.01"
    assert life.shown(code) == Shown(USED_UP, "0", "0", redeemed_at)
    assert life.info(code).ClaimDate == claimed_at


def test_a_coupon_in_yen(life: Life) -> None:
    code = life.hand_out(currency_code="JPY", amount=Decimal(1000), spend_threshold=Decimal(500))
    life.at("2026-03-10T10:00:00Z")
    assert refused(life, code, life.account_id) == 90006
    account = life.programme.account(life.customer_id, "JPY")
    life.redeem(code, account)
    assert life.shown(code) == Shown(WAITING, "0", "1000")
    active_since = life.at("2026-03-11T10:00:00Z")
    assert life.spend("501", account) == "1"
    assert life.shown(code) == Shown(ACTIVE, "500", "999", active_since)
    assert life.spend("998", account) == "998"
    assert life.spend("2", account) == "1"
    assert life.shown(code) == Shown(USED_UP, "500", "0", active_since)

    tenth = life.hand_out("Tenth", currency_code="JPY", percent_off=Decimal(10), amount=Decimal(0))
    life.redeem(tenth, account)
    # A tenth of 15 is 1.5 yen.
    assert life.spend("15", account) == "2"
    assert life.spend("14", account) == "1"


def eligible(life: Life, neighbour: int) -> list[int]:
    """Which of the two accounts could claim a coupon of feature 7."""
    answer = life.caller.call(
        "CheckFeatureAdoptionCouponEligibility",
        FeatureId=7,
        AccountIds={"long": [life.account_id, neighbour]},
    )
    return list(answer.long) if answer else []
