"""The coupons of a file brought into the order of their codes, on disk: memory stays the same."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice

from service.domain.csv_import import CouponLine

ADDED_COUNT = 10_000
"""How many coupons are added at a time."""
MEMORY_KIB = 32_768
"""How much memory the order takes; the rest is on disk."""

_TABLES = """
    CREATE TABLE added (line INTEGER PRIMARY KEY, code TEXT, terms_number INTEGER);
    CREATE TABLE sorted (code TEXT PRIMARY KEY, line INTEGER, terms_number INTEGER) WITHOUT ROWID
"""
_SORT = (
    "INSERT OR IGNORE INTO sorted SELECT code, line, terms_number FROM added ORDER BY code, line"
)
_REPEATED = """
    SELECT added.line, added.code, sorted.line FROM added JOIN sorted ON sorted.code = added.code
    WHERE added.line > sorted.line ORDER BY added.line LIMIT ?
"""
_CHUNK = """
    SELECT line, code, terms_number FROM sorted WHERE code > ? ORDER BY code LIMIT ?
"""


class SortedCoupons(AbstractContextManager["SortedCoupons"]):
    """Coupons that are added in any order and read in the order of their codes.

    They are kept in a file of SQLite's own, which has no name: it is gone with the
    process, however that ends.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{MEMORY_KIB}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA temp_store = FILE")
        self._database.executescript(_TABLES)
        self.count = 0

    def __exit__(self, *_error: object) -> None:
        self._database.close()

    def add(self, coupons: Iterable[CouponLine]) -> Iterator[int]:
        """Add coupons; answers after some ten thousand each how many were added so far."""
        rest = iter(coupons)
        self._database.execute("BEGIN")
        while some := list(islice(rest, ADDED_COUNT)):
            self._database.executemany("INSERT INTO added VALUES (?, ?, ?)", some)
            self.count += len(some)
            yield self.count
        self._database.execute("COMMIT")

    def sort(self) -> int:
        """Sort what was added, and leave out what repeats a code; answers how many do."""
        sorted_count = self._database.execute(_SORT).rowcount
        repeated_count, self.count = self.count - sorted_count, sorted_count
        return repeated_count

    def first_repeated(self, count: int) -> list[tuple[int, str, int]]:
        """Coupons that repeat a code: line, code, and the line of the code's first coupon."""
        return self._database.execute(_REPEATED, (count,)).fetchall()

    def remove(self, codes: Iterable[str]) -> None:
        """Leave out the coupons with these codes."""
        rows = [(code,) for code in codes]
        self._database.executemany("DELETE FROM sorted WHERE code = ?", rows)
        self.count -= len(rows)

    def chunks(self, length: int) -> Iterator[Sequence[CouponLine]]:
        """The coupons in the order of their codes; those read already may be removed."""
        last = ""
        while rows := self._database.execute(_CHUNK, (last, length)).fetchall():
            coupons = [CouponLine(*row) for row in rows]
            last = coupons[-1].code
            yield coupons
