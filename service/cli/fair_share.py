"""Connections that a process gives up while it has more to do than those beside it.

Clients keep their connections, and chance says which process has which: one of two may have 12 of
16, and keep them all waiting, while the other one rests. So may one that was started anew. A
process with more than its share says in some of its replies that it closes the connection; the
client makes another one, which mostly goes elsewhere.
"""

from collections.abc import Callable, MutableSequence
from math import ceil
from multiprocessing.sharedctypes import RawArray
from time import process_time

LOOK_S = 3.0
"""How long after one another the processes are compared: within less, chance makes differences."""
BUSY_MIN = 0.3
"""Which part of a processor a process needs at the least to give up any: else nobody waits."""
TOO_BUSY = 1.1
"""How much more than the mean is too much."""
CALLS_PER_CONNECTION = 300
"""For how many calls too many between two looks one connection is given up."""


def create_shares(count: int) -> MutableSequence[int]:
    """What ``count`` processes tell each other; each of them is given it when it starts."""
    shares: MutableSequence[int] = RawArray("L", count)
    return shares


class FairShare:
    """How much one process has to do, compared with the others.

    Numbers that several threads change may be off by one now and then: a connection more or less
    does not matter.

    Args:
        shares: Milliseconds of processor time that each process took between its last two looks.
        number: Which of them is this one.
        clock: Seconds of processor time of this process.
    """

    def __init__(
        self,
        shares: MutableSequence[int],
        number: int,
        clock: Callable[[], float] = process_time,
    ) -> None:
        self._shares = shares
        self._number = number
        self._clock = clock
        self._looked_at = clock()
        self._calls_count = 0
        self._too_many_count = 0

    def note_call(self, *, is_alone: bool = False) -> bool:
        """Count a call; answers whether its connection is to be given up.

        Args:
            is_alone: Whether the process is at no other call: then its connection keeps nobody
                waiting, and may be the only one, for which no process is better than another.
        """
        self._calls_count += 1
        if is_alone or self._too_many_count <= 0:
            return False
        self._too_many_count -= 1
        return True

    def look(self) -> None:
        """Tell the others what was done since the last look, ``LOOK_S`` ago, and compare."""
        now, calls_count = self._clock(), self._calls_count
        busy = now - self._looked_at
        self._looked_at, self._calls_count = now, 0
        self._shares[self._number] = round(busy * 1000)
        mean = sum(self._shares) / len(self._shares) / 1000
        is_too_busy = busy > max(BUSY_MIN * LOOK_S, TOO_BUSY * mean)
        too_much = 1 - mean / busy if is_too_busy else 0
        self._too_many_count = ceil(calls_count * too_much / CALLS_PER_CONNECTION)
