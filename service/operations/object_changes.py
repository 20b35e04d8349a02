"""Objects of discounts as the audit log tells of them."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from service.domain.money import plain
from service.storage.audit import Change

SERVERS_OWN = "trace"
"""What the log has beside the object: when, and by whom."""


def as_json(value: Any) -> Any:
    """An object, or what is in it, as JSON has it; its traces are left out."""
    if is_dataclass(value):
        names = [field.name for field in fields(value) if field.name != SERVERS_OWN]
        return {name: as_json(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    # Without zeros at the end, so that equal amounts are no difference.
    return plain(value) if isinstance(value, Decimal) else value


def change_of(action: str, entity: str, number: int, before: Any, after: Any) -> Change:
    """The entry for an object that was changed: what differs, before and after.

    Args:
        action: What was done.
        entity: What kind of object it is.
        number: Of its row.
        before: The object as it was; None for one that is new.
        after: The object as it is.
    """
    new = as_json(after)
    if before is None:
        return Change(action, entity, number, after=new)
    old = as_json(before)
    changed = [name for name in new if new[name] != old[name]]
    return Change(
        action,
        entity,
        number,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )
