"""A job that makes millions of coupons, against the programs that load a file into a table."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.engines import Engine, Files, size_of
from benchmarks.machine import machine
from benchmarks.processes import run_watched
from service.operations.initialise import FirstKeys

MIB = 2**20


@dataclass(frozen=True)
class Filled:
    """A database with the coupons of one job."""

    engine: Engine
    url: str
    keys: FirstKeys
    count: int


@dataclass(frozen=True)
class Sample:
    """One run of a contender."""

    seconds: float
    bytes_per_code: float
    peak_bytes: int | None


class Bulk:
    """The rounds on some engines; each keeps the database of its last job.

    Args:
        engines: On which.
        folder: For files.
        count: How many coupons a job makes.
    """

    def __init__(self, engines: Sequence[Engine], folder: Path, count: int) -> None:
        self._engines = engines
        self._folder = folder
        self._count = count
        self._files: dict[str, Files] = {}
        self._own: dict[str, list[Sample]] = {engine.name: [] for engine in engines}
        self._loaded: dict[str, list[Sample]] = {engine.name: [] for engine in engines}
        self._filled: dict[str, Filled] = {}

    @property
    def filled(self) -> list[Filled]:
        """The databases of the last round."""
        return list(self._filled.values())

    def table(self, rounds: int) -> Iterator[str]:
        """Run, and answer the lines of the table."""
        for _ in range(rounds):
            for engine in self._engines:
                self._run_job(engine)
                self._run_loader(engine)
        yield f"Jobs of {self._count:,} coupons, {rounds} interleaved rounds, {machine()}."
        yield ""
        yield (
            "| what | seconds, least (median) | codes per second | bytes per code"
            " | memory, MiB | ratio |"
        )
        yield "|---|---|---|---|---|---|"
        for engine in self._engines:
            yield from self._rows(engine)

    def _run_job(self, engine: Engine) -> None:
        if engine.name in self._filled:
            engine.drop(self._filled[engine.name].url)
        url, keys = engine.new()
        arguments = [url, str(keys.customer_id), str(self._count)]
        finished = run_watched([sys.executable, "-m", "benchmarks.one_job", *arguments])
        size = size_of(url) / self._count
        self._own[engine.name].append(Sample(float(finished.output), size, finished.peak_bytes))
        self._filled[engine.name] = Filled(engine, url, keys, self._count)

    def _run_loader(self, engine: Engine) -> None:
        if engine.loader is None:
            return
        if engine.name not in self._files:
            url = self._filled[engine.name].url
            self._files[engine.name] = engine.loader.export(url, self._folder)
        finished, size = engine.loader.load(self._files[engine.name], self._count)
        sample = Sample(finished.seconds, size / self._count, finished.peak_bytes)
        self._loaded[engine.name].append(sample)

    def _rows(self, engine: Engine) -> Iterator[str]:
        own, loaded = self._own[engine.name], self._loaded[engine.name]
        ratio = f"{_median_s(own) / _median_s(loaded):.2f}" if loaded else "not measured"
        yield self._row(f"{engine.name}: a job of the service", own, ratio)
        if engine.loader is not None:
            yield self._row(f"{engine.name}: {engine.loader.name}", loaded, "")

    def _row(self, name: str, samples: Sequence[Sample], ratio: str) -> str:
        seconds = _median_s(samples)
        least = min(sample.seconds for sample in samples)
        peaks = [sample.peak_bytes for sample in samples if sample.peak_bytes is not None]
        memory = f"{max(peaks) / MIB:.0f}" if peaks else "not measured"
        size = median(sample.bytes_per_code for sample in samples)
        speed = self._count / seconds
        cells = (
            name,
            f"{least:.1f} ({seconds:.1f})",
            f"{speed:,.0f}",
            f"{size:.0f}",
            memory,
            ratio,
        )
        return f"| {' | '.join(cells)} |"


def _median_s(samples: Sequence[Sample]) -> float:
    return median(sample.seconds for sample in samples)
