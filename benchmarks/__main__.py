"""The benchmark: ``python -m benchmarks [--rounds N] [--coupons N] [--write] [TABLE ...]``.

It prints tables, and with ``--write`` puts them into ``docs/performance.md``.
``python -m benchmarks profile [REQUEST ...]`` prints where the CPU time of requests goes.
"""

import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import profiling
from benchmarks.bulk import Bulk
from benchmarks.console import console_table
from benchmarks.engines import engines
from benchmarks.growth import ROUNDS_FACTOR, growth_table, sizes
from benchmarks.memory import REQUESTS_COUNT, memory_table
from benchmarks.requests import requests_table
from benchmarks.searching import search_table
from benchmarks.soak import MINUTES, soak_table
from benchmarks.web import IDLE_S, web_table

ROUNDS = 8
BULK_ROUNDS = 3
COUPONS_COUNT = 200_000
COUPONS_COUNT_WRITTEN = 5_000_000
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
CLASSES_COUNT = 1_000
TABLES = ("requests", "growth", "memory", "soak", "bulk", "search", "web", "console")

ENGINES = ("sqlite", "postgresql")
"""In the order in which ``engines`` has them."""


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print, and write if asked to."""
    arguments = _read(words)
    logging.disable(logging.CRITICAL)
    for name, named in groupby(_lines(arguments), key=itemgetter(0)):
        text = ""
        for _, line in named:
            print(line, flush=True)
            text += f"{line}\n"
        # Each by itself: what comes after it may fail an hour later.
        if arguments.write:
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(with_table(page, name, text), encoding="utf-8")


def with_table(page: str, name: str, text: str) -> str:
    """The page with this table in its place."""
    start, end = f"<!-- table: {name} -->\n", f"<!-- end of table: {name} -->\n"
    before, found, rest = page.partition(start)
    if not found:
        raise ValueError(f"the page has no table {name}")
    return before + start + text + end + rest.partition(end)[2]


def _read(words: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("tables", metavar="TABLE", nargs="*", help=f"of {', '.join(TABLES)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of the requests")
    parser.add_argument("--classes", type=int, default=CLASSES_COUNT, help="how many there are")
    parser.add_argument("--bulk-rounds", type=int, default=BULK_ROUNDS)
    parser.add_argument("--coupons", type=int, help="how many a job makes")
    parser.add_argument("--requests", type=int, default=REQUESTS_COUNT, help="of the memory")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of the soak")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="of the soak")
    parser.add_argument("--idle-s", type=float, default=IDLE_S)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.tables) - set(TABLES):
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    arguments.tables = arguments.tables or list(TABLES)
    if arguments.coupons is None:
        arguments.coupons = COUPONS_COUNT_WRITTEN if arguments.write else COUPONS_COUNT
    return arguments


def _lines(arguments: Namespace) -> Iterator[tuple[str, str]]:
    """The lines of each table, and which table they are of."""
    tables = set(arguments.tables)
    with TemporaryDirectory() as name, engines(Path(name)) as both:
        folder = Path(name)
        if "requests" in tables:
            yield from _named("requests", requests_table(both, folder, arguments.rounds))
        if "growth" in tables:
            compared = sizes(arguments.coupons, arguments.classes)
            rounds = arguments.rounds * ROUNDS_FACTOR
            yield from _named("growth", growth_table(both, folder, rounds, compared))
        if "memory" in tables:
            yield from _named("memory", memory_table(both[0], folder, arguments.requests))
        if "soak" in tables:
            engine = both[ENGINES.index(arguments.engine)]
            yield from _named("soak", soak_table(engine, folder, arguments.minutes))
        if tables <= {"requests", "growth", "memory", "soak"}:
            return
        bulk = Bulk(both, folder, arguments.coupons)
        bulk_lines = bulk.table(arguments.bulk_rounds if "bulk" in tables else 1)
        yield from ((name, line) for name, line in _named("bulk", bulk_lines) if name in tables)
        if "search" in tables:
            yield from _named("search", search_table(bulk.filled))
        if "web" in tables:
            yield from _named("web", web_table(bulk.filled, folder, arguments.idle_s))
        if "console" in tables:
            yield from _named("console", console_table(bulk.filled, arguments.classes))


def _named(name: str, lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    return ((name, line) for line in lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["profile"]:
        profiling.main(sys.argv[2:])
    else:
        main()
