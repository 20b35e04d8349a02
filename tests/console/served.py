"""The service as users run it: one command, whose worker does jobs, mails and counts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.ports import free_port

START_S_MAX = 60
STOP_S_MAX = 20


@contextmanager
def served(database_url: str, folder: Path, **settings: str) -> Iterator[str]:
    """``serve`` a database; answers the address of the service.

    Args:
        database_url: Of a database with tables.
        folder: For the log and the mails.
        settings: Further settings, by their variables' names without prefix.
    """
    port = free_port()
    given = {
        "DATABASE": database_url,
        "BIND": f"127.0.0.1:{port}",
        "LOG_LEVEL": "error",
        "MAIL_FOLDER": str(folder / "mail"),
        **settings,
    }
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve"],
            env=os.environ | {f"COUPON_BILLING_{name}": value for name, value in given.items()},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(process, f"{url}/readyz", log)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S_MAX)
        finally:
            os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None


def _wait_until_healthy(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S_MAX
    while not _is_healthy(url):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def _is_healthy(url: str) -> bool:
    try:
        # Without TLS, nobody need read at each trial whom the machine trusts.
        return httpx.get(url, timeout=5, verify=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
