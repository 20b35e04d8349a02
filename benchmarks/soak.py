"""Half an hour of requests of every kind, mostly at a pace that the service just keeps up with.

What grows with each request, or once in a while, shows: memory, descriptors, and waits.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
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
from benchmarks.load import CONNECTIONS_COUNT, Request, WrongReplyError
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
"""For how long as many requests as are answered are sent before anything is measured."""
ROUNDS_PER_LOOK = 6
"""So many times as many are sent for a moment, and then a part of that: how fast the machine is
changes within seconds."""
HIGHEST_PART = 0.1
"""For which part of a round as many are sent: what is answered then is the highest rate."""
RATES_COUNT = 3
"""The pace follows the least of so many such rates, the last ones."""
RATE_MAX = 3_000
"""More requests in a second are not tried: there would not be coupons for all."""
LOOKS_COUNT = 30
LOOKS_PER_ROW = 3
SCRAPE_INTERVAL_S = 15
MEMORY_INTERVAL_S = 1.0
"""Between two looks at the memory, which goes up and down by more than it may grow in an hour."""
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
        resident: Bytes of memory of each of its processes, by their ids; the mean since the look
            before.
        descriptors: How many they have open, all together.
        threads: How many they have.
        database_bytes: How large the database is.
        mails_count: How many mails wait to be sent.
        cpu_s: Seconds of processor time that the service, and its database server, took until now.
    """

    resident: dict[int, float]
    descriptors: int
    threads: int
    database_bytes: int
    mails_count: int
    cpu_s: float


class Stretch(NamedTuple):
    """What came of the requests before a look, of as many as were answered and of steady ones."""

    highest: Sent
    steady: Sent

    def wrong(self) -> list[str]:
        """What was wrong with replies."""
        return self.highest.wrong + self.steady.wrong

    def right_count(self) -> int:
        """How many replies were right."""
        return len(self.highest.waits_s) + len(self.steady.waits_s)


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
        part = HIGHEST_PART + (1 - HIGHEST_PART) * LOAD
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
        meter = CpuMeter([service.process.pid, *engine.server_ids])
        return _watch(service, supply, plan, meter)


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


def _watch(service: Watched, supply: Supply, plan: Plan, meter: CpuMeter) -> Soaked:
    """Have requests sent by another process, and look at those of the service meanwhile."""
    address = Address("127.0.0.1", service.port, CUSTOMER_BILLING_PATH)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    sender = context.Process(target=_send, args=(theirs, supply, address, plan), daemon=True)
    sender.start()
    # Ours alone is open: should the sender fail, there is nothing more to wait for.
    theirs.close()
    with ours:
        ours.recv()
        start = time.perf_counter()
        before = _look(service, supply.url, meter, _Memory(service))
        stretches, looks = [], []
        for _ in range(LOOKS_COUNT):
            ours.send(None)
            memory = _Memory(service)
            _scrape_until(ours, service, memory)
            stretches.append(ours.recv())
            looks.append(_look(service, supply.url, meter, memory))
        seconds = time.perf_counter() - start
    sender.join()
    _require_same_processes([before, *looks])
    return Soaked(seconds, stretches, before, looks)


def _send(pipe: Pipe, supply: Supply, address: Address, plan: Plan) -> None:
    """Send requests; tells when it is warm, and when told to go on what came of each stretch."""
    # To walk through a million coupons would take longer than most replies.
    gc.freeze()
    with ExitStack() as stack:
        caller = PacedCaller(stack, address, _mixed(supply, address))
        warm_up = caller.send_as_answered(plan.warm_up_s, round(plan.warm_up_s * RATE_MAX))
        if warm_up.wrong:
            raise WrongReplyError(warm_up.wrong[0])
        rates: deque[float] = deque(maxlen=RATES_COUNT)
        pipe.send(None)
        for _ in range(LOOKS_COUNT):
            pipe.recv()
            pipe.send(_stretch(caller, rates, plan.seconds / LOOKS_COUNT))


def _stretch(caller: PacedCaller, rates: deque[float], seconds: float) -> Stretch:
    """Send for some seconds.

    Args:
        caller: Who sends.
        rates: The highest ones of the last rounds, to which those of these are added.
        seconds: How long.
    """
    stretch = Stretch(Sent(), Sent())
    round_s = seconds / ROUNDS_PER_LOOK
    highest_s = round_s * HIGHEST_PART
    for _ in range(ROUNDS_PER_LOOK):
        highest = caller.send_as_answered(highest_s, round(highest_s * RATE_MAX))
        rates.append(highest.rate)
        # Were all replies wrong, they would be counted.
        rate = max(1.0, min(rates) * LOAD)
        stretch.highest.add(highest)
        stretch.steady.add(caller.send_steadily(round_s - highest_s, rate))
    return stretch


