"""Looks for garbage, at which Python may let other threads in: here, as often as it can."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def looking_all_the_time(meanwhile: Callable[[], object]) -> Iterator[None]:
    """Look for garbage at every object that is made.

    Until Python 3.11 that is within a step of Python too; later ones look between two steps.

    Args:
        meanwhile: What another thread does at each look.
    """

    def look(phase: str, _figures: object) -> None:
        if phase == "stop":
            meanwhile()

    before = gc.get_threshold()
    # Or tuples that were kept ready would be taken, and none made.
    gc.collect()
    gc.callbacks.append(look)
    gc.set_threshold(1)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(look)
