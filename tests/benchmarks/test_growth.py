"""The tables of growth, memory and soak have all figures, and the service answers all requests."""

import re
from pathlib import Path

import pytest

from benchmarks.engines import Engine
from benchmarks.grown import Size, class_names
from benchmarks.growth import NAMES, growth_table
from benchmarks.memory import LOOKS_COUNT, memory_table
from benchmarks.soak import soak_table
from tests.databases import SqliteEngine


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    return Engine("SQLite", SqliteEngine(tmp_path), None)


def test_each_class_has_a_name() -> None:
    assert class_names(Size(10, 1)) == ["Spring"]
    assert len(set(class_names(Size(10, 10)))) == 10


@pytest.mark.prove
def test_growth_is_measured_at_every_size(sqlite: Engine, tmp_path: Path) -> None:
    compared = [Size(1000, 1), Size(1200, 1), Size(1400, 1), Size(1200, 2), Size(1200, 4)]
    lines = list(growth_table([sqlite], tmp_path, 1, compared))
    rows = [line for line in lines if re.search(r"\| [\d.]+( \| [\d.]+ x){4} \|$", line)]
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in NAMES]


@pytest.mark.prove
def test_memory_is_looked_at_again_and_again(sqlite: Engine, tmp_path: Path) -> None:
    *_, row = memory_table(sqlite, tmp_path, 320)
    figures = [float(cell) for cell in row.strip("| ").split(" | ")[1:]]
    assert len(figures) == LOOKS_COUNT
    # A worker that has answered has far more than the process that watches it.
    assert all(50 < figure < 1000 for figure in figures)


@pytest.mark.prove
def test_a_soak_sends_every_kind_of_request_and_looks_at_every_process(
    sqlite: Engine, tmp_path: Path
) -> None:
    lines = list(soak_table(sqlite, tmp_path, 0.1))
    rows = [line.strip("| ").split(" | ") for line in lines if re.match(r"\| \d", line)]
    assert len(rows) == 10
    # The first process, two that serve, the background worker, and who tells metrics.
    assert all(len(row[8].split(" + ")) >= 5 for row in rows)
    assert " 0 wrong replies of " in lines[-1]
