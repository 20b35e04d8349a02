"""GetCouponInfo: the coupons that a customer's accounts claimed or redeemed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from service.domain.coupon_info import CouponInfo, CouponStatus
from service.domain.errors import ID_TOO_LARGE, NOT_AUTHORIZED, NULL_PARAMETER
from service.domain.instants import NO_END
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.domain.terms import CouponType
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.get_coupon_info import get_coupon_info
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import coupon
from tests.programme import START, Programme, member, utc


def info(
    programme: Programme, customer_id: int | None, caller: Caller = COMMAND_LINE
) -> list[CouponInfo]:
    return get_coupon_info(programme.call(caller), customer_id)


def claim(programme: Programme, account_id: int, code: str) -> None:
    assert claim_coupons(programme.call(), [AccountCoupon(account_id, code)]).errors == []


def redeem(programme: Programme, account_id: int, code: str) -> None:
    redeem_coupon(programme.call(), account_id, code)


def number(programme: Programme, code: str) -> int:
    """The number of the coupon with this code."""
    return next(row["coupon_id"] for row in programme.rows(coupon) if row["code"] == code)


def refusal(programme: Programme, *arguments: object) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        info(programme, *arguments)  # type: ignore[arg-type]
    return error.value


def test_a_coupon_through_its_whole_life(programme: Programme, owner: int, account: int) -> None:
    code = programme.coupon(
        owner,
        feature_id=7,
        coupon_type=CouponType.ACQUISITION,
        amount=Decimal(50),
        spend_threshold=Decimal(20),
        active_duration=90,
        start_date=START,
        end_date=utc(2026, 12, 31),
        expiration_date=utc(2027, 12, 31),
    )
    assert info(programme, owner) == []

    claim(programme, account, code)
    claimed = CouponInfo(
        account_id=account,
        coupon_id=number(programme, code),
        claim_date=START,
        status=CouponStatus.CLAIMED,
        redemption_date=None,
        expiration_date=utc(2027, 12, 31),
        percent_off=None,
        coupon_value=Decimal(50),
        upfront_spending=None,
        active_duration=90,
        spend_to_threshold=Decimal(20),
        start_date=START,
        end_date=utc(2026, 12, 31),
        balance=None,
        currency_code="USD",
        feature_id=7,
        coupon_type=1,
    )
    assert info(programme, owner) == [claimed]

    programme.clock.move(days=1)
    redeem(programme, account, code)
    redeemed = replace(
        claimed,
        status=CouponStatus.WAITING,
        redemption_date=utc(2026, 3, 2, 12),
        expiration_date=utc(2026, 5, 31, 12),
        balance=Decimal(50),
    )
    assert info(programme, owner) == [redeemed]

    programme.spend(account, "15")
    assert info(programme, owner) == [redeemed]
    programme.spend(account, "15")
    active = replace(redeemed, status=CouponStatus.ACTIVE, balance=Decimal(40))
    assert info(programme, owner) == [active]

    programme.clock.move(days=90)
    assert info(programme, owner) == [active]
    programme.clock.move(microseconds=1)
    assert info(programme, owner) == [replace(active, status=CouponStatus.EXPIRED)]


def test_a_percentage_coupon_is_used_up(programme: Programme, owner: int, account: int) -> None:
    code = programme.coupon(owner, amount=Decimal(5), percent_off=Decimal("12.5"))
    redeem(programme, account, code)
    programme.spend(account, "100")
    (shown,) = info(programme, owner)
    assert (shown.status, shown.balance, shown.percent_off) == (
        CouponStatus.USED_UP,
        Decimal(0),
        Decimal("12.5"),
    )
    assert (shown.claim_date, shown.feature_id, shown.coupon_type) == (None, None, 2)
    assert shown.expiration_date == NO_END


def test_of_two_redeemed_coupons_one_waits_for_its_turn(
    programme: Programme, owner: int, account: int
) -> None:
    for _ in range(2):
        redeem(programme, account, programme.coupon(owner))
        programme.clock.move(hours=1)
    assert [shown.status for shown in info(programme, owner)] == [
        CouponStatus.ACTIVE,
        CouponStatus.WAITING,
    ]


def test_the_customer_of_the_account_and_not_of_the_coupon_counts(
    programme: Programme, owner: int
) -> None:
    other = programme.customer()
    codes = [programme.coupon(owner, feature_id=7) for _ in range(4)]
    at_home, abroad = programme.account(owner), programme.account(other)
    claim(programme, at_home, codes[0])
    claim(programme, abroad, codes[1])
    redeem(programme, abroad, codes[2])
    assert [shown.account_id for shown in info(programme, owner)] == [at_home]
    assert [shown.coupon_id for shown in info(programme, other)] == [
        number(programme, codes[1]),
        number(programme, codes[2]),
    ]


def test_the_oldest_claim_or_redemption_comes_first(programme: Programme, owner: int) -> None:
    accounts = [programme.account(owner) for _ in range(3)]
    programme.coupon_class(owner, feature_id=7)
    codes = programme.mint(owner, count=5)
    redeem(programme, accounts[1], codes[4])
    programme.clock.move(hours=1)
    claim(programme, accounts[0], codes[3])
    programme.clock.move(hours=1)
    redeem(programme, accounts[2], codes[0])
    distribute_coupons(
        programme.call(),
        Distribution(account_ids=[accounts[2], accounts[1]], class_name="Spring"),
    )
    programme.clock.move(hours=1)
    # Redeemed last, and claimed before.
    redeem(programme, accounts[0], codes[3])
    shown = info(programme, owner)
    last = [it.coupon_id for it in shown[2:]]
    assert [it.coupon_id for it in shown[:2]] == [number(programme, codes[it]) for it in (4, 3)]
    assert len(last) == 3
    assert last == sorted(last)


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY])
def test_whoever_may_read_is_answered(programme: Programme, owner: int, role: Role) -> None:
    assert info(programme, owner, member(owner, role)) == []


def test_a_foreign_customer_looks_like_an_unknown_one(programme: Programme, owner: int) -> None:
    stranger = member(programme.customer())
    for customer_id in (owner, 1000):
        error = refusal(programme, customer_id, stranger)
        assert (error.row, error.details) == (NOT_AUTHORIZED, f"customer {customer_id}")


@pytest.mark.parametrize("customer_id", [None, 0])
def test_a_customer_is_required(programme: Programme, customer_id: int | None) -> None:
    error = refusal(programme, customer_id)
    assert (error.row, error.details) == (NULL_PARAMETER, "CustomerId")


def test_a_coupon_whose_number_does_not_fit_is_refused(
    programme: Programme, owner: int, account: int
) -> None:
    code = programme.coupon(owner)
    programme.claim(code, account)
    programme.change(coupon, coupon.c.code == code, coupon_id=2**31 - 1)
    assert [shown.coupon_id for shown in info(programme, owner)] == [2147483647]
    programme.change(coupon, coupon.c.code == code, coupon_id=2**31)
    error = refusal(programme, owner)
    assert (error.row, error.details) == (ID_TOO_LARGE, "CouponId 2147483648")
