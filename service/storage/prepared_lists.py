"""Statements about listed numbers: prepared for so many at a time."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam

from service.storage.prepared import Prepared
from service.storage.types import Id

FILLED_UP_MAX = 16_384
"""Longer lists stay as they are: the next power of two is more than SQLite takes."""
LENGTHS_KEPT_MAX = FILLED_UP_MAX.bit_length()


class PreparedList:
    """A SELECT about listed numbers, prepared for each power of two of them.

    Args:
        made: Makes it of the numbers, as ``in_`` takes them.
    """

    def __init__(self, made: Callable[[list[BindParameter[Any]]], Select[Any]]) -> None:
        self._made = made
        self._of_length = lru_cache(maxsize=LENGTHS_KEPT_MAX)(self._prepared)

    def rows(self, connection: Connection, numbers: Collection[int]) -> list[Any]:
        """What it finds, with an attribute per column; nothing where none are listed."""
        if not numbers:
            return []
        listed = filled_up([*numbers])
        values = {f"listed_{i}": number for i, number in enumerate(listed)}
        return self._of_length(len(listed)).rows(connection, values)

    def _prepared(self, length: int) -> Prepared:
        return Prepared(self._made([bindparam(f"listed_{i}", type_=Id) for i in range(length)]))


def filled_up(numbers: Sequence[int]) -> list[int]:
    """The numbers, the last one again and again until they are as many as a power of two.

    So there are few statements that list numbers, whatever their number.
    """
    count = len(numbers)
    wanted = 1 << (count - 1).bit_length() if count <= FILLED_UP_MAX else count
    return [*numbers, *[numbers[-1]] * (wanted - count)]
