"""Dispatching, distributing and retiring at once is as if the callers had come one after another.

The control looks at the class in one transaction and hands out in another; among its
histories are some that no order explains.
"""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.operations import dispatch_coupons, distribute_coupons
from service.operations.calls import Call
from service.operations.classes import require_class_in_use, retire_class
from service.operations.distribute_coupons import Distribution
from service.storage.tables import coupon, coupon_class
from tests.concurrency.histories import DONE, Deed, Event, Stock, is_linearizable
from tests.programme import Programme
from tests.reliability.proofs import HANDING_OUT

ROUNDS, ROUNDS_SHORT = 500, 20
CONTROL_ROUNDS, CONTROL_ROUNDS_SHORT_MAX = 100, 100
DEEDS_COUNT_MAX = 6
COUPONS_COUNT = 3
DELAY_S_MAX = 0.004
_IS_FREE = coupon.c.sent_at.is_(None) & coupon.c.claimed_at.is_(None)
_STOCK = (
    select(func.count().filter(_IS_FREE), coupon_class.c.retired_at)
    .select_from(coupon_class)
    .join(coupon)
    .group_by(coupon_class.c.class_id)
)
NEW = Stock(COUPONS_COUNT)
RETIRED = Stock(COUPONS_COUNT, is_retired=True)
DISPATCH, RETIRE, LOOK = Deed("dispatch"), Deed("retire"), Deed("look")
WRONG = [
    [Event(RETIRE, 0, 1, DONE), Event(DISPATCH, 2, 3, DONE)],
    # It began before the end of the other, and handed out after it.
    [
        Event(RETIRE, 0, 2, DONE),
        Event(DISPATCH, 1, 4, DONE),
        Event(LOOK, 3, 3, RETIRED),
    ],
    [Event(DISPATCH, 0, 1, "NoCouponAvailable")],
    [Event(DISPATCH, 0, 1, DONE) for _ in range(COUPONS_COUNT + 1)],
]


class SeenBefore:
    """Stands for ``keep_class_in_use`` with what was seen in another transaction."""

    def __init__(self) -> None:
        self._own = threading.local()

    def look(self, call: Call, owner: int, name: str) -> None:
        with call.database.reading() as connection:
            self._own.seen = require_class_in_use(connection, owner, name)

    def __call__(self, *_arguments: object) -> CouponClass:
        found: CouponClass = self._own.seen
        return found


class Stand:
    """Where histories of a programme are made, each of one new class."""

    def __init__(
        self, programme: Programme, seen_before: SeenBefore | None, threads: ThreadPoolExecutor
    ) -> None:
        self.programme = programme
        self._seen_before = seen_before
        self._owner = programme.customer()
        self._threads = threads
        self._dice = random.Random(6)

    def history(self, number: int) -> list[Event]:
        """Hand out and retire at once; whoever has done so looks what is left."""
        name = f"Class {number}"
        class_id = self.programme.coupon_class(self._owner, name)
        self.programme.mint(self._owner, name, COUPONS_COUNT)
        deeds = [self._deed() for _ in range(self._dice.randint(2, DEEDS_COUNT_MAX))]
        delays = [self._dice.uniform(0, DELAY_S_MAX) for _ in deeds]
        acting = [
            self._threads.submit(self._act_and_look, deed, delay, name, class_id)
            for deed, delay in zip(deeds, delays, strict=True)
        ]
        return [event for it in acting for event in it.result(60)]

    def _deed(self) -> Deed:
        name = self._dice.choices(["dispatch", "distribute", "retire"], [3, 3, 2])[0]
        account_id = self.programme.account(self._owner) if name == "distribute" else 0
        return Deed(name, account_id)

    def _act_and_look(self, deed: Deed, delay_s: float, name: str, class_id: int) -> list[Event]:
        time.sleep(delay_s)
        start = time.monotonic()
        try:
            answer = self._act(deed, name)
        except ServiceError as refusal:
            answer = refusal.row.symbol
        end = time.monotonic()
        with self.programme.database.reading() as connection:
            statement = _STOCK.where(coupon_class.c.class_id == class_id)
            left_count, retired_at = connection.execute(statement).one()
        seen = Stock(left_count, retired_at is not None)
        # It looks after its deed, even where the clock cannot tell.
        return [Event(deed, start, end, answer), Event(LOOK, end, time.monotonic(), seen)]

    def _act(self, deed: Deed, name: str) -> str:
        call = self.programme.call()
        if deed.name == "retire":
            retire_class(call, self._owner, name)
            return DONE
        if self._seen_before:
            self._seen_before.look(call, self._owner, name)
        if deed.name == "dispatch":
            dispatched = dispatch_coupons.dispatch_coupons(
                call, ["kim@example.com"], self._owner, name
            )
            return dispatched[0].row.symbol if dispatched else DONE
        request = Distribution(account_ids=[deed.account], class_name=name, customer_id=self._owner)
        distributed = distribute_coupons.distribute_coupons(call, request)
        return distributed[0].row.symbol if distributed else DONE


def wrong_histories(
    programme: Programme, count: int, seen_before: SeenBefore | None = None
) -> Iterator[list[Event]]:
    """Those of so many histories that no order of the callers explains."""
    with ThreadPoolExecutor(DEEDS_COUNT_MAX) as threads:
        stand = Stand(programme, seen_before, threads)
        for number in range(count):
            history = stand.history(number)
            if not is_linearizable(history, NEW):
                yield history


@pytest.fixture
def seen_before(monkeypatch):
    """Let the operations take a class to be in use because it was."""
    seen_before = SeenBefore()
    for module in (dispatch_coupons, distribute_coupons):
        monkeypatch.setattr(module, "keep_class_in_use", seen_before)
    return seen_before


@pytest.mark.parametrize("history", WRONG)
def test_the_model_sees_what_is_wrong(history):
    assert not is_linearizable(history, NEW)


def test_handing_out_is_linearizable(programme):
    assert list(wrong_histories(programme, ROUNDS_SHORT)) == []


def test_a_class_that_was_seen_before_would_be_noticed(programme, seen_before):
    assert any(wrong_histories(programme, CONTROL_ROUNDS_SHORT_MAX, seen_before))


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_handing_out_is_linearizable_in_many_histories(programme, report):
    wrong = list(wrong_histories(programme, ROUNDS))
    report.proof(HANDING_OUT, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_many_histories_show_that_a_class_was_seen_before(programme, seen_before, report):
    wrong = list(wrong_histories(programme, CONTROL_ROUNDS, seen_before))
    report.control(HANDING_OUT, rounds=CONTROL_ROUNDS, failures=len(wrong))
    assert wrong
