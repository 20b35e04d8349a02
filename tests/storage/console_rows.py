"""Rows of the tables behind the console, for the tests of constraints: valid ones, and changes."""

from datetime import date, timedelta
from typing import Any

from tests.programme import START

FIRST: dict[str, dict[str, Any]] = {
    "service_secret": {"name": "one", "value": b"1" * 64, "created_at": START},
    "sliding_window": {"subject": b"1" * 32, "instants": "1" * 16},
    "ended_session": {"user_id": 1, "signed_in_at": START, "forget_at": START},
    "class_figures": {
        "class_id": 1,
        "counted_audit_id": 1,
        "counted_at": START,
        "redeemed_count": 1,
        "active_count": 1,
    },
    "class_money": {"class_id": 1, "currency_code": "USD", "granted": "50", "drawn": "1"},
    "class_day": {"class_id": 1, "day": date(2026, 3, 1), "redeemed_count": 1},
    "figures_position": {"position_id": 1, "audit_id": 1},
    "call": {
        "call_id": 1,
        "tracking_id": b"1" * 16,
        "at": START,
        "contract": "CustomerBillingService",
        "outcome": "ok",
        "http_status": 200,
        "duration_us": 1,
        "request_bytes": 1,
        "response_bytes": 1,
        "is_replay": False,
    },
}

CHANGES: dict[str, dict[str, Any]] = {
    "service_secret": {"name": "two"},
    "sliding_window": {"subject": b"2" * 32},
    "ended_session": {"signed_in_at": START + timedelta(hours=1)},
    "class_figures": {"class_id": 2},
    "class_money": {"currency_code": "EUR"},
    "class_day": {"day": date(2026, 3, 2)},
}

TWICE = ["coupon_class"]

NEW_NUMBERS: dict[str, dict[str, Any]] = {"coupon_class": {"class_id": 3, "name": "Autumn"}}

ONE_ROW = {"figures_position"}
"""The tables that take no second row."""

CHECKS: dict[str, list[dict[str, Any]]] = {
    "ck_sliding_window_instants": [{"instants": ""}, {"instants": "1" * 17}],
    "ck_class_figures_counted": [{"counted_at": None}, {"counted_audit_id": None}],
    "ck_class_figures_redeemed": [{"redeemed_count": 2}, {"waiting_count": 1}],
    "ck_figures_position_one_row": [{"position_id": 2}],
}
"""Changes of the second row that a check refuses."""
