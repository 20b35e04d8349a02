"""What a process counts, in files that outlive it.

To be imported once ``PROMETHEUS_MULTIPROC_DIR`` is set, and not before: the library decides
then where it keeps its numbers.
"""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import sleep
from typing import NamedTuple

from prometheus_client import Counter, Gauge, Histogram

from service.domain.recorded import CallRecord
from service.metrics import table
from service.metrics.table import DURATION_BUCKETS_S, Metric

__all__ = ["Counts", "reserve_files"]

NONE = "none"
"""The label of what has no name, such as the operation of a request that reached none."""
FILE_BYTES = 2**19
POOL_INTERVAL_S = 1.0
"""How often is looked how many connections are in use."""


def reserve_files(folder: Path) -> None:
    """Take the room on the disk that this process will count in.

    The library maps files with holes into its memory, and to write into a hole of a full disk
    kills a process. Here a full disk is an error while there is time for one.

    Raises:
        OSError: There is no folder, or no room.
    """
    for name in ("counter", "histogram", "gauge_livesum"):
        file = folder / f"{name}_{os.getpid()}.db"
        # One that died with the same number has left its counts.
        if not file.exists():
            # Whoever is asked for metrics meanwhile finds a whole file, or none.
            begun = file.with_suffix(".new")
            begun.write_bytes(bytes(FILE_BYTES))
            begun.rename(file)


class _OfCall(NamedTuple):
    """The counters of calls of one kind that ended in one way."""

    calls: Counter
    duration: Histogram
    refusals: Counter | None


class Counts:
    """What a process counts.

    Args:
        gate_symbols: The symbols by which the gate refuses.
    """

    def __init__(self, gate_symbols: frozenset[str] = frozenset()) -> None:
        self._gate_symbols = gate_symbols
        self._calls = _counter(table.CALLS)
        self._call_duration = _histogram(table.CALL_DURATION)
        self._gate_refusals = _counter(table.GATE_REFUSALS)
        self._pages = _counter(table.PAGES)
        self._page_duration = _histogram(table.PAGE_DURATION)
        self._mail_attempts = _counter(table.MAIL_ATTEMPTS)
        self._job_runs = _counter(table.JOB_RUNS)
        self._journal_losses = _counter(table.JOURNAL_LOSSES)
        self._of_calls: dict[tuple[str, str | None, str], _OfCall] = {}

    def note_call(self, record: CallRecord) -> None:
        """Count a call."""
        key = record.contract, record.operation, record.outcome
        of_call = self._of_calls.get(key)
        if of_call is None:
            of_call = self._of_calls.setdefault(key, self._make(*key))
        of_call.calls.inc()
        of_call.duration.observe(record.duration_ms / 1000)
        if of_call.refusals is not None:
            of_call.refusals.inc()

    def _make(self, contract: str, operation: str | None, outcome: str) -> _OfCall:
        """Look the counters up, which takes longer than to count."""
        name = operation or NONE
        is_refused = outcome in self._gate_symbols
        return _OfCall(
            self._calls.labels(contract, name, outcome),
            self._call_duration.labels(contract, name),
            self._gate_refusals.labels(contract, outcome) if is_refused else None,
        )

    def note_page(self, page: str | None, http_status: int, duration_s: float) -> None:
        """Count a request of the console."""
        self._pages.labels(page or NONE, http_status).inc()
        self._page_duration.labels(page or NONE).observe(duration_s)

    def note_mail(self, state: str) -> None:
        """Count an attempt to send a mail."""
        self._mail_attempts.labels(state).inc()

    def note_job(self, kind: str, status: str) -> None:
        """Count a turn of a worker at a job."""
        self._job_runs.labels(kind, status).inc()

    def note_losses(self, count: int) -> None:
        """Count calls that the journal has lost."""
        self._journal_losses.inc(count)

    def watch_pool(self, in_use: Callable[[], int], most: int) -> None:
        """Look at the connections in use as long as the process lives.

        Args:
            in_use: Answers how many there are.
            most: How many there may be.
        """
        _gauge(table.POOL_SIZE).set(most)
        gauge = _gauge(table.POOL_IN_USE)

        def watch() -> None:
            while True:
                gauge.set(in_use())
                sleep(POOL_INTERVAL_S)

        Thread(target=watch, name="metrics", daemon=True).start()


def _counter(row: Metric) -> Counter:
    return Counter(row.name, row.meaning, row.labels, registry=None)


def _histogram(row: Metric) -> Histogram:
    return Histogram(row.name, row.meaning, row.labels, buckets=DURATION_BUCKETS_S, registry=None)


def _gauge(row: Metric) -> Gauge:
    """A gauge that is added up over the processes that are alive."""
    return Gauge(row.name, row.meaning, registry=None, multiprocess_mode="livesum")
