"""A floor: the two statements that decide and record a redemption, durable, by the driver alone.

``python -m benchmarks.bare_statements URL CLIENTS`` reads lines from standard input, each a JSON
list of coupons by number and code. It redeems them in one transaction each, with so many clients
at once, and answers with the seconds they took. The tables are those of the service; there is no
SQLAlchemy, and nothing is looked up.
"""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from benchmarks.supply import Unredeemed
from service.domain.tracking import new_tracking_id

Redeem = Callable[[int, str], None]

_REDEEM = (
    "UPDATE coupon SET redeemed_at = {0}"
    " WHERE code = {0} AND redeemed_at IS NULL AND deleted_at IS NULL"
)
_AUDIT = (
    "INSERT INTO audit (at, user_id, tracking_id, action, entity, entity_id, after)"
    " VALUES ({0}, 1, {0}, 'redeem', 'coupon', {0}, {0})"
)
_LOCK_TIMEOUT_S = 30


class BareStatements:
    """The program below, running.

    Attributes:
        process_id: Its process.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin
        assert process.stdout
        self._orders, self._answers = process.stdin, process.stdout
        self.process_id = process.pid

    def redeem(self, coupons: Sequence[Unredeemed]) -> float:
        """Redeem coupons; answers the seconds it took."""
        print(json.dumps(coupons), file=self._orders, flush=True)
        return float(self._answers.readline())


@contextmanager
def bare_statements(url: str, clients_count: int) -> Iterator[BareStatements]:
    """The floor of a database, for the time of the block."""
    command = [sys.executable, "-m", "benchmarks.bare_statements", url, str(clients_count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield BareStatements(process)


def main() -> None:
    url, clients_count = sys.argv[1:]
    clients = [_client(url) for _ in range(int(clients_count))]
    for line in sys.stdin:
        coupons: SimpleQueue[tuple[int, str]] = SimpleQueue()
        for coupon in json.loads(line):
            coupons.put(coupon)
        threads = [Thread(target=_work, args=(client, coupons)) for client in clients]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not coupons.empty():
            raise RuntimeError("a client has failed")
        print(time.perf_counter() - start, flush=True)


def _work(redeem: Redeem, coupons: "SimpleQueue[tuple[int, str]]") -> None:
    while True:
        try:
            coupon_id, code = coupons.get_nowait()
        except Empty:
            return
        redeem(coupon_id, code)


def _client(url: str) -> Redeem:
    """A connection of its own."""
    if not url.startswith("sqlite"):
        return _psycopg_client(url)
    return _sqlite_client(str(make_url(url).database))


_turn = Lock()
"""SQLite has one writer at a time, which is told quicker here than it finds out itself."""


def _sqlite_client(path: str) -> Redeem:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in (
        f"busy_timeout = {_LOCK_TIMEOUT_S * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    update, insert = _REDEEM.format("?"), _AUDIT.format("?")

    def redeem(coupon_id: int, code: str) -> None:
        now = datetime.now(timezone.utc).isoformat(" ", "microseconds")
        with _turn:
            connection.execute("BEGIN IMMEDIATE")
            _require_one(connection.execute(update, (now, code)).rowcount)
            connection.execute(insert, _audit_row(now, coupon_id))
            connection.execute("COMMIT")

    return redeem


def _psycopg_client(url: str) -> Redeem:
    connection = psycopg.connect(url)
    update, insert = (it.format("%s").encode() for it in (_REDEEM, _AUDIT))

    def redeem(coupon_id: int, code: str) -> None:
        now = datetime.now(timezone.utc)
        _require_one(connection.execute(update, (now, code)).rowcount)
        connection.execute(insert, _audit_row(now, coupon_id))
        connection.commit()

    return redeem


def _audit_row(now: datetime | str, coupon_id: int) -> tuple[Any, ...]:
    after = {"account_id": 1, "redeemed_at": str(now), "expires_at": str(now), "balance": "100"}
    return now, new_tracking_id(), coupon_id, json.dumps(after)


def _require_one(count: int) -> None:
    if count != 1:
        raise RuntimeError(f"{count} coupons were redeemed, not one")


if __name__ == "__main__":
    main()
