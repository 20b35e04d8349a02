"""Pages of lists."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

PAGE_SIZE_MAX = 1_000
"""How many items a page of the management service has at the most."""


@dataclass(frozen=True, slots=True)
class PageWanted:
    """Which page of a list.

    Attributes:
        index: From 0.
        size: How many items it has, at the most ``PAGE_SIZE_MAX`` but in files.
    """

    index: int = 0
    size: int = 100

    @property
    def offset(self) -> int:
        """How many items come before it."""
        return self.index * self.size


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page, and whether others follow."""

    items: list[Item]
    has_more: bool
