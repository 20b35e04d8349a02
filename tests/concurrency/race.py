"""Many threads that do the same thing at the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from service.domain.error_rows import ErrorRow
from service.domain.refusals import ServiceError

Result = TypeVar("Result")
PATIENCE_SECONDS = 60


def race(actions: Sequence[Callable[[], Result]]) -> list[Result | ErrorRow]:
    """Run each action in a thread of its own, all let go at once.

    Answers:
        In the order of the actions, what each answered or the row with which it
        was refused; anything else that goes wrong is raised.
    """
    start = Barrier(len(actions), timeout=PATIENCE_SECONDS)

    def run(action: Callable[[], Result]) -> Result | ErrorRow:
        start.wait()
        try:
            return action()
        except ServiceError as refusal:
            return refusal.row

    with ThreadPoolExecutor(max_workers=len(actions)) as threads:
        return list(threads.map(run, actions, timeout=PATIENCE_SECONDS))
