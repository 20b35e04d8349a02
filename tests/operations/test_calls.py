"""How many Python functions a request calls on its way through the whole application.

The count is the same on every machine, and all but the same on every release of Python that the
service runs on: a slower path fails here. A budget that is far too large would let it pass, and
fails as well. A request counts with all libraries, as nothing else in it takes the time.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, select

from benchmarks.traffic import BILLS, DISPATCHES, INFOS, REDEMPTIONS
from service.soap import customer_billing
from service.storage.prepared import Prepared
from service.storage.tables import coupon
from tests.operations.answering import Answering

LARGE_PAGE = "SearchCoupons, page of 100"
# In the middle of what Python 3.10 to 3.13 count.
BUDGETS = {
    REDEMPTIONS: 430,
    "RedeemCoupon, repeated": 321,
    "RedeemCoupon, a fault": 335,
    "SearchCoupons, page of 1": 394,
    LARGE_PAGE: 1185,
    "the same page of 1 again": 374,
    "the same page of 100 again": 374,
    INFOS: 557,
    DISPATCHES: 2143,
    BILLS: 1277,
}
EXCESS_MAX = 1.05
SLACK_MIN = 0.9
WARM_UP_COUNT = 3
# Python 3.12 and later have most of them inside the function where they stand.
INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})


def counted(answering: Answering, name: str) -> int:
    """How many functions the next request of a kind calls."""
    request = next(answering.requests[name])
    calls: list[str] = []

    def note(frame: Any, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name not in INLINED:
            calls.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        answering.send(request)
    finally:
        sys.setprofile(before)
    return len(calls)


pytestmark = [
    pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.usefixtures("no_look_for_garbage"),
]


@pytest.mark.parametrize("name", BUDGETS)
def test_a_request_keeps_to_its_budget(answering: Answering, name: str) -> None:
    for _ in range(WARM_UP_COUNT):
        answering.send_next(name)
    count, again = counted(answering, name), counted(answering, name)
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
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = customer_billing.search_coupons
    monkeypatch.setattr(
        customer_billing,
        "search_coupons",
        lambda call, request: _search_looking_at_each(search, call, request),
    )
    answering.send_next(LARGE_PAGE)
    assert counted(answering, LARGE_PAGE) > BUDGETS[LARGE_PAGE] * EXCESS_MAX


def test_a_statement_that_is_not_prepared_is_noticed(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(prepared: Prepared, connection: Connection, values: Any) -> list[Any]:
        statement: Any = prepared.statement
        made = statement(connection.dialect.name) if callable(statement) else statement
        return list(connection.execute(made, values))

    monkeypatch.setattr(Prepared, "rows", rows)
    for _ in range(WARM_UP_COUNT):
        answering.send_next(INFOS)
    assert counted(answering, INFOS) > BUDGETS[INFOS] * EXCESS_MAX
