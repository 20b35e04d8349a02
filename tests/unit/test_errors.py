"""The catalogue of errors holds together."""

import re
from collections import Counter

import pytest

from service.domain.error_catalogue import CATALOGUE, ERROR_MODULES
from service.domain.error_rows import ErrorRow, FaultKind
from service.domain.errors import CONCURRENT_REQUEST_OVER_LIMIT
from service.domain.refusals import BatchError, ServiceError

each_row = pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.symbol)
ROW = ErrorRow(90999, "Odd", "It is odd.", "It is not even.", FaultKind.ITEM)


def test_numbers_and_symbols_are_unique() -> None:
    for values in ([row.code for row in CATALOGUE], [row.symbol for row in CATALOGUE]):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_every_row_of_the_modules_is_in_the_catalogue_in_order() -> None:
    values = [value for module in ERROR_MODULES for value in vars(module).values()]
    rows = [value for value in values if isinstance(value, ErrorRow)]
    assert sorted(rows, key=lambda row: row.code) == list(CATALOGUE)


@each_row
def test_a_row_says_what_people_need(row: ErrorRow) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]+", row.symbol)
    assert row.message[0].isupper()
    assert row.meaning.endswith(".")
    assert row.message != row.meaning


@each_row
def test_a_number_tells_whose_it_is(row: ErrorRow) -> None:
    if row.kind is FaultKind.AD_API:
        # The one of Microsoft's that is above 200.
        assert 0 <= row.code < 200 or row is CONCURRENT_REQUEST_OVER_LIMIT or row.is_ours
    elif row.kind is FaultKind.API:
        assert row.code >= 200
    else:
        assert row.is_ours
    assert row.is_ours is (row.code >= 90001)


@pytest.mark.parametrize(("text", "expected"), [("why", "Odd: why"), ("", "Odd")])
def test_details_start_with_the_symbol(text: str, expected: str) -> None:
    item = BatchError(ROW, 3, text)
    assert (item.code, item.message, item.details) == (90999, "It is odd.", expected)
    assert ServiceError(ROW, text).details_text == expected


def test_a_refusal_reads_as_a_sentence_in_logs() -> None:
    assert str(ServiceError(ROW, "why")) == "Odd: why"
    assert str(ServiceError(ROW)) == "Odd: It is odd."
