"""Runs a program, and tells how long it took and how much memory it had."""

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOOK_INTERVAL_S = 0.02


@dataclass(frozen=True)
class Finished:
    """A program that has ended well.

    Attributes:
        seconds: From its start to its end.
        peak_bytes: The most memory that was resident; None where the system does not tell.
    """

    seconds: float
    peak_bytes: int | None
    output: str


def run_watched(command: list[str | Path]) -> Finished:
    """Run a program, which is to write little; that it fails is an error."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        peak = None
        while process.poll() is None:
            peak = _peak_bytes(process.pid) or peak
            time.sleep(LOOK_INTERVAL_S)
        seconds = time.perf_counter() - start
        output = process.communicate()[0]
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {output[-2000:]}")
    return Finished(seconds, peak, output)


def resident_bytes(pid: int) -> int:
    """How much memory of a running process is resident, as Linux tells."""
    return _status_bytes(pid, "VmRSS:")


def descriptors_count(pid: int) -> int:
    """How many files, connections and the like a running process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def threads_count(pid: int) -> int:
    """How many threads a running process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def _peak_bytes(pid: int) -> int | None:
    """What Linux tells of a running process; its own account at the end counts its parent in."""
    with suppress(OSError, LookupError):
        return _status_bytes(pid, "VmHWM:")
    return None


def _status_bytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
