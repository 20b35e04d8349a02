"""Coupons whose codes come from a file: not there for anybody before the last of them is."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from service.domain.codes import Codes
from service.domain.csv_import import CouponLine
from service.domain.terms import CouponTerms
from service.storage import bulk, coupons
from service.storage.classes import add_terms
from service.storage.statements import take_any_time
from service.storage.tables import coupon, coupon_batch, coupon_place, unfinished_import

LOOKED_UP_COUNT_MAX = 10_000
"""How many codes one statement looks up."""

_OWNERS = (
    select(coupon.c.code, unfinished_import.c.batch_id)
    .join(unfinished_import, unfinished_import.c.batch_id == coupon.c.batch_id, isouter=True)
    .where(coupon.c.code.in_(bindparam("codes", expanding=True)))
)
_LEFT_BEHIND = (
    select(unfinished_import.c.batch_id)
    .join(coupon_batch, coupon_batch.c.batch_id == unfinished_import.c.batch_id)
    .where(
        coupon_batch.c.class_id == bindparam("class_id"),
        coupon_batch.c.created_at < bindparam("before"),
    )
)


class ImportLostError(Exception):
    """Another import removes what this one makes."""


class CodesTakenError(Exception):
    """Some of the codes have become somebody else's; nothing of the chunk was written."""


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """The batch of an import, and the terms of its coupons by their number in the file."""

    class_id: int
    batch_id: int
    first_coupon_id: int
    terms_ids: Sequence[int]


def find_taken(connection: Connection, codes: Sequence[str]) -> dict[str, int | None]:
    """Those of the codes that coupons have, each with the unfinished import that made it."""
    is_ascii = np.fromiter((code.isascii() for code in codes), dtype=bool, count=len(codes))
    suspects = [code for code in codes if not code.isascii()]
    ascii_codes = [code for code in codes if code.isascii()] if suspects else list(codes)
    if is_ascii.any():
        is_taken = np.ones(len(ascii_codes), dtype=bool)
        is_taken[bulk.find_unused(connection, _array_of(ascii_codes))] = False
        suspects += [ascii_codes[place] for place in np.flatnonzero(is_taken)]
    found: dict[str, int | None] = {}
    for start in range(0, len(suspects), LOOKED_UP_COUNT_MAX):
        some = suspects[start : start + LOOKED_UP_COUNT_MAX]
        found.update(tuple(row) for row in connection.execute(_OWNERS, {"codes": some}))
    return found


def find_left_behind(connection: Connection, class_id: int, before: datetime) -> list[int]:
    """Batches of unfinished imports of a class that began before a date."""
    return list(connection.scalars(_LEFT_BEHIND, {"class_id": class_id, "before": before}))


def begin_import(
    connection: Connection,
    class_id: int,
    count: int,
    now: datetime,
    *,
    terms: Sequence[CouponTerms],
    terms_ids: dict[CouponTerms, int],
) -> ImportBatch:
    """Insert the batch of an import, and terms that are not there yet.

    Args:
        connection: The transaction.
        class_id: The coupons' class.
        count: How many there will be.
        now: When.
        terms: All terms of the coupons.
        terms_ids: Terms that are there.
    """
    starts = {one.start_date for one in terms}
    start_date = starts.pop() if len(starts) == 1 else None
    batch_id = coupons.add_batch(connection, class_id, count, now, start_date=start_date)
    if starts:
        is_meant = coupon_batch.c.batch_id == batch_id
        connection.execute(update(coupon_batch).where(is_meant).values(has_one_start=False))
    first_coupon_id = bulk.next_coupon_id(connection)
    values = {"batch_id": batch_id, "first_coupon_id": first_coupon_id}
    connection.execute(insert(unfinished_import).values(values))
    ids = [terms_ids.get(one) or add_terms(connection, one) for one in terms]
    return ImportBatch(class_id, batch_id, first_coupon_id, ids)


def require_ours(connection: Connection, batch_id: int, *, lock: bool = True) -> None:
    """Refuse to go on with an import that is given up; locked, it is not before the commit.

    Raises:
        ImportLostError: Somebody removes what it has made.
    """
    statement = select(unfinished_import.c.is_given_up).where(
        unfinished_import.c.batch_id == batch_id
    )
    if connection.scalar(statement.with_for_update() if lock else statement) is not False:
        raise ImportLostError


def add_imported(
    connection: Connection,
    batch: ImportBatch,
    lines: Sequence[CouponLine],
    seqs: bulk.Integers,
) -> None:
    """Insert coupons, which come in the order of their codes.

    Raises:
        CodesTakenError: Some of the codes are taken.
    """
    places: defaultdict[tuple[int, bool], list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        places[line.terms_number, line.code.isascii()].append(place)
    added_count = 0
    for (terms_number, is_ascii), some in places.items():
        new = bulk.NewCoupons(batch.class_id, batch.terms_ids[terms_number], batch.batch_id)
        codes = [lines[place].code for place in some]
        if is_ascii:
            added_count += bulk.add_coupons_in_bulk(connection, new, _array_of(codes), seqs[some])
        else:
            added_count += len(_add_any(connection, new, codes, seqs[some].tolist()))
    if added_count < len(lines):
        raise CodesTakenError


def _add_any(
    connection: Connection, new: bulk.NewCoupons, codes: list[str], seqs: list[int]
) -> Collection[int]:
    return coupons.add_coupons(
        connection, new.class_id, new.terms_id, new.batch_id, codes=codes, seqs=seqs
    )


def finish_import(connection: Connection, batch: ImportBatch, created_count: int) -> None:
    """Let the coupons be there for everybody; their places must have been written."""
    connection.execute(
        delete(unfinished_import).where(unfinished_import.c.batch_id == batch.batch_id)
    )
    coupons.close_batch(connection, batch.class_id, batch.batch_id, created_count)


def give_up_import(connection: Connection, batch_id: int) -> range | None:
    """Let nobody go on with an import; answers among which numbers its coupons are.

    None when it has come to its end, or is removed.
    """
    statement = (
        update(unfinished_import)
        .where(unfinished_import.c.batch_id == batch_id)
        .values(is_given_up=True)
        .returning(unfinished_import.c.first_coupon_id)
    )
    first = connection.scalar(statement)
    return None if first is None else range(first, bulk.next_coupon_id(connection))


def remove_places(connection: Connection, batch_id: int) -> None:
    """Remove the places of an import that is given up."""
    take_any_time(connection)
    connection.execute(delete(coupon_place).where(coupon_place.c.batch_id == batch_id))


def remove_imported(connection: Connection, batch_id: int, coupon_ids: range) -> None:
    """Remove the coupons among some numbers of an import that is given up."""
    connection.execute(
        delete(coupon).where(
            coupon.c.coupon_id >= coupon_ids.start,
            coupon.c.coupon_id < coupon_ids.stop,
            coupon.c.batch_id == batch_id,
        )
    )


def remove_batch(connection: Connection, batch_id: int) -> None:
    """Remove an import that is given up, and has no coupons any more."""
    for table in (unfinished_import, coupon_batch):
        connection.execute(delete(table).where(table.c.batch_id == batch_id))


def _array_of(codes: Sequence[str]) -> Codes:
    """ASCII codes as ``service.storage.bulk`` takes them."""
    array = np.array(codes, dtype=np.bytes_)
    return array.view(np.uint8).reshape(len(codes), -1)
