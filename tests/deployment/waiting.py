"""Waiting for what another process does."""

import time
from collections.abc import Callable

PATIENCE_S = 60
_POLL_S = 0.02


def wait_until(condition: Callable[[], object]) -> None:
    """Return when the condition holds; a busy machine is waited for."""
    assert came_true(condition, within_s=PATIENCE_S)


def came_true(condition: Callable[[], object], within_s: float) -> bool:
    """Wait for the condition; answers whether it holds in time."""
    deadline = time.monotonic() + within_s
    while not (holds := bool(condition())) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return holds
