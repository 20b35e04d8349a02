"""Statements that fail, to see what a transaction leaves behind."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import event

from tests.programme import Programme


class DiskFullError(Exception):
    """What fails in the middle of a transaction."""


BEFORE = ("before_cursor_execute",)
AROUND = ("before_cursor_execute", "after_cursor_execute", "commit")
"""Also when a statement was carried out, and when all were and the transaction is to commit."""


def require_all_or_nothing(
    programme: Programme, action: Callable[[], object], moments: Sequence[str] = BEFORE
) -> int:
    """Run the action, each time with a fault at the next moment, until it goes through.

    Asserts that no fault changed a row of any table.

    Args:
        programme: On whose database the action runs.
        action: What must have its whole effect or none.
        moments: The events of SQLAlchemy's engine at which there are faults.

    Answers:
        How many faults there were: with ``BEFORE``, how many statements the action has.
    """
    before = programme.all_rows()
    number = 0
    while not _goes_through(programme, action, number, moments):
        assert programme.all_rows() == before
        number += 1
    assert programme.all_rows() != before
    return number


def _goes_through(
    programme: Programme, action: Callable[[], object], failing: int, moments: Sequence[str]
) -> bool:
    """Run the action; the moment of this number, counted from 0, fails if there is one.

    The beginning of each transaction counts as one, which SQLite is told by a statement.
    """
    left = failing

    def fail_at_last(*_execution: Any) -> None:
        nonlocal left
        if left == 0:
            raise DiskFullError
        left -= 1

    engine = programme.database.engine
    events = [*moments]
    if engine.dialect.name != "sqlite":
        events.append("begin")
    for name in events:
        event.listen(engine, name, fail_at_last)
    try:
        action()
    except DiskFullError:
        return False
    finally:
        for name in events:
            event.remove(engine, name, fail_at_last)
    return True
