"""Spend that tests record and take back, and what coupons make of it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from service.domain.ledger import Spend
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.show_coupon import show_coupon
from service.storage.naming import metadata
from service.storage.tables import redemption
from tests.programme import Programme

TICK = timedelta(microseconds=1)
TEN = Decimal(10)


def record(
    programme: Programme,
    account_id: int,
    amount: str = "10",
    reference: str = "invoice",
    at: datetime | None = None,
) -> Spend:
    return record_spend(programme.call(), account_id, Decimal(amount), reference, at)


def reverse(programme: Programme, account_id: int, reference: str = "invoice") -> Spend:
    return reverse_spend(programme.call(), account_id, reference)


def redeemed(programme: Programme, owner: int, account_id: int, **changes: Any) -> str:
    """The code of a new coupon of 50 USD that the account has redeemed."""
    code = programme.coupon(owner, **changes)
    redeem_coupon(programme.call(), account_id, code)
    return code


def figures(programme: Programme, code: str) -> tuple[str, str, datetime | None]:
    """What is shown of a redeemed coupon: counted, balance, and when it became active."""
    shown = show_coupon(programme.call(), code).coupon.redemption_info
    assert shown is not None
    return f"{shown.spend_to_threshold:f}", f"{shown.balance:f}", shown.activation_date


def lines(recorded: Spend) -> list[tuple[str, str, str]]:
    """What a spend did: code, counted, drawn."""
    return [
        (line.coupon_code, f"{line.towards_threshold:f}", f"{line.drawn:f}")
        for line in recorded.lines
    ]


def active_codes(programme: Programme) -> list[str]:
    """Whose coupons draw now; at most one of an account, or the database would object."""
    ids = {row["coupon_id"] for row in programme.rows(redemption) if row["is_active"]}
    return [code for code, coupon_id in codes(programme).items() if coupon_id in ids]


def codes(programme: Programme) -> dict[str, int]:
    table = metadata.tables["coupon"]
    return {row["code"]: row["coupon_id"] for row in programme.rows(table)}
