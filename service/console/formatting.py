"""How numbers, money and instants are written on pages."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from babel.numbers import format_decimal
from markupsafe import Markup

from service.domain.instants import NO_END
from service.domain.money import minor_unit

NOTHING = "\N{EN DASH}"
"""Stands where there is no value."""
NO_END_TEXT = "no end"
_LAST_DAY = NO_END.isoformat()[:10]
_LOCALE = "en"
_DECIMALS_MAX = 6
_ROUGH_FROM = 10**15


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
    """A percentage, of which 100 is the whole, with all its decimals: 12.5 %."""
    pattern = f"#,##0.{'#' * _DECIMALS_MAX}"
    return NOTHING if value is None else f"{format_decimal(value, pattern, locale=_LOCALE)} %"


def rough(value: int) -> str:
    """A number whose digits nobody reads when there are many: as a power of ten from 10^15 on."""
    if value < _ROUGH_FROM:
        return number(value)
    digits = str(value)
    return f"{digits[0]}.{digits[1]} \N{MULTIPLICATION SIGN} 10^{len(digits) - 1}"


def span(value: timedelta) -> str:
    """How long something takes, in its two largest units: 3 min 20 s."""
    seconds = max(round(value.total_seconds()), 1)
    units = (("d", seconds // 86_400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60))
    parts = [f"{count} {unit}" for unit, count in (*units, ("s", seconds % 60)) if count]
    return " ".join(parts[:2])


def instant(value: datetime | None) -> str | Markup:
    """An instant in UTC as an element ``time``; a script adds the local time on hover."""
    if value is None:
        return NOTHING
    if value >= NO_END:
        return NO_END_TEXT
    utc = value.astimezone(timezone.utc)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%Y-%m-%d %H:%M")
    )


def day(value: date | None) -> str:
    """A day: 2026-03-01."""
    if value is None:
        return NOTHING
    return NO_END_TEXT if value.isoformat()[:10] == _LAST_DAY else value.isoformat()[:10]


FILTERS = {
    "number": number,
    "money": money,
    "percent": percent,
    "rough": rough,
    "span": span,
    "instant": instant,
    "day": day,
}
"""By their names in templates."""
