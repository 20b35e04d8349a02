"""CSV files of coupons: which columns they have, and what their lines say."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from service.domain.codes import fold_code
from service.domain.csv_cells import unprotected
from service.domain.errors import IMPORT_FILE_INVALID
from service.domain.instants import parse_instant
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms, CouponType

LINES_COUNT_MAX = 5_000_000
"""How many coupons a file may have."""
LINE_LENGTH_MAX = 100_000
"""How many characters a line may have: more is no list of coupons."""
TERMS_COUNT_MAX = 10_000
"""How many different terms the coupons of a file may have."""
CODE_LENGTH_MIN = 3
CODE_LENGTH_MAX = 100
SHOWN_LENGTH_MAX = 100
"""How many characters of a value an error shows."""

_DELIMITERS = ",;\t"
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}

CODE_COLUMNS = frozenset({"code", "value"})
TERMS_COLUMNS = {
    "coupon_type": "coupon_type",
    "currency_code": "currency_code",
    "amount": "amount",
    "discountlimit": "amount",
    "discount_limitval": "amount",
    "percent_off": "percent_off",
    "spend_threshold": "spend_threshold",
    "active_duration": "active_duration",
    "start_date": "start_date",
    "startdate": "start_date",
    "end_date": "end_date",
    "expirydate": "end_date",
    "expiration_date": "expiration_date",
    "is_reservation_mandatory": "is_reservation_mandatory",
}
"""The term that each column is; several spellings come from Talon.One."""
USE_COLUMNS = frozenset({"sent_at", "claimed_at", "redeemed_at", "counter", "deleted"})
"""Columns that tell that a coupon has been used, by something else than 0 or nothing."""
OTHER_COLUMNS = frozenset(
    {
        # Of our own export.
        *("class", "batch_id", "sent_to_email", "claimed_account_id", "redeemed_account_id"),
        # Of Talon.One's import and export.
        *("attributes", "accountid", "applicationid", "batchid", "campaignid", "created"),
        *("deleted_changelogid", "discount_counter", "id", "importid", "limits", "referralid"),
        *("reservation", "reservation_counter", "reservation_limitval"),
    }
)
"""Columns that are passed over."""
USAGE_LIMIT_COLUMN = "limitval"
RECIPIENT_COLUMN = "recipientintegrationid"


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with a line of a file.

    Attributes:
        line: Its number, from 1; the header is the first.
        value: The code as the file has it, at most 100 characters of it.
        reason: A phrase that a person reads.
    """

    line: int
    value: str
    reason: str


class CouponLine(NamedTuple):
    """A coupon of a file.

    Attributes:
        line: The number of its line, from 1; the header is the first.
        code: Folded.
        terms_number: Its terms, as ``CouponFile.terms`` numbers them.
    """

    line: int
    code: str
    terms_number: int


