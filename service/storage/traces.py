"""Traces in the rows of definitions, books and instances: who changed them last, and when."""

from typing import Any

from sqlalchemy import Row

from service.domain.traces import Trace


def trace_of(row: Row[Any]) -> Trace:
    """The trace in a row that has its columns."""
    return Trace(row.created_at, row.changed_by, row.updated_at)


def trace_values(trace: Trace) -> dict[str, Any]:
    """The columns of a trace."""
    return {
        "created_at": trace.created_at,
        "changed_by": trace.changed_by,
        "updated_at": trace.updated_at,
    }


def trace_of_part(old: Trace | None, change: Trace, *, is_same: bool) -> Trace:
    """The trace of a part of what is changed, such as a modifier of a definition.

    Args:
        old: Of the part before; None when it is new.
        change: Who changes the whole, and when.
        is_same: Whether the part says what it said before.
    """
    if old is None:
        return change
    return old if is_same else Trace(old.created_at, change.changed_by, change.created_at)
