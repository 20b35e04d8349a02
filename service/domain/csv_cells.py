"""Cells of CSV files, such that no spreadsheet takes one for a formula."""

import re
from datetime import datetime
from decimal import Decimal

from service.domain.money import plain

_FORMULA = re.compile("'*[=+\\-@\t\r]")
_PROTECTED = re.compile("'+[=+\\-@\t\r]")


def protected(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula.

    Spreadsheets do so with text that starts with ``=``, ``+``, ``-``, ``@``, a tab or a
    carriage return.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unprotected(cell: str) -> str:
    """The text that ``protected`` has made the cell from; any other cell as it is."""
    return cell[1:] if _PROTECTED.match(cell) else cell


def cell_of(value: datetime | Decimal | bool | str | int | None) -> str:
    """A value as files have it: instants in UTC with ``Z``, an empty cell for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return protected(str(value))
