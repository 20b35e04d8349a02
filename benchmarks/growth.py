"""What a request costs over HTTP when there are more coupons, or more classes."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from operator import truediv
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sqlalchemy import update

from benchmarks.contenders import Sample, sample_of
from benchmarks.cpu import CpuMeter
from benchmarks.engines import Engine
from benchmarks.grown import Size, class_names, grown
from benchmarks.load import CONNECTIONS_COUNT, Request, prepared, send_all
from benchmarks.machine import machine
from benchmarks.own_service import soap_header
from benchmarks.soap_text import envelope, search_content
from benchmarks.traffic import INFOS, REDEMPTIONS, Traffic
from service.domain.search import PAGE_SIZE_MAX
from service.operations.initialise import FirstKeys
from service.settings import Settings
from service.storage.engine import Database
from service.storage.tables import coupon_terms
from tests.reliability.crowd import Address
from tests.reliability.service_process import serving

ROUNDS_FACTOR = 3
"""A round of these is short: there are so many times as many as of the other requests."""
COUPONS_COUNT_MIN = 1_000
COUPONS_COUNT_OF_CLASSES = 100_000
"""How many coupons there are, at most, where the number of classes grows."""
REQUESTS_COUNT = 10
"""How many of each kind are sent in a round: as many as the least coupons have pages."""
SEARCHES = f"SearchCoupons, a page of {PAGE_SIZE_MAX} anywhere"
CLASS_SEARCHES = "the same, in one class"
NAMES = (SEARCHES, CLASS_SEARCHES, INFOS, REDEMPTIONS)
"""Redemptions come last, as they make pages longer."""


class Page(NamedTuple):
    """A page of a search; with no class, of all coupons."""

    class_name: str
    index: int


Samples = Mapping[tuple[str, Size], Sequence[Sample]]


def sizes(coupons_max: int, classes_max: int) -> list[Size]:
    """The databases that are compared: with more and more coupons, and with more classes."""
    middle = min(COUPONS_COUNT_OF_CLASSES, coupons_max)
    return [
        Size(COUPONS_COUNT_MIN, 1),
        Size(middle, 1),
        Size(coupons_max, 1),
        Size(middle, max(1, classes_max // 10)),
        Size(middle, classes_max),
    ]


def growth_table(
    engines: Sequence[Engine], folder: Path, rounds: int, compared: Sequence[Size]
) -> Iterator[str]:
    """The lines of the table.

    Args:
        engines: On which the service runs.
        folder: For logs.
        rounds: How many; one more comes before them and does not count.
        compared: As ``sizes`` answers them.
    """
    least, *others = compared
    coupons = [f"{size.coupons_count:,} coupons" for size in others[:2]]
    classes = [f"{size.classes_count:,} classes" for size in others[2:]]
    yield (
        f"Over HTTP, {CONNECTIONS_COUNT} connections, {rounds} interleaved rounds;"
        f" classes with {others[-1].coupons_count:,} coupons in all, {machine()}."
    )
    yield ""
    yield (
        f"| request | database | CPU with {least.coupons_count:,} coupons of one class, median ms"
        f" | {' | '.join(coupons)} | {' | '.join(classes)} |"
    )
    yield "|---|---|---|---|---|---|---|"
    measured = [(engine, _measure(engine, folder, rounds, compared)) for engine in engines]
    for name in NAMES:
        for engine, samples in measured:
            yield f"| {' | '.join([name, engine.name, *_cells(name, samples, compared)])} |"


def _cells(name: str, samples: Samples, compared: Sequence[Size]) -> Iterator[str]:
    least, middle, *_ = compared
    yield f"{_cost(name, samples, least):.3f}"
    for number, size in enumerate(compared[1:]):
        # More classes are compared with one, among as many coupons.
        base = least if number < 2 else middle
        costs = ([it.cpu_ms for it in samples[name, of]] for of in (size, base))
        yield f"{median(map(truediv, *costs)):.2f} x"


def _cost(name: str, samples: Samples, size: Size) -> float:
    return median(it.cpu_ms for it in samples[name, size])


def _measure(engine: Engine, folder: Path, rounds: int, compared: Sequence[Size]) -> Samples:
    with ExitStack() as stack:
        servers = {
            size: _Server(stack, engine, folder, size, (rounds + 1) * REQUESTS_COUNT)
            for size in dict.fromkeys(compared)
        }
        samples = defaultdict(list)
        chance = random.Random(1)
        for name in NAMES:
            for number in range(rounds + 1):
                for size in chance.sample(list(servers), len(servers)):
                    sample = servers[size].measured(name)
                    if number:
                        samples[name, size].append(sample)
    return samples


class _Server:
    """The service with one worker process, on a database of some size."""

    def __init__(
        self, stack: ExitStack, engine: Engine, folder: Path, size: Size, redemptions_count: int
    ) -> None:
        self._engine = engine
        url, keys = engine.new()
        self._database = Database(url)
        stack.callback(self._end, url)
        supply = grown(self._database, url, keys, size, redemptions_count)
        threads = str(Settings.model_fields["threads"].default)
        log = folder / f"growth-{engine.name}-{size.coupons_count}-{size.classes_count}"
        log.mkdir(exist_ok=True)
        process = stack.enter_context(
            serving(url, log, WORKERS="1", THREADS=threads, LOG_LEVEL="info")
        )
        assert process.process is not None
        self._process_id = process.process.pid
        self._address = process.address
        traffic = Traffic(supply, process.address, supply.unredeemed, {})
        searches = partial(_searches, process.address, keys)
        of_class = size.coupons_count // size.classes_count // PAGE_SIZE_MAX
        in_classes = [Page(name, it) for name in class_names(size) for it in range(of_class)]
        anywhere = [Page("", it) for it in range(size.coupons_count // PAGE_SIZE_MAX)]
        self._requests = {
            SEARCHES: searches(anywhere),
            CLASS_SEARCHES: searches(in_classes),
            INFOS: traffic.coupon_info(),
            REDEMPTIONS: traffic.redemptions(),
        }

    def measured(self, name: str) -> Sample:
        """Send it the requests of one round."""
        if name in {SEARCHES, CLASS_SEARCHES}:
            self._change_all_coupons()
        requests = list(islice(self._requests[name], REQUESTS_COUNT))
        own, databases = CpuMeter([self._process_id]), CpuMeter(self._engine.server_ids)
        seconds = send_all(self._address, requests)
        return sample_of(len(requests), seconds, own, databases)

    def _change_all_coupons(self) -> None:
        """Change their terms, so that none is remembered: few ones would be met again."""
        with self._database.writing() as connection:
            connection.execute(update(coupon_terms).values(amount=coupon_terms.c.amount + 1))

    def _end(self, url: str) -> None:
        self._database.close()
        self._engine.drop(url)


def _searches(address: Address, keys: FirstKeys, pages: Sequence[Page]) -> Iterator[Request]:
    """Requests for the pages in some order, over and over."""
    header = soap_header(keys)
    for page in cycle(random.Random(1).sample(pages, len(pages))):
        content = search_content(keys.customer_id, page.index, PAGE_SIZE_MAX, page.class_name)
        body = envelope("SearchCoupons", content, header)
        yield prepared(address, body, b"CouponCode>", 2 * PAGE_SIZE_MAX)
