"""Many coupons at once on PostgreSQL: binary COPY from and to arrays."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from service.domain.codes import Codes, texts_of
from service.storage.trouble import is_unique_violation

Integers = NDArray[np.int64]

# Of the format: its signature, no flags, no extension; and the end. Numbers are big-endian.
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_COUPON_COLUMNS = ("class_id", "terms_id", "batch_id", "seq", "code")
_COPY_COUPONS = f"COPY coupon ({', '.join(_COUPON_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_COPY_PLACES = "COPY coupon_place (batch_id, seq, coupon_id) FROM STDIN (FORMAT BINARY)"
_ADD_UNUSED = text("""
    INSERT INTO coupon (class_id, terms_id, batch_id, seq, code)
    SELECT :class_id, :terms_id, :batch_id, new.seq, new.code
    FROM unnest(CAST(:seqs AS integer[]), CAST(:codes AS text[])) AS new (seq, code)
    ON CONFLICT (code) DO NOTHING
""")
_UNUSED = text("""
    SELECT index - 1 FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS asked (code, index)
    WHERE NOT EXISTS (SELECT FROM coupon WHERE coupon.code = asked.code COLLATE "C")
    ORDER BY index
""")
_MOVE = text("""
    UPDATE coupon SET seq = moved.seq
    FROM unnest(CAST(:coupon_ids AS bigint[]), CAST(:seqs AS integer[])) AS moved (coupon_id, seq)
    WHERE coupon.coupon_id = moved.coupon_id
""")
_PLACES = """
    SELECT string_agg(coupon_id::text, ','), string_agg(seq::text, ',') FROM coupon
    WHERE coupon_id >= %(first)s AND coupon_id < %(end)s AND batch_id = %(batch_id)s
        AND seq IS NOT NULL
"""


def add_coupons(
    connection: Connection, common: dict[str, int], codes: Codes, seqs: Integers
) -> int:
    """As ``service.storage.bulk.add_coupons_in_bulk``."""
    if codes[:, -1].all():
        try:
            with connection.begin_nested():
                _copy(connection, _COPY_COUPONS, _coupon_rows(common, codes, seqs))
        except DBAPIError as error:
            # COPY cannot pass over a code that exists; an INSERT can, at half the speed.
            if not is_unique_violation(error):
                raise
        else:
            return len(codes)
    values = {**common, "seqs": seqs.tolist(), "codes": texts_of(codes)}
    return int(connection.execute(_ADD_UNUSED, values).rowcount)


def find_unused(connection: Connection, codes: Codes) -> Integers:
    """As ``service.storage.bulk.find_unused``."""
    found = connection.scalars(_UNUSED, {"codes": texts_of(codes)})
    return np.array(found.all(), dtype=np.int64)


def add_places(connection: Connection, batch_id: int, first_seq: int, coupon_ids: Integers) -> None:
    """As ``service.storage.bulk.add_places_in_bulk``."""
    rows = _empty_rows(len(coupon_ids), {"batch_id": ">i8", "seq": ">i4", "coupon_id": ">i8"})
    rows["batch_id"] = batch_id
    rows["seq"] = np.arange(first_seq, first_seq + len(coupon_ids))
    rows["coupon_id"] = coupon_ids
    _copy(connection, _COPY_PLACES, rows)


def move(connection: Connection, coupon_ids: Integers, seqs: Integers) -> None:
    """As ``service.storage.bulk.move``."""
    connection.execute(_MOVE, {"coupon_ids": coupon_ids.tolist(), "seqs": seqs.tolist()})


def read_places(connection: Connection, values: dict[str, int]) -> tuple[Integers, Integers]:
    """The numbers and seqs of a batch's coupons in one range of numbers."""
    ids, seqs = connection.exec_driver_sql(_PLACES, values).one()
    return (
        np.fromstring(ids or "", dtype=np.int64, sep=","),
        np.fromstring(seqs or "", dtype=np.int64, sep=","),
    )


def _coupon_rows(common: dict[str, int], codes: Codes, seqs: Integers) -> NDArray[Any]:
    length = codes.shape[1]
    types = {**dict.fromkeys(common, ">i8"), "seq": ">i4", "code": f"S{length}"}
    rows = _empty_rows(len(codes), types)
    for name, value in common.items():
        rows[name] = value
    rows["seq"] = seqs
    rows["code"] = np.ascontiguousarray(codes).view(f"S{length}").reshape(len(codes))
    return rows


def _empty_rows(count: int, types: dict[str, str]) -> NDArray[Any]:
    """Rows of the format: the number of fields, and before each field its length."""
    fields = [("fields_count", ">i2")]
    for name, kind in types.items():
        fields += [(f"{name}_length", ">i4"), (name, kind)]
    rows = np.empty(count, dtype=fields)
    rows["fields_count"] = len(types)
    for name, kind in types.items():
        rows[f"{name}_length"] = np.dtype(kind).itemsize
    return rows


def _copy(connection: Connection, statement: str, rows: NDArray[Any]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - it is connected
    with (
        _told_as_sqlalchemy_tells(driver),
        driver.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(_HEADER)
        copy.write(rows.tobytes())
        copy.write(_TRAILER)


@contextmanager
def _told_as_sqlalchemy_tells(driver: Any) -> Iterator[None]:
    """Raise what the driver raises inside the block as SQLAlchemy does for statements."""
    try:
        yield
    except psycopg.Error as error:
        raised = DBAPIError.instance(
            "COPY",
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=driver.closed,
        )
        raise raised from error
