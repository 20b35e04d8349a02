"""The audit log: who changed what, when, under which TrackingId."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from service.storage.tables import audit

_INSERT = insert(audit)


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


def append(connection: Connection, author: Author, changes: Iterable[Change]) -> None:
    """Write the changes into the log, in the transaction that makes them."""
    connection.execute(
        _INSERT,
        [
            {
                "at": author.at,
                "user_id": author.user_id,
                "tracking_id": author.tracking_id,
                "action": change.action,
                "entity": change.entity,
                "entity_id": change.entity_id,
                "before": change.before,
                "after": change.after,
            }
            for change in changes
        ],
    )
