"""The bounds of a coupon's terms."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.errors import TERMS_INVALID
from service.domain.refusals import ServiceError
from service.domain.terms import CouponType
from tests.programme import START, terms

VALID: dict[str, dict[str, Any]] = {
    "amount": {},
    "acquisition": {"coupon_type": CouponType.ACQUISITION},
    "smallest amount": {"amount": Decimal("0.01")},
    "largest amount": {"amount": Decimal("999999999999.99")},
    "no decimals in yen": {"amount": Decimal(1), "currency_code": "JPY"},
    "three decimals in dinar": {"amount": Decimal("0.001"), "currency_code": "KWD"},
    "percentage without a bound": {"amount": Decimal(0), "percent_off": Decimal(10)},
    "percentage with a bound": {"percent_off": Decimal(10)},
    "smallest percentage": {"percent_off": Decimal("0.000001")},
    "all off": {"percent_off": Decimal(100)},
    "threshold": {"spend_threshold": Decimal("25.50")},
    "one day": {"active_duration": 1},
    "36,500 days": {"active_duration": 36_500},
    "one instant": {"start_date": START, "end_date": START, "expiration_date": START},
    "end without a start": {"end_date": START, "expiration_date": START},
    "expires before it ends": {"end_date": START, "expiration_date": START - timedelta(days=1)},
}

INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "unknown currency": ({"currency_code": "ZZZ"}, "CurrencyCode"),
    "small letters": ({"currency_code": "usd"}, "CurrencyCode"),
    "no currency": ({"currency_code": ""}, "CurrencyCode"),
    "gold": ({"currency_code": "XAU"}, "CurrencyCode"),
    "negative amount": ({"amount": Decimal("-0.01")}, "Amount must be 0"),
    "amount too large": ({"amount": Decimal(10**12)}, "Amount must be 0"),
    "no number": ({"amount": Decimal("NaN")}, "Amount must be 0"),
    "infinite": ({"amount": Decimal("Infinity")}, "Amount must be 0"),
    "third decimal": ({"amount": Decimal("0.001")}, "Amount must be a multiple of 0.01"),
    "half a yen": ({"amount": Decimal("0.5"), "currency_code": "JPY"}, "Amount must be a multiple"),
    "worth nothing": ({"amount": Decimal(0)}, "Amount above 0 or PercentOff"),
    "negative threshold": ({"spend_threshold": Decimal(-1)}, "SpendThreshold must be 0"),
    "threshold in mills": ({"spend_threshold": Decimal("0.001")}, "SpendThreshold must be a"),
    "a tiny amount": ({"amount": Decimal("1E-9999999")}, "Amount must be a multiple"),
    "a tiny percent": ({"percent_off": Decimal("1E-99999999")}, "PercentOff has at most 6"),
    "no percent": ({"percent_off": Decimal(0)}, "PercentOff must be above 0"),
    "negative percent": ({"percent_off": Decimal(-1)}, "PercentOff must be above 0"),
    "above all": ({"percent_off": Decimal("100.000001")}, "PercentOff must be above 0"),
    "percent is no number": ({"percent_off": Decimal("NaN")}, "PercentOff must be above 0"),
    "seventh decimal": ({"percent_off": Decimal("0.0000011")}, "PercentOff has at most 6"),
    "no day": ({"active_duration": 0}, "ActiveDuration"),
    "36,501 days": ({"active_duration": 36_501}, "ActiveDuration"),
    "ends before it starts": (
        {"start_date": START, "end_date": START - timedelta(microseconds=1)},
        "EndDate must not be before StartDate",
    ),
    "expires before it starts": (
        {"start_date": START, "expiration_date": START - timedelta(microseconds=1)},
        "ExpirationDate must not be before StartDate",
    ),
}


@pytest.mark.parametrize("name", VALID)
def test_terms_within_their_bounds_are_accepted(name: str) -> None:
    terms(**VALID[name]).require_valid()


@pytest.mark.parametrize("name", INVALID)
def test_terms_outside_their_bounds_are_refused(name: str) -> None:
    changes, expected = INVALID[name]
    with pytest.raises(ServiceError) as refusal:
        terms(**changes).require_valid()
    assert refusal.value.row is TERMS_INVALID
    assert expected in refusal.value.details
