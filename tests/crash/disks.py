"""Disks that a test can fill, and files of which it takes the right to write.

A disk is a file system in memory, which only root may mount. For who is not root, the
processes of the service may write no further than into the first bytes of each file.
"""

import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_CHUNK = bytes(4096)
_BYTES_MAX = 2**20
"""More than a service logs, and less than what many redemptions write."""


class NotAllowedError(Exception):
    """Only root may do this, or only on some file systems."""


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
    """Mount a disk for the time of the block.

    Raises:
        NotAllowedError: Only root may do so.
    """
    folder.mkdir()
    options = f"size={megabytes}m,mode=700,uid={user or os.getuid()}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotAllowedError("only root may mount a disk") from error
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class LimitedFiles:
    """What looks like a full disk to the processes of a group, and to no other."""

    def __init__(self, group: int) -> None:
        self._group = group

    def fill(self) -> None:
        """Let the processes write nothing behind the first bytes of a file."""
        self._limit(_BYTES_MAX)

    def empty(self) -> None:
        """Let them write again."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, bytes_max: int) -> None:
        command = ["ps", "-e", "-o", "pgid=,pid="]
        rows = map(str.split, subprocess.check_output(command, text=True).splitlines())
        for pid in (int(pid) for group, pid in rows if int(group) == self._group):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (bytes_max, hard))


class ReadOnlyFiles:
    """Files that nobody may write for a while, not even who has opened them before."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def begin(self) -> None:
        """Let nobody write them.

        Raises:
            NotAllowedError: Only root may do so, on Linux and some file systems.
        """
        with self._files[0].open("ab", buffering=0) as file:
            self._change("+i")
            try:
                file.write(b"")
                os.utime(file.fileno())
            except PermissionError:
                return
        self.end()
        raise NotAllowedError("files cannot be made to be read only")

    def end(self) -> None:
        """Let who may write them do so again."""
        self._change("-i")

    def _change(self, attribute: str) -> None:
        with suppress(OSError):
            subprocess.run(
                ["chattr", attribute, *map(str, self._files)], check=False, capture_output=True
            )
