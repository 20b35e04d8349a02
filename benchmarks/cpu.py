"""CPU time of other processes, by clocks that Linux has for each: exact to the nanosecond."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_CLOCK_OF_PROCESS = 2


class CpuMeter:
    """User and system time of process trees, from when it is made.

    A process that ends before it is asked does not count.

    Args:
        roots: The first process of each tree, by its id.
    """

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = tuple(roots)
        self._before = self._clocks()

    def seconds(self) -> float:
        """How much was used since."""
        used = (now - self._before.get(pid, 0) for pid, now in self._clocks().items())
        return sum(used) / 1e9

    def _clocks(self) -> dict[int, int]:
        clocks = {}
        for root in self._roots:
            for pid in tree(root):
                # One may have ended since it was found.
                with suppress(OSError):
                    # Made as the C library does it: the id's complement, above three bits of kind.
                    clocks[pid] = time.clock_gettime_ns((~pid << 3) | _CLOCK_OF_PROCESS)
        return clocks


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started, and that these started."""
    yield pid
    with suppress(OSError):  # it has ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from tree(int(child))
