"""The turn to compute, which one call of a process has at a time.

Python computes in one thread of a process at a time, and hands that on whenever a thread waits:
with SQLite at each step of a statement, for microseconds. Among eight threads a call was handed to
and fro some 70 times. So calls come one after the other, and whoever is about to wait for longer,
for the disk or for a database server, lets the next one begin. docs/decisions/0007-hot-paths.md has
what that saves.
"""

from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from threading import get_ident, local
from time import monotonic

LONGEST_S = 0.01
"""For how long a call may keep others waiting."""


class Turns(AbstractContextManager[None]):
    """One call after the other, for the time of the block.

    A call that has had its turn for ``LONGEST_S``, whatever it does, loses it to one that waits.
    Both go on: how many there are at once at most is for others to say.
    """

    def __init__(self) -> None:
        self._free: SimpleQueue[None] = SimpleQueue()
        self._free.put(None)
        self._taken: dict[int, float] = {}

    def __enter__(self) -> None:
        while not self._is_free():
            self._end_long_ones()
        _own.turns = self
        self._taken[get_ident()] = monotonic()

    def __exit__(self, *_error: object) -> None:
        self.end()
        _own.turns = None

    def end(self) -> None:
        """End the turn of this thread, if it still has it."""
        self._end(get_ident())

    def _is_free(self) -> bool:
        try:
            self._free.get(timeout=LONGEST_S)
        except Empty:
            return False
        return True

    def _end_long_ones(self) -> None:
        latest = monotonic() - LONGEST_S
        # Others change it meanwhile. To copy numbers takes one step of Python; to list pairs makes
        # an object of each, and a look for garbage, which may let others in, comes between two.
        for thread, since in self._taken.copy().items():
            if since <= latest:
                self._end(thread)

    def _end(self, thread: int) -> None:
        # Whoever takes it away has ended it.
        if self._taken.pop(thread, None) is not None:
            self._free.put(None)


class _Own(local):
    turns: Turns | None = None


_own = _Own()


def about_to_wait() -> None:
    """Let the next call begin, if this thread is at one."""
    if _own.turns is not None:
        _own.turns.end()
