"""Who shares a transaction on SQLite: what takes a moment, and no bill that may take seconds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest
from sqlalchemy import Connection, event

from service.operations.bills import SMALL_LINES_MAX, apply_coupons_to_bill
from service.storage.engine import Database
from service.storage.writers_turn import WritersTurn
from tests.operations.bills import asked, costs
from tests.programme import Programme
from tests.storage.engines import ON_SQLITE

PATIENCE_S = 30

pytestmark = ON_SQLITE


class WatchedTurn(WritersTurn):
    """The turn of those who write, which counts them as they come."""

    count = 0

    def __enter__(self) -> None:
        self.count += 1
        super().__enter__()


@pytest.fixture
def turn(database: Database) -> WatchedTurn:
    """The turn of those who write into the test's database."""
    database._writers_turn = watched = WatchedTurn(PATIENCE_S)
    return watched


@pytest.fixture
def commits(database: Database) -> list[Connection]:
    """Each transaction that was committed, once."""
    committed: list[Connection] = []
    event.listen(database.engine, "commit", committed.append)
    return committed


def come_count(database: Database, turn: WatchedTurn) -> int:
    """How many have come: those that want a transaction, and those that wait to share one."""
    assert database._shared is not None
    return turn.count + len(database._shared._waiting)


def wait_for(condition: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < end
        sleep(0.001)


@pytest.mark.parametrize(
    ("lines_count", "transactions_count"), [(1, 1), (SMALL_LINES_MAX, 1), (SMALL_LINES_MAX + 1, 2)]
)
def test_bills_that_come_at_once_share_a_transaction_if_they_are_small(
    programme: Programme,
    order: str,
    turn: WatchedTurn,
    commits: list[Connection],
    *,
    lines_count: int,
    transactions_count: int,
) -> None:
    lines = [costs("2")] * lines_count
    requests = [asked(order, *lines, reference=it) for it in ("one", "two")]
    calls = [programme.call() for _ in requests]
    with ThreadPoolExecutor() as pool:
        with programme.database.writing():
            come_before = come_count(programme.database, turn)
            bills = pool.map(apply_coupons_to_bill, calls, requests)
            wait_for(lambda: come_count(programme.database, turn) == come_before + len(requests))
            commits.clear()
        assert [it.cost for it in bills] == [2 * lines_count] * len(requests)
    # One is that of who wrote before.
    assert len(commits) == 1 + transactions_count
