"""The audit log: who changed what, when, under which TrackingId."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from service.domain.roles import COMMAND_LINE
from service.storage.party_tables import service_user
from service.storage.prepared import Prepared, Values
from service.storage.tables import audit

COLUMNS = (
    "at",
    "user_id",
    "tracking_id",
    "action",
    "entity",
    "entity_id",
    "before",
    "after",
)
"""What a line has, apart from its number."""
_INSERT = Prepared(insert(audit), keys=COLUMNS)
_EVENTS = (
    select(
        audit.c.at,
        # The command line is no user of the table.
        func.coalesce(service_user.c.name, COMMAND_LINE.user_name),
        audit.c.action,
        audit.c.before,
        audit.c.after,
        audit.c.tracking_id,
    )
    .select_from(audit)
    .join(service_user, service_user.c.user_id == audit.c.user_id, isouter=True)
    .order_by(audit.c.audit_id)
)


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes the changes of a transaction, and when."""

    user_id: int
    tracking_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One change: ``before`` and ``after`` hold what differs, as JSON values."""

    action: str
    entity: str
    entity_id: int
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A change as it is told: who made it, when, under which TrackingId."""

    at: datetime
    user_name: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    tracking_id: str


def append(connection: Connection, author: Author, changes: Iterable[Change]) -> None:
    """Write the changes into the log, in the transaction that makes them."""
    _INSERT.run_each(connection, [line(author, change) for change in changes])


def add(connection: Connection, values: Values) -> None:
    """Write a ``line`` into the log, in the transaction that makes the change."""
    _INSERT.count(connection, values)


def line(author: Author, change: Change) -> Values:
    """A line of the log as a row."""
    return {
        "at": author.at,
        "user_id": author.user_id,
        "tracking_id": author.tracking_id,
        "action": change.action,
        "entity": change.entity,
        "entity_id": change.entity_id,
        "before": change.before,
        "after": change.after,
    }


def history(
    connection: Connection, entity: str, entity_id: int, count_max: int | None = None
) -> list[Event]:
    """What happened to one entity, oldest first.

    Args:
        connection: The transaction.
        entity: What kind of thing it is.
        entity_id: Which one.
        count_max: How many of its latest changes; None for all.
    """
    statement = _EVENTS.where(audit.c.entity == entity, audit.c.entity_id == entity_id)
    latest = statement.order_by(None).order_by(audit.c.audit_id.desc()).limit(count_max)
    return [Event(*row) for row in connection.execute(latest)][::-1]
