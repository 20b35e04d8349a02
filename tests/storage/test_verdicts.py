"""Conditional statements decide, whatever was read before them."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Update, update
from sqlalchemy.exc import IntegrityError

from service.domain.claims import Claim
from service.domain.redemption import NewRedemption
from service.domain.terms import CouponType
from service.storage import audit, claims, classes, coupons, redemptions
from service.storage.engine import Database
from service.storage.party_tables import customer
from service.storage.redemptions import RedeemableCoupon
from service.storage.tables import coupon, coupon_class, outbox
from tests.programme import START, Programme, terms

NEW = NewRedemption(START, START, terms().amount, "USD")
LINE = audit.line(audit.Author(1, "tracking", START), audit.Change("redeem", "coupon", 1))


@pytest.fixture
def accounts_of_one(programme: Programme) -> tuple[int, int]:
    """Two accounts of one customer."""
    owner = programme.customer()
    return programme.account(owner), programme.account(owner)


@pytest.fixture
def found(programme: Programme) -> RedeemableCoupon:
    """A coupon as a redemption has just read it."""
    code = programme.coupon(programme.customer(), coupon_type=CouponType.ACQUISITION)
    return read(programme.database, code)


def read(database: Database, code: str) -> RedeemableCoupon:
    with database.reading() as connection:
        found = redemptions.find_parties(connection, 0, code, b"").coupon
    assert found is not None
    return found


def record(
    database: Database, found: RedeemableCoupon, account_id: int, customer_id: int | None = None
) -> bool:
    """Redeem; what fails is undone, as an operation does."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        is_done = redemptions.record_redemption(
            connection, found, account_id, NEW, customer_id, line=LINE
        )
        if not is_done:
            transaction.rollback()
    return is_done


def test_a_coupon_is_redeemed_once(
    database: Database, found: RedeemableCoupon, accounts_of_one: tuple[int, int]
) -> None:
    first, second = accounts_of_one
    assert record(database, found, first)
    assert not record(database, found, first)
    assert not record(database, found, second)


def retire(_connection: Connection, _account_id: int) -> Update:
    return update(coupon_class).values(retired_at=START)


def claim(_connection: Connection, account_id: int) -> Update:
    return update(coupon).values(claimed_account_id=account_id, claimed_at=START)


def change_terms(connection: Connection, _account_id: int) -> Update:
    return update(coupon).values(terms_id=classes.add_terms(connection, terms()))


def redeem_alone(_connection: Connection, _account_id: int) -> Update:
    return update(coupon).values(redeemed_at=START)


@pytest.mark.parametrize("meanwhile", [retire, claim, change_terms, redeem_alone])
def test_a_coupon_that_has_changed_since_is_not_redeemed(
    programme: Programme,
    found: RedeemableCoupon,
    accounts_of_one: tuple[int, int],
    meanwhile: Callable[[Connection, int], Update],
) -> None:
    account_id, other = accounts_of_one
    with programme.database.writing() as connection:
        connection.execute(meanwhile(connection, other))
    before = programme.all_rows()
    assert not record(programme.database, found, account_id)
    assert programme.all_rows() == before


def test_a_coupon_that_its_own_account_has_claimed_since_is_redeemed(
    database: Database, found: RedeemableCoupon, accounts_of_one: tuple[int, int]
) -> None:
    account_id, _ = accounts_of_one
    with database.writing() as connection:
        connection.execute(claim(connection, account_id))
    assert record(database, found, account_id)


def test_a_customer_redeems_one_acquisition_coupon(
    programme: Programme, found: RedeemableCoupon, accounts_of_one: tuple[int, int]
) -> None:
    owner = programme.rows(customer)[0]["customer_id"]
    second = read(programme.database, programme.coupon(owner))
    assert record(programme.database, found, accounts_of_one[0], owner)
    assert not record(programme.database, second, accounts_of_one[1], owner)
    assert record(programme.database, second, accounts_of_one[1], None)


def record_claim(database: Database, new: Claim) -> bool:
    """Claim; what fails is undone, as an operation does."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        is_done = claims.record_claims(connection, [new])
        if not is_done:
            transaction.rollback()
    return is_done


def test_a_coupon_is_claimed_once(
    database: Database, found: RedeemableCoupon, accounts_of_one: tuple[int, int]
) -> None:
    first, second = accounts_of_one
    assert record_claim(database, Claim(found.coupon_id, first, 7, START))
    assert not record_claim(database, Claim(found.coupon_id, first, 7, START))
    assert not record_claim(database, Claim(found.coupon_id, second, 7, START))


@pytest.mark.parametrize("meanwhile", [retire, claim, redeem_alone])
def test_a_coupon_that_has_changed_since_is_not_claimed(
    programme: Programme,
    found: RedeemableCoupon,
    accounts_of_one: tuple[int, int],
    meanwhile: Callable[[Connection, int], Update],
) -> None:
    account_id, other = accounts_of_one
    with programme.database.writing() as connection:
        connection.execute(meanwhile(connection, other))
    before = programme.all_rows()
    assert not record_claim(programme.database, Claim(found.coupon_id, account_id, 7, START))
    assert programme.all_rows() == before


def test_an_account_claims_one_coupon_of_a_feature(
    programme: Programme, found: RedeemableCoupon, accounts_of_one: tuple[int, int]
) -> None:
    first, second = accounts_of_one
    other = read(programme.database, programme.coupon(programme.customer()))
    assert record_claim(programme.database, Claim(found.coupon_id, first, 7, START))
    assert not record_claim(programme.database, Claim(other.coupon_id, first, 7, START))
    assert record_claim(programme.database, Claim(other.coupon_id, first, 8, START))
    third = read(programme.database, programme.coupon(programme.customer()))
    assert record_claim(programme.database, Claim(third.coupon_id, second, 7, START))


def test_a_claim_for_an_account_that_there_is_not_is_a_bug(
    programme: Programme, found: RedeemableCoupon
) -> None:
    """Nobody was quicker: to decide again would come to the same."""
    with pytest.raises(IntegrityError):
        record_claim(programme.database, Claim(found.coupon_id, 404, 7, START))


def test_an_account_has_any_number_of_coupons_of_no_feature(
    programme: Programme, found: RedeemableCoupon, accounts_of_one: tuple[int, int]
) -> None:
    other = read(programme.database, programme.coupon(programme.customer()))
    for coupon_id in (found.coupon_id, other.coupon_id):
        assert record_claim(programme.database, Claim(coupon_id, accounts_of_one[0], None, START))


def test_a_coupon_that_somebody_has_is_not_sent(
    programme: Programme, found: RedeemableCoupon, accounts_of_one: tuple[int, int]
) -> None:
    assert record(programme.database, found, accounts_of_one[0])
    with programme.database.writing() as connection:
        with pytest.raises(RuntimeError, match="handed out twice"):
            coupons.send_coupons(connection, {found.coupon_id: "kim@example.com"}, START)
        connection.rollback()
    assert programme.rows(outbox) == []
