"""Half an hour of requests of every kind, at a pace that the service can just keep up with.

What grows with each request, or once in a while, shows: memory, descriptors, and waits.
"""

import gc
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random
from statistics import fmean, linear_regression, median, quantiles
from typing import NamedTuple

from benchmarks.bulk import MIB
from benchmarks.cpu import CpuMeter, tree
from benchmarks.engines import Engine, whole_size_of
from benchmarks.load import CONNECTIONS_COUNT, Request
from benchmarks.machine import machine
from benchmarks.memory import ALL_KINDS, PAGES_COUNT
from benchmarks.pace import PacedCaller, Sent
from benchmarks.processes import descriptors_count, resident_bytes, threads_count
from benchmarks.supply import Supply, supplied
from benchmarks.traffic import (
    DISPATCHED_COUNT,
    DISPATCHES,
    PAGE_SIZES,
    REDEMPTIONS,
    REFUSED_KINDS,
    Traffic,
    endless,
)
from service.addresses import CUSTOMER_BILLING_PATH
from tests.observability.watched import Watched, watched
from tests.reliability.crowd import Address

MINUTES = 30.0
LOAD = 0.8
"""Which part of the highest rate is asked for."""
WARM_UP_S_MAX = 180.0
"""For how long all is asked at once before anything is measured: so long caches fill."""
AT_ONCE_PART = 0.1
"""For which part of the time all is asked at once: what is answered then is the highest rate."""
RATES_COUNT = 3
"""The least of how many such rates is the highest that is held."""
RATE_MAX = 3_000
"""More requests in a second are not tried: there would not be coupons for all."""
LOOKS_COUNT = 30
LOOKS_PER_ROW = 3
SCRAPE_INTERVAL_S = 15
WORKERS_COUNT = 2
ACCOUNTS_COUNT = 20_000
"""So many that each redeems some ten coupons. Every spend of an account counts for all coupons that
it has: with few accounts each request would be dearer than the one before."""
MIXED_KINDS = (*ALL_KINDS, *REFUSED_KINDS)
SHARES = {**{kind.name: kind.count for kind in MIXED_KINDS}, DISPATCHES: 5}
"""How often each kind is sent: as in the other tables, but for what makes mails. To write one
durably takes longer than a request: of more of them ever more would wait."""
_MARGIN = 1.1
"""Chance draws more of a kind than its share."""


class Look(NamedTuple):
    """What the service had at a moment.

    Attributes:
        resident: Bytes of memory of each of its processes, by their ids.
        descriptors: How many they have open, all together.
        threads: How many they have.
        database_bytes: How large the database is.
        mails_count: How many mails wait to be sent.
        cpu_s: Processor time that the service took until now.
    """

    resident: dict[int, int]
    descriptors: int
    threads: int
    database_bytes: int
    mails_count: int
    cpu_s: float


class Stretch(NamedTuple):
    """What came of the requests before a look, all sent at once and then steadily."""

    at_once: Sent
    steady: Sent

    def wrong(self) -> list[str]:
        """What was wrong with replies."""
        return self.at_once.wrong + self.steady.wrong

    def right_count(self) -> int:
        """How many replies were right."""
        return len(self.at_once.waits_s) + len(self.steady.waits_s)


class Soaked(NamedTuple):
    """All that was measured.

    Attributes:
        seconds: How long it lasted.
        stretches: What came of the requests before each look.
        before: What the service had when it began.
        looks: In their order.
    """

    seconds: float
    stretches: list[Stretch]
    before: Look
    looks: list[Look]


class Plan(NamedTuple):
    """For how long requests are sent: to fill caches, and then."""

    warm_up_s: float
    seconds: float

    def count_max(self) -> int:
        """How many requests are sent at the most."""
        part = AT_ONCE_PART + (1 - AT_ONCE_PART) * LOAD
        return round((self.warm_up_s + self.seconds * part) * RATE_MAX)


