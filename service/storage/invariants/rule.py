"""What a rule is."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, literal

from service.storage.types import Money

NOTHING = literal(Decimal(0), Money())
"""The sum of no amounts."""


def _is_broken(_row: Row[Any]) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is true of every row of a table, whatever is done in whatever order.

    It compares dates only where the operations do: machines have clocks of their own.

    Attributes:
        text: The rule, as it is told where it is broken.
        entity: What breaks it.
        key: The number by which rows are read, a range at a time; None for a rule whose
            statement reads everything at once.
        suspects: The rows that break it, or that may; the entity's number comes first.
        is_broken: Whether a suspect breaks it, where SQL cannot tell.
    """

    text: str
    entity: str
    key: ColumnElement[int] | None
    suspects: Select[Any]
    is_broken: Callable[[Row[Any]], bool] = _is_broken
