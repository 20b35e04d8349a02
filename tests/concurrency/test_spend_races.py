"""However many report, take back and redeem at once, the ledger has each thing once.

Each race has its control: an operation that decides in one transaction and writes in
another, as ours must not. The same race shows what that breaks.
"""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.ledger import Spend, spend_movements
from service.operations.calls import Call
from service.operations.check_database import check_database
from service.operations.guesses import guesses_step
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.storage import ledger as storage
from service.storage.redemptions import find_parties
from service.storage.tables import audit, ledger, redemption, spend
from tests.concurrency.race import race
from tests.programme import START, Programme
from tests.reliability.two_steps import record_in_two_steps, reverse_in_two_steps

THREADS_COUNT = 16
ROUNDS_MAX = 20
TEN = Decimal(10)
THRESHOLD = Decimal(25)

Record = Callable[[Call, int, Decimal, str], object]


def redeemed(programme: Programme, **changes: Any) -> int:
    """An account that has redeemed a coupon of 500 USD."""
    owner = programme.customer()
    account_id = programme.account(owner)
    code = programme.coupon(owner, amount=Decimal(500), **changes)
    redeem_coupon(programme.call(), account_id, code)
    return account_id


def redemption_of(programme: Programme, account_id: int) -> dict[str, Any]:
    (row,) = (it for it in programme.rows(redemption) if it["account_id"] == account_id)
    return row


def active_counts(programme: Programme) -> "Counter[int]":
    """How many coupons of each account draw."""
    return Counter(row["account_id"] for row in programme.rows(redemption) if row["is_active"])


# One spend, reported by many.


def test_a_reference_that_16_threads_report_is_one_spend(programme: Programme) -> None:
    account_id = redeemed(programme)
    calls = [programme.call() for _ in range(THREADS_COUNT)]

    def action(call: Call) -> Callable[[], Spend]:
        return lambda: record_spend(call, account_id, TEN, "invoice")

    answers = race([action(call) for call in calls])
    assert answers == [answers[0]] * THREADS_COUNT
    assert len(programme.rows(spend)) == len(programme.rows(ledger)) == 1
    assert redemption_of(programme, account_id)["balance"] == 490
    assert [row["action"] for row in programme.rows(audit)].count("record") == 1
    assert check_database(programme.call()).is_clean


def test_a_reference_that_means_two_things_means_the_first(programme: Programme) -> None:
    account_id = redeemed(programme)
    calls = [programme.call() for _ in range(THREADS_COUNT)]

    def action(call: Call, amount: int) -> Callable[[], Decimal]:
        return lambda: record_spend(call, account_id, Decimal(amount), "invoice").amount

    answers = Counter(race([action(call, 1 + n % 2) for n, call in enumerate(calls)]))
    (recorded,) = programme.rows(spend)
    assert answers[recorded["amount"]] == THREADS_COUNT / 2
    refusals = [answer for answer in answers if isinstance(answer, ErrorRow)]
    assert [row.symbol for row in refusals] == ["SpendReferenceTaken"]


# Many spends of one account.


def rush_of_spends(programme: Programme, operation: Record) -> dict[str, Any]:
    """Spend 10 USD in each thread; answers the redemption of a coupon whose threshold is 25."""
    account_id = redeemed(programme, spend_threshold=THRESHOLD)

    def action(number: int) -> Callable[[], object]:
        call, reference = programme.call(), f"invoice {account_id}.{number}"
        return lambda: operation(call, account_id, TEN, reference)

    race([action(number) for number in range(THREADS_COUNT)])
    return redemption_of(programme, account_id)


def test_every_spend_counts_once(programme: Programme) -> None:
    row = rush_of_spends(programme, record_spend)
    assert row["spend_to_threshold"] == THRESHOLD
    # 160 spent, 25 of it towards the threshold.
    assert row["balance"] == 500 - 135
    assert check_database(programme.call()).is_clean


def test_spends_in_two_steps_would_be_noticed(programme: Programme) -> None:
    rounds = (rush_of_spends(programme, record_in_two_steps) for _ in range(ROUNDS_MAX))
    assert any(row["spend_to_threshold"] != THRESHOLD for row in rounds)


# One spend, taken back by many.


