"""Many coupons at once: written, looked up and read as arrays, by what each database is quick at.

Codes are to come in ascending order, in all chunks together: in random order the index of the
codes takes four to eight times as long.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from service.domain.codes import Codes, texts_of
from service.storage import bulk_postgresql
from service.storage.tables import coupon

Integers = bulk_postgresql.Integers
RANGE_LENGTH = 200_000
"""How many numbers of coupons one statement reads."""

_ADD_OF_ONE_LENGTH = """
    INSERT INTO coupon (class_id, terms_id, batch_id, seq, code)
    SELECT :class_id, :terms_id, :batch_id, value,
        CAST(substr(:codes, key * :length + 1, :length) AS TEXT)
    FROM json_each(:seqs) WHERE true ON CONFLICT (code) DO NOTHING
"""
_ADD_OF_ANY_LENGTH = """
    INSERT INTO coupon (class_id, terms_id, batch_id, seq, code)
    SELECT :class_id, :terms_id, :batch_id,
        CAST(substr(:seqs, key * 10 + 1, 10) AS INTEGER), value
    FROM json_each(:codes) WHERE true ON CONFLICT (code) DO NOTHING
"""
_ADD_PLACES = """
    INSERT INTO coupon_place (batch_id, seq, coupon_id)
    SELECT :batch_id, :first_seq + key, value FROM json_each(:coupon_ids)
"""
_MOVE = """
    UPDATE coupon SET seq = CAST(substr(:seqs, moved.key * 10 + 1, 10) AS INTEGER)
    FROM json_each(:coupon_ids) AS moved WHERE coupon_id = moved.value
"""
_UNUSED = """
    SELECT json_group_array(key) FROM json_each(:codes)
    WHERE NOT EXISTS (SELECT 1 FROM coupon WHERE code = value)
"""
_PLACES = """
    SELECT group_concat(coupon_id), group_concat(seq) FROM coupon
    WHERE coupon_id >= :first AND coupon_id < :end AND batch_id = :batch_id AND seq IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class NewCoupons:
    """What coupons that are written together have in common."""

    class_id: int
    terms_id: int
    batch_id: int


def add_coupons_in_bulk(
    connection: Connection, new: NewCoupons, codes: Codes, seqs: Integers
) -> int:
    """Insert coupons, passing over codes that exist.

    Args:
        connection: The transaction.
        new: What they have in common.
        codes: A row for each; they may be shorter than the rows, and end in zeros then.
        seqs: Their places in the batch.

    Returns:
        How many were inserted.
    """
    if not len(codes):
        return 0
    common = asdict(new)
    if connection.dialect.name == "postgresql":
        return bulk_postgresql.add_coupons(connection, common, codes, seqs)
    if codes[:, -1].all():
        length = codes.shape[1]
        values = {**common, "codes": codes.tobytes(), "length": length, "seqs": _json(seqs)}
        return _execute(connection, _ADD_OF_ONE_LENGTH, values)
    values = {**common, "codes": json.dumps(texts_of(codes)), "seqs": _digits(seqs)}
    return _execute(connection, _ADD_OF_ANY_LENGTH, values)


def find_unused(connection: Connection, codes: Codes) -> Integers:
    """Which of the codes no coupon has: their indexes, in ascending order."""
    if not len(codes):
        return np.empty(0, dtype=np.int64)
    if connection.dialect.name == "postgresql":
        return bulk_postgresql.find_unused(connection, codes)
    text = connection.exec_driver_sql(_UNUSED, {"codes": json.dumps(texts_of(codes))}).scalar_one()
    return np.sort(np.array(json.loads(text), dtype=np.int64))


def next_coupon_id(connection: Connection) -> int:
    """A number that no coupon inserted from now on is below."""
    highest = connection.execute(select(func.max(coupon.c.coupon_id))).scalar_one()
    return (highest or 0) + 1


def add_places_in_bulk(
    connection: Connection, batch_id: int, first_seq: int, coupon_ids: Integers
) -> None:
    """Insert which coupons are at the places from ``first_seq`` on."""
    if not len(coupon_ids):
        return
    if connection.dialect.name == "postgresql":
        bulk_postgresql.add_places(connection, batch_id, first_seq, coupon_ids)
        return
    values = {"batch_id": batch_id, "first_seq": first_seq, "coupon_ids": _json(coupon_ids)}
    _execute(connection, _ADD_PLACES, values)


def move(connection: Connection, coupon_ids: Integers, seqs: Integers) -> None:
    """Give coupons other places in their batch, whose places are not written yet."""
    if not len(seqs):
        return
    if connection.dialect.name == "postgresql":
        bulk_postgresql.move(connection, coupon_ids, seqs)
        return
    _execute(connection, _MOVE, {"coupon_ids": _json(coupon_ids), "seqs": _digits(seqs)})


def read_places(
    connection: Connection, batch_id: int, first_coupon_id: int
) -> tuple[Integers, Integers]:
    """The coupons of a batch that have a place: their numbers, and their seqs.

    Args:
        connection: The transaction.
        batch_id: Whose coupons.
        first_coupon_id: No coupon of the batch has a lower number; no index finds them.
    """
    pieces = list(pieces_of_places(connection, batch_id, first_coupon_id))
    empty = np.empty(0, dtype=np.int64)
    ids = np.concatenate([empty, *(ids for ids, _ in pieces)])
    return ids, np.concatenate([empty, *(seqs for _, seqs in pieces)])


def pieces_of_places(
    connection: Connection, batch_id: int, first_coupon_id: int
) -> Iterator[tuple[Integers, Integers]]:
    """As ``read_places``, in pieces of at most ``RANGE_LENGTH`` coupons."""
    end = next_coupon_id(connection)
    for first in range(first_coupon_id, end, RANGE_LENGTH):
        values = {"batch_id": batch_id, "first": first, "end": min(first + RANGE_LENGTH, end)}
        if connection.dialect.name == "postgresql":
            yield bulk_postgresql.read_places(connection, values)
        else:
            # As two texts: a row for each would take ten times as long.
            ids, seqs = connection.exec_driver_sql(_PLACES, values).one()
            yield _numbers(ids), _numbers(seqs)


def _numbers(text: str | None) -> Integers:
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _json(numbers: Integers) -> str:
    return json.dumps(numbers.tolist())


def _digits(seqs: Integers) -> bytes:
    """The numbers as ten digits each, to be taken by their index."""
    return b"".join(b"%010d" % seq for seq in seqs.tolist())


def _execute(connection: Connection, statement: str, values: dict[str, Any]) -> int:
    return connection.exec_driver_sql(statement, values).rowcount
