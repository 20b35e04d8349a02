"""Where the CPU time of a request goes: ``python -m benchmarks profile [REQUEST ...]``.

The application runs in this process, on SQLite and one thread. A timer of CPU time looks every few
milliseconds at what runs, which changes next to nothing about it. What a function in C takes
counts for whoever called it, and what a library does for the part of the service that asked it:
the innermost of the parts below.
"""

import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from benchmarks.in_process import answer
from benchmarks.load import Request
from benchmarks.machine import machine
from benchmarks.memory import ALL_KINDS
from benchmarks.own_service import start_class
from benchmarks.supply import supplied
from benchmarks.traffic import DISPATCHED_COUNT, PAGE_SIZES, Kind, Traffic
from service.addresses import CUSTOMER_BILLING_PATH
from service.app import create_app
from service.health import Application
from service.settings import Settings
from service.storage.engine import Database
from tests.databases import SqliteEngine
from tests.reliability.crowd import Address

CPU_S = 5.0
"""How long each kind of request is looked at."""
WARM_UP_COUNT = 20
LOOK_INTERVAL_S = 0.001
UNREDEEMED_COUNT = 10_000
PAGES_COUNT = 300
PARTS = {
    "gate and schema": ("soap/gate.py", "soap/validation.py", "soap/request_body.py"),
    "readers": ("soap/readers.py", "soap/headers.py"),
    "authentication": (
        "operations/authentication.py",
        "operations/admissions.py",
        "operations/secrets.py",
    ),
    "operation": ("service/operations/", "service/domain/"),
    "rows": ("service/storage/", "<reader of rows>"),
    "writers": ("soap/writers.py", "soap/remembered.py", "soap/faults.py", "<writer of "),
    "log": ("soap/call_log.py", "service/logs.py"),
    "endpoint": ("service/soap/", "service/app.py"),
    "SQLAlchemy": ("/sqlalchemy/",),
    "Spyne": ("/spyne/",),
}
"""By what the path of their source has; the first that fits."""
STATEMENTS = "statements"
DRIVER_FUNCTIONS = frozenset(
    {"run_text", "raw_rows", "do_execute", "do_executemany", "do_commit", "do_rollback"}
)
"""They do little but call the driver of the database."""


def main(words: Sequence[str]) -> None:
    """Print a table.

    Args:
        words: The names of the requests; none for all.
    """
    kinds = [kind for kind in ALL_KINDS if not words or kind.name in words]
    if len(kinds) < len(set(words)):
        raise SystemExit(f"the requests are: {', '.join(kind.name for kind in ALL_KINDS)}")
    for line in profile_table(kinds):
        print(line, flush=True)


def profile_table(kinds: Sequence[Kind], cpu_s: float = CPU_S) -> Iterator[str]:
    """The lines of the table: shares of the CPU time of each kind of request.

    Args:
        kinds: Which.
        cpu_s: How long each is looked at.
    """
    columns = (*PARTS, STATEMENTS)
    yield f"In one process, SQLite, {machine()}."
    yield ""
    yield f"| request | CPU, ms | {' | '.join(columns)} |"
    yield "|---|---|" + "---|" * len(columns)
    with TemporaryDirectory() as name, _application(Path(name)) as (application, traffic):
        for kind in kinds:
            requests = _requests(kind, traffic)
            for request in islice(requests, WARM_UP_COUNT):
                answer(application, request)
            cpu_ms, looks = _looked_at(application, requests, cpu_s)
            shares = [f"{looks[part] / looks.total():.0%}" for part in columns]
            yield f"| {kind.name} | {cpu_ms:.3f} | {' | '.join(shares)} |"


@contextmanager
def _application(folder: Path) -> Iterator[tuple[Application, Traffic]]:
    """The service as it comes, its log in a file, and requests for it."""
    url = SqliteEngine(folder).create(None)
    database = Database(url)
    keys = start_class(database)
    database.close()
    count = PAGES_COUNT * max(PAGE_SIZES)
    dispatched_count = UNREDEEMED_COUNT * DISPATCHED_COUNT
    supply = supplied(url, keys, count, UNREDEEMED_COUNT, dispatched_count=dispatched_count)
    address = Address("127.0.0.1", 80, CUSTOMER_BILLING_PATH)
    traffic = Traffic(supply, address, supply.unredeemed, dict.fromkeys(PAGE_SIZES, 0))
    with (folder / "log").open("w") as log, redirect_stderr(log):
        yield create_app(Settings(database=url)), traffic


def _requests(kind: Kind, traffic: Traffic) -> Iterator[Request]:
    """Without end but for redemptions; there are not as many pages as it may ask for."""
    requests = kind.requests(traffic)
    is_search = kind.name.startswith("SearchCoupons")
    return cycle(list(islice(requests, PAGES_COUNT))) if is_search else requests


def _looked_at(
    application: Application, requests: Iterator[Request], cpu_s: float
) -> tuple[float, "Counter[str]"]:
    """Milliseconds that a request took, and how often each part was seen at work."""
    looks: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        part = _part_of(frame)
        if part is not None:
            looks[part] += 1

    before = signal.signal(signal.SIGPROF, look)
    count, used_s = 0, 0.0
    signal.setitimer(signal.ITIMER_PROF, LOOK_INTERVAL_S, LOOK_INTERVAL_S)
    try:
        while used_s < cpu_s and (request := next(requests, None)) is not None:
            start = time.process_time()
            answer(application, request)
            used_s += time.process_time() - start
            count += 1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return used_s * 1000 / count, looks


def _part_of(frame: FrameType | None) -> str | None:
    """The part that is at work; None outside the service."""
    while frame is not None:
        code = frame.f_code
        path = code.co_filename
        if code.co_name in DRIVER_FUNCTIONS and not path.startswith("<"):
            return STATEMENTS
        for part, marks in PARTS.items():
            if any(mark in path for mark in marks):
                return part
        frame = frame.f_back
    return None
