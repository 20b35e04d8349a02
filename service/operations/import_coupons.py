"""Coupons whose codes come from a file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from service.domain.codes import shuffled
from service.domain.csv_import import CouponFile, CouponLine, LineError
from service.domain.errors import IMPORT_FILE_INVALID
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms
from service.operations.calls import Call
from service.operations.classes import require_class_in_use
from service.operations.write_import import (
    CHUNK_LENGTH,
    ImportWriter,
    find_left_behind,
    remove_import,
)
from service.storage import bulk, imports
from service.storage.imports import CodesTakenError
from service.storage.sorted_coupons import SortedCoupons
from service.storage.watching import Watch, nobody_watches

ERRORS_COUNT_MAX = 100
"""How many errors of lines are told; the others are counted."""
READING = "reading the file"
SORTING = "sorting the codes"
CHECKING = "looking for codes that exist"
WRITING = "writing the coupons"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import has done, or why it has done nothing.

    Attributes:
        batch_id: The batch of the new coupons; None when there are none.
        lines_count: How many coupons the file has.
        created_count: How many coupons were made.
        skipped_count: How many were passed over as duplicates.
        used_count: How many were passed over as the file says that they were sent,
            claimed, redeemed or deleted.
        errors_count: How many errors lines have; when there is one, nothing is made.
        errors: The first 100 of them, by line.
        passed_over_columns: Columns of the file that say nothing here.
    """

    batch_id: int | None
    lines_count: int
    created_count: int
    skipped_count: int
    used_count: int
    errors_count: int
    errors: list[LineError]
    passed_over_columns: list[str]


def import_coupons(
    call: Call,
    customer_id: int,
    class_name: str,
    open_lines: Callable[[], Iterator[str]],
    *,
    skip_duplicates: bool = False,
    watch: Watch = nobody_watches,
) -> ImportReport:
    """Make coupons with the codes of a CSV file: all of them, or none.

    Every line is read and every code looked up before the first coupon is made. They are
    one batch, which is there for everybody when its last coupon is. An import that is
    killed leaves nothing that anybody sees, and what it has left is removed when it is
    begun again. The order in which the coupons are handed out is random.

    Args:
        call: Whose call it is.
        customer_id: Whose class it is.
        class_name: The coupons' class; it has the terms that lines do not tell.
        open_lines: Begins the file: its lines, each with its end. Called twice.
        skip_duplicates: Pass over codes that exist, or stand in the file before.
        watch: Is told how far the work is.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``CouponClassNotFound``,
            ``CouponClassRetired``, ``ImportFileInvalid``, or ``ImportReplaced``: the
            same codes are imported twice at a time.
    """
    call.caller.require_write(customer_id)
    with call.database.reading() as connection:
        coupon_class = require_class_in_use(connection, customer_id, class_name)
    with SortedCoupons() as coupons:
        work = _Import(call, coupon_class, coupons, watch, skip_duplicates=skip_duplicates)
        file = work.read(open_lines)
        work.check()
        made = work.write(file.terms) if work.is_to_be_written else None
        return work.report(file, made)


@dataclass(slots=True)
class _Errors:
    """How many errors there are, and the first of them."""

    count: int = 0
    _some: list[LineError] = field(default_factory=list)

    def add(self, error: LineError) -> None:
        self.count += 1
        self._some.append(error)
        if len(self._some) > 2 * ERRORS_COUNT_MAX:
            self._some = self.first()

    def first(self) -> list[LineError]:
        """The first errors, by line."""
        return sorted(self._some, key=lambda error: error.line)[:ERRORS_COUNT_MAX]


@dataclass(frozen=True, slots=True)
class _Made:
    batch_id: int
    created_count: int


