"""Where the bars of a chart stand; the macros ``columns`` and ``funnel`` draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WHOLE = 100
_FILLED = 0.7
"""How much of its place a column fills; the rest is the gap to the next."""
Value = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Column:
    """One bar of a chart, in percent of the chart's width and height.

    Attributes:
        label: What it is of, such as a day.
        value: What it shows.
    """

    label: str
    value: Value
    x: float
    y: float
    width: float
    height: float


def columns(rows: Sequence[tuple[str, Value]]) -> list[Column]:
    """Bars side by side, from left to right; the highest is as high as the chart."""
    highest = float(max((value for _, value in rows), default=0)) or 1
    place = WHOLE / max(len(rows), 1)
    return [
        _column(label, value, index * place, place, highest)
        for index, (label, value) in enumerate(rows)
    ]


def _column(label: str, value: Value, left: float, place: float, highest: float) -> Column:
    height = WHOLE * max(float(value), 0) / highest
    gap = place * (1 - _FILLED)
    return Column(
        label,
        value,
        x=round(left + gap / 2, 3),
        y=round(WHOLE - height, 3),
        width=round(place - gap, 3),
        height=round(height, 3),
    )


def share(value: Value, whole: Value) -> float:
    """A value in percent of the whole, between 0 and 100; 0 of nothing."""
    return round(min(max(WHOLE * float(value) / float(whole), 0), WHOLE), 3) if whole else 0
