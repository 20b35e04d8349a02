"""Where services are started again and again: what they import is loaded once.

A nursery is a process of its own, which forks a service at each order before it has any
thread. Run as a program, ``nursery.py [FAULT]``, this file is the nursery.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))


class Nursery:
    """Starts services, and tells when they have ended."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin
        assert process.stdout
        self._orders, self._answers = process.stdin, process.stdout

    def start(self, settings: Mapping[str, str], log: Path) -> "Born":
        """Start a service, in a process group of its own."""
        return Born(self.ask("start", dict(settings), str(log)), self)

    def ask(self, *order: object) -> Any:
        self._orders.write(f"{json.dumps(order)}\n")
        self._orders.flush()
        return json.loads(self._answers.readline())


class Born:
    """A service's main process, as far as ``subprocess.Popen`` tells of one.

    Attributes:
        pid: Its number, and that of its group.
    """

    def __init__(self, pid: int, nursery: Nursery) -> None:
        self.pid = pid
        self._nursery = nursery
        self._status: int | None = None

    def poll(self) -> int | None:
        """The status with which it has ended."""
        return self._look(os.WNOHANG)

    def wait(self) -> int | None:
        """Return when it has ended."""
        return self._look(0)

    def _look(self, options: int) -> int | None:
        if self._status is None:
            self._status = self._nursery.ask("wait", self.pid, options)
        return self._status


@contextmanager
def opened_nursery(*fault: str) -> Iterator[Nursery]:
    """A nursery for the time of the block, of the right service or of a broken one."""
    with subprocess.Popen(
        [sys.executable, __file__, *fault],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process)


def _start(settings: dict[str, str], log: str) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _be_service(settings, log)
        finally:
            os._exit(1)
    return pid


def _be_service(settings: dict[str, str], log: str) -> None:
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.update(settings)
    sys.argv[1:] = ["serve", "--no-worker"]
    main()


def _wait(pid: int, options: int) -> int | None:
    ended, status = os.waitpid(pid, options)
    return os.waitstatus_to_exitcode(status) if ended else None


if __name__ == "__main__":
    # The application as well, which only the service's workers would import.
    import service.cli.serving_process  # noqa: F401
    from service.cli.main import main

    if sys.argv[1:]:
        import tests.reliability.broken_service  # noqa: F401 - it breaks what is imported
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        answer = {"start": _start, "wait": _wait}[name](*arguments)
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
