"""How much memory a worker process has after many requests of every kind."""

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from benchmarks.bulk import MIB
from benchmarks.cpu import tree
from benchmarks.engines import Engine
from benchmarks.load import CONNECTIONS_COUNT, Request, send_all
from benchmarks.machine import machine
from benchmarks.processes import resident_bytes
from benchmarks.supply import Supply, supplied
from benchmarks.traffic import (
    DISPATCHED_COUNT,
    FURTHER_KINDS,
    KINDS,
    PAGE_SIZES,
    Traffic,
    endless,
)
from service.settings import Settings
from tests.reliability.crowd import Address
from tests.reliability.service_process import serving

REQUESTS_COUNT = 100_000
LOOKS_COUNT = 10
"""After how many equal parts of the requests the memory is looked at."""
PAGES_COUNT = 300
"""How many pages of each size are asked for, over and over: those of 100 have more coupons than
a process remembers."""
ALL_KINDS = (*KINDS, *FURTHER_KINDS)


def memory_table(engine: Engine, folder: Path, requests_count: int) -> Iterator[str]:
    """The lines of the table.

    Args:
        engine: On which the service runs.
        folder: For its log.
        requests_count: How many requests are sent in all.
    """
    each = requests_count // LOOKS_COUNT
    supply = _supply(engine, requests_count)
    threads = str(Settings.model_fields["threads"].default)
    log = folder / "memory-log"
    log.mkdir()
    with serving(supply.url, log, WORKERS="1", THREADS=threads, LOG_LEVEL="info") as service:
        assert service.process is not None
        requests = _in_turn(supply, service.address)
        resident = [
            _resident_after(islice(requests, each), service.address, service.process.pid)
            for _ in range(LOOKS_COUNT)
        ]
    yield (
        f"One worker process on {engine.name}, {CONNECTIONS_COUNT} connections,"
        f" {len(ALL_KINDS)} kinds of requests in turn, {machine()}."
    )
    yield ""
    counts = [f"{each * number:,}" for number in range(1, LOOKS_COUNT + 1)]
    yield f"| after requests | {' | '.join(counts)} |"
    yield "|---|" + "---|" * LOOKS_COUNT
    yield f"| resident memory, MiB | {' | '.join(f'{it / MIB:.1f}' for it in resident)} |"


def _supply(engine: Engine, requests_count: int) -> Supply:
    """A database with enough for all: each kind is a share of the requests."""
    url, keys = engine.new()
    share = requests_count // len(ALL_KINDS) + 1
    return supplied(
        url,
        keys,
        PAGES_COUNT * max(PAGE_SIZES),
        share,
        dispatched_count=share * DISPATCHED_COUNT,
    )


def _in_turn(supply: Supply, address: Address) -> Iterator[Request]:
    """One request of each kind after the other."""
    first_pages = dict.fromkeys(PAGE_SIZES, 0)
    traffic = Traffic(supply, address, supply.unredeemed, first_pages)
    for requests in cycle(endless(ALL_KINDS, traffic, PAGES_COUNT).values()):
        yield next(requests)


def _resident_after(requests: Iterator[Request], address: Address, root: int) -> int:
    """Send requests; answers the bytes that the worker has afterwards."""
    send_all(address, requests)
    # The first process only watches the worker, and has less.
    return max(resident_bytes(pid) for pid in tree(root))
