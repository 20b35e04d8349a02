"""Cells that no spreadsheet takes for a formula."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.csv_cells import cell_of, protected, unprotected
from tests.programme import utc

STARTS = "=+-@\t\r"


@pytest.mark.parametrize("start", STARTS)
def test_a_formula_is_text(start: str) -> None:
    assert protected(f"{start}1+1") == f"'{start}1+1"
    assert unprotected(f"'{start}1+1") == f"{start}1+1"


@pytest.mark.parametrize("text", ["ABC", "'ABC", "1-2", "", "'", "A=B"])
def test_other_text_is_as_it_is(text: str) -> None:
    assert protected(text) == text
    assert unprotected(text) == text


@given(st.text(alphabet=f"'{STARTS}A", max_size=6))
def test_what_was_protected_comes_back(text: str) -> None:
    cell = protected(text)
    assert not cell.startswith(tuple(STARTS))
    assert unprotected(cell) == text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (Decimal("12.500000"), "12.5"),
        (Decimal(100), "100"),
        (utc(2026, 3, 1, 12), "2026-03-01T12:00:00Z"),
        (7, "7"),
        ("=A", "'=A"),
    ],
)
def test_values_are_written_in_one_way(value: object, cell: str) -> None:
    assert cell_of(value) == cell  # type: ignore[arg-type]
