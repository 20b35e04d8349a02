"""Clients that redeem code after code, and ask again for whatever they were not answered."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from threading import Event

from service.domain.instants import parse_instant
from tests.reliability.crowd import HEADERS, Address
from tests.reliability.envelopes import DONE, Envelopes, outcome

CLIENTS_COUNT = 16
PATIENCE_S = 60
PAUSE_S = 0.02
_DATE = re.compile(rb"RedemptionDate>([^<]+)<")
ANSWERS = {DONE, "CouponAlreadyRedeemed"}


@dataclass(frozen=True)
class Redeemed:
    """What a client was told: the date on which the account redeemed the code."""

    code: str
    account_id: int
    date: datetime


class Redeemers:
    """Clients in threads; two of them are after each code, each for an account of its own.

    Attributes:
        told: What any client was told, in no order.
        said: How often each answer came; nothing when the connection broke.
    """

    def __init__(
        self,
        address: Address,
        envelopes: Envelopes,
        codes: Sequence[str],
        account_ids: Sequence[int],
    ) -> None:
        self.told: list[Redeemed] = []
        self.said: Counter[str] = Counter()
        self.end = Event()
        self._address, self._envelopes = address, envelopes
        self._codes, self._account_ids = codes, account_ids

    @property
    def unanswered_count(self) -> int:
        """How often a client had to ask again."""
        return self.said.total() - sum(self.said[it] for it in ANSWERS)

    def work(self, number: int) -> None:
        """Redeem, as the client of this number, until the end."""
        pairs_count = CLIENTS_COUNT // 2
        accounts = cycle(self._account_ids[number::CLIENTS_COUNT])
        for code in self._codes[number % pairs_count :: pairs_count]:
            if self.end.is_set():
                return
            self._redeem(next(accounts), code)
        raise AssertionError("there was nothing left to redeem")

    def _redeem(self, account_id: int, code: str) -> None:
        """Ask until there is an answer."""
        body = self._envelopes.redeem(account_id, code)
        while True:
            content = self._post(body)
            said = outcome(content)
            self.said[said] += 1
            if said in ANSWERS:
                break
            time.sleep(PAUSE_S)
        date = _DATE.search(content)
        if date is not None:
            self.told.append(Redeemed(code, account_id, parse_instant(date[1].decode())))

    def _post(self, body: bytes) -> bytes:
        connection = HTTPConnection(self._address.host, self._address.port, timeout=PATIENCE_S)
        try:
            connection.request("POST", self._address.path, body, HEADERS)
            return connection.getresponse().read()
        except (OSError, HTTPException):
            return b""
        finally:
            connection.close()


@contextmanager
def redeeming(
    address: Address, envelopes: Envelopes, codes: Sequence[str], account_ids: Sequence[int]
) -> Iterator[Redeemers]:
    """Clients that redeem for the time of the block, and at its end finish what they asked.

    The service must run when the block ends.
    """
    redeemers = Redeemers(address, envelopes, codes, account_ids)
    with ThreadPoolExecutor(CLIENTS_COUNT) as threads:
        working = [threads.submit(redeemers.work, number) for number in range(CLIENTS_COUNT)]
        try:
            yield redeemers
        finally:
            redeemers.end.set()
    for client in working:
        client.result()
