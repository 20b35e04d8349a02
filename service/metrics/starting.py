"""Whether a process counts."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from service.metrics.counting import Counts

__all__ = ["start_counting"]

_log = structlog.get_logger("service.metrics")


def start_counting(
    folder: Path | None, gate_symbols: frozenset[str] = frozenset()
) -> "Counts | None":
    """Make what this process counts in; None when nothing is counted, or there is no room.

    Args:
        folder: Where processes keep what they count; None to count nothing.
        gate_symbols: As for ``Counts``.
    """
    if folder is None:
        return None
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from service.metrics import counting  # noqa: PLC0415 - it reads the variable

    try:
        counting.reserve_files(folder)
    except OSError:
        _log.error("metrics", reason="nothing is counted", exc_info=True)
        return None
    return counting.Counts(gate_symbols)
