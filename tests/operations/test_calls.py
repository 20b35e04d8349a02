"""How many Python functions a request calls on its way through the whole application.

The count is the same on every machine, and all but the same on every release of Python that the
service runs on: a slower path fails here. A budget that is far too large would let it pass, and
fails as well. A request counts with all libraries, as nothing else in it takes the time.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, select

from benchmarks.in_process import answer
from benchmarks.load import Request
from benchmarks.own_service import start_class
from benchmarks.supply import supplied
from benchmarks.traffic import (
    BILLS,
    DISPATCHED_COUNT,
    DISPATCHES,
    FURTHER_KINDS,
    INFOS,
    KINDS,
    REDEMPTIONS,
    Traffic,
)
from service.addresses import CUSTOMER_BILLING_PATH
from service.app import create_app
from service.health import Application
from service.opening import open_database
from service.operations.calls import utc_now
from service.settings import Settings
from service.soap import customer_billing
from service.storage.engine import Database
from service.storage.prepared import Prepared
from service.storage.tables import coupon
from tests.databases import Databases
from tests.reliability.crowd import Address

ADDRESS = Address("127.0.0.1", 80, CUSTOMER_BILLING_PATH)
LARGE_PAGE = "SearchCoupons, page of 100"
# In the middle of what Python 3.10 to 3.13 count.
BUDGETS = {
    REDEMPTIONS: 455,
    "RedeemCoupon, repeated": 346,
    "RedeemCoupon, a fault": 360,
    "SearchCoupons, page of 1": 419,
    LARGE_PAGE: 1210,
    "the same page of 1 again": 399,
    "the same page of 100 again": 399,
    INFOS: 582,
    DISPATCHES: 2168,
    BILLS: 1302,
}
EXCESS_MAX = 1.05
SLACK_MIN = 0.9
WARM_UP_COUNT = 3
# Python 3.12 and later have most of them inside the function where they stand.
INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})


class Counting(NamedTuple):
    """An application, and the requests that it can be sent."""

    application: Application
    requests: dict[str, Iterator[Request]]

    def send(self, name: str) -> None:
        """Send the next request of a kind."""
        _send(self.application, next(self.requests[name]))

    def counted(self, name: str) -> int:
        """How many functions the next request of a kind calls."""
        request = next(self.requests[name])
        calls: list[str] = []

        def note(frame: Any, event: str, _argument: object) -> None:
            if event == "call" and frame.f_code.co_name not in INLINED:
                calls.append(frame.f_code.co_name)

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            _send(self.application, request)
        finally:
            sys.setprofile(before)
        return len(calls)


def _send(application: Application, request: Request) -> None:
    _status, reply = answer(application, request)
    assert reply.count(request.marker) == request.markers_count, reply


@pytest.fixture(scope="module")
def counting(session_databases: Databases) -> Iterator[Counting]:
    """An application on a database that has what requests ask for; its clock stands still."""
    url = session_databases.new()
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
        kinds = [*KINDS, *FURTHER_KINDS]
        counting = Counting(application, {kind.name: kind.requests(traffic) for kind in kinds})
        yield counting
        opened[0].close()


@pytest.fixture
def no_garbage() -> Iterator[None]:
    """What is collected may call functions at any time."""
    gc.disable()
    yield
    gc.enable()


pytestmark = [
    pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.usefixtures("no_garbage"),
]


@pytest.mark.parametrize("name", BUDGETS)
def test_a_request_keeps_to_its_budget(counting: Counting, name: str) -> None:
    for _ in range(WARM_UP_COUNT):
        counting.send(name)
    count, again = counting.counted(name), counting.counted(name)
    assert count == again
    share = count / BUDGETS[name]
    assert share <= EXCESS_MAX, f"{name} calls {count} functions"
    assert share >= SLACK_MIN, f"{name} calls {count} functions only: lower its budget"


def _search_looking_at_each(search: Callable[..., Any], call: Any, request: Any) -> Any:
    """As SearchCoupons, and looks each coupon up again."""
    found = search(call, request)
    again = Prepared(select(coupon.c.coupon_id).limit(1))
    with call.database.reading() as connection:
        for _ in found:
            again.row(connection, {})
    return found


def test_a_statement_for_each_coupon_is_noticed(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = customer_billing.search_coupons
    monkeypatch.setattr(
        customer_billing,
        "search_coupons",
        lambda call, request: _search_looking_at_each(search, call, request),
    )
    counting.send(LARGE_PAGE)
    assert counting.counted(LARGE_PAGE) > BUDGETS[LARGE_PAGE] * EXCESS_MAX


def test_a_statement_that_is_not_prepared_is_noticed(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(prepared: Prepared, connection: Connection, values: Any) -> list[Any]:
        statement: Any = prepared.statement
        made = statement(connection.dialect.name) if callable(statement) else statement
        return list(connection.execute(made, values))

    monkeypatch.setattr(Prepared, "rows", rows)
    for _ in range(WARM_UP_COUNT):
        counting.send(INFOS)
    assert counting.counted(INFOS) > BUDGETS[INFOS] * EXCESS_MAX