def _mixed(supply: Supply, address: Address) -> Iterator[Request]:
    """Requests of all kinds by chance, each with its share."""
    traffic = Traffic(supply, address, supply.unredeemed, dict.fromkeys(PAGE_SIZES, 0))
    requests = endless(MIXED_KINDS, traffic, PAGES_COUNT)
    chance = Random(1)
    names, shares = list(SHARES), list(SHARES.values())
    while True:
        for name in chance.choices(names, shares, k=1_000):
            yield next(requests[name])


class _Memory:
    """What each process of the service has of memory, as the mean of many looks.

    Args:
        service: Whose; looked at once in the beginning.
    """

    def __init__(self, service: Watched) -> None:
        self._pid = service.process.pid
        self._looks: list[dict[int, int]] = []
        self.look()

    def look(self) -> None:
        """Look once more."""
        self._looks.append({pid: resident_bytes(pid) for pid in tree(self._pid)})

    def means(self) -> dict[int, float]:
        """Bytes of each process that is there at the end."""
        return {pid: fmean(look.get(pid, 0) for look in self._looks) for pid in self._looks[-1]}


def _scrape_until(pipe: Pipe, service: Watched, memory: _Memory) -> None:
    """Ask for metrics, and look at the memory, until something comes."""
    scraped_at = time.perf_counter()
    while not pipe.poll(MEMORY_INTERVAL_S):
        memory.look()
        if time.perf_counter() >= scraped_at + SCRAPE_INTERVAL_S:
            service.metrics()
            scraped_at += SCRAPE_INTERVAL_S


def _look(service: Watched, url: str, meter: CpuMeter, memory: _Memory) -> Look:
    mails_count = service.value("outbox_mails", state="queued")
    pids = list(tree(service.process.pid))
    _take_mails(service.folder / "mail")
    return Look(
        memory.means(),
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
    stretches = soaked.stretches[end - LOOKS_PER_ROW : end]
    waits = [wait for it in stretches for wait in it.steady.waits_s]
    resident = sorted(look.resident.values(), reverse=True)
    cells = (
        f"{end * soaked.seconds / LOOKS_COUNT / 60:.1f}",
        f"{fmean(it.highest.rate for it in stretches):,.0f}",
        f"{fmean(it.steady.rate for it in stretches):,.0f}",
        f"{_cpu_s(soaked, end - LOOKS_PER_ROW, end) * 1000:.2f}",
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


def _cpu_s(soaked: Soaked, start: int, end: int) -> float:
    """The processor time of a request in some stretches."""
    before = soaked.looks[start - 1] if start else soaked.before
    requests_count = sum(it.right_count() for it in soaked.stretches[start:end])
    return (soaked.looks[end - 1].cpu_s - before.cpu_s) / requests_count


def _sum(soaked: Soaked) -> str:
    """What is held against the goals, and what was wrong first."""
    third = LOOKS_COUNT // 3
    early, late = soaked.stretches[:third], soaked.stretches[-third:]
    # Medians of the stretches: for a moment the machine may have other work.
    p99 = _ratio(late, early, lambda it: _percentile(it.steady.waits_s, 0.99))
    highest = _ratio(late, early, lambda it: it.highest.rate)
    cpu = _cpu_s(soaked, LOOKS_COUNT - third, LOOKS_COUNT) / _cpu_s(soaked, 0, third)
    wrong = [text for it in soaked.stretches for text in it.wrong()]
    right_count = sum(it.right_count() for it in soaked.stretches)
    before, after = (soaked.looks[it].descriptors for it in (third - 1, -1))
    return (
        f"Over the last two thirds memory changed by {_slope(soaked):.1f} MiB an hour (goal: 1 at"
        f" the most); descriptors {before} before, {after} at the end (goal: as many); of the last"
        f" ten minutes to the first ten, the median p99 is {p99:.2f} (goal: 0.90 to 1.10), the"
        f" median highest rate {highest:.2f}, the CPU time of a request {cpu:.2f}; {len(wrong)}"
        f" wrong replies of {right_count + len(wrong):,}."
        + "".join(f" The first: {text}" for text in wrong[:1])
    )


def _ratio(
    late: Sequence[Stretch], early: Sequence[Stretch], value_of: Callable[[Stretch], float]
) -> float:
    return median(map(value_of, late)) / median(map(value_of, early))


def _slope(soaked: Soaked) -> float:
    """By how many MiB the memory of all processes changed in an hour, from the first third on."""
    look_h = soaked.seconds / LOOKS_COUNT / 3600
    later = list(enumerate(soaked.looks))[LOOKS_COUNT // 3 :]
    return linear_regression(
        [number * look_h for number, _ in later],
        [sum(look.resident.values()) / MIB for _, look in later],
    ).slope


def _percentile(waits: Sequence[float], share: float) -> float:
    return quantiles(waits, n=1_000, method="inclusive")[round(share * 1_000) - 1]
