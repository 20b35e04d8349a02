"""The page of long proofs has each proof that there is, and what it says is what it must."""

import re
from pathlib import Path

import pytest

from tests.reliability import proofs, table
from tests.reliability.proofs import Proof

TESTS = Path(__file__).parents[1]
PROOFS = {name: it for name, it in vars(proofs).items() if isinstance(it, Proof)}
ROWS = list(table.read_rows(table.PAGE.read_text(encoding="utf-8")))
SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for path in TESTS.rglob("*.py")
    if path.name not in {"proofs.py", Path(__file__).name}
)
REPORT = {"number": "C1", "name": "a proof", "engine": "sqlite"}


def test_every_proof_has_its_rows_and_no_other():
    expected = {(it.number, it.name, engine) for it in PROOFS.values() for engine in it.engines}
    assert {(row.number, row.name, row.engine) for row in ROWS} == expected
    assert len(ROWS) == len(expected)


@pytest.mark.parametrize("name", PROOFS)
def test_a_test_measures_every_proof(name):
    assert re.search(rf"\b{name}\b", SOURCES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number} {row.engine}")
def test_nothing_failed_but_the_control(row):
    assert row.failures == "0"
    assert int(row.rounds.replace(",", "")) > 0
    failed, rounds = map(int, row.control.replace(",", "").split(" of "))
    assert 0 < failed <= rounds


def test_a_report_changes_its_row_only():
    page = f"before\n{table.START}{table.END}after\n"
    page = table.merged(page, [{**REPORT, "rounds": 1000, "failures": 0, "figures": "7 ms"}])
    page = table.merged(page, [{**REPORT, "engine": "postgresql", "rounds": 5, "failures": 2}])
    page = table.merged(page, [{**REPORT, "control_rounds": 30, "control_failures": 29}])
    assert [str(row) for row in table.read_rows(page)] == [
        "| C1 | a proof | postgresql | 5 | 2 | not measured |  |",
        "| C1 | a proof | sqlite | 1,000 | 0 | 29 of 30 | 7 ms |",
    ]
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert table.merged(page, []) == page
    page = table.merged(page, [{**REPORT, "unmeasured": True}])
    assert "| C1 | a proof | sqlite | not measured | not measured | not measured |  |" in page
