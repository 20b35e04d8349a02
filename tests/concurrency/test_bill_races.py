"""However many bill and roll back at once, each use is taken once and given back once.

Each race has its control: an operation without its locks, or a statement without its verdict,
with which the outcome is another.
"""

from collections import Counter
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, update

from service.domain.billing import Candidate
from service.domain.bills import BillLine
from service.domain.discount_errors import BILL_REFERENCE_TAKEN
from service.domain.discounted_bills import BillRequest
from service.operations import bills as operations
from service.operations.billing import Billing
from service.operations.bills import apply_coupons_to_bill, rollback_bill
from service.operations.check_database import check_database
from service.operations.parent_coupons import add_coupon
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscription_coupons import apply_coupon
from service.storage import bills as storage
from service.storage.discount_tables import bill, coupon_instance, coupon_use
from service.storage.tables import redemption, spend
from tests.concurrency.race import race
from tests.operations.simple_coupons import half_price, subscription
from tests.programme import Programme

USES_COUNT = 3
BILLS_COUNT = 12
ROUNDS_MAX = 20


@pytest.fixture
def order(programme: Programme) -> str:
    """A subscription that has half the price three times, of an account with a coupon."""
    owner = programme.customer()
    account_id = programme.account(owner)
    code = programme.coupon(owner, amount=Decimal(500))
    redeem_coupon(programme.call(), account_id, code)
    reference = subscription(programme, account_id)
    add_coupon(programme.call(), half_price(owner, uses_max=USES_COUNT))
    apply_coupon(programme.call(), reference, "SUMMER")
    return reference


def request(order: str, reference: str, cost: str = "10") -> BillRequest:
    return BillRequest(
        subscription_reference=order,
        currency_code="USD",
        lines=(BillLine(component_id="support", given_cost=Decimal(cost)),),
        reference=reference,
    )


def rush(programme: Programme, requests: Collection[BillRequest]) -> list[Any]:
    """Bill all of them at once: what each took off, or why it was refused."""

    def action(wanted: BillRequest) -> Callable[[], Decimal]:
        call = programme.call()
        return lambda: apply_coupons_to_bill(call, wanted).discount

    return race([action(wanted) for wanted in requests])


def uses(programme: Programme) -> tuple[int, int, Decimal]:
    (row,) = programme.rows(coupon_instance)
    return row["remaining_uses"], row["used_count"], row["discount_value"]


def test_bills_take_as_many_uses_as_there_are(programme: Programme, order: str) -> None:
    wanted = [request(order, f"bill {number}") for number in range(BILLS_COUNT)]
    assert Counter(rush(programme, wanted)) == {5: USES_COUNT, 0: BILLS_COUNT - USES_COUNT}
    assert uses(programme) == (0, USES_COUNT, 15)
    assert len(programme.rows(bill)) == len(programme.rows(spend)) == BILLS_COUNT
    assert check_database(programme.call()).is_clean


def test_a_use_that_is_gone_meanwhile_is_decided_anew(
    programme: Programme, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = operations.attached
    counts: list[int] = []

    def read_too_early(connection: Connection, billing: Billing) -> list[Candidate]:
        found = read(connection, billing)
        counts.append(len(found))
        if len(counts) == 1:
            # As if somebody else had taken it after it was read.
            connection.execute(update(coupon_instance).values(remaining_uses=0))
        return found

    monkeypatch.setattr(operations, "attached", read_too_early)
    assert rush(programme, [request(order, "january")]) == [5]
    assert counts == [1, 1]
    assert uses(programme) == (USES_COUNT - 1, 1, 5)


def test_a_reference_that_many_bill_is_one_bill(programme: Programme, order: str) -> None:
    wanted = [request(order, "january", str(10 + number % 2)) for number in range(BILLS_COUNT)]
    answers = Counter(rush(programme, wanted))
    (stored,) = programme.rows(bill)
    half = BILLS_COUNT // 2
    assert answers == {stored["discount"]: half, BILL_REFERENCE_TAKEN: half}
    assert uses(programme) == (USES_COUNT - 1, 1, stored["discount"])
    assert len(programme.rows(coupon_use)) == len(programme.rows(spend)) == 1


def roll_back_at_once(programme: Programme, order: str) -> None:
    def action() -> Callable[[], object]:
        call = programme.call()
        return lambda: rollback_bill(call, order, "january")

    race([action() for _ in range(BILLS_COUNT)])


def test_a_bill_that_many_roll_back_is_given_back_once(programme: Programme, order: str) -> None:
    for reference in ("january", "february"):
        rush(programme, [request(order, reference)])
    roll_back_at_once(programme, order)
    assert uses(programme) == (USES_COUNT - 1, 1, 5)
    assert [row["balance"] for row in programme.rows(redemption)] == [495]
    assert check_database(programme.call()).is_clean


def test_without_its_verdict_a_bill_is_given_back_again(
    programme: Programme, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(connection: Connection, number: int, now: object) -> bool:
        statement = update(bill).where(bill.c.bill_id == number).values(rolled_back_at=now)
        return connection.execute(statement).rowcount == 1

    monkeypatch.setattr(storage, "roll_back", blind)
    for reference in ("january", "february"):
        rush(programme, [request(order, reference)])
    rollback_bill(programme.call(), order, "january")
    rollback_bill(programme.call(), order, "january")
    assert uses(programme) == (USES_COUNT, 0, 0)


@pytest.mark.prove
def test_without_locks_and_verdicts_bills_take_more_uses(
    programme: Programme, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what was read before others billed is written as if it still were."""

    def bill_in_two_steps(wanted: BillRequest) -> Decimal:
        call = programme.call()
        with programme.database.reading() as connection:
            billing = operations.billing_of(connection, call, wanted)
            candidates = operations.attached(connection, billing)
            billed = operations.discount_billing(connection, billing, candidates)
        with programme.database.writing() as connection:
            for place in billed.given:
                number = coupon_instance.c.instance_id == candidates[place].number
                left = (candidates[place].instance.remaining_uses or 0) - 1
                values = {"remaining_uses": left, "discount_value": Decimal(0)}
                connection.execute(update(coupon_instance).where(number).values(values))
        return billed.discount

    wanted = request(order, "")
    for _ in range(ROUNDS_MAX):
        programme.change(coupon_instance, coupon_instance.c.instance_id > 0, remaining_uses=3)
        answers = race([lambda: bill_in_two_steps(wanted) for _ in range(BILLS_COUNT)])
        if sum(answer == 5 for answer in answers) > USES_COUNT:
            return
    pytest.fail("bills that decide on what they read took no more uses than there are")