class _Import:
    """An import at work: what it finds wrong, what it passes over, what it makes."""

    def __init__(
        self,
        call: Call,
        coupon_class: CouponClass,
        coupons: SortedCoupons,
        watch: Watch,
        *,
        skip_duplicates: bool,
    ) -> None:
        self._call = call
        self._class = coupon_class
        self._coupons = coupons
        self._watch = watch
        self._skip_duplicates = skip_duplicates
        self._skipped_count = 0
        self._errors = _Errors()
        self._left_behind: set[int] = set()

    @property
    def is_to_be_written(self) -> bool:
        """Whether there are coupons, and nothing is wrong with any."""
        return bool(self._coupons.count) and not self._errors.count

    def read(self, open_lines: Callable[[], Iterator[str]]) -> CouponFile:
        """Read the whole file, and sort its coupons."""
        try:
            lines_count = sum(1 for _ in open_lines())
            file = CouponFile(open_lines(), self._class.terms)
            for _ in self._coupons.add(file.read(self._errors.add)):
                self._watch(READING, file.lines_count, lines_count)
        except UnicodeError as error:
            raise ServiceError(IMPORT_FILE_INVALID, f"not UTF-8: {error}"[:200]) from None
        self._watch(SORTING, 0, 0)
        repeated_count = self._coupons.sort()
        if repeated_count:
            first = self._coupons.first_repeated(ERRORS_COUNT_MAX)
            repeated = (
                LineError(line, code, f"line {before} has the same code")
                for line, code, before in first
            )
            self._pass(repeated_count, repeated)
        return file

    def check(self) -> None:
        """Look every code up."""
        done_count, all_count = 0, self._coupons.count
        for chunk in self._coupons.chunks(CHUNK_LENGTH):
            self._look_up(chunk)
            done_count += len(chunk)
            self._watch(CHECKING, done_count, all_count)

    def write(self, terms: Sequence[CouponTerms]) -> _Made | None:
        """Make the coupons; none when somebody was quicker with some of the codes.

        Unless duplicates are passed over: then the others are made.
        """
        self._left_behind.update(find_left_behind(self._call, self._class.class_id))
        for batch_id in self._left_behind:
            remove_import(self._call, batch_id, self._watch)
        writer = ImportWriter(self._call, self._class, self._coupons.count, terms)
        try:
            self._add_all(writer)
            if writer.created_count and not self._errors.count:
                writer.finish(self._watch)
                return _Made(writer.batch_id, writer.created_count)
        except BaseException:
            # What cannot be removed now is removed when the import is begun again.
            with suppress(ServiceError, SQLAlchemyError):
                remove_import(self._call, writer.batch_id, self._watch)
            raise
        remove_import(self._call, writer.batch_id, self._watch)
        return None

    def report(self, file: CouponFile, made: _Made | None) -> ImportReport:
        """What was done."""
        return ImportReport(
            batch_id=made.batch_id if made else None,
            lines_count=file.lines_count,
            created_count=made.created_count if made else 0,
            skipped_count=self._skipped_count,
            used_count=file.used_count,
            errors_count=self._errors.count,
            errors=self._errors.first(),
            passed_over_columns=file.passed_over,
        )

    def _add_all(self, writer: ImportWriter) -> None:
        done_count, all_count = 0, self._coupons.count
        seqs = shuffled(all_count).astype("int32")
        for chunk in self._coupons.chunks(CHUNK_LENGTH):
            self._add(writer, chunk, seqs[done_count : done_count + len(chunk)])
            if self._errors.count:
                return
            done_count += len(chunk)
            self._watch(WRITING, done_count, all_count)

    def _add(self, writer: ImportWriter, chunk: Sequence[CouponLine], seqs: bulk.Integers) -> None:
        """Write a chunk, but for codes that have been taken since they were looked up."""
        while chunk and not self._errors.count:
            with suppress(CodesTakenError):
                writer.add(chunk, seqs[: len(chunk)])
                return
            self._left_behind.clear()
            taken = self._look_up(chunk)
            chunk = [line for line in chunk if line.code not in taken]
            for batch_id in self._left_behind:
                writer.give_up(batch_id)
                remove_import(self._call, batch_id, self._watch)

    def _look_up(self, chunk: Sequence[CouponLine]) -> set[str]:
        """Pass over those of the codes that exist; what an unfinished import has made is noted."""
        with self._call.database.reading() as connection:
            found = imports.find_taken(connection, [line.code for line in chunk])
        self._left_behind.update(it for it in found.values() if it is not None)
        taken = {code for code, batch_id in found.items() if batch_id is None}
        errors = [
            LineError(line.line, line.code, "a coupon has this code")
            for line in chunk
            if line.code in taken
        ]
        self._pass(len(errors), errors)
        if self._skip_duplicates:
            self._coupons.remove(taken)
        return taken

    def _pass(self, count: int, first: Iterable[LineError]) -> None:
        """Pass over duplicates, or tell that they are there."""
        if self._skip_duplicates:
            self._skipped_count += count
            return
        told_count = self._errors.count
        for error in first:
            self._errors.add(error)
        self._errors.count = told_count + count
