"""The service as processes that a test can kill, on a port of its own, right or broken."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from service.addresses import CUSTOMER_BILLING_PATH, READY_PATH
from tests.ports import free_port
from tests.reliability.crowd import Address
from tests.reliability.nursery import Born, Nursery

RIGHT = ("-m", "service.cli")
BROKEN = (str(Path(__file__).with_name("broken_service.py")),)
START_S_MAX = 60
STOP_S_MAX = 20
_POLL_S = 0.02


@dataclass
class ServiceProcess:
    """A service that is started and killed as often as a test likes, always on the same port.

    Attributes:
        settings: By their variables' names without prefix.
        command: What Python runs.
        log: Where the processes write.
        nursery: Where it is started instead, without loading what it imports.
    """

    settings: dict[str, str]
    log: Path
    command: tuple[str, ...] = RIGHT
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | Born | None" = None
    nursery: Nursery | None = None

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port, CUSTOMER_BILLING_PATH)

    def start(self) -> None:
        """Start the service; returns when it answers."""
        self.process = self._launched()
        deadline = time.monotonic() + START_S_MAX
        while not self._is_healthy():
            ended = self.process.poll()
            assert ended is None, f"the service ended with {ended}: {self.log.read_text()}"
            assert time.monotonic() < deadline, f"no answer: {self.log.read_text()}"
            time.sleep(_POLL_S)

    def kill(self) -> None:
        """End every process of the service with SIGKILL."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Let the service finish its calls."""
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_S_MAX
            while self.process.poll() is None and time.monotonic() < deadline:
                time.sleep(_POLL_S)
            self.kill()

    def _launched(self) -> "subprocess.Popen[bytes] | Born":
        settings = {f"COUPON_BILLING_{key}": it for key, it in self._settings()}
        if self.nursery:
            return self.nursery.start(settings, self.log)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.command, "serve", "--no-worker"],
                env=os.environ | settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                # The processes of the service are killed together.
                start_new_session=True,
            )

    def _settings(self) -> Iterator[tuple[str, str]]:
        yield from {
            "BIND": f"127.0.0.1:{self.port}",
            "WORKERS": "2",
            "THREADS": "32",
            "LOG_LEVEL": "error",
            **self.settings,
        }.items()

    def _is_healthy(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", READY_PATH)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def serving(
    database_url: str, directory: Path, *fault: str, **settings: str
) -> Iterator[ServiceProcess]:
    """Serve a database for the time of the block.

    Args:
        database_url: Of a database with tables.
        directory: For the log.
        fault: How the service is broken, as ``broken_service`` names it; nothing for not.
        settings: Further settings, by their variables' names without prefix.
    """
    command = (*BROKEN, *fault) if fault else RIGHT
    service = ServiceProcess({"DATABASE": database_url, **settings}, directory / "log", command)
    service.start()
    try:
        yield service
    finally:
        service.stop()
