"""The audit log, searched for changes."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from service.domain.numbers import ID_MAX
from service.domain.recorded import ChangeSearch, FoundChange
from service.domain.roles import COMMAND_LINE
from service.storage import newest_first
from service.storage.newest_first import Stretches
from service.storage.party_tables import service_user
from service.storage.tables import audit

FEW_COUNT_MAX = 5_000
"""So many entries about one kind of thing are put in order; among more, the log is gone through."""

_NOTHING: dict[type, str | int] = {str: "", int: 0}
_USER_NAME = func.coalesce(service_user.c.name, COMMAND_LINE.user_name)
_CHANGES: Select[Any] = (
    select(
        audit.c.audit_id,
        audit.c.at,
        _USER_NAME.label("user_name"),
        audit.c.action,
        audit.c.entity,
        audit.c.entity_id,
        audit.c.before,
        audit.c.after,
        audit.c.tracking_id,
    )
    .select_from(audit)
    # The command line is no user of the table.
    .join(service_user, service_user.c.user_id == audit.c.user_id, isouter=True)
)


def find_changes(
    connection: Connection, search: ChangeSearch, *, before_id: int | None, size: int
) -> tuple[list[FoundChange], int | None, int]:
    """A page of changes, the latest first.

    Args:
        connection: The transaction.
        search: Which changes.
        before_id: Only entries with lower numbers; None for all.
        size: How many at most.

    Returns:
        The changes, before which number the next page is, and how many entries were looked at.
    """
    if search.entity_id is not None and search.entity_id > ID_MAX:
        return [], None, 0
    narrow = _narrow(connection, search)
    if narrow is None:
        found = _through_log(connection, search, before_id, size)
    else:
        found = _among_few(connection, [*_conditions(search), narrow], before_id, size)
    return [_change(row) for row in found.rows], found.before, found.searched_count


def _conditions(search: ChangeSearch) -> list[ColumnElement[bool]]:
    asked: dict[Any, Any] = {
        audit.c.entity: search.entity,
        audit.c.entity_id: search.entity_id,
        audit.c.action: search.action,
        audit.c.tracking_id: search.tracking_id,
        _USER_NAME: search.user_name,
    }
    # As expressions, so that no index of theirs is followed instead of the given numbers.
    conditions = [
        func.coalesce(column, _NOTHING[type(value)]) == value
        for column, value in asked.items()
        if value is not None
    ]
    if search.since is not None:
        conditions.append(audit.c.at >= search.since)
    if search.before is not None:
        conditions.append(audit.c.at < search.before)
    return conditions


def _narrow(connection: Connection, search: ChangeSearch) -> ColumnElement[bool] | None:
    """Which few entries an index names; None when there are many."""
    if search.tracking_id is not None:
        is_meant = audit.c.tracking_id == search.tracking_id
    elif search.entity is not None and search.entity_id is not None:
        is_meant = (audit.c.entity == search.entity) & (audit.c.entity_id == search.entity_id)
    elif search.entity is not None:
        is_meant = audit.c.entity == search.entity
    else:
        return None
    statement = select(audit.c.audit_id).where(is_meant).limit(FEW_COUNT_MAX + 1)
    numbers = connection.scalars(statement).all()
    return audit.c.audit_id.in_(numbers) if len(numbers) <= FEW_COUNT_MAX else None


def _among_few(
    connection: Connection, conditions: list[ColumnElement[bool]], before_id: int | None, size: int
) -> Stretches:
    statement = _CHANGES.where(*conditions).order_by(audit.c.audit_id.desc()).limit(size + 1)
    if before_id is not None:
        statement = statement.where(audit.c.audit_id < before_id)
    rows = list(connection.execute(statement))
    before = rows[size - 1].audit_id if len(rows) > size else None
    return Stretches(rows[:size], before, len(rows[:size]))


def _through_log(
    connection: Connection, search: ChangeSearch, before_id: int | None, size: int
) -> Stretches:
    number = audit.c.audit_id
    first, end = newest_first.bounds(connection, number, audit.c.at, search.since, search.before)
    return newest_first.search(
        connection,
        _CHANGES.where(*_conditions(search)),
        number,
        first=first,
        before=min(end, before_id or ID_MAX),
        size=size,
    )


def _change(row: Row[Any]) -> FoundChange:
    return FoundChange(**row._mapping)  # noqa: SLF001 - the name under which SQLAlchemy publishes it
