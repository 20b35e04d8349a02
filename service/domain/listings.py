"""Lists that are read a page at a time, each from where the one before ended."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from service.domain.errors import PAGING_INVALID
from service.domain.instants import parse_instant
from service.domain.numbers import ID_MAX
from service.domain.refusals import ServiceError

Item = TypeVar("Item")
Value: TypeAlias = int | str | datetime
"""By what the items of a list are in order."""

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


def listing_of(
    found: list[Item], size: int, place_of: Callable[[Item], tuple[Value, ...]]
) -> Listing[Item]:
    """A page of a list that was asked for one item more than the page has.

    Args:
        found: In order. There is another page if there are more of them than fit.
        size: How many items a page has.
        place_of: By what values the list goes on after an item.
    """
    if len(found) <= size:
        return Listing(found, None, len(found))
    return Listing(found[:size], write_key(*place_of(found[size - 1])), len(found))


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


def write_key(*values: Value) -> str:
    """Where a page ended, as text that can stand in an address."""
    text = json.dumps(values, separators=(",", ":"), default=datetime.isoformat)
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
        return tuple(_read(*each) for each in zip(_values_of(key), kinds, strict=True))
    except (TypeError, ValueError, RecursionError):
        raise ServiceError(PAGING_INVALID, "this is no place in the list") from None


def _values_of(key: str) -> list[object]:
    values = json.loads(base64.urlsafe_b64decode(key[:_KEY_LENGTH_MAX] + "=" * (-len(key) % 4)))
    if not isinstance(values, list):
        raise TypeError("a key has a list")
    return values


def _read(value: object, kind: type) -> Value:
    """A value of a key, if it is of its type, and a column may have it.

    Raises:
        ValueError: It is not.
    """
    if kind is datetime and type(value) is str:
        return parse_instant(value)
    if kind is int and type(value) is int and -ID_MAX <= value <= ID_MAX:
        return value
    # PostgreSQL takes no NUL, and no half of a character.
    if kind is str and type(value) is str and "\0" not in value:
        return value.encode().decode()
    raise ValueError("this is of another type")
