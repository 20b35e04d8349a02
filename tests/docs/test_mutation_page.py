"""The page of mutation testing has each module that is changed, and the scores that it must."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.mutation.__main__ import PAGE, with_table

REPOSITORY = Path(__file__).parents[2]
SETTINGS = ConfigParser()
SETTINGS.read(REPOSITORY / "setup.cfg", encoding="utf-8")
CHANGED = SETTINGS["mutmut"]["only_mutate"].split()
ROWS = [
    line.strip("| ").split(" | ")
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and line.endswith(" % |")
]
SCORE_MIN = 90


def test_every_module_that_is_changed_has_a_row():
    modules = [f"service/{name.replace('.', '/')}.py" for name, *_ in ROWS if name != "all"]
    assert modules == CHANGED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_tests_notice_what_they_must(row):
    made, noticed, unnoticed = (int(cell.replace(",", "")) for cell in row[1:4])
    assert made == noticed + unnoticed
    assert noticed / made >= SCORE_MIN / 100


def test_the_table_is_written_from_what_became_of_each_change():
    page = "before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n"
    statuses = [("service.domain.money.x_a__mutmut_1", "killed")] * 2
    statuses += [("service.domain.bills.xǁLineǁb__mutmut_1", "timeout")]
    statuses += [("service.domain.money.x_a__mutmut_2", "survived")]
    written = with_table(page, statuses, measured="Measured.")
    assert written == (
        "before\n<!-- table -->\nMeasured.\n\n"
        "| module | changes | noticed | unnoticed | score |\n|---|---|---|---|---|\n"
        "| domain.bills | 1 | 1 | 0 | 100.0 % |\n"
        "| domain.money | 3 | 2 | 1 | 66.7 % |\n"
        "| all | 4 | 3 | 1 | 75.0 % |\n"
        "<!-- end of table -->\nafter\n"
    )
