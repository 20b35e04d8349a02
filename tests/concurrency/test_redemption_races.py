"""However many ask for a coupon at once, one gets it.

Each race has its control: an operation that decides and writes in two steps,
as ours must not. It wins too often under the same race, which shows that the
race would notice.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACQUISITION_NOT_ELIGIBLE,
    COUPON_ALREADY_REDEEMED,
)
from service.domain.terms import CouponType
from service.operations.calls import Call
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import audit, coupon, redemption
from tests.concurrency.race import race
from tests.programme import START, Programme
from tests.reliability.two_steps import redeem_in_two_steps

THREADS_COUNT = 64
ROUNDS_MAX = 20

Redeem = Callable[[Call, int, str], datetime]


def rush_for_one_code(programme: Programme, operation: Redeem) -> "Counter[datetime | ErrorRow]":
    """Redeem one code for as many accounts as there are threads: how often each answer came."""
    owner = programme.customer()
    code = programme.coupon(owner)
    account_ids = [programme.account(owner) for _ in range(THREADS_COUNT)]

    def action(call: Call, account_id: int) -> Callable[[], datetime]:
        return lambda: operation(call, account_id, code)

    return Counter(race([action(programme.call(), account_id) for account_id in account_ids]))


def rush_for_two_codes(programme: Programme, operation: Redeem) -> "Counter[datetime | ErrorRow]":
    """Redeem two Acquisition coupons for a new customer's account, each in half the threads."""
    owner = programme.customer()
    name = f"Class of {owner}"
    programme.coupon_class(owner, name, coupon_type=CouponType.ACQUISITION)
    codes = programme.mint(owner, name, count=2)
    account_ids = [programme.account(owner) for _ in range(THREADS_COUNT)]

    def action(call: Call, number: int) -> Callable[[], datetime]:
        return lambda: operation(call, account_ids[number], codes[number % 2])

    return Counter(race([action(programme.call(), number) for number in range(THREADS_COUNT)]))


def test_one_of_64_threads_redeems_a_code(programme: Programme) -> None:
    answers = rush_for_one_code(programme, redeem_coupon)
    assert answers == {START: 1, COUPON_ALREADY_REDEEMED: THREADS_COUNT - 1}
    (winner,) = programme.rows(redemption)
    (entry,) = [row for row in programme.rows(audit) if row["action"] == "redeem"]
    assert entry["after"]["account_id"] == winner["account_id"]
    assert [row["redeemed_at"] for row in programme.rows(coupon)] == [START]


def test_one_account_is_answered_64_times_and_redeems_once(programme: Programme) -> None:
    owner = programme.customer()
    code, account_id = programme.coupon(owner), programme.account(owner)
    calls = [programme.call() for _ in range(THREADS_COUNT)]

    def action(call: Call) -> Callable[[], datetime]:
        return lambda: redeem_coupon(call, account_id, code)

    assert set(race([action(call) for call in calls])) == {START}
    assert len(programme.rows(redemption)) == 1
    assert [row["action"] for row in programme.rows(audit)].count("redeem") == 1


def test_a_customer_redeems_one_of_two_acquisition_coupons(programme: Programme) -> None:
    answers = rush_for_two_codes(programme, redeem_coupon)
    assert answers[START] == 1
    assert answers.keys() == {START, ACQUISITION_NOT_ELIGIBLE, COUPON_ALREADY_REDEEMED}
    (winner,) = programme.rows(redemption)
    assert winner["acquisition_customer_id"] is not None
    assert [row["redeemed_at"] for row in programme.rows(coupon)].count(START) == 1


@pytest.mark.parametrize("rush", [rush_for_one_code, rush_for_two_codes])
def test_two_steps_would_be_noticed(
    programme: Programme, rush: Callable[[Programme, Redeem], "Counter[datetime | ErrorRow]"]
) -> None:
    rounds = (rush(programme, redeem_in_two_steps)[START] for _ in range(ROUNDS_MAX))
    assert any(winners_count > 1 for winners_count in rounds)
