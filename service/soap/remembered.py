"""Texts of objects that were written before."""

from collections.abc import Callable
from threading import Lock
from typing import Any

__all__ = ["Remembered"]

TEXTS_KEPT_MAX = 48
"""How many texts a process remembers of each writer: some 80 KiB for a page of 100 coupons."""


class Remembered:
    """A writer that writes the same object once only; safe to share between threads.

    An object is known by its identity, so that it must never change; an equal one is another
    one. It is kept as long as its text, so that no other object can have its place meanwhile.
    A list may change, and is written each time.

    Args:
        write: Writes an object.
    """

    def __init__(self, write: Callable[[Any], str]) -> None:
        self._write = write
        self._texts: dict[int, tuple[Any, str]] = {}
        self._lock = Lock()

    def __call__(self, value: Any) -> str:
        """The text of an object."""
        if isinstance(value, list):
            return self._write(value)
        known = self._texts.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        text = self._write(value)
        with self._lock:
            if len(self._texts) >= TEXTS_KEPT_MAX:
                # The oldest: which are asked for most is not worth to be noted each time.
                del self._texts[next(iter(self._texts))]
            self._texts[id(value)] = (value, text)
        return text
