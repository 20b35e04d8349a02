"""Lists that are read a page at a time, each from where the one before ended."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from service.domain.errors import PAGING_INVALID
from service.domain.refusals import ServiceError

Item = TypeVar("Item")

LISTING_SIZE_MAX = 200
"""How many items a page has at the most."""
_KEY_LENGTH_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A page of a list.

    A search that finds little in much stops before it has a whole page, so that no page takes
    long; it goes on from ``after``.

    Attributes:
        items: In order; there may be fewer than were asked for, or none, before the end.
        after: What the next page is asked for with; None when the list ends here.
        searched_count: How many rows were looked at for this page.
    """

    items: list[Item]
    after: str | None
    searched_count: int

    @property
    def is_cut_short(self) -> bool:
        """Whether more may follow although the page has room."""
        return self.after is not None and self.searched_count > len(self.items)


def require_size(size: int) -> None:
    """Refuse a size that no page has with ``PagingInvalid``."""
    if not 1 <= size <= LISTING_SIZE_MAX:
        raise ServiceError(PAGING_INVALID, f"Size is {size}, it must be 1 to {LISTING_SIZE_MAX}")


def write_key(*values: int | str) -> str:
    """Where a page ended, as text that can stand in an address."""
    text = json.dumps(values, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_key(key: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Where the page before ended; None for the first page.

    Args:
        key: What ``write_key`` made.
        kinds: Of what types its values are.

    Raises:
        ServiceError: ``PagingInvalid``: nothing has written such a key.
    """
    if not key:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(key[:_KEY_LENGTH_MAX] + "=" * (-len(key) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        raise ServiceError(PAGING_INVALID, "this is no place in the list")
    return tuple(values)
