"""What carries the rows of the catalogue of errors: exceptions, and errors of items of a list."""

from dataclasses import dataclass

from service.domain.error_rows import ErrorRow


class ServiceError(Exception):
    """A refusal that the caller reads as a typed fault.

    Args:
        row: The row of the catalogue.
        details: What was wrong and where, for this call; one sentence or phrase.
    """

    def __init__(self, row: ErrorRow, details: str = "") -> None:
        super().__init__(f"{row.symbol}: {details or row.message}")
        self.row = row
        self.details = details

    @property
    def details_text(self) -> str:
        """``Details`` on the wire: the symbol, then what was wrong."""
        return details_text(self.row, self.details)


class ServiceTroubleError(ServiceError):
    """Trouble of the service itself, for which no caller is to blame.

    Args:
        row: ``SERVICE_BUSY`` or ``SERVICE_UNAVAILABLE``.
        reason: What went wrong, for the log and for operators; callers are not told.
    """

    def __init__(self, row: ErrorRow, reason: str) -> None:
        super().__init__(row)
        self.reason = reason


class _ItemError:
    """What the errors of items have of the catalogue."""

    __slots__ = ()
    row: ErrorRow

    @property
    def code(self) -> int:
        """``Code`` on the wire."""
        return self.row.code

    @property
    def message(self) -> str:
        """``Message`` on the wire."""
        return self.row.message


@dataclass(frozen=True, slots=True)
class BatchError(_ItemError):
    """Why one item of a list failed, while the rest of the call went through.

    Attributes:
        row: The row of the catalogue.
        index: The item's place in the list of the request, from 0.
        text: What was wrong with this item.
    """

    row: ErrorRow
    index: int
    text: str = ""

    @property
    def details(self) -> str:
        """``Details`` on the wire: the symbol, then what was wrong."""
        return details_text(self.row, self.text)


@dataclass(frozen=True, slots=True)
class AccountError(_ItemError):
    """Why one account of a list failed, while the rest of the call went through.

    Attributes:
        row: The row of the catalogue.
        account_id: The account as the caller named it.
        text: What was wrong with this account.
    """

    row: ErrorRow
    account_id: int
    text: str = ""

    @property
    def details(self) -> str:
        """``Details`` on the wire: the account, the symbol, then what was wrong."""
        return f"{self.account_id}: {details_text(self.row, self.text)}"


def details_text(row: ErrorRow, text: str) -> str:
    """Join symbol and explanation as ``Details`` has them."""
    return f"{row.symbol}: {text}" if text else row.symbol
