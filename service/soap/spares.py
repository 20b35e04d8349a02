"""Tools that serve one call at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

__all__ = ["Spares"]

Tool = TypeVar("Tool")


class Spares(Generic[Tool]):
    """Lends tools, and has no more of them than were ever lent at once; safe to share.

    One for each thread would be many: a server has a thread for each connection, and lets
    only a few of them work at a time.

    Args:
        make: Makes a tool; the first one at once.
    """

    def __init__(self, make: Callable[[], Tool]) -> None:
        self._make = make
        self._spare = [make()]

    @contextmanager
    def lent(self) -> Iterator[Tool]:
        """A tool, for the time of the block; the one that was used last."""
        try:
            tool = self._spare.pop()
        except IndexError:
            tool = self._make()
        try:
            yield tool
        finally:
            self._spare.append(tool)
