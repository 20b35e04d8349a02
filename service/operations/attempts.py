"""Deciding and writing in one transaction, and deciding again when a race is lost."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")
ATTEMPTS_MAX = 5
"""Each attempt but the last lost a race; the next one sees the winner's work."""


class LostRaceError(Exception):
    """Another caller changed what was decided on: undo the transaction and decide again."""


def decide(attempt: Callable[[], Result]) -> Result:
    """Run the attempt, a transaction of its own, until it loses no race.

    Raises:
        RuntimeError: ``ATTEMPTS_MAX`` attempts lost one.
    """
    for _ in range(ATTEMPTS_MAX):
        with suppress(LostRaceError):
            return attempt()
    raise RuntimeError(f"{ATTEMPTS_MAX} attempts lost a race")
