"""Clients that call without a break, each at the next address when one refuses it."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

from service.addresses import CUSTOMER_BILLING_PATH
from tests.reliability.crowd import HEADERS, Address
from tests.reliability.envelopes import DONE, outcome

PATIENCE_S = 60
PAUSE_S = 0.05
"""Between two calls of a client: the service is to be used, not exhausted."""


class Traffic:
    """What clients were answered.

    Args:
        addresses: Where the service is.
        request: Makes the body of a call from its number.

    Attributes:
        outcomes: How often each: ``done``, a fault's symbol, or how a call failed.
        done: The numbers of the calls that were answered ``done``.
        refused_count: How many connections were refused, and made elsewhere.
    """

    def __init__(self, addresses: Sequence[Address], request: Callable[[int], bytes]) -> None:
        self.outcomes: Counter[str] = Counter()
        self.done: list[int] = []
        self.refused_count = 0
        self._addresses = addresses
        self._request = request
        self._numbers = itertools.count()
        self._end = threading.Event()

    def flow(self, first: int) -> None:
        """Call again and again until the end, if possible at the address of that number."""
        while not self._end.wait(PAUSE_S):
            number = next(self._numbers)
            body = self._request(number)
            with self._connected(first) as connection:
                said = _post(connection, body)
            self.outcomes[said] += 1
            if said == DONE:
                self.done.append(number)

    def stop(self) -> None:
        """Let the clients finish their calls and make no more."""
        self._end.set()

    @contextmanager
    def _connected(self, first: int) -> Iterator[HTTPConnection]:
        for number in itertools.count(first):
            host, port, _ = self._addresses[number % len(self._addresses)]
            connection = HTTPConnection(host, port, timeout=PATIENCE_S)
            try:
                connection.connect()
            except ConnectionRefusedError:
                self.refused_count += 1
                continue
            try:
                yield connection
            finally:
                connection.close()
            return


def _post(connection: HTTPConnection, body: bytes) -> str:
    try:
        connection.request("POST", CUSTOMER_BILLING_PATH, body, HEADERS)
        return outcome(connection.getresponse().read())
    except (OSError, HTTPException) as error:
        return repr(error)


@contextmanager
def flowing(
    addresses: Sequence[Address], request: Callable[[int], bytes], clients_count: int
) -> Iterator[Traffic]:
    """Clients that call for the time of the block; they have finished when it ends."""
    traffic = Traffic(addresses, request)
    clients = [threading.Thread(target=traffic.flow, args=(it,)) for it in range(clients_count)]
    for client in clients:
        client.start()
    try:
        yield traffic
    finally:
        traffic.stop()
        for client in clients:
            client.join()
