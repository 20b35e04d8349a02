"""A small disk of a test's own, which can be filled: a file system in memory."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_CHUNK = bytes(4096)


class Disk:
    """A mounted disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no byte free."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while filler.write(_CHUNK):
                pass

    def empty(self) -> None:
        """Give back what ``fill`` took."""
        self._filler.unlink()


@contextmanager
def mounted(folder: Path, megabytes: int, user: int | None = None) -> Iterator[Disk]:
    """Mount a disk for the time of the block; skips the test where that is not allowed."""
    folder.mkdir()
    options = f"size={megabytes}m,mode=700,uid={user or os.getuid()}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a disk")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
