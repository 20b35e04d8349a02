"""How long callers wait for SearchCoupons while a job makes coupons beside them."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import quantiles

from benchmarks.bulk import Filled
from benchmarks.machine import machine
from benchmarks.own_service import soap_header
from benchmarks.soap_text import envelope, search_content
from service.domain.search import PAGE_SIZE_MAX
from service.settings import Settings
from tests.reliability.crowd import Address
from tests.reliability.service_process import serving

IDLE_S = 20.0
REQUESTS_PER_S = 50
WARM_UP_COUNT = 50


def web_table(databases: Sequence[Filled], folder: Path, idle_s: float) -> Iterator[str]:
    """The lines of the table; the databases have a second job afterwards.

    Args:
        databases: Each with the coupons of a job.
        folder: For logs.
        idle_s: For how long the service is measured without a job.
    """
    yield (
        f"SearchCoupons over HTTP, a page of {PAGE_SIZE_MAX} anywhere,"
        f" {REQUESTS_PER_S} requests a second, {machine()}."
    )
    yield ""
    yield (
        "| database | idle, median (p99) ms | while a job makes coupons, median (p99) ms"
        " | requests meanwhile | ratio of p99 |"
    )
    yield "|---|---|---|---|---|"
    threads = str(Settings.model_fields["threads"].default)
    for filled in databases:
        with serving(filled.url, folder, WORKERS="1", THREADS=threads) as service:
            yield _row(filled, service.address, idle_s)


def _row(filled: Filled, address: Address, idle_s: float) -> str:
    command = [sys.executable, "-m", "benchmarks.one_job"]
    arguments = [filled.url, str(filled.keys.customer_id), str(filled.count)]
    with closing(_Searches(filled, address)) as searches:
        end = time.monotonic() + idle_s
        idle = _percentiles(searches.send_while(lambda: time.monotonic() < end))
        with subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL) as job:
            waits = searches.send_while(lambda: job.poll() is None)
    if job.returncode:
        raise RuntimeError(f"the job ended with {job.returncode}")
    busy = _percentiles(waits)
    cells = [f"{median:.1f} ({last:.1f})" for median, last in (idle, busy)]
    return (
        f"| {filled.engine.name} | {' | '.join(cells)} | {len(waits):,} | {busy[1] / idle[1]:.1f} |"
    )


class _Searches:
    """A caller that asks for one page after the other, on one connection."""

    def __init__(self, filled: Filled, address: Address) -> None:
        self._filled = filled
        self._address = address
        self._connection = HTTPConnection(address.host, address.port, timeout=60)
        self._random = random.Random(1)
        for _ in range(WARM_UP_COUNT):
            self._send()

    def send_while(self, goes_on: Callable[[], bool]) -> list[float]:
        """Ask at a steady pace; answers the seconds from when each was due to its reply.

        One that has to wait for the reply before it was due all the same.
        """
        waits = []
        start = time.perf_counter()
        for number in count():
            if not goes_on():
                break
            due = start + number / REQUESTS_PER_S
            time.sleep(max(0.0, due - time.perf_counter()))
            self._send()
            waits.append(time.perf_counter() - due)
        return waits

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _send(self) -> None:
        pages_count = max(1, self._filled.count // PAGE_SIZE_MAX)
        page = self._random.randrange(pages_count)
        content = search_content(self._filled.keys.customer_id, page, PAGE_SIZE_MAX)
        body = envelope("SearchCoupons", content, soap_header(self._filled.keys))
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        self._connection.request("POST", self._address.path, body, headers)
        response = self._connection.getresponse()
        reply = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {reply[:2000]!r}")


def _percentiles(waits: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th of a hundred, in milliseconds."""
    points = quantiles(waits, n=100)
    return points[49] * 1000, points[98] * 1000
