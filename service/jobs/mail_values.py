"""What a mail's templates are given: texts in the language of the mail."""

import unicodedata
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from service.domain.jobs import JobReport
from service.domain.mail import MailContent
from service.domain.money import WHOLE_PERCENT, minor_unit

_FALLBACK = Locale("en")
# Line breaks and other characters that steer a terminal or a mail's header.
_CONTROLS = frozenset({"Cc", "Zl", "Zp"})


def mail_values(content: MailContent | JobReport, language: str) -> dict[str, Any]:
    """The values by the names that templates have for them.

    Args:
        content: What the mail tells.
        language: In which numbers and dates are written, as BCP 47 names it; one
            that is unknown is written as English.
    """
    if isinstance(content, JobReport):
        return _job_values(content, language)
    return _coupon_values(content, language)


def _job_values(report: JobReport, language: str) -> dict[str, Any]:
    locale = _locale(language)

    def number(value: int | None) -> str | None:
        return None if value is None else format_decimal(value, locale=locale)

    return {
        "language": language,
        "job_id": report.job_id,
        "kind": report.kind.value,
        "status": report.status.value,
        "amount": number(report.amount),
        "number_of_coupons": number(report.number_of_coupons),
        "class_name": report.class_name and one_line(report.class_name),
        "customer_name": one_line(report.customer_name),
        "batch_id": report.batch_id,
        "error": report.last_error and one_line(report.last_error),
    }


def _coupon_values(content: MailContent, language: str) -> dict[str, Any]:
    locale = _locale(language)
    terms = content.terms

    def money(amount: Decimal) -> str | None:
        return _money(amount, terms.currency_code, locale) if amount else None

    return {
        "language": language,
        "code": one_line(content.code),
        "class_name": one_line(content.class_name),
        "customer_name": one_line(content.customer_name),
        "account_number": content.account_number,
        "amount": money(terms.amount),
        "percent_off": _percent(terms.percent_off, locale),
        "currency_code": terms.currency_code,
        "coupon_type": terms.coupon_type.value,
        "spend_threshold": money(terms.spend_threshold),
        "active_days": terms.active_duration,
        "start_date": _instant(terms.start_date, locale),
        "end_date": _instant(terms.end_date, locale),
        "expiration_date": _instant(terms.expiration_date, locale),
    }


def one_line(text: str) -> str:
    """The text with each run of white space and control characters as one space."""
    plain = ("".join(" " if unicodedata.category(it) in _CONTROLS else it for it in text)).split()
    return " ".join(plain)


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return _FALLBACK


def _money(amount: Decimal, currency_code: str, locale: Locale) -> str:
    # ISO 4217 says how many decimals; Babel's own table differs for a few currencies.
    decimals = "0" * -int(minor_unit(currency_code).as_tuple().exponent)
    pattern = f"#,##0{'.' * bool(decimals)}{decimals} ¤¤"
    return format_currency(amount, currency_code, pattern, locale, currency_digits=False)


def _percent(percent: Decimal | None, locale: Locale) -> str | None:
    if percent is None:
        return None
    return format_percent(percent / WHOLE_PERCENT, locale=locale, decimal_quantization=False)


def _instant(instant: datetime | None, locale: Locale) -> str | None:
    if instant is None:
        return None
    return format_datetime(instant, "long", tzinfo=timezone.utc, locale=locale)
