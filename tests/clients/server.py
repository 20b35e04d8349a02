"""The real service for the tests of this folder: the command as a process, on a port of its own."""

import json
import os
import re
import ssl
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from service.addresses import COUPON_MANAGEMENT_PATH, CUSTOMER_BILLING_PATH, READY_PATH
from service.cli.main import app as command_line
from tests.ports import free_port

COMMAND = Path(sysconfig.get_path("scripts")) / "coupon-billing"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20
PATIENCE_S = 60
_TROUBLE = re.compile("internal error|Traceback|ERROR|CRITICAL")


@dataclass(frozen=True)
class Server:
    """A running service.

    Attributes:
        first_keys: What ``init --json`` printed.
        log: Where the process writes.
        trust: What a client must trust; None for a service that speaks plain HTTP.
    """

    port: int
    database_url: str
    first_keys: dict[str, Any]
    log: Path
    trust: ssl.SSLContext | None = None
    pid: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address that clients are given."""
        return f"{self._scheme}://{self.host}{CUSTOMER_BILLING_PATH}"

    @property
    def management_url(self) -> str:
        """The address of the coupon management service."""
        return f"{self._scheme}://{self.host}{COUPON_MANAGEMENT_PATH}"

    @property
    def _scheme(self) -> str:
        return "https" if self.trust else "http"

    def connect(self, address: str = "127.0.0.1") -> HTTPConnection:
        """A connection from an address of this machine."""
        source = (address, 0)
        if self.trust is None:
            return HTTPConnection(self.host, timeout=PATIENCE_S, source_address=source)
        return HTTPSConnection(
            self.host, timeout=PATIENCE_S, source_address=source, context=self.trust
        )

    def trouble(self) -> list[str]:
        """The lines of the log that no healthy service writes."""
        return [line for line in self.log.read_text().splitlines() if _TROUBLE.search(line)]


@contextmanager
def running(
    directory: Path, database_url: str, trust: ssl.SSLContext | None = None, **settings: str
) -> Iterator[Server]:
    """Initialise a database and serve it; each reply is checked.

    Args:
        directory: For mails and log.
        database_url: A database without tables.
        trust: What a client must trust, if the settings name a certificate.
        settings: Further settings, by their variables' names without prefix.
    """
    settings = {
        "DATABASE": database_url,
        "VALIDATE_RESPONSES": "true",
        "MAIL_FOLDER": f"{directory}/mail",
        **settings,
    }
    variables = {f"COUPON_BILLING_{name}": value for name, value in settings.items()}
    init = CliRunner().invoke(command_line, ["init", "--json"], env=variables)
    assert init.exit_code == 0, init.output
    keys = json.loads(init.stdout)
    server = Server(free_port(), database_url, keys, directory / "server.log", trust)
    with server.log.open("wb") as log, _process(server, os.environ | variables, log) as process:
        _await_health(server, process)
        yield replace(server, pid=process.pid)


@contextmanager
def _process(
    server: Server, environment: dict[str, str], log: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [COMMAND, "serve", "--bind", server.host]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _await_health(server: Server, process: "subprocess.Popen[bytes]") -> None:
    """Return when the service answers; waiting for its end is the pause between the trials."""
    for _ in range(START_SECONDS_MAX * 20):
        with suppress(ConnectionError):
            return _require_health(server)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            break
    raise AssertionError(f"the service did not start: {server.log.read_text()}")


def _require_health(server: Server) -> None:
    connection = server.connect()
    try:
        connection.request("GET", READY_PATH)
        assert connection.getresponse().status == HTTPStatus.OK
    finally:
        connection.close()