def rush_of_reversals(
    programme: Programme, operation: Callable[[Call, int, str], object]
) -> list[object]:
    """Spend 400 of 500 USD in tens, and take the first ten back in each thread.

    Answers:
        The balance, and what each thread was answered.
    """
    account_id = redeemed(programme)
    references = [f"invoice {account_id}.{number}" for number in range(40)]
    for reference in references:
        record_spend(programme.call(), account_id, TEN, reference)

    def action(call: Call) -> Callable[[], object]:
        return lambda: operation(call, account_id, references[0])

    answers = race([action(programme.call()) for _ in range(THREADS_COUNT)])
    return [redemption_of(programme, account_id)["balance"], *answers]


def test_what_16_threads_take_back_is_restored_once(programme: Programme) -> None:
    balance, *answers = rush_of_reversals(programme, reverse_spend)
    assert balance == 500 - 390
    assert answers == [answers[0]] * THREADS_COUNT
    assert [row["is_reversal"] for row in programme.rows(ledger)].count(True) == 1
    assert [row["action"] for row in programme.rows(audit)].count("reverse") == 1
    assert check_database(programme.call()).is_clean


def test_reversals_in_two_steps_would_be_noticed(programme: Programme) -> None:
    rounds = (rush_of_reversals(programme, reverse_in_two_steps)[0] for _ in range(ROUNDS_MAX))
    assert any(balance != 500 - 390 for balance in rounds)


# Spend and redemption.


def rush_of_redemptions(programme: Programme) -> tuple[int, list[object]]:
    """Redeem coupons of 50 USD in half the threads and spend 10 USD in each other one.

    Answers:
        The account, and what each thread was answered.
    """
    owner = programme.customer()
    account_id, name = programme.account(owner), f"Class of {owner}"
    programme.coupon_class(owner, name)
    codes = programme.mint(owner, name, THREADS_COUNT // 2)

    def redeeming(code: str) -> Callable[[], object]:
        call = programme.call()
        return lambda: redeem_coupon(call, account_id, code)

    def spending(number: int) -> Callable[[], object]:
        call, reference = programme.call(), f"invoice {account_id}.{number}"
        return lambda: record_spend(call, account_id, TEN, reference).drawn

    actions = [
        action
        for number, code in enumerate(codes)
        for action in (redeeming(code), spending(number))
    ]
    return account_id, race(actions)


def test_one_coupon_of_an_account_draws(programme: Programme) -> None:
    for _ in range(ROUNDS_MAX // 4):
        account_id, answers = rush_of_redemptions(programme)
        assert answers[::2] == [START] * (THREADS_COUNT // 2)
        assert active_counts(programme)[account_id] == 1
        given = sum(
            row["granted"] - row["balance"]
            for row in programme.rows(redemption)
            if row["account_id"] == account_id
        )
        # A spend draws nothing when it comes before the first redemption, and all of it after.
        assert set(answers[1::2]) <= {Decimal(0), TEN}
        assert given == sum(answers[1::2])
    assert check_database(programme.call()).is_clean


def promote_in_two_steps(call: Call, account_id: int, code: str) -> None:
    """Make a coupon active as one must not: because no other was, a moment ago."""
    with call.database.reading() as connection:
        coupons = storage.redeemed_coupons(connection, account_id, call.now)
        found = find_parties(connection, account_id, code, guesses_step(call)).coupon
    if found and not any(coupon.is_active for coupon in coupons):
        mine = [coupon for coupon in coupons if coupon.coupon_id == found.coupon_id]
        with call.database.writing() as connection:
            storage.move(connection, spend_movements(mine, Decimal(0), call.now))


def test_a_second_active_coupon_would_be_noticed(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    with programme.database.writing() as connection:
        # The database would refuse it.
        connection.exec_driver_sql("DROP INDEX uq_redemption_active")
    monkeypatch.setattr("service.operations.redeem_coupon.promote_waiting", lambda *_: None)

    def rush() -> int:
        """Promote each of an account's coupons in a thread of its own; how many are active."""
        owner = programme.customer()
        account_id = programme.account(owner)
        codes = [programme.coupon(owner) for _ in range(THREADS_COUNT)]
        for code in codes:
            redeem_coupon(programme.call(), account_id, code)

        def action(call: Call, code: str) -> Callable[[], None]:
            return lambda: promote_in_two_steps(call, account_id, code)

        race([action(programme.call(), code) for code in codes])
        return active_counts(programme)[account_id]

    assert any(active_count > 1 for active_count in (rush() for _ in range(ROUNDS_MAX)))