def soak_table(engine: Engine, folder: Path, minutes: float) -> Iterator[str]:
    """The lines of the table, and what it comes to.

    Args:
        engine: On which the service runs.
        folder: For its log and its mails.
        minutes: How long it lasts.
    """
    seconds = minutes * 60
    soaked = _soak(engine, folder, Plan(min(WARM_UP_S_MAX, seconds / 3), seconds))
    yield (
        f"`serve` with {WORKERS_COUNT} worker processes on {engine.name}, {CONNECTIONS_COUNT}"
        f" connections, {len(MIXED_KINDS)} kinds of requests, {LOAD:.0%} of the highest rate for"
        f" {minutes:g} minutes, {machine()}."
    )
    yield ""
    yield (
        "| after minutes | highest rate | requests per second | CPU ms per request | median ms"
        " | p99 ms | p99.9 ms | wrong replies | memory of each process, MiB | all, MiB"
        " | descriptors | threads | database, MiB | mails that wait |"
    )
    yield f"|{'---|' * 14}"
    for end in range(LOOKS_PER_ROW, LOOKS_COUNT + 1, LOOKS_PER_ROW):
        yield _row(soaked, end)
    yield ""
    yield _sum(soaked)


def _soak(engine: Engine, folder: Path, plan: Plan) -> Soaked:
    supply = _supply(engine, plan)
    home = folder / "soak"
    home.mkdir()
    with watched(supply.url, home, "--workers", str(WORKERS_COUNT)) as service:
        return _watch(service, supply, plan)


def _supply(engine: Engine, plan: Plan) -> Supply:
    """A database with enough for all: each kind has a share of the requests."""
    url, keys = engine.new()
    total = sum(SHARES.values())
    redeemed, dispatched = (
        round(plan.count_max() * SHARES[name] / total * _MARGIN) + CONNECTIONS_COUNT
        for name in (REDEMPTIONS, DISPATCHES)
    )
    return supplied(
        url,
        keys,
        PAGES_COUNT * max(PAGE_SIZES),
        redeemed,
        dispatched_count=dispatched * DISPATCHED_COUNT,
        accounts_count=ACCOUNTS_COUNT,
    )


def _watch(service: Watched, supply: Supply, plan: Plan) -> Soaked:
    """Have requests sent by another process, and look at those of the service meanwhile."""
    address = Address("127.0.0.1", service.port, CUSTOMER_BILLING_PATH)
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    sender = context.Process(target=_send, args=(theirs, supply, address, plan), daemon=True)
    sender.start()
    # Ours alone is open: should the sender fail, there is nothing more to wait for.
    theirs.close()
    with ours:
        meter = CpuMeter([service.process.pid])
        ours.recv()
        start = time.perf_counter()
        before = _look(service, supply.url, meter)
        stretches, looks = [], []
        for _ in range(LOOKS_COUNT):
            while not ours.poll(SCRAPE_INTERVAL_S):
                service.metrics()
            stretches.append(ours.recv())
            looks.append(_look(service, supply.url, meter))
        seconds = time.perf_counter() - start
    sender.join()
    _require_same_processes(looks)
    return Soaked(seconds, stretches, before, looks)


def _send(pipe: Pipe, supply: Supply, address: Address, plan: Plan) -> None:
    """Send requests; tells when caches are full, and then what came of those before each look."""
    # To walk through a million coupons would take longer than most replies.
    gc.freeze()
    stretch_s = plan.seconds / LOOKS_COUNT
    at_once_s = stretch_s * AT_ONCE_PART
    with ExitStack() as stack:
        caller = PacedCaller(stack, address, _mixed(supply, address))
        warm_up = caller.send_all_at_once(plan.warm_up_s)
        rates = deque([warm_up.rate], maxlen=RATES_COUNT)
        pipe.send(None)
        for _ in range(LOOKS_COUNT):
            at_once = caller.send_all_at_once(at_once_s)
            rates.append(at_once.rate)
            rate = min(RATE_MAX, *rates) * LOAD
            pipe.send(Stretch(at_once, caller.send_steadily(stretch_s - at_once_s, rate)))


def _mixed(supply: Supply, address: Address) -> Iterator[Request]:
    """Requests of all kinds by chance, each with its share."""
    traffic = Traffic(supply, address, supply.unredeemed, dict.fromkeys(PAGE_SIZES, 0))
    requests = endless(MIXED_KINDS, traffic, PAGES_COUNT)
    chance = Random(1)
    names, shares = list(SHARES), list(SHARES.values())
    while True:
        for name in chance.choices(names, shares, k=1_000):
            yield next(requests[name])


