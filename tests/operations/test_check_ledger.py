"""The ledger is proved: nothing is found in what the operations wrote, and each tampering is."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.errors import NOT_AUTHORIZED, ServiceError
from service.domain.roles import Role
from service.operations.check_ledger import check_ledger, check_rules
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.storage.consistency import Difference
from service.storage.tables import coupon, ledger, redemption, spend
from tests.programme import START, Programme, member

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
    return check_ledger(programme.call())


def test_an_empty_database_is_clean(programme: Programme) -> None:
    assert differences(programme) == []


def test_what_operations_wrote_is_clean(programme: Programme, owner: int) -> None:
    for kind in KINDS:
        spent_coupon(programme, owner, kind)
    redeem_coupon(programme.call(), programme.account(owner), programme.coupon(owner))
    assert len(programme.rows(redemption)) == 4
    assert differences(programme) == []


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY])
def test_only_operators_check(programme: Programme, owner: int, role: Role) -> None:
    with pytest.raises(ServiceError) as refusal:
        check_ledger(programme.call(member(owner, role)))
    assert refusal.value.row is NOT_AUTHORIZED


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
    programme.insert(ledger, **{**first, "line_id": None, "is_reversal": True})
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


def rules_broken(programme: Programme) -> list[tuple[str, str, int]]:
    return [(it.rule, it.entity, it.entity_id) for it in check_rules(programme.call())]


def test_no_rule_is_broken_by_operations(programme: Programme, owner: int) -> None:
    for kind in KINDS:
        spent_coupon(programme, owner, kind)
    redeem_coupon(programme.call(), programme.account(owner), programme.coupon(owner))
    programme.coupon(owner)
    assert rules_broken(programme) == []


@pytest.mark.parametrize("is_reversed", [True, False])
def test_a_spend_that_is_reversed_only_half_is_found(
    programme: Programme, owner: int, is_reversed: bool
) -> None:
    spent_coupon(programme, owner, "amount")
    stands, reversed_ = (row["spend_id"] for row in programme.rows(spend))
    spend_id = reversed_ if is_reversed else stands
    programme.change(
        spend, spend.c.spend_id == spend_id, reversed_at=None if is_reversed else START
    )
    ((rule, *found),) = rules_broken(programme)
    assert rule.startswith("a reversed spend")
    assert found == ["spend", spend_id]


def test_a_spend_that_drew_more_than_it_was_is_found(programme: Programme, owner: int) -> None:
    spent_coupon(programme, owner, "amount")
    spend_id = programme.rows(spend)[0]["spend_id"]
    programme.change(spend, spend.c.spend_id == spend_id, amount=Decimal("29.99"))
    assert rules_broken(programme) == [
        ("coupons give no more for a spend than its amount", "spend", spend_id)
    ]


def test_a_coupon_that_forgot_its_redemption_is_found(programme: Programme, owner: int) -> None:
    coupon_id = spent_coupon(programme, owner, "amount")
    programme.change(coupon, coupon.c.coupon_id == coupon_id, redeemed_at=None)
    assert rules_broken(programme) == [
        ("a coupon and its redemption have the same date", "coupon", coupon_id)
    ]


@pytest.mark.parametrize("changes", [{"spend_to_threshold": Decimal(9)}, {"balance": Decimal(0)}])
def test_a_coupon_that_should_not_be_active_is_found(
    programme: Programme, owner: int, changes: dict[str, Decimal]
) -> None:
    coupon_id = spent_coupon(programme, owner, "amount")
    programme.change(redemption, redemption.c.coupon_id == coupon_id, **changes)
    assert rules_broken(programme) == [
        ("an active coupon has reached its threshold and is not used up", "coupon", coupon_id)
    ]


def test_no_sum_is_too_large(programme: Programme, owner: int) -> None:
    account_id = programme.account(owner)
    code = programme.coupon(owner, percent_off=Decimal(10), amount=Decimal(0))
    redeem_coupon(programme.call(), account_id, code)
    for _ in range(100):
        programme.spend(account_id, "999999999999")
    assert differences(programme) == rules_broken(programme) == []
