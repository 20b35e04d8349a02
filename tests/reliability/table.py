"""Writes ``docs/reliability.md`` from what the long proofs measured.

A plugin of pytest, which ``make prove`` loads. Each row stays as it is until its
proof is measured again, so that a run of some proofs loses nothing of the others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.machine import machine
from tests.reliability.proofs import PROPERTY

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
START, END = "<!-- table -->\n", "<!-- end of table -->\n"
HEAD = (
    "| # | proof | engine | rounds | failures | control's failures | figures |\n"
    "|---|---|---|---|---|---|---|\n"
)
UNMEASURED = "not measured"
_ROW = re.compile(
    r"^\| (\w+) \| (.+?) \| (\w+) \| (.+?) \| (.+?) \| (.+?) \|(?: (.*?) ?\|)?$", re.MULTILINE
)


@dataclass(frozen=True)
class Row:
    """What is known of one proof on one engine, as the page shows it."""

    number: str
    name: str
    engine: str
    rounds: str = UNMEASURED
    failures: str = UNMEASURED
    control: str = UNMEASURED
    figures: str = ""

    @property
    def key(self) -> tuple[str, int, str, str]:
        """By which rows are told apart, and in which order they stand."""
        letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", self.number).groups()
        return letters, int(digits), self.name, self.engine

    def with_figures(self, figures: dict[str, Any]) -> "Row":
        """The row after a report."""
        if "unmeasured" in figures:
            return Row(self.number, self.name, self.engine)
        if "rounds" in figures:
            return replace(
                self,
                rounds=f"{figures['rounds']:,}",
                failures=f"{figures['failures']:,}",
                figures=figures.get("figures", ""),
            )
        control = f"{figures['control_failures']:,} of {figures['control_rounds']:,}"
        return replace(self, control=control)

    def __str__(self) -> str:
        cells = (self.number, self.name, self.engine, self.rounds, self.failures, self.control)
        return f"| {' | '.join(cells)} | {self.figures} |"


def read_rows(page: str) -> Iterator[Row]:
    """The rows of the table on the page."""
    for cells in _ROW.findall(page.partition(START)[2].partition(END)[0]):
        if cells[0] != "#":
            yield Row(*cells)


def merged(page: str, reports: list[dict[str, Any]]) -> str:
    """The page with these reports in its table."""
    rows = {row.key: row for row in read_rows(page)}
    for report in reports:
        new = Row(report["number"], report["name"], report["engine"])
        rows[new.key] = rows.get(new.key, new).with_figures(report)
    before, _, rest = page.partition(START)
    lines = "".join(f"{rows[key]}\n" for key in sorted(rows))
    table = f"Measured on {machine()}.\n\n{HEAD}{lines}"
    return before + START + table + END + rest.partition(END)[2]


class _Reports:
    def __init__(self) -> None:
        self._reports: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.skipped:
            self._reports += [it for name, it in report.user_properties if name == PROPERTY]

    def pytest_sessionfinish(self) -> None:
        if self._reports:
            page = merged(PAGE.read_text(encoding="utf-8"), self._reports)
            PAGE.write_text(page, encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the reports, but not in the processes of xdist, which pass theirs on."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reports())
