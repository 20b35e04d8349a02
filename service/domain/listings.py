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
NUMBER_MAX = 2**63 - 1
"""The largest number that a database keeps."""
_KEY_LENGTH_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A page of a list.

    A search that finds little in much stops before it has a whole page, so that no page takes
    long; it goes on from ``after``.

    Attributes:
        items: In order; there may be fewer than were asked for, or none, before the end.
        after: What the next page is asked for with; None when the list ends here.
        searched_count: At least so many rows were looked at for this page.
        is_cut_short: Whether more may follow although the page has room: tell how many were
            searched, and offer to go on.
    """

    items: list[Item]
    after: str | None
    searched_count: int
    is_cut_short: bool = False


def require_size(size: int) -> None:
    """Refuse a size that no page has with ``PagingInvalid``."""
    if not 1 <= size <= LISTING_SIZE_MAX:
        raise ServiceError(PAGING_INVALID, f"Size is {size}, it must be 1 to {LISTING_SIZE_MAX}")


def listing_before(
    items: list[Item], before: int | None, *, searched_count: int, size: int
) -> Listing[Item]:
    """A page of a list that is in the order of descending numbers.

    Args:
        items: The page.
        before: Below which number the next page is; None when there is none.
        searched_count: How many rows were looked at.
        size: How many items were asked for.
    """
    key = None if before is None else write_key(before)
    return Listing(items, key, searched_count, key is not None and len(items) < size)


def read_before(key: str | None) -> int | None:
    """Below which number a page is; None for the first. Raises as ``read_key``."""
    values = read_key(key, int)
    return None if values is None else int(values[0])


def stored_text(text: str | None) -> str | None:
    """Text as a column may have it; None for an empty one, which asks for nothing."""
    # PostgreSQL takes no NUL.
    return (text or "").replace("\0", "").strip() or None


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
    is_key = isinstance(values, list) and [type(value) for value in values] == list(kinds)
    if not is_key or not all(map(_is_storable, values)):
        raise ServiceError(PAGING_INVALID, "this is no place in the list")
    return tuple(values)


def _is_storable(value: int | str) -> bool:
    """Whether a column may have the value; none of PostgreSQL's has a NUL or half a character."""
    if isinstance(value, int):
        return -NUMBER_MAX <= value <= NUMBER_MAX
    return "\0" not in value and value == value.encode(errors="ignore").decode()
