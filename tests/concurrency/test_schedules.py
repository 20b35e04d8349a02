"""Redeeming, claiming and retiring at once is as if the callers had come one after the other.

The control redeems in two transactions; among its histories are some that no order
explains.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from service.domain.refusals import ServiceError
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import coupon, coupon_class, redemption
from service.storage.trouble import LostRaceError
from tests.concurrency.histories import DONE, Deed, Event, State, is_linearizable
from tests.programme import START, Programme
from tests.reliability.proofs import SCHEDULES
from tests.reliability.two_steps import redeem_in_two_steps

ROUNDS, ROUNDS_SHORT = 1000, 30
CONTROL_ROUNDS, CONTROL_ROUNDS_SHORT_MAX = 200, 100
DEEDS_COUNT_MAX = 6
DELAY_S_MAX = 0.004
END = START.replace(hour=18)
LATE = START.replace(hour=19)
_STATE = (
    select(redemption.c.account_id, coupon.c.claimed_account_id, coupon_class.c.retired_at)
    .select_from(coupon)
    .join(coupon_class)
    .join(redemption, isouter=True)
)
MINE, YOURS = Deed("redeem", 1), Deed("redeem", 2)
WRONG = [
    [Event(MINE, 0, 3, DONE), Event(YOURS, 1, 2, DONE)],
    # You ended before I began.
    [Event(MINE, 2, 3, DONE), Event(YOURS, 0, 1, "CouponAlreadyRedeemed")],
    [Event(Deed("retire"), 0, 1, DONE), Event(MINE, 2, 3, DONE)],
    [Event(MINE, 0, 1, DONE), Event(Deed("look"), 2, 3, State())],
    [Event(Deed("redeem", 1, is_late=True), 0, 1, DONE)],
    [Event(Deed("claim", 1), 0, 2, DONE), Event(YOURS, 1, 3, DONE)],
]


class Stand:
    """Where histories of a programme are made, each of one new coupon."""

    def __init__(
        self, programme: Programme, redeem: Callable[..., object], threads: ThreadPoolExecutor
    ) -> None:
        self.programme = programme
        self._redeem = redeem
        self._owner = programme.customer()
        self._threads = threads
        self._dice = random.Random(6)

    def history(self, number: int) -> list[Event]:
        """Do a few things to a coupon at once, and then look at it."""
        name = f"Class {number}"
        self.programme.coupon_class(self._owner, name, feature_id=7, end_date=END)
        (code,) = self.programme.mint(self._owner, name)
        accounts = [self.programme.account(self._owner) for _ in range(3)]
        deeds = [self._deed(accounts) for _ in range(self._dice.randint(2, DEEDS_COUNT_MAX))]
        delays = [self._dice.uniform(0, DELAY_S_MAX) for _ in deeds]
        acting = [
            self._threads.submit(self._act, deed, delay, name, code)
            for deed, delay in zip(deeds, delays, strict=True)
        ]
        return [*(it.result(60) for it in acting), self._look(code)]

    def _deed(self, accounts: list[int]) -> Deed:
        name = self._dice.choices(["redeem", "claim", "retire"], [5, 3, 1])[0]
        if name == "retire":
            return Deed(name)
        return Deed(name, self._dice.choice(accounts), is_late=self._dice.random() < 0.1)

    def _act(self, deed: Deed, delay_s: float, name: str, code: str) -> Event:
        call = self.programme.call()
        if deed.is_late:
            call = replace(call, now=LATE)
        time.sleep(delay_s)
        start = time.monotonic()
        answer = DONE
        try:
            if deed.name == "redeem":
                self._redeem(call, deed.account, code)
            elif deed.name == "retire":
                retire_class(call, self._owner, name)
            else:
                errors = claim_coupons(call, [AccountCoupon(deed.account, code)]).errors
                answer = errors[0].row.symbol if errors else DONE
        except ServiceError as refusal:
            answer = refusal.row.symbol
        except LostRaceError:
            # Only a broken operation lets it out; the model knows no such answer.
            answer = "LostRaceError"
        return Event(deed, start, time.monotonic(), answer)

    def _look(self, code: str) -> Event:
        start = time.monotonic()
        with self.programme.database.reading() as connection:
            row = connection.execute(_STATE.where(coupon.c.code == code)).one()
        state = State(row.account_id, row.claimed_account_id, row.retired_at is not None)
        return Event(Deed("look"), start, time.monotonic(), state)


def wrong_histories(programme, redeem, count):
    """Those of so many histories that no order of the callers explains."""
    with ThreadPoolExecutor(DEEDS_COUNT_MAX) as threads:
        stand = Stand(programme, redeem, threads)
        for number in range(count):
            history = stand.history(number)
            if not is_linearizable(history):
                yield history


@pytest.mark.parametrize("history", WRONG)
def test_the_model_sees_what_is_wrong(history):
    assert not is_linearizable(history)


def test_histories_are_linearizable(programme):
    assert list(wrong_histories(programme, redeem_coupon, ROUNDS_SHORT)) == []


def test_histories_show_what_two_steps_break(programme):
    assert any(wrong_histories(programme, redeem_in_two_steps, CONTROL_ROUNDS_SHORT_MAX))


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_many_histories_are_linearizable(programme, report):
    wrong = list(wrong_histories(programme, redeem_coupon, ROUNDS))
    report.proof(SCHEDULES, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_many_histories_show_what_two_steps_break(programme, report):
    wrong = list(wrong_histories(programme, redeem_in_two_steps, CONTROL_ROUNDS))
    report.control(SCHEDULES, rounds=CONTROL_ROUNDS, failures=len(wrong))
    assert wrong
