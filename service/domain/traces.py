"""Who last changed a thing, and when: what the objects of discounts carry with them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Trace:
    """When a thing was made, and when and by whom it was last changed.

    Attributes:
        created_at: When it was made.
        changed_by: The user who last changed it; 0 for the command line.
        updated_at: When that was; None for a thing that was never changed.
    """

    created_at: datetime
    changed_by: int
    updated_at: datetime | None = None


def trace_in(trace: Trace | None) -> Trace:
    """The trace of what is stored; raises ``ValueError`` for what was never stored."""
    if trace is None:
        raise ValueError("it was never stored")
    return trace
