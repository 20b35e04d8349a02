"""What a numbered error is, and how the modules that have them put them into one catalogue."""

from dataclasses import dataclass
from enum import Enum

FIRST_OWN_CODE = 90001
"""Numbers below are Microsoft's and keep Microsoft's meaning."""


class FaultKind(Enum):
    """The fault of the contract that carries an error."""

    AD_API = "AdApiFaultDetail"
    """Trouble with the caller or with the service itself, common to all services."""
    API = "ApiFault"
    """Trouble with what this operation was asked; the whole call is refused."""
    ITEM = "BatchError"
    """Trouble with one item of a list; the rest of the call went through."""
    PARTIAL = "OperationError"
    """Trouble with one account of a list; the rest of the call went through."""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One numbered error.

    Attributes:
        code: The number on the wire, ``Code``.
        symbol: The name of the error; ``ErrorCode`` in AdApiFaultDetail, and the
            first word of ``Details`` elsewhere.
        message: The sentence that a caller reads, ``Message``.
        meaning: When it happens and what to do, for the documentation.
        kind: The fault that carries it.
    """

    code: int
    symbol: str
    message: str
    meaning: str
    kind: FaultKind

    @property
    def is_ours(self) -> bool:
        """Whether the number is this service's own and not Microsoft's."""
        return self.code >= FIRST_OWN_CODE


_rows: dict[str, ErrorRow] = {}


def catalogued(code: int, symbol: str, kind: FaultKind, message: str, meaning: str) -> ErrorRow:
    """Make a row and put it into the catalogue.

    Raises:
        ValueError: Another row has the symbol.
    """
    row = ErrorRow(code, symbol, message, meaning, kind)
    if _rows.setdefault(symbol, row) is not row:
        raise ValueError(f"two rows of the catalogue are called {symbol}")
    return row


def every_row() -> list[ErrorRow]:
    """The rows so far, by number."""
    return sorted(_rows.values(), key=lambda row: row.code)


def row_named(symbol: str) -> ErrorRow:
    """The row of a symbol.

    Raises:
        KeyError: The catalogue has no such row.
    """
    return _rows[symbol]
