"""Work that has the processor only while nobody else wants it."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import get_native_id
from typing import TypeVar

Result = TypeVar("Result")
LOWEST_PRIORITY = 19
"""The nice value that gives way to all others."""


class LowPriority:
    """Calls functions in a thread of the lowest priority, one after the other.

    It is for what reads: whoever holds a lock of the database would have others wait while it has
    to wait itself. Where threads have no priority of their own, it is that of the process.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1, "low priority", initializer=_give_way)

    def __call__(self, function: Callable[[], Result]) -> Result:
        """What the function answers, or raises."""
        return self._threads.submit(function).result()


def _give_way() -> None:
    # Linux knows a thread by its number, as it does a process; other systems find none of it.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), LOWEST_PRIORITY)
