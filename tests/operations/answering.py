"""An application, and requests of every kind that it can be sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from benchmarks.in_process import answer
from benchmarks.load import Request
from benchmarks.memory import ALL_KINDS
from benchmarks.own_service import start_class
from benchmarks.supply import supplied
from benchmarks.traffic import DISPATCHED_COUNT, Traffic
from service.addresses import CUSTOMER_BILLING_PATH
from service.app import create_app
from service.health import Application
from service.opening import open_database
from service.operations.calls import utc_now
from service.settings import Settings
from service.storage.engine import Database
from tests.reliability.crowd import Address

ADDRESS = Address("127.0.0.1", 80, CUSTOMER_BILLING_PATH)


@dataclass(frozen=True, slots=True)
class Answering:
    """An application, and the requests of each kind that it can be sent."""

    application: Application
    requests: dict[str, Iterator[Request]]

    def send_next(self, name: str) -> None:
        """Send the next request of a kind."""
        self.send(next(self.requests[name]))

    def send(self, request: Request) -> None:
        """Send a request; its answer must be the right one."""
        _status, reply = answer(self.application, request)
        assert reply.count(request.marker) == request.markers_count, reply


@contextmanager
def answering(url: str) -> Iterator[Answering]:
    """An application on a new database, which gets what requests ask for; its clock stands still.

    Args:
        url: Of the database.
    """
    database = Database(url)
    keys = start_class(database)
    database.close()
    dispatched_count = 10 * DISPATCHED_COUNT
    supply = supplied(url, keys, 1010, 20, dispatched_count=dispatched_count, accounts_count=10)
    now = utc_now() + timedelta(seconds=1)
    with pytest.MonkeyPatch.context() as patch:
        opened: list[Database] = []

        def remember(settings: Settings) -> Database:
            opened.append(open_database(settings))
            return opened[-1]

        patch.setattr("service.app.open_database", remember)
        application = create_app(Settings(database=url), lambda: now)
        # The first large page is for those who ask for it again.
        traffic = Traffic(supply, ADDRESS, supply.unredeemed, {1: 1000, 10: 0, 100: 1})
        yield Answering(application, {kind.name: kind.requests(traffic) for kind in ALL_KINDS})
        opened[0].close()
