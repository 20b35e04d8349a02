"""Tools are lent to one call at a time, and not made for every thread."""

from threading import Barrier, Thread

import pytest

from service.soap.spares import Spares

CALLS_AT_ONCE = 4


def test_calls_at_once_have_a_tool_each_and_calls_after_them_share() -> None:
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    spares, lent = Spares(make), []
    together = Barrier(CALLS_AT_ONCE)

    def call() -> None:
        with spares.lent() as tool:
            lent.append(tool)
            together.wait()

    for _ in range(3):
        threads = [Thread(target=call) for _ in range(CALLS_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(map(id, lent))) == CALLS_AT_ONCE
        lent.clear()
    assert len(made) == CALLS_AT_ONCE


def test_a_tool_comes_back_from_a_call_that_failed() -> None:
    spares = Spares(object)
    with pytest.raises(ZeroDivisionError), spares.lent() as first:
        _ = 1 / 0
    with spares.lent() as second:
        assert second is first