def _look(service: Watched, url: str, meter: CpuMeter) -> Look:
    mails_count = service.value("outbox_mails", state="queued")
    pids = list(tree(service.process.pid))
    _take_mails(service.folder / "mail")
    return Look(
        {pid: resident_bytes(pid) for pid in pids},
        sum(map(descriptors_count, pids)),
        sum(map(threads_count, pids)),
        whole_size_of(url),
        int(mails_count or 0),
        meter.seconds(),
    )


def _take_mails(folder: Path) -> None:
    """Remove the mails that were written, as whoever sends them on would."""
    for mail in folder.glob("*.eml"):
        mail.unlink()


def _require_same_processes(looks: Sequence[Look]) -> None:
    """A process that dies is started again, and has forgotten what it leaked."""
    if any(look.resident.keys() != looks[0].resident.keys() for look in looks):
        raise RuntimeError("a process of the service has ended")


def _row(soaked: Soaked, end: int) -> str:
    look = soaked.looks[end - 1]
    before = soaked.looks[end - LOOKS_PER_ROW - 1] if end > LOOKS_PER_ROW else soaked.before
    stretches = soaked.stretches[end - LOOKS_PER_ROW : end]
    waits = [wait for it in stretches for wait in it.steady.waits_s]
    cpu_s = (look.cpu_s - before.cpu_s) / sum(it.right_count() for it in stretches)
    resident = sorted(look.resident.values(), reverse=True)
    cells = (
        f"{end * soaked.seconds / LOOKS_COUNT / 60:.1f}",
        f"{fmean(it.at_once.rate for it in stretches):,.0f}",
        f"{fmean(it.steady.rate for it in stretches):,.0f}",
        f"{cpu_s * 1000:.2f}",
        *(f"{_percentile(waits, share) * 1000:.1f}" for share in (0.5, 0.99, 0.999)),
        f"{sum(len(it.wrong()) for it in stretches)}",
        " + ".join(f"{it / MIB:.0f}" for it in resident),
        f"{sum(resident) / MIB:.1f}",
        f"{look.descriptors}",
        f"{look.threads}",
        f"{look.database_bytes / MIB:,.0f}",
        f"{look.mails_count}",
    )
    return f"| {' | '.join(cells)} |"


def _sum(soaked: Soaked) -> str:
    """What is held against the goals, and what was wrong first."""
    third = LOOKS_COUNT // 3
    # The median of those of the looks: for a moment the machine may have other work.
    first, last = (
        median(_percentile(it.steady.waits_s, 0.99) for it in some)
        for some in (soaked.stretches[:third], soaked.stretches[-third:])
    )
    wrong = [text for it in soaked.stretches for text in it.wrong()]
    right_count = sum(it.right_count() for it in soaked.stretches)
    before, after = (soaked.looks[it].descriptors for it in (third - 1, -1))
    return (
        f"Over the last two thirds memory changed by {_slope(soaked):.1f} MiB an hour (goal: 1 at"
        f" the most); descriptors {before} before, {after} at the end (goal: as many); the median"
        f" p99 of the last ten looks {last / first:.2f} of that of the first ten (goal: 0.90 to"
        f" 1.10); {len(wrong)}"
        f" wrong replies of {right_count + len(wrong):,}."
        + "".join(f" The first: {text}" for text in wrong[:1])
    )


def _slope(soaked: Soaked) -> float:
    """By how many MiB the memory of all processes changed in an hour, once caches were full."""
    look_h = soaked.seconds / LOOKS_COUNT / 3600
    later = list(enumerate(soaked.looks))[LOOKS_COUNT // 3 :]
    return linear_regression(
        [number * look_h for number, _ in later],
        [sum(look.resident.values()) / MIB for _, look in later],
    ).slope


def _percentile(waits: Sequence[float], share: float) -> float:
    return quantiles(waits, n=1_000, method="inclusive")[round(share * 1_000) - 1]
