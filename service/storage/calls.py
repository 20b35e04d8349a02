"""The journal of calls: written in batches, searched, and forgotten from its beginning."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, or_, select

from service.domain.numbers import ID_MAX
from service.domain.recorded import OK, CallRecord, CallSearch, FoundCall
from service.storage import newest_first
from service.storage.party_tables import membership, service_user
from service.storage.report_tables import call

CALLS_COUNT_MAX = 10_000_000
"""How many calls are kept, at the most: about 2 GB."""
FORGOTTEN_TOGETHER = 200
"""How many are forgotten in one transaction: others wait for it."""

_CALLS: Select[Any] = (
    select(call, service_user.c.name.label("user_name"))
    .select_from(call)
    .join(service_user, service_user.c.user_id == call.c.user_id, isouter=True)
)
_ADD_ON_SQLITE = """
    INSERT INTO call (
        tracking_id, at, contract, operation, user_id, outcome, code, http_status, duration_us,
        request_bytes, response_bytes, is_replay
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_ON_POSTGRESQL = """
    INSERT INTO call (
        tracking_id, at, contract, operation, user_id, outcome, code, http_status, duration_us,
        request_bytes, response_bytes, is_replay
    )
    SELECT decode(value ->> 0, 'hex'), CAST(value ->> 1 AS timestamptz), value ->> 2, value ->> 3,
        CAST(value ->> 4 AS bigint), value ->> 5, CAST(value ->> 6 AS integer),
        CAST(value ->> 7 AS integer), CAST(value ->> 8 AS integer), CAST(value ->> 9 AS integer),
        CAST(value ->> 10 AS integer), CAST(value ->> 11 AS boolean)
    FROM json_array_elements(CAST(%(rows)s AS json)) WITH ORDINALITY AS rows (value, place)
    ORDER BY place
"""


def add_calls(connection: Connection, records: Sequence[CallRecord]) -> None:
    """Write calls that have ended.

    It is done beside other calls, which wait for every moment that Python takes here: so it is
    told in the database's own terms, at a tenth of what a list of parameters takes.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_ADD_ON_SQLITE, [_sqlite_row(it) for it in records])
    else:
        rows = json.dumps([_postgresql_row(it) for it in records])
        connection.exec_driver_sql(_ADD_ON_POSTGRESQL, {"rows": rows})


def _sqlite_row(record: CallRecord) -> tuple[Any, ...]:
    guid = bytes.fromhex(record.tracking_id.replace("-", ""))
    at = record.at.isoformat(" ", "microseconds")
    return (guid, at, *record[2:8], round(record.duration_ms * 1000), *record[9:])


def _postgresql_row(record: CallRecord) -> tuple[Any, ...]:
    guid = record.tracking_id.replace("-", "")
    at = record.at.isoformat()
    return (guid, at, *record[2:8], round(record.duration_ms * 1000), *record[9:])


def has_old_calls(connection: Connection, before: datetime) -> bool:
    """Whether the first call ended earlier, or is one too many."""
    newest = connection.execute(select(func.max(call.c.call_id))).scalar_one() or 0
    first = select(call.c.call_id, call.c.at).order_by(call.c.call_id).limit(1)
    row = connection.execute(first).one_or_none()
    return row is not None and (row.at < before or row.call_id <= newest - CALLS_COUNT_MAX)


def forget_calls(connection: Connection, before: datetime) -> int:
    """Remove the first calls that ended earlier, or are too many; answers how many.

    Args:
        connection: A transaction that writes.
        before: When.
    """
    number = call.c.call_id
    ends = select(number).order_by(number).offset(FORGOTTEN_TOGETHER - 1).limit(1)
    newest = connection.execute(select(func.max(number))).scalar_one() or 0
    last = connection.execute(ends).scalar_one_or_none() or newest
    is_over = or_(call.c.at < before, number <= newest - CALLS_COUNT_MAX)
    return connection.execute(delete(call).where(number <= last, is_over)).rowcount


def find_calls(
    connection: Connection,
    search: CallSearch,
    *,
    tracking_id: UUID | None,
    seen_by: ColumnElement[bool] | None,
    before_id: int | None,
    size: int,
) -> tuple[list[FoundCall], int | None, int]:
    """A page of calls, the latest first.

    Args:
        connection: The transaction.
        search: Which calls.
        tracking_id: That of the search.
        seen_by: What a call must be like to be seen; None when all are.
        before_id: Only calls with lower numbers; None for all.
        size: How many at most.

    Returns:
        The calls, before which number the next page is, and how many calls were looked at.
    """
    conditions = _conditions(search)
    if seen_by is not None:
        conditions.append(seen_by)
    if tracking_id is not None:
        is_meant = call.c.tracking_id == tracking_id.bytes
        rows = connection.execute(_CALLS.where(is_meant, *conditions).order_by(call.c.call_id))
        return [_found(row) for row in rows], None, 1
    first, end = newest_first.bounds(
        connection, call.c.call_id, call.c.at, search.since, search.before
    )
    found = newest_first.search(
        connection,
        _CALLS.where(*conditions),
        call.c.call_id,
        first=first,
        before=min(end, before_id or ID_MAX),
        size=size,
    )
    return [_found(row) for row in found.rows], found.before, found.searched_count


def seen_by_user(user_id: int, customer_ids: Collection[int]) -> ColumnElement[bool]:
    """Calls of a user, and of those whose roles are all in some customers."""
    inside = membership.alias("inside")
    elsewhere = membership.alias("elsewhere")
    is_inside = inside.c.customer_id.in_(customer_ids)
    is_outside = or_(
        elsewhere.c.customer_id.is_(None), elsewhere.c.customer_id.not_in(customer_ids)
    )
    others = select(elsewhere.c.user_id).where(is_outside)
    users = select(inside.c.user_id).where(is_inside, inside.c.user_id.not_in(others))
    return or_(call.c.user_id == user_id, call.c.user_id.in_(users))


def _conditions(search: CallSearch) -> list[ColumnElement[bool]]:
    asked: dict[Any, Any] = {
        service_user.c.name: search.user_name,
        call.c.operation: search.operation,
        call.c.outcome: search.outcome,
    }
    conditions = [column == value for column, value in asked.items() if value is not None]
    if search.customer_id is not None:
        users = select(membership.c.user_id).where(membership.c.customer_id == search.customer_id)
        conditions.append(call.c.user_id.in_(users))
    if search.only_faults:
        conditions.append(call.c.outcome != OK)
    if search.since is not None:
        conditions.append(call.c.at >= search.since)
    if search.before is not None:
        conditions.append(call.c.at < search.before)
    return conditions


def _found(row: Row[Any]) -> FoundCall:
    record = CallRecord(
        tracking_id=str(UUID(bytes=row.tracking_id)),
        at=row.at,
        contract=row.contract,
        operation=row.operation,
        user_id=row.user_id,
        outcome=row.outcome,
        code=row.code,
        http_status=row.http_status,
        duration_ms=row.duration_us / 1000,
        request_bytes=row.request_bytes,
        response_bytes=row.response_bytes,
        is_replay=row.is_replay,
    )
    return FoundCall(record, row.user_name)
