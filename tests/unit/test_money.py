"""Currencies, their minor units, and rounding."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.money import (
    AMOUNT_MAX,
    is_currency,
    is_whole,
    minor_unit,
    round_to_minor_unit,
)


@pytest.mark.parametrize("code", ["USD", "EUR", "JPY", "KWD", "CLF"])
def test_currencies_of_money_are_known(code: str) -> None:
    assert is_currency(code)


@pytest.mark.parametrize("code", ["", "usd", "US", "USDX", "ZZZ", "840", "US Dollar", "XAU"])
def test_everything_else_is_no_currency(code: str) -> None:
    assert not is_currency(code)


@pytest.mark.parametrize(
    ("code", "unit"), [("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("CLF", "0.0001")]
)
def test_a_currency_has_a_smallest_amount(code: str, unit: str) -> None:
    assert minor_unit(code) == Decimal(unit)


def test_an_unknown_currency_has_none() -> None:
    with pytest.raises(ValueError, match="ZZZ"):
        minor_unit("ZZZ")


@pytest.mark.parametrize(
    ("amount", "code", "expected"),
    [
        ("0.005", "USD", "0.01"),
        ("0.004999", "USD", "0.00"),
        ("1.015", "USD", "1.02"),
        ("2.5", "JPY", "3"),
        ("2.49", "JPY", "2"),
        ("0.0005", "KWD", "0.001"),
        ("-0.005", "USD", "-0.01"),
        ("999999999999.994999", "USD", "999999999999.99"),
    ],
)
def test_halves_are_rounded_up(amount: str, code: str, expected: str) -> None:
    assert str(round_to_minor_unit(Decimal(amount), code)) == expected


@given(
    st.decimals(0, AMOUNT_MAX, places=6, allow_nan=False), st.sampled_from(["USD", "JPY", "KWD"])
)
def test_rounding_moves_an_amount_by_half_a_unit_at_most(amount: Decimal, code: str) -> None:
    unit = minor_unit(code)
    rounded = round_to_minor_unit(amount, code)
    assert rounded % unit == 0
    assert abs(rounded - amount) <= unit / 2
    assert round_to_minor_unit(rounded, code) == rounded


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        ("1.10", "0.01", True),
        ("1.1000", "0.01", True),
        ("1.101", "0.01", False),
        ("1E+3", "0.01", True),
        ("105", "1", True),
        ("0.5", "1", False),
        ("0", "0.01", True),
        ("0E-999999", "0.01", True),
        ("1E-999999999", "0.01", False),
        ("NaN", "0.01", False),
        ("Infinity", "0.01", False),
    ],
)
def test_an_amount_is_whole_or_not_however_it_is_written(
    amount: str, unit: str, expected: bool
) -> None:
    assert is_whole(Decimal(amount), Decimal(unit)) is expected
