"""However many spend and take back at once, a coupon gives what it has and gets back what it gave.

The controls decide in one transaction and write in another.
"""

from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from service.operations.check_database import check_database
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import ledger, redemption
from tests.concurrency.race import race
from tests.reliability.proofs import BUDGET, ONE_REVERSAL
from tests.reliability.two_steps import record_in_two_steps, reverse_in_two_steps

THREADS_COUNT = 64
ROUNDS, CONTROL_ROUNDS, CONTROL_ROUNDS_SHORT_MAX = 30, 30, 10
BALANCE, SPENT = Decimal(100), Decimal(3)
# As when the 64 come one after the other: 33 are given 3.00, one the last 1.00.
DRAWN_IN_ORDER = [Decimal(1)] + [SPENT] * 33


class Desk:
    """An account that has redeemed a coupon of 100.00."""

    def __init__(self, programme):
        self.programme = programme
        owner = programme.customer()
        self.account_id = programme.account(owner)
        redeem_coupon(programme.call(), self.account_id, programme.coupon(owner, amount=BALANCE))

    def rush(self, operation, *arguments):
        """Run the operation for the account in each thread; answers why some gave up."""

        def action(call, number):
            own = [f"{it} {self.account_id}.{number}" if it == "own" else it for it in arguments]
            return lambda: operation(call, self.account_id, *own)

        try:
            race([action(self.programme.call(), number) for number in range(THREADS_COUNT)])
        except IntegrityError:
            return "a constraint was needed; "
        return ""

    def figures(self):
        """The balance, and what the ledger's lines drew on the coupon."""
        (row,) = self._rows(redemption, redemption.c.account_id == self.account_id)
        lines = self._rows(ledger, ledger.c.coupon_id == row["coupon_id"])
        drawn = sorted(-it["drawn"] if it["is_reversal"] else it["drawn"] for it in lines)
        return row["balance"], [it for it in drawn if it]

    def _rows(self, table, where):
        with self.programme.database.reading() as connection:
            return connection.execute(table.select().where(where)).mappings().all()


def budget(programme, record=record_spend):
    desk = Desk(programme)
    trouble = desk.rush(record, SPENT, "own")
    balance, drawn = desk.figures()
    is_right = (balance, drawn) == (0, DRAWN_IN_ORDER)
    return trouble + ("" if is_right else f"left {balance}, drawn {drawn}")


def one_reversal(programme, reverse=reverse_spend):
    desk = Desk(programme)
    for number in range(5):
        record_spend(programme.call(), desk.account_id, SPENT, f"{desk.account_id}.{number}")
    trouble = desk.rush(reverse, f"{desk.account_id}.0")
    balance, drawn = desk.figures()
    is_right = (balance, drawn) == (BALANCE - 4 * SPENT, [-SPENT] + [SPENT] * 5)
    return trouble + ("" if is_right else f"left {balance}, drawn {drawn}")


each_proof = pytest.mark.parametrize(
    ("proof", "rush", "broken"),
    [
        pytest.param(BUDGET, budget, record_in_two_steps, id="budget"),
        pytest.param(ONE_REVERSAL, one_reversal, reverse_in_two_steps, id="one_reversal"),
    ],
)


@each_proof
def test_a_rush_of_64_is_as_64_in_order(programme, proof, rush, broken):
    assert rush(programme) == ""
    assert check_database(programme.call()).is_clean


@each_proof
def test_a_rush_shows_what_two_steps_break(programme, proof, rush, broken):
    assert any(rush(programme, broken) for _ in range(CONTROL_ROUNDS_SHORT_MAX))


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_proof
def test_many_rushes(programme, report, proof, rush, broken):
    wrong = list(filter(None, (rush(programme) for _ in range(ROUNDS))))
    report.proof(proof, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []
    assert check_database(programme.call()).is_clean


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_proof
def test_many_rushes_show_what_two_steps_break(programme, report, proof, rush, broken):
    wrong = list(filter(None, (rush(programme, broken) for _ in range(CONTROL_ROUNDS))))
    report.control(proof, rounds=CONTROL_ROUNDS, failures=len(wrong))
    assert wrong
