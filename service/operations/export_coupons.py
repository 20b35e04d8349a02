"""Coupons as a CSV file."""

from collections.abc import Iterator

from sqlalchemy import Connection

from service.domain.csv_cells import protected
from service.domain.csv_export import (
    CODE_COLUMN,
    COLUMNS,
    UNUSED,
    csv_lines,
    terms_cells,
    use_cells,
)
from service.domain.errors import ENTITY_NOT_EXISTENT, PAGING_INVALID
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.classes import require_class
from service.storage import coupon_export
from service.storage.coupon_export import ExportedBatch
from service.storage.watching import Watch, nobody_watches

PIECE_LENGTH = 5_000
"""How many coupons one transaction reads."""
EXPORTING = "exporting"


def export_coupons(
    call: Call,
    customer_id: int,
    *,
    class_name: str | None = None,
    batch_id: int | None = None,
    first: int = 0,
    count: int | None = None,
    codes_only: bool = False,
    watch: Watch = nobody_watches,
) -> Iterator[str]:
    """The lines of a CSV file of coupons, each with its end; the first one is the header.

    Coupons come in the order in which they are handed out: class by class, in a class
    batch by batch, and in a batch by their place. They are read while the lines are
    asked for, some thousand at a time, each of these as they are then. A coupon that is
    deleted meanwhile can be left out, and the last one of its batch with it.

    Args:
        call: Whose call it is.
        customer_id: Whose coupons.
        class_name: Only those of this class.
        batch_id: Only those of this batch.
        first: How many coupons to pass over.
        count: How many coupons at most; None for all.
        codes_only: Without any column but ``code``.
        watch: Is told how far the work is.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``CouponClassNotFound``,
            ``EntityNotExistent`` (batch), or ``ApiInputValidationPagingError``: ``first``
            or ``count`` is below 0.
    """
    call.caller.require_read(customer_id)
    if first < 0 or (count is not None and count < 0):
        raise ServiceError(PAGING_INVALID, "the first coupon and their number are 0 or more")
    with call.database.reading() as connection:
        batches = _batches(connection, customer_id, class_name, batch_id)
    pieces = list(_pieces(batches, first, count))
    return _lines(call, pieces, watch, codes_only=codes_only)


def _batches(
    connection: Connection, customer_id: int, class_name: str | None, batch_id: int | None
) -> list[ExportedBatch]:
    class_id = None
    if class_name is not None:
        class_id = require_class(connection, customer_id, class_name).class_id
    batches = coupon_export.list_batches(connection, customer_id, class_id, batch_id)
    if batch_id is not None and not batches:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"batch {batch_id}")
    return batches


def _pieces(
    batches: list[ExportedBatch], first: int, count: int | None
) -> Iterator[tuple[ExportedBatch, range]]:
    """What is read at a time: places of a batch."""
    for batch in batches:
        end = batch.coupons_count if count is None else min(batch.coupons_count, first + count)
        for start in range(first, end, PIECE_LENGTH):
            yield batch, range(start, min(start + PIECE_LENGTH, end))
        if count is not None:
            count -= max(end - first, 0)
        first = max(first - batch.coupons_count, 0)


def _lines(
    call: Call, pieces: list[tuple[ExportedBatch, range]], watch: Watch, *, codes_only: bool
) -> Iterator[str]:
    done_count, all_count = 0, sum(len(places) for _, places in pieces)
    yield from csv_lines([[CODE_COLUMN] if codes_only else COLUMNS])
    for batch, places in pieces:
        with call.database.reading() as connection:
            if codes_only:
                codes = coupon_export.read_codes(connection, batch.batch_id, places)
                lines = csv_lines([protected(code)] for code in codes)
            else:
                lines = _whole_lines(connection, batch, places)
        yield from lines
        done_count += len(places)
        watch(EXPORTING, done_count, all_count)


def _whole_lines(connection: Connection, batch: ExportedBatch, places: range) -> list[str]:
    coupons = list(coupon_export.read_coupons(connection, batch.batch_id, places))
    terms_ids = sorted({coupon.terms_id for coupon in coupons})
    terms = {
        terms_id: terms_cells(batch.class_name, terms)
        for terms_id, terms in coupon_export.find_terms(connection, terms_ids).items()
    }
    unused = (*use_cells(UNUSED), str(batch.batch_id))
    return csv_lines(
        (
            protected(coupon.code),
            *terms[coupon.terms_id],
            *(unused if coupon.use is UNUSED else (*use_cells(coupon.use), str(batch.batch_id))),
        )
        for coupon in coupons
    )
