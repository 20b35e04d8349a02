"""Work that gives way to all other."""

import os
import sys
from threading import get_native_id

import pytest

from service.jobs.low_priority import LOWEST_PRIORITY, LowPriority


def priority() -> int:
    """The nice value of this thread."""
    return os.getpriority(os.PRIO_PROCESS, get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_only_what_is_called_gives_way() -> None:
    before = priority()
    run = LowPriority()
    assert [run(priority), run(priority)] == [LOWEST_PRIORITY, LOWEST_PRIORITY]
    assert priority() == before


def test_errors_come_to_who_called() -> None:
    with pytest.raises(ZeroDivisionError):
        LowPriority()(lambda: 1 // 0)
