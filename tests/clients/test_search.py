"""SearchCoupons by each client."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from service.domain.terms import CouponType
from tests.programme import utc


def of(customer, *further):
    """Predicates for the coupons of a customer."""
    return (("CustomerId", "Equals", str(customer.customer_id)), *further)


@pytest.fixture
def months(customer, programme):
    """Three classes with one coupon each, that start a month after another."""
    for month, name in enumerate(["January", "February", "March"], 1):
        programme.coupon_class(customer.customer_id, name, start_date=utc(2026, month, 1))
        programme.mint(customer.customer_id, name)


def test_every_member_of_a_coupon_arrives(caller, customer, programme):
    last_moment = datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc)
    programme.coupon_class(
        customer.customer_id,
        coupon_type=CouponType.ACQUISITION,
        amount=Decimal("99.95"),
        percent_off=Decimal("12.5"),
        spend_threshold=Decimal(25),
        active_duration=90,
        start_date=utc(2026, 1, 1),
        end_date=last_moment,
        expiration_date=utc(2100, 6, 30, 12, 30),
    )
    (code,) = programme.mint(customer.customer_id)
    programme.claim(code, customer.account_id)
    redeemed_at = caller.redeem(customer.account_id, code)

    (coupon,) = caller.search(*of(customer), fields=caller.flags("CouponClaimInfo"))

    assert coupon.CouponCode == code
    assert coupon.ClassName == "Spring"
    assert coupon.CouponType == "Acquisition"
    assert coupon.Amount == 99.95
    assert coupon.SpendThreshold == 25
    assert coupon.CurrencyCode == "USD"
    assert coupon.PercentOff == 12.5
    assert coupon.ActiveDuration == 90
    assert coupon.ExpirationDate == utc(2100, 6, 30, 12, 30)
    assert coupon.StartDate == utc(2026, 1, 1)
    assert coupon.EndDate == caller.shown(last_moment)
    assert coupon.SendToEmail is None
    assert coupon.SendToDate is None
    assert coupon.IsRedeemed is True

    redemption = coupon.RedemptionInfo
    assert redemption.AccountId == customer.account_id
    assert redemption.AccountNumber.startswith("X")
    assert redemption.SpendToThreshold == 0
    assert redemption.Balance == 99.95
    assert redemption.CurrencyCode == "USD"
    assert redemption.RedemptionDate == redeemed_at
    assert redemption.ExpirationDate == redeemed_at + timedelta(days=90)
    assert redemption.ActivationDate is None

    assert coupon.ClaimInfo.AccountId == customer.account_id
    assert coupon.ClaimInfo.AccountNumber == redemption.AccountNumber
    assert coupon.ClaimInfo.ClaimDate == utc(2026, 3, 1, 12)


def test_members_without_value_arrive_as_nothing(caller, customer, programme):
    code = programme.coupon(customer.customer_id)
    programme.claim(code, customer.account_id)

    (coupon,) = caller.search(*of(customer))

    absent = ("PercentOff", "ActiveDuration", "ExpirationDate", "StartDate", "EndDate")
    assert [getattr(coupon, name) for name in absent] == [None] * 5
    assert coupon.IsRedeemed is False
    # zeep makes of a nil object one without values; suds has no attribute for what is absent.
    assert getattr(coupon.RedemptionInfo, "AccountId", None) is None
    assert getattr(coupon, "ClaimInfo", None) is None


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        (("CouponClassName", "Equals", "February"), ["February"]),
        (("StartDate", "GreaterThanEquals", "2026-02-01"), ["February", "March"]),
        (("IsRedeemed", "Equals", "true"), ["January"]),
        (("IsRedeemed", "Equals", "False"), ["February", "March"]),
    ],
)
@pytest.mark.usefixtures("months")
def test_predicates_narrow_the_search(caller, customer, predicate, found):
    (january,) = caller.search(*of(customer, ("CouponClassName", "Equals", "January")))
    caller.redeem(customer.account_id, january.CouponCode)

    coupons = caller.search(*of(customer, predicate), order=("CouponStartDate", "Ascending"))

    assert [coupon.ClassName for coupon in coupons] == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (None, ["February", "January", "March"]),
        (("CouponClassName", "Descending"), ["March", "January", "February"]),
        (("CouponStartDate", "Ascending"), ["January", "February", "March"]),
        (("CouponStartDate", "Descending"), ["March", "February", "January"]),
    ],
)
@pytest.mark.usefixtures("months")
def test_the_order_is_the_one_asked_for(caller, customer, order, found):
    coupons = caller.search(*of(customer), order=order)
    assert [coupon.ClassName for coupon in coupons] == found


def test_pages_partition_the_coupons(caller, customer, programme):
    programme.coupon_class(customer.customer_id)
    codes = programme.mint(customer.customer_id, count=7)

    pages = [caller.search(*of(customer), page=(index, 3)) for index in range(4)]

    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert sorted(coupon.CouponCode for page in pages for coupon in page) == codes


def test_a_page_of_the_greatest_size_arrives_whole(caller, customer, programme):
    programme.coupon_class(customer.customer_id)
    codes = programme.mint(customer.customer_id, count=100)
    assert sorted(coupon.CouponCode for coupon in caller.search(*of(customer))) == codes


def test_text_outside_ascii_comes_back_as_it_went(caller, customer, programme):
    name = "Été & <Größe> 夏"
    programme.coupon_class(customer.customer_id, name)
    programme.mint(customer.customer_id, name)

    (coupon,) = caller.search(*of(customer, ("CouponClassName", "Equals", name)))

    assert coupon.ClassName == name


def test_a_success_has_its_own_tracking_id(caller, customer):
    caller.search(*of(customer))
    first = caller.tracking_id
    caller.search(*of(customer))
    assert len(first) == 36
    assert caller.tracking_id not in ("", first)
