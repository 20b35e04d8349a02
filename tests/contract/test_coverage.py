"""The committed coverage page says what is true now."""

from pathlib import Path

from service.soap.customer_billing import IMPLEMENTED_OPERATIONS
from tests.contract import coverage

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_the_committed_page_is_the_present_one():
    assert PAGE.read_text(encoding="utf-8") == coverage.page(), "run docs/generate_coverage.py"


def test_implemented_operations_are_operations_of_the_contract(official):
    operations = {f"portType operation {name}" for name in IMPLEMENTED_OPERATIONS}
    assert operations <= official.keys()


def test_a_difference_shows_in_every_operation_that_it_touches(official, monkeypatch):
    wrong = {name: dict(says) for name, says in official.items()}
    wrong["type {https://bingads.microsoft.com/Customer/v13/Entities}Paging"]["/sequence order"] = (
        ""
    )
    monkeypatch.setattr(coverage, "read_official", lambda: wrong)
    rows = [line for line in coverage.page().splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0][2:] for line in rows if "| no | " in line] == [
        "SearchInsertionOrders",
        "SearchCoupons",
        "Paging",
    ]
