"""How far long work is, for whoever waits for it."""

from collections.abc import Callable

Watch = Callable[[str, int, int], None]
"""Is told how far the work is: the step at hand, how much is done, and how much there is."""


def nobody_watches(_step: str, _done_count: int, _all_count: int) -> None:
    """A ``Watch`` for when nobody waits."""
