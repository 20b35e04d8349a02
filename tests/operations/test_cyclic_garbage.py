"""Requests leave no garbage: to look for it stops all threads, and memory grows until then."""

import gc
from collections import Counter

import pytest
from spyne import MethodContext

from benchmarks.memory import ALL_KINDS
from benchmarks.traffic import REDEMPTIONS
from service.soap.call_context import CallContext
from tests.operations.answering import Answering

WARM_UP_COUNT = 3

pytestmark = [
    pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session"),
    pytest.mark.usefixtures("no_look_for_garbage"),
]


@pytest.mark.parametrize("name", [kind.name for kind in ALL_KINDS])
def test_a_request_leaves_no_garbage(answering: Answering, name: str) -> None:
    assert _left_by(answering, name) == {}


def test_the_rings_of_spynes_events_are_noticed(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CallContext, "fire_event", MethodContext.fire_event)
    assert _left_by(answering, REDEMPTIONS)["list"] > 0


def _left_by(answering: Answering, name: str) -> "Counter[str]":
    """How many objects of which types a request of a kind leaves to be looked for."""
    for _ in range(WARM_UP_COUNT):
        answering.send_next(name)
    request = next(answering.requests[name])
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        answering.send(request)
        gc.collect()
        return Counter(type(left).__name__ for left in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
