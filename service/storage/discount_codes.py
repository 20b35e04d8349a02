"""The codes of coupons that discount bills: each is a coupon of no class.

The table of coupons keeps them apart from all other codes that are or were in use, so that none
is ever given twice. Codes are folded, as ``service.domain.codes.fold_code`` has it.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from service.storage.statements import insert_or_ignore
from service.storage.tables import coupon


def reserve_code(connection: Connection, code: str) -> int | None:
    """Take a code; answers its number, or None when it is or was in use."""
    return reserve_codes(connection, [code]).get(code)


def reserve_codes(connection: Connection, codes: Sequence[str]) -> dict[str, int]:
    """Take those of the codes that never were in use: answers their numbers, by code.

    On PostgreSQL it waits for whoever takes one of them at the same time, and passes it over
    when that succeeds.
    """
    statement = insert_or_ignore(connection.dialect.name, coupon).returning(
        coupon.c.code, coupon.c.coupon_id
    )
    # In one order for all, so that two who take the same codes wait once and not for one another.
    rows = [{"code": code} for code in sorted(set(codes))]
    return {row.code: row.coupon_id for row in connection.execute(statement, rows)} if rows else {}


def find_code(connection: Connection, code: str) -> int | None:
    """The number of a code that discounts bills; None for any other code."""
    statement = select(coupon.c.coupon_id).where(coupon.c.code == code, coupon.c.class_id.is_(None))
    return connection.execute(statement).scalar_one_or_none()
