"""What is told when Prometheus asks: what processes have counted, and what the database says."""

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from threading import Lock, Thread

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.domain.jobs import JobStatus
from service.metrics import table
from service.metrics.starting import find_counts
from service.metrics.table import Metric
from service.operations.calls import utc_now
from service.operations.work_at_hand import WorkAtHand

__all__ = ["FindWork", "serve_metrics"]

READ_S_MAX = 3.0
"""How long the database is waited for; Prometheus gives up all metrics after 10 seconds."""

FindWork = Callable[[datetime], WorkAtHand]

_log = structlog.get_logger("service.metrics")


@contextmanager
def serve_metrics(
    host: str, port: int, folder: Path, find_work: FindWork, database_kind: str
) -> Iterator[None]:
    """Answer Prometheus for the time of the block.

    Args:
        host: Where to listen.
        port: Where to listen.
        folder: Where processes keep what they count.
        find_work: Reads jobs and mails; it may raise, and take long.
        database_kind: ``sqlite`` or ``postgresql``.
    """
    registry = CollectorRegistry()
    registry.register(_Processes(folder))
    registry.register(_Work(find_work, database_kind))
    server, thread = start_http_server(port, host, registry)
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Processes(Collector):
    """What processes have counted; of those that ended, their counts and nothing of the moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Family]:
        alive = self._forget_dead()
        yield _gauge(table.PROCESSES, {(): len(alive)})
        files = [str(file) for file, _pid in find_counts(self._folder)]
        yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]

    def _forget_dead(self) -> set[int]:
        pids = {pid for _file, pid in find_counts(self._folder)}
        dead = {pid for pid in pids if not _is_alive(pid)}
        for pid in dead:
            # Another scrape at the same time may be the first.
            with suppress(FileNotFoundError):
                mark_process_dead(pid, str(self._folder))  # type: ignore[no-untyped-call]
        return pids - dead


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):  # gone, or its number is another user's
        return False
    return True


class _Work(Collector):
    """What the database says, read once for each scrape."""

    def __init__(self, find_work: FindWork, database_kind: str) -> None:
        self._find_work = find_work
        self._build = (version("coupon-billing"), database_kind, platform.python_version())
        self._lock = Lock()
        self._reading: Thread | None = None
        self._found: WorkAtHand | None = None

    def collect(self) -> Iterable[Family]:
        yield _gauge(table.BUILD, {self._build: 1})
        work = self._read()
        yield _gauge(table.DATABASE_UP, {(): int(work is not None)})
        if work is not None:
            yield from _families(work, utc_now())

    def _read(self) -> WorkAtHand | None:
        """Wait for the database, but not for long; scrapes that come meanwhile wait with it."""
        with self._lock:
            if self._reading is None or not self._reading.is_alive():
                self._found = None
                self._reading = Thread(target=self._find, name="work", daemon=True)
                self._reading.start()
            reading = self._reading
        reading.join(READ_S_MAX)
        return self._found

    def _find(self) -> None:
        try:
            self._found = self._find_work(utc_now())
        except Exception:  # noqa: BLE001 - whatever ails the database, the other metrics are told
            _log.warning("metrics", reason="database unreachable", exc_info=True)


def _families(work: WorkAtHand, now: datetime) -> Iterator[Family]:
    jobs, mail = work
    statuses = [status.value for status in JobStatus]
    yield _gauge(table.JOBS, {(status,): jobs.counts.get(status, 0) for status in statuses})
    yield _gauge(table.PENDING_JOB_AGE, {(): _age_s(jobs.oldest_pending_at, now)})
    yield _gauge(table.OUTBOX, {("queued",): mail.queued, ("failed",): mail.failed})
    yield _gauge(table.DUE_MAIL_AGE, {(): _age_s(mail.due_since, now)})


def _age_s(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _gauge(row: Metric, values: Mapping[tuple[str, ...], float]) -> Family:
    family = GaugeMetricFamily(row.name, row.meaning, labels=row.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