class CouponFile:
    """Reads the coupons of a CSV file, line by line.

    The first line names the columns, in any order, separated by commas, semicolons or
    tabs. What is no column of ours or of Talon.One's is refused: a misspelled term
    would be lost unseen.

    Args:
        lines: The lines of the file, each with its end.
        class_terms: The terms of a coupon whose line does not say otherwise.

    Raises:
        ServiceError: ``ImportFileInvalid``.
    """

    def __init__(self, lines: Iterator[str], class_terms: CouponTerms) -> None:
        first = next(lines, "").removeprefix("\ufeff")
        delimiter = next((it for it in _DELIMITERS if it in first), ",")
        header = next(csv.reader([_bounded(first)], delimiter=delimiter), [])
        self.columns = [name.strip().lower() for name in header]
        self.terms: list[CouponTerms] = []
        self.lines_count = 0
        self.used_count = 0
        self._lines = lines
        self._delimiter = delimiter
        self._class_terms = class_terms
        self._terms_numbers: dict[tuple[str, ...], int] = {}
        self._require_columns()
        self._code_place = self._places(CODE_COLUMNS)[0]
        self._terms_places = self._places(TERMS_COLUMNS)
        self._use_places = self._places(USE_COLUMNS)
        self._refused_places = self._places((USAGE_LIMIT_COLUMN, RECIPIENT_COLUMN))

    @property
    def passed_over(self) -> list[str]:
        """The columns that say nothing to us, in the order of the file."""
        return [name for name in self.columns if name in OTHER_COLUMNS]

    def read(self, tell: Callable[[LineError], object]) -> Iterator[CouponLine]:
        """The coupons of the file, in its order; empty lines do not count.

        A coupon that has been sent, claimed, redeemed or deleted, as the file says, is
        passed over, and counted in ``used_count``.

        Args:
            tell: Is told what is wrong with a line; its coupon is left out.

        Raises:
            ServiceError: ``ImportFileInvalid``: more lines than a file may have, or one
                that is too long.
        """
        # The number of the line at which a record begins: those before it, and the header.
        rows = csv.reader(map(_bounded, self._lines), delimiter=self._delimiter, strict=True)
        while True:
            line = rows.line_num + 2
            try:
                row = next(rows, None)
            except csv.Error as error:
                self._count()
                tell(LineError(line, "", f"not CSV: {error}"))
                continue
            if row is None:
                return
            if row:
                self._count()
                coupon = self._read_row(line, row, tell)
                if coupon is not None:
                    yield coupon

    def _read_row(
        self, line: int, row: list[str], tell: Callable[[LineError], object]
    ) -> CouponLine | None:
        if len(row) != len(self.columns):
            value = row[self._code_place] if self._code_place < len(row) else ""
            reason = f"{len(row)} cells, where the header has {len(self.columns)}"
            tell(LineError(line, _shown(value), reason))
            return None
        if any(row[place].strip() not in {"", "0"} for place in self._use_places):
            self.used_count += 1
            return None
        text = unprotected(row[self._code_place])
        try:
            self._refuse_foreign(row)
            return CouponLine(line, checked_code(text), self._terms_number(row))
        except ValueError as error:
            tell(LineError(line, _shown(text), str(error)))
        except ServiceError as error:
            tell(LineError(line, _shown(text), error.details))
        return None

    def _terms_number(self, row: list[str]) -> int:
        cells = tuple([row[place] for place in self._terms_places])
        number = self._terms_numbers.get(cells)
        if number is None:
            terms = self._read_terms(cells)
            if len(self.terms) == TERMS_COUNT_MAX:
                raise ValueError(f"the file has more than {TERMS_COUNT_MAX:,} different terms")
            number = self._terms_numbers[cells] = len(self.terms)
            self.terms.append(terms)
        return number

    def _read_terms(self, cells: tuple[str, ...]) -> CouponTerms:
        changes = {}
        for place, cell in zip(self._terms_places, cells, strict=True):
            name = TERMS_COLUMNS[self.columns[place]]
            changes[name] = _read_term(name, unprotected(cell).strip(), self._class_terms)
        terms = replace(self._class_terms, **changes)
        terms.require_valid()
        return terms

    def _refuse_foreign(self, row: list[str]) -> None:
        """Refuse what a coupon of ours cannot be."""
        for place in self._refused_places:
            name, cell = self.columns[place], row[place].strip()
            if name == USAGE_LIMIT_COLUMN and cell not in {"", "1"}:
                raise ValueError(f"{name} {cell[:20]!r}: a coupon is redeemed once")
            if name == RECIPIENT_COLUMN and cell:
                raise ValueError(f"{name} {cell[:40]!r}: a coupon is claimed when it is there")

    def _count(self) -> None:
        self.lines_count += 1
        if self.lines_count > LINES_COUNT_MAX:
            raise ServiceError(IMPORT_FILE_INVALID, f"more than {LINES_COUNT_MAX:,} coupons")

    def _places(self, names: Iterable[str]) -> list[int]:
        wanted = set(names)
        return [place for place, name in enumerate(self.columns) if name in wanted]

    def _require_columns(self) -> None:
        meanings = [
            "code" if name in CODE_COLUMNS else TERMS_COLUMNS.get(name, name)
            for name in self.columns
        ]
        known = {"code", USAGE_LIMIT_COLUMN, RECIPIENT_COLUMN, *TERMS_COLUMNS.values()}
        for meaning in meanings:
            if meaning not in known | USE_COLUMNS | OTHER_COLUMNS:
                raise ServiceError(IMPORT_FILE_INVALID, f"unknown column {meaning[:40]!r}")
            if meanings.count(meaning) > 1:
                raise ServiceError(IMPORT_FILE_INVALID, f"two columns for {meaning}")
        if "code" not in meanings:
            raise ServiceError(IMPORT_FILE_INVALID, "no column code")


def checked_code(text: str) -> str:
    """The code folded, as it is stored.

    Raises:
        ValueError: It has fewer than 3 or more than 100 characters, one that is not
            visible, or no form that is looked up as it is stored.
    """
    code = fold_code(text)
    if not CODE_LENGTH_MIN <= len(code) <= CODE_LENGTH_MAX:
        raise ValueError(f"a code has {CODE_LENGTH_MIN} to {CODE_LENGTH_MAX} characters")
    if " " in code or not code.isprintable():
        raise ValueError("a code has only visible characters")
    if not code.isascii() and fold_code(code) != code:
        raise ValueError("a code has characters without one capital form")
    return code


def _read_term(name: str, cell: str, class_terms: CouponTerms) -> Any:
    """The term that a cell tells; an empty one is none, or what every coupon of the class has."""
    if not cell:
        is_optional = name in {"percent_off", "active_duration"} or name.endswith("_date")
        return None if is_optional else getattr(class_terms, name)
    try:
        return _TERM_READERS[name](cell)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _coupon_type(cell: str) -> CouponType:
    return CouponType(cell.capitalize())


def _decimal(cell: str) -> Decimal:
    if not _NUMBER.fullmatch(cell):
        raise ValueError(f"{cell[:40]!r} is not a number such as 12.50")
    return Decimal(cell)


def _days(cell: str) -> int:
    if not cell.isascii() or not cell.isdecimal():
        raise ValueError(f"{cell[:40]!r} is not a number of days")
    return int(cell[:10])


def _truth(cell: str) -> bool:
    if cell.lower() not in _TRUTH:
        raise ValueError(f"{cell[:40]!r} is not true or false")
    return _TRUTH[cell.lower()]


_TERM_READERS: dict[str, Callable[[str], Any]] = {
    "coupon_type": _coupon_type,
    "currency_code": str,
    "amount": _decimal,
    "percent_off": _decimal,
    "spend_threshold": _decimal,
    "active_duration": _days,
    "start_date": parse_instant,
    "end_date": lambda cell: parse_instant(cell, bare_date_is_end=True),
    "expiration_date": lambda cell: parse_instant(cell, bare_date_is_end=True),
    "is_reservation_mandatory": _truth,
}


def _shown(text: str) -> str:
    """The beginning of a text, such as any terminal and any XML can hold."""
    some = text[:SHOWN_LENGTH_MAX]
    return "".join(it if it.isprintable() else "\ufffd" for it in some)


def _bounded(line: str) -> str:
    if len(line) > LINE_LENGTH_MAX:
        text = f"a line has more than {LINE_LENGTH_MAX:,} characters"
        raise ServiceError(IMPORT_FILE_INVALID, text)
    return line
