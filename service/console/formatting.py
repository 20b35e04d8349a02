"""How numbers, money and instants are written on pages."""

from datetime import date, datetime, timezone
from decimal import Decimal

from babel.numbers import format_decimal
from markupsafe import Markup

from service.domain.money import minor_unit

NOTHING = "\N{EN DASH}"
"""Stands where there is no value."""
_LOCALE = "en"
_DECIMALS_MAX = 6


def number(value: float | Decimal | None) -> str:
    """A number with its thousands told apart: 1,234,567."""
    return NOTHING if value is None else format_decimal(value, locale=_LOCALE)


def money(amount: Decimal | None, currency_code: str) -> str:
    """An amount with the decimals of its currency, more if it has more: 1,250.00 USD."""
    if amount is None:
        return NOTHING
    decimals = -int(minor_unit(currency_code).as_tuple().exponent)
    pattern = f"#,##0.{'0' * decimals}{'#' * (_DECIMALS_MAX - decimals)}"
    return f"{format_decimal(amount, pattern, locale=_LOCALE)} {currency_code}"


def percent(value: Decimal | None) -> str:
    """A percentage, of which 100 is the whole: 12.5 %."""
    return NOTHING if value is None else f"{format_decimal(value, locale=_LOCALE)} %"


def instant(value: datetime | None) -> str | Markup:
    """An instant in UTC as an element ``time``; a script adds the local time on hover."""
    if value is None:
        return NOTHING
    utc = value.astimezone(timezone.utc)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M")
    )


def day(value: date | None) -> str:
    """A day: 2026-03-01."""
    return NOTHING if value is None else value.isoformat()[:10]


FILTERS = {"number": number, "money": money, "percent": percent, "instant": instant, "day": day}
"""By their names in templates."""
