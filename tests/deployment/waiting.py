"""Waiting for what another process does."""

import time
from collections.abc import Callable

PATIENCE_S = 60
_POLL_S = 0.02


def wait_until(condition: Callable[[], object]) -> None:
    """Return when the condition holds; a busy machine is waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(_POLL_S)
