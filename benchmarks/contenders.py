"""Who answers the requests that are measured, and what a round of them costs."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple, Protocol

from benchmarks.bare_statements import BareStatements, bare_statements
from benchmarks.cpu import CpuMeter
from benchmarks.engines import Engine
from benchmarks.load import CONNECTIONS_COUNT, Request, send_all
from benchmarks.peers import WORKERS_COUNT, Peer, bare_lxml, behind_granian, node_soap, stock_spyne
from benchmarks.supply import Supply, Unredeemed, supplied
from benchmarks.traffic import BILLS, PAGE_SIZES, REDEMPTIONS, Kind, Traffic
from service.settings import Settings
from tests.reliability.crowd import Address
from tests.reliability.service_process import serving

STOCK_SPYNE = "stock Spyne"
NODE_SOAP = "Node.js `soap`"
BARE_LXML = "bare lxml"


def service_on(engine: Engine) -> str:
    """The name of the service on an engine."""
    return f"the service, {engine.name}"


def statements_on(engine: Engine) -> str:
    """The name of the bare statements on an engine."""
    return f"bare statements, {engine.name}"


class Sample(NamedTuple):
    """What a request took in one round.

    Attributes:
        cpu_ms: Milliseconds of CPU time, user and system, of all processes that answer.
        database_ms: How many of these a database server took.
        rate: Requests in a second.
    """

    cpu_ms: float
    database_ms: float
    rate: float


class Contender(Protocol):
    """Somebody who answers requests."""

    name: str

    def answers(self, kind: Kind) -> bool:
        """Whether requests of this kind are for it."""

    def measured(self, kind: Kind) -> Sample:
        """Send it the requests of one round."""


@dataclass
class HttpServer:
    """A contender that is called over HTTP.

    Attributes:
        process_ids: The roots of its process trees.
        database_ids: Those of its database server.
        knows_bills: Whether it has the management service.
        round_s_min: How long a round of it lasts at least.
    """

    name: str
    address: Address
    traffic: Traffic
    process_ids: Sequence[int]
    database_ids: Sequence[int] = ()
    knows_bills: bool = False
    round_s_min: float = 0
    _requests: dict[str, Iterator[Request]] = field(default_factory=dict)

    def answers(self, kind: Kind) -> bool:
        """As ``Contender`` says."""
        return self.knows_bills or kind.name != BILLS

    def measured(self, kind: Kind) -> Sample:
        """As ``Contender`` says."""
        if kind.name not in self._requests:
            self._requests[kind.name] = kind.requests(self.traffic)
        count, seconds = 0, 0.0
        own, databases = CpuMeter(self.process_ids), CpuMeter(self.database_ids)
        while not count or seconds < self.round_s_min:
            requests = list(islice(self._requests[kind.name], kind.count))
            seconds += send_all(self.address, requests)
            count += len(requests)
        return sample_of(count, seconds, own, databases)


@dataclass
class Statements:
    """The bare statements of a database."""

    name: str
    program: BareStatements
    unredeemed: Iterator[Unredeemed]
    database_ids: Sequence[int]

    def answers(self, kind: Kind) -> bool:
        """As ``Contender`` says."""
        return kind.name == REDEMPTIONS

    def measured(self, kind: Kind) -> Sample:
        """As ``Contender`` says."""
        coupons = list(islice(self.unredeemed, kind.count))
        own, databases = CpuMeter([self.program.process_id]), CpuMeter(self.database_ids)
        seconds = self.program.redeem(coupons)
        return sample_of(kind.count, seconds, own, databases)


def sample_of(count: int, seconds: float, own: CpuMeter, databases: CpuMeter) -> Sample:
    """What so many requests took, by meters that were started before them."""
    database_ms = databases.seconds() * 1000 / count
    return Sample(own.seconds() * 1000 / count + database_ms, database_ms, count / seconds)


class Arena:
    """Starts the contenders, in a block that ends them.

    Args:
        stack: Of the block.
        folder: For files and logs.
        kinds: What each of them is sent in a round.
        rounds: How many rounds there are.
    """

    def __init__(self, stack: ExitStack, folder: Path, kinds: Sequence[Kind], rounds: int) -> None:
        self._stack = stack
        self._folder = folder
        counts = {kind.name: kind.count * rounds for kind in kinds}
        self._redemptions_count = counts[REDEMPTIONS]
        self._first_pages = {}
        # The first page of each size is for those who ask for it again.
        self._searched_count = max(PAGE_SIZES)
        for size in PAGE_SIZES:
            self._first_pages[size] = self._searched_count // size
            self._searched_count += counts[f"SearchCoupons, page of {size}"] * size

    def service(self, engine: Engine) -> tuple[Supply, Contender, Contender]:
        """The service on a database as it is with no settings, and the bare statements there."""
        url, keys = engine.new()
        supply = supplied(url, keys, self._searched_count, 2 * self._redemptions_count)
        count = self._redemptions_count
        own, bare = supply.unredeemed[:count], supply.unredeemed[count:]
        folder = self._folder / engine.name
        folder.mkdir()
        process = self._stack.enter_context(serving(url, folder, **_DEFAULTS))
        assert process.process is not None
        service = HttpServer(
            service_on(engine),
            process.address,
            Traffic(supply, process.address, own, self._first_pages),
            [process.process.pid],
            engine.server_ids,
            knows_bills=True,
        )
        program = self._stack.enter_context(bare_statements(url, CONNECTIONS_COUNT))
        statements = Statements(statements_on(engine), program, iter(bare), engine.server_ids)
        return supply, service, statements

    def peers(self, supply: Supply, *, with_node: bool) -> Iterator[Contender]:
        """Those that answer from memory what the service answers from the database."""
        memory, folder = supply.memory, self._folder
        stock = self._stack.enter_context(behind_granian(stock_spyne, memory, folder))
        yield replace(self._peer(STOCK_SPYNE, stock, supply), round_s_min=_GARBAGE_INTERVAL_S)
        lxml = self._stack.enter_context(behind_granian(bare_lxml, memory, folder))
        yield self._peer(BARE_LXML, lxml, supply)
        if with_node:
            node = self._stack.enter_context(node_soap(memory, folder))
            if node is not None:
                yield self._peer(NODE_SOAP, node, supply)

    def _peer(self, name: str, peer: Peer, supply: Supply) -> HttpServer:
        # From memory, a coupon can be redeemed as often as one likes.
        coupons = cycle(supply.unredeemed)
        traffic = Traffic(supply, peer.address, coupons, self._first_pages)
        return HttpServer(name, peer.address, traffic, [peer.process_id])


_GARBAGE_INTERVAL_S = 1
"""Stock Spyne collects garbage at the end of a request, if it has not for a second. It does so
once in whatever is measured, and that must not be for the few requests of a shorter time."""

# Tests serve otherwise.
_DEFAULTS = {
    "WORKERS": str(WORKERS_COUNT),
    **{name.upper(): str(Settings.model_fields[name].default) for name in ("threads", "log_level")},
}
