"""Money: decimal amounts and the currencies of ISO 4217."""

from decimal import ROUND_HALF_UP, Decimal

from iso4217 import Currency

ZERO = Decimal(0)
AMOUNT_MAX = Decimal("999999999999.999999")
"""The largest amount that storage holds exactly, on every database."""
STORED_UNIT = Decimal("0.000001")
"""The smallest that it holds: amounts, and percentages, have at most six decimals."""
WHOLE_PERCENT = 100


def is_currency(code: str) -> bool:
    """Whether ISO 4217 has the three-letter code and gives it minor units."""
    try:
        return Currency(code).exponent is not None
    except ValueError:
        return False


def minor_unit(currency_code: str) -> Decimal:
    """The smallest amount of the currency: 0.01 for USD, 1 for JPY.

    Raises:
        ValueError: ISO 4217 has no such currency.
    """
    return Decimal(1).scaleb(-(Currency(currency_code).exponent or 0))


def is_whole(amount: Decimal, unit: Decimal) -> bool:
    """Whether the amount is finite and a multiple of the unit, however it is written.

    Only digits are looked at: a remainder would be rounded away for tiny amounts.
    """
    if not amount.is_finite():
        return False
    digits, exponent = amount.as_tuple()[1:]
    last = next((place for place, digit in enumerate(reversed(digits)) if digit), len(digits))
    return amount == 0 or int(exponent) + last >= int(unit.as_tuple().exponent)


def round_to_minor_unit(amount: Decimal, currency_code: str) -> Decimal:
    """Round half up to the currency's minor unit; the last step of a computation."""
    return amount.quantize(minor_unit(currency_code), rounding=ROUND_HALF_UP)


def plain(number: Decimal) -> str:
    """The number as text, the same however it was written: no exponent, no zeros at the end."""
    return f"{number.normalize():f}"
