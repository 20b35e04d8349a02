"""The service as users run it, with its metrics; and what they say."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import httpx
from prometheus_client.parser import text_string_to_metric_families

from service.addresses import CUSTOMER_BILLING_PATH
from tests.ports import free_port

PATIENCE_S = 60
STOP_S_MAX = 60
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
# Nothing here is over TLS: no client reads whom the machine trusts, which takes long.
PLAIN = {"timeout": PATIENCE_S, "verify": False}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(text: str) -> Samples:
    """The samples of a scrape, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def names(text: str) -> set[str]:
    """The names of the samples of a scrape."""
    return {name for name, _labels in scraped(text)}


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass
class Watched:
    """A running service.

    Attributes:
        port: Where it serves.
        metrics_port: Where it tells its metrics.
        folder: Of its log, its temporary files and its mails.
        environment: With its settings.
    """

    process: "subprocess.Popen[bytes]"
    folder: Path
    environment: dict[str, str]
    port: int
    metrics_port: int
    client: httpx.Client = field(default_factory=lambda: httpx.Client(**PLAIN))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def post(self, body: bytes, path: str = CUSTOMER_BILLING_PATH, **headers: str) -> str:
        """Call, over a connection of its own, so that any of the processes may answer."""
        given = {**HEADERS, **headers}
        return httpx.post(self.url + path, content=body, headers=given, **PLAIN).text

    def metrics(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=PATIENCE_S) as reply:
            return reply.read().decode()

    def value(self, name: str, **labels: str) -> float | None:
        """One sample; None when there is none."""
        return scraped(self.metrics()).get((f"coupon_billing_{name}", frozenset(labels.items())))

    def workers(self) -> list[int]:
        """The processes that the main one has started."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(it) for it in listed.stdout.split()]

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log
        try:
            return httpx.get(f"{self.url}/readyz", **PLAIN).is_success and bool(self.metrics())
        except (httpx.TransportError, OSError):
            return False


@contextmanager
def watched(
    database_url: str,
    folder: Path,
    *words: str,
    program: Sequence[str] = ("-m", "service.cli"),
    **settings: str,
) -> Iterator[Watched]:
    """Serve a database, and tell its metrics, for the time of the block.

    Args:
        database_url: Of a database with tables.
        folder: For the log, temporary files and mails.
        words: Further words of the command.
        program: What Python runs.
        settings: Further settings, by their variables' names; those of the service without prefix.
    """
    port, metrics_port = free_port(), free_port()
    given = {
        "DATABASE": database_url,
        "BIND": f"127.0.0.1:{port}",
        "METRICS_BIND": f"127.0.0.1:{metrics_port}",
        "MAIL_FOLDER": str(folder / "mail"),
        **{name: it for name, it in settings.items() if not name.startswith("OTEL_")},
    }
    others = {name: it for name, it in settings.items() if name.startswith("OTEL_")}
    environment = {
        **os.environ,
        **{f"COUPON_BILLING_{name}": value for name, value in given.items()},
        **others,
        "TMPDIR": str(folder),
    }
    with (folder / "log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *program, "serve", *words],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
    service = Watched(process, folder, environment, port, metrics_port)
    try:
        wait_until(service.is_ready)
        yield service
    finally:
        service.client.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S_MAX)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
