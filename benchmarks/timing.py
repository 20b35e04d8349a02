"""CPU time per request, in interleaved rounds so that a busy moment hits everybody alike."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

ROUND_CPU_S = 0.25
"""CPU time that one round of one contender takes, about."""


class Cost(NamedTuple):
    """CPU milliseconds per request: the least and the median of all rounds."""

    least_ms: float
    median_ms: float


def measure(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """Run every contender once a round, and answer what one of its requests costs."""
    counts = {name: _requests_per_round(send) for name, send in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, send in contenders.items():
            samples[name].append(_cpu_ms(send, counts[name]))
    return {name: Cost(min(times), median(times)) for name, times in samples.items()}


def _requests_per_round(send: Callable[[], object]) -> int:
    send()
    return max(3, int(ROUND_CPU_S * 1000 / max(_cpu_ms(send, 3), 0.01)))


def _cpu_ms(send: Callable[[], object], count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        send()
    return (time.process_time() - start) * 1000 / count
