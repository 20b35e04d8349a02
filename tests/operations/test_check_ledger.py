"""The ledger is proved: nothing is found in what the operations wrote, and each tampering is."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.operations.check_database import check_database
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.storage.consistency import Difference
from service.storage.tables import coupon, ledger, redemption, spend
from tests.programme import START, Programme

THRESHOLD = Decimal(10)
KINDS: dict[str, dict[str, Any]] = {
    "amount": {},
    "bounded percentage": {"percent_off": Decimal(10)},
    "percentage": {"percent_off": Decimal(10), "amount": Decimal(0)},
}


def spent_coupon(programme: Programme, owner: int, kind: str) -> int:
    """A coupon of 50 USD: 10 counted, and 3 (10% of 30) or 30 drawn; one spend was reversed."""
    account_id = programme.account(owner)
    code = programme.coupon(owner, spend_threshold=THRESHOLD, **KINDS[kind])
    redeem_coupon(programme.call(), account_id, code)
    for name in ("stands", "reversed"):
        reference = f"{name} {account_id}"
        record_spend(programme.call(), account_id, Decimal(40), reference, START)
    reverse_spend(programme.call(), account_id, reference)
    return next(row["coupon_id"] for row in programme.rows(coupon) if row["code"] == code)


def differences(programme: Programme) -> list[Difference]:
    return check_database(programme.call()).differences


def test_an_empty_database_is_clean(programme: Programme) -> None:
    assert differences(programme) == []


def test_what_operations_wrote_is_clean(programme: Programme, owner: int) -> None:
    for kind in KINDS:
        spent_coupon(programme, owner, kind)
    redeem_coupon(programme.call(), programme.account(owner), programme.coupon(owner))
    assert len(programme.rows(redemption)) == 4
    assert differences(programme) == []


def test_a_difference_tells_both_sides(programme: Programme, owner: int) -> None:
    spent_coupon(programme, owner, "amount")
    coupon_id = spent_coupon(programme, owner, "amount")
    of_one = redemption.c.coupon_id == coupon_id
    programme.change(redemption, of_one, balance=Decimal(49), spend_to_threshold=Decimal(7))
    assert differences(programme) == [
        Difference(coupon_id, Decimal(7), Decimal(10), Decimal(49), Decimal(20))
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changed", ["spend_to_threshold", "towards_threshold"])
@pytest.mark.parametrize("by", [Decimal("0.000001"), Decimal("-0.01")])
def test_progress_that_was_tampered_with_is_found(
    programme: Programme, owner: int, kind: str, changed: str, by: Decimal
) -> None:
    coupon_id = spent_coupon(programme, owner, kind)
    spent_coupon(programme, owner, kind)
    tamper(programme, coupon_id, changed, by)
    assert [found.coupon_id for found in differences(programme)] == [coupon_id]


@pytest.mark.parametrize("kind", ["amount", "bounded percentage"])
@pytest.mark.parametrize("changed", ["balance", "granted", "drawn"])
@pytest.mark.parametrize("by", [Decimal("0.000001"), Decimal("-0.01")])
def test_a_balance_that_was_tampered_with_is_found(
    programme: Programme, owner: int, kind: str, changed: str, by: Decimal
) -> None:
    coupon_id = spent_coupon(programme, owner, kind)
    spent_coupon(programme, owner, kind)
    tamper(programme, coupon_id, changed, by)
    assert [found.coupon_id for found in differences(programme)] == [coupon_id]


def test_a_percentage_that_was_given_a_bound_is_found(programme: Programme, owner: int) -> None:
    coupon_id = spent_coupon(programme, owner, "percentage")
    of_it = redemption.c.coupon_id == coupon_id
    programme.change(redemption, of_it, granted=Decimal(50))
    assert [found.balance_in_ledger for found in differences(programme)] == [Decimal(47)]
    programme.change(redemption, of_it, balance=Decimal(50))
    assert [found.balance for found in differences(programme)] == [Decimal(50)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_on_the_wrong_side_is_found(programme: Programme, owner: int, kind: str) -> None:
    coupon_id = spent_coupon(programme, owner, kind)
    first = programme.rows(ledger)[0]
    programme.change(ledger, ledger.c.line_id == first["line_id"], is_reversal=True)
    assert [found.coupon_id for found in differences(programme)] == [coupon_id]


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_too_many_is_found(programme: Programme, owner: int, kind: str) -> None:
    coupon_id = spent_coupon(programme, owner, kind)
    first = programme.rows(ledger)[0]
    del first["line_id"]
    programme.insert(ledger, **{**first, "is_reversal": True})
    assert [found.coupon_id for found in differences(programme)] == [coupon_id]


def test_a_spend_without_lines_is_nothing_to_the_ledger(programme: Programme, owner: int) -> None:
    programme.insert(
        spend,
        customer_id=owner,
        account_id=programme.account(owner),
        reference="by hand",
        amount=Decimal(5),
        spent_at=START - timedelta(days=1),
        recorded_at=START,
    )
    assert differences(programme) == []


def tamper(programme: Programme, coupon_id: int, column: str, by: Decimal) -> None:
    """Add to one figure of a coupon behind the back of the operations."""
    table = ledger if column in ledger.c else redemption
    key = ledger.c.line_id if table is ledger else redemption.c.coupon_id
    row = next(
        row for row in programme.rows(table) if row["coupon_id"] == coupon_id and row[column]
    )
    programme.change(table, key == row[key.name], **{column: row[column] + by})


def test_no_sum_is_too_large(programme: Programme, owner: int) -> None:
    account_id = programme.account(owner)
    code = programme.coupon(owner, percent_off=Decimal(10), amount=Decimal(0))
    redeem_coupon(programme.call(), account_id, code)
    for _ in range(100):
        programme.spend(account_id, "999999999999")
    assert check_database(programme.call()).is_clean


def test_no_sum_of_what_was_reversed_is_too_large(programme: Programme, owner: int) -> None:
    account_id = programme.account(owner)
    most = Decimal("999999999999")
    for changes in ({"amount": most}, {"spend_threshold": most}):
        redeem_coupon(programme.call(), account_id, programme.coupon(owner, **changes))
    for _ in range(20):
        reference = programme.spend(account_id, str(most)).reference
        reverse_spend(programme.call(), account_id, reference)
    assert check_database(programme.call()).is_clean
