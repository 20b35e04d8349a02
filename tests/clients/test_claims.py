"""The operations that book coupons for accounts, and tell about them, by each client."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from service.domain import errors
from service.domain.terms import CouponType
from service.storage.tables import coupon, outbox
from tests.clients.callers import RefusedError, check_fault
from tests.programme import utc

NOBODYS_ACCOUNT = 2_000_000_000


def listed(found, name):
    """The items of a list, which some clients make nothing of when it is empty."""
    return list(getattr(found, name)) if found else []


def partial_errors(reply):
    """The lists of errors, one for each account that failed; nothing else may be wrong."""
    assert listed(reply.OperationErrors, "OperationError") == []
    return [
        [(error.Code, error.Details) for error in each.OperationError]
        for each in listed(reply.PartialErrors, "ArrayOfOperationError")
    ]


def claim(caller, *pairs):
    """Claim coupons; answers the dates and the partial errors."""
    items = [{"Key": account_id, "Value": code} for account_id, code in pairs]
    reply = caller.call_all(
        "ClaimFeatureAdoptionCoupons", AccountCouponPairs={"KeyValueEntityOflongstring": items}
    )
    dates = listed(reply.ClaimedDateByAccountId, "KeyValueEntityOflongdateTime")
    return [(date.Key, date.Value) for date in dates], partial_errors(reply)


def distribute(caller, *account_ids, feature_id=None, send_notification=False):
    """Distribute coupons of the class Spring; answers the partial errors."""
    # In the order of the contract, in which Node.js must be given them.
    reply = caller.call_all(
        "DistributeCoupons",
        AccountIds={"int": list(account_ids)},
        ClassName="Spring",
        FeatureId=feature_id,
        SendNotification=send_notification,
    )
    return partial_errors(reply)


def eligible(caller, feature_id, *account_ids):
    found = caller.call(
        "CheckFeatureAdoptionCouponEligibility",
        FeatureId=feature_id,
        AccountIds={"long": list(account_ids)},
    )
    return listed(found, "long")


def coupon_info(caller, customer_id):
    return listed(caller.call("GetCouponInfo", CustomerId=customer_id), "CouponInfoData")


NUMBERS = ("Status", "CouponType", "CouponValue", "SpendToThreshold", "Balance")


def members_of(info, names):
    """Members of a coupon; of some numbers PHP and Node.js make texts."""
    members = {name: info[name] for name in names}
    for name in NUMBERS:
        if members.get(name) is not None:
            members[name] = Decimal(str(members[name]))
    return members


def test_accounts_claim_coupons(caller, customer, programme):
    codes = [programme.coupon(customer.customer_id, feature_id=feature) for feature in (7, 7, 8)]
    other = programme.account(customer.customer_id)
    pairs = list(zip((customer.account_id, other, other), codes, strict=True))

    dates, failed = claim(caller, *pairs)

    assert failed == []
    assert [account_id for account_id, _ in dates] == [account_id for account_id, _ in pairs]
    stored = {row["code"]: row for row in programme.rows(coupon) if row["code"] in codes}
    assert [(stored[code]["claimed_account_id"], code) for code in codes] == pairs
    assert [stored[code]["claimed_feature_id"] for code in codes] == [7, 7, 8]
    stored_at = [caller.shown(stored[code]["claimed_at"]) for code in codes]
    assert [claimed_at for _, claimed_at in dates] == stored_at
    assert dates[0][1].utcoffset() == timedelta(0)
    assert claim(caller, *pairs) == (dates, [])


def test_each_pair_that_fails_has_a_list_of_its_own(caller, customer, programme):
    own, foreign = customer.account_id, programme.account(programme.customer())
    code, ended = (
        programme.coupon(customer.customer_id, feature_id=7, **changes)
        for changes in ({}, {"end_date": utc(2020, 1, 1)})
    )

    dates, failed = claim(caller, (foreign, code), (own, ended), (own, code), (own, "NONSENSE"))

    assert [account_id for account_id, _ in dates] == [own]
    assert failed == [
        [(1001, f"{foreign}: UserIsNotAuthorized")],
        [(90004, f"{own}: CouponEnded: EndDate was 2020-01-01T00:00:00+00:00")],
        [(90001, f"{own}: CouponNotFound: coupon NONSENSE")],
    ]


def test_no_pair_succeeds(caller, customer):
    dates, failed = claim(caller, (customer.account_id, "NONSENSE"))
    assert (dates, len(failed)) == ([], 1)


def test_a_claimed_coupon_shows_its_claim_in_a_search(caller, customer, programme):
    code = programme.coupon(customer.customer_id, feature_id=7)
    (((_, claimed_at),), _) = claim(caller, (customer.account_id, code))

    (found,) = caller.search(
        ("CustomerId", "Equals", str(customer.customer_id)), fields=caller.flags("CouponClaimInfo")
    )

    assert found.ClaimInfo.AccountId == customer.account_id
    assert found.ClaimInfo.ClaimDate == claimed_at
    assert not found.IsRedeemed


def test_coupons_are_distributed(caller, customer, programme):
    class_id = programme.coupon_class(customer.customer_id, feature_id=7)
    programme.mint(customer.customer_id, count=3)
    with_mail = programme.account(customer.customer_id, email="kim@example.com")

    assert distribute(caller, customer.account_id, feature_id=7) == []
    assert distribute(caller, with_mail, send_notification=True) == []

    rows = programme.coupons(class_id)
    assert [row["claimed_account_id"] for row in rows] == [customer.account_id, with_mail, None]
    mails = [row for row in programme.rows(outbox) if row["coupon_id"] == rows[1]["coupon_id"]]
    assert [(mail["kind"], mail["recipient"]) for mail in mails] == [
        ("distribute", "kim@example.com")
    ]


def test_each_account_that_gets_none_has_a_list_of_its_own(caller, customer, programme):
    programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id)
    first, second = (
        programme.account(customer.customer_id, email="kim@example.com") for _ in range(2)
    )
    asked = (NOBODYS_ACCOUNT, first, first, customer.account_id, second)

    assert distribute(caller, *asked, send_notification=True) == [
        [(2108, f"{NOBODYS_ACCOUNT}: AccountIdInvalid")],
        [(90016, f"{first}: AccountDuplicate")],
        [(90017, f"{customer.account_id}: AccountWithoutEmail")],
        [(90011, f"{second}: NoCouponAvailable: coupon class Spring")],
    ]


def test_a_thousand_accounts_are_answered_in_one_call(caller, customer, programme):
    class_id = programme.coupon_class(customer.customer_id)
    programme.mint(customer.customer_id)
    asked = [*range(NOBODYS_ACCOUNT, NOBODYS_ACCOUNT + 999), customer.account_id]

    assert len(distribute(caller, *asked)) == 999

    assert programme.coupons(class_id)[0]["claimed_account_id"] == customer.account_id


def test_a_distribution_as_a_whole_is_refused(caller, customer, programme):
    with pytest.raises(RefusedError) as refused:
        distribute(caller, customer.account_id)
    check_fault(refused.value, errors.COUPON_CLASS_NOT_FOUND)


def test_eligible_accounts_are_answered(caller, customer, programme):
    # A feature that no other test on this database has.
    feature_id = 1_000_000 + customer.customer_id
    asked = (NOBODYS_ACCOUNT, customer.account_id)
    assert eligible(caller, feature_id, *asked) == []
    programme.coupon(customer.customer_id, feature_id=feature_id)
    assert eligible(caller, feature_id, *asked) == [customer.account_id]


def test_all_seventeen_members_of_coupon_info(caller, customer, programme):
    code = programme.coupon(
        customer.customer_id,
        feature_id=7,
        coupon_type=CouponType.ACQUISITION,
        amount=Decimal("50.25"),
        percent_off=Decimal("12.5"),
        spend_threshold=Decimal("20.1"),
        active_duration=90,
        start_date=utc(2026, 1, 1),
        end_date=utc(2098, 12, 31),
        expiration_date=utc(2099, 12, 31),
    )
    assert coupon_info(caller, customer.customer_id) == []
    (((_, claimed_at),), _) = claim(caller, (customer.account_id, code))

    (claimed,) = coupon_info(caller, customer.customer_id)
    (coupon_id,) = (row["coupon_id"] for row in programme.rows(coupon) if row["code"] == code)
    members = {
        "AccountId": customer.account_id,
        "CouponId": coupon_id,
        "ClaimDate": claimed_at,
        "Status": 1,
        "RedemptionDate": None,
        "ExpirationDate": utc(2099, 12, 31),
        "PercentOff": 12.5,
        "CouponValue": Decimal("50.25"),
        "UpfrontSpending": None,
        "ActiveDuration": 90,
        "SpendToThreshold": Decimal("20.1"),
        "StartDate": utc(2026, 1, 1),
        "EndDate": utc(2098, 12, 31),
        "Balance": None,
        "CurrencyCode": "USD",
        "FeatureId": 7,
        "CouponType": 1,
    }
    assert members_of(claimed, members) == members

    redeemed_at = caller.redeem(customer.account_id, code)
    (redeemed,) = coupon_info(caller, customer.customer_id)
    members |= {
        "Status": 2,
        "RedemptionDate": redeemed_at,
        "ExpirationDate": redeemed_at + timedelta(days=90),
        "Balance": Decimal("50.25"),
    }
    assert members_of(redeemed, members) == members
    assert abs(datetime.now(timezone.utc) - redeemed_at) < timedelta(minutes=1)


def test_a_coupon_without_any_bound_in_coupon_info(caller, customer, programme):
    code = programme.coupon(customer.customer_id)
    caller.redeem(customer.account_id, code)

    (shown,) = coupon_info(caller, customer.customer_id)

    nothing = ("ClaimDate", "PercentOff", "ActiveDuration", "StartDate", "EndDate", "FeatureId")
    assert [shown[name] for name in nothing] == [None] * len(nothing)
    assert list(members_of(shown, NUMBERS).values()) == [3, 2, 50, 0, 50]


@pytest.fixture
def large_number(customer, programme):
    """A number for a coupon of the customer that has been claimed; taken back afterwards.

    The database would go on counting from there.
    """
    code = programme.coupon(customer.customer_id)
    programme.claim(code, customer.account_id)
    (before,) = (row["coupon_id"] for row in programme.rows(coupon) if row["code"] == code)
    programme.change(coupon, coupon.c.code == code, coupon_id=2**32 + 1)
    yield 2**32 + 1
    programme.change(coupon, coupon.c.code == code, coupon_id=before)


def test_a_number_that_does_not_fit_is_a_fault_and_no_other_number(caller, customer, large_number):
    with pytest.raises(RefusedError) as refused:
        coupon_info(caller, customer.customer_id)
    check_fault(refused.value, errors.ID_TOO_LARGE)
    assert str(large_number) in refused.value.details
