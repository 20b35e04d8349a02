"""What a request costs over HTTP, against peers and floors that are measured in the same run."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from operator import attrgetter, truediv
from pathlib import Path
from statistics import median

from benchmarks.contenders import (
    NODE_SOAP,
    STOCK_SPYNE,
    Arena,
    Contender,
    HttpServer,
    Sample,
    service_on,
    statements_on,
)
from benchmarks.engines import Engine
from benchmarks.load import CONNECTIONS_COUNT
from benchmarks.machine import machine
from benchmarks.own_service import soap_header
from benchmarks.soap_text import envelope
from benchmarks.supply import Supply
from benchmarks.traffic import KINDS, REDEMPTIONS, Kind
from service.soap.contract import CUSTOMER_BILLING
from service.soap.gate import Gate, GateLimits
from service.soap.namespaces import BILLING

GATE_COUNT = 500
Samples = Mapping[tuple[str, str], Sequence[Sample]]
"""Those of a kind of request and a contender, by their names."""


def requests_table(
    engines: Sequence[Engine],
    folder: Path,
    rounds: int,
    *,
    share: float = 1,
    with_node: bool = True,
) -> Iterator[str]:
    """The lines of the tables.

    Args:
        engines: On which the service runs.
        folder: For files and logs.
        rounds: How many; one more comes before them and does not count.
        share: Which part of the requests of a round is sent.
        with_node: Whether Node.js is asked at all, for which a package is fetched.
    """
    kinds = [replace(kind, count=max(1, round(kind.count * share))) for kind in KINDS]
    with ExitStack() as stack:
        arena = Arena(stack, folder, kinds, rounds + 1)
        (supply, *_), services, statements = zip(*map(arena.service, engines), strict=True)
        peers = arena.peers(supply, with_node=with_node)
        contenders = [*services, *statements, *peers]
        samples, gate_ms = _measure(contenders, kinds, rounds, supply)
    yield (f"Over HTTP, {CONNECTIONS_COUNT} connections, {rounds} interleaved rounds, {machine()}.")
    yield ""
    yield from _costs(kinds, contenders, samples)
    yield ""
    yield from _redemptions(engines, samples, gate_ms)


def _measure(
    contenders: Sequence[Contender], kinds: Sequence[Kind], rounds: int, supply: Supply
) -> tuple[Samples, list[float]]:
    """All samples, and the milliseconds that the gate takes for a redemption."""
    samples = defaultdict(list)
    gate_ms = []
    chance = random.Random(1)
    for number in range(rounds + 1):
        for kind in kinds:
            asked = [contender for contender in contenders if contender.answers(kind)]
            # Nobody always comes after the same one.
            for contender in chance.sample(asked, len(asked)):
                sample = contender.measured(kind)
                if number:
                    samples[kind.name, contender.name].append(sample)
        gate_ms.append(_gate_ms(supply))
    return samples, gate_ms[1:]


def _gate_ms(supply: Supply) -> float:
    """CPU time of parsing a redemption, counting, opening its envelope, and validating it."""
    account_id, code = supply.redeemed
    content = f"<AccountId>{account_id}</AccountId><CouponCode>{code}</CouponCode>"
    body = envelope("RedeemCoupon", content, soap_header(supply.keys))
    gate = Gate(CUSTOMER_BILLING, GateLimits())
    requests = {f"{{{BILLING}}}RedeemCouponRequest": ()}
    gate.open_envelope(gate.parse(body, "utf-8"), requests)
    start = time.process_time()
    for _ in range(GATE_COUNT):
        gate.open_envelope(gate.parse(body, "utf-8"), requests)
    return (time.process_time() - start) * 1000 / GATE_COUNT


def _costs(
    kinds: Sequence[Kind], contenders: Sequence[Contender], samples: Samples
) -> Iterator[str]:
    yield (
        "| request | answered by | CPU, least (median) ms | of it in the database server"
        f" | requests per second, most (median) | {STOCK_SPYNE} takes | {NODE_SOAP} takes |"
    )
    yield "|---|---|---|---|---|---|---|"
    for kind in kinds:
        asked = [contender for contender in contenders if contender.answers(kind)]
        for contender in asked:
            own = samples[kind.name, contender.name]
            peers = [samples.get((kind.name, peer)) for peer in (STOCK_SPYNE, NODE_SOAP)]
            ratios = [_times(contender, own, peer) for peer in peers]
            shown = kind.name if contender is asked[0] else ""
            yield f"| {' | '.join([shown, contender.name, *_figures(own), *ratios])} |"
        if (kind.name, STOCK_SPYNE) in samples and (kind.name, NODE_SOAP) not in samples:
            yield f"|  | {NODE_SOAP} | not run: no node |  |  |  |  |"


def _times(contender: Contender, own: Sequence[Sample], peer: Sequence[Sample] | None) -> str:
    """How many times as much CPU time a peer takes for the same request."""
    if peer is None or peer is own or not isinstance(contender, HttpServer):
        return ""
    ratio = _ratio(peer, own, "cpu_ms")
    return f"{ratio:.{1 if ratio > 1 else 2}f} x"


def _ratio(above: Sequence[Sample], below: Sequence[Sample], figure: str) -> float:
    """The median of the rounds' ratios: what disturbs a round disturbs both."""
    of = attrgetter(figure)
    return float(median(map(truediv, map(of, above), map(of, below))))


def _figures(found: Sequence[Sample]) -> list[str]:
    costs, rates = [it.cpu_ms for it in found], [it.rate for it in found]
    in_database = median(it.database_ms for it in found)
    return [
        f"{min(costs):.3f} ({median(costs):.3f})",
        f"{in_database:.3f}" if in_database else "",
        f"{max(rates):,.0f} ({median(rates):,.0f})",
    ]


def _redemptions(
    engines: Sequence[Engine], samples: Samples, gate_ms: Sequence[float]
) -> Iterator[str]:
    yield (
        "| database | redemptions per second over HTTP | by the bare statements | ratio"
        " | gate, least (median) ms | its share of the CPU time |"
    )
    yield "|---|---|---|---|---|---|"
    for engine in engines:
        service = samples[REDEMPTIONS, service_on(engine)]
        bare = samples[REDEMPTIONS, statements_on(engine)]
        gate = median(gate_ms)
        cells = (
            engine.name,
            *(f"{median(it.rate for it in found):,.0f}" for found in (service, bare)),
            f"{_ratio(service, bare, 'rate'):.0%}",
            f"{min(gate_ms):.3f} ({gate:.3f})",
            f"{gate / median(it.cpu_ms for it in service):.1%}",
        )
        yield f"| {' | '.join(cells)} |"
