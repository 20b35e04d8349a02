"""Whether a process counts, and in which files."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from service.metrics.counting import Counts

__all__ = ["find_counts", "start_counting"]

# As prometheus-client names them, by what they hold and the process that counts there.
_COUNTS = re.compile(r"(?:counter|histogram|gauge_[a-z]+)_([0-9]+)\.db")

_log = structlog.get_logger("service.metrics")


def find_counts(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files that processes count in, each with the number of its process, and no other."""
    for file in folder.glob("*.db"):
        if found := _COUNTS.fullmatch(file.name):
            yield file, int(found[1])


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
