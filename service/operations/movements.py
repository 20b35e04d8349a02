"""Carrying out what spend, or a redemption, does to the coupons of an account."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from service.domain.ledger import Movement, spend_movements
from service.operations.calls import Call
from service.storage import audit, ledger


def promote_waiting(connection: Connection, call: Call, account_id: int) -> None:
    """Let the oldest redeemed coupon that has reached its threshold become active, if none is."""
    coupons = ledger.redeemed_coupons(connection, account_id, call.now)
    carry_out(connection, call, "activate", spend_movements(coupons, Decimal(0), call.now))


def carry_out(
    connection: Connection,
    call: Call,
    action: str,
    movements: list[Movement],
    *,
    reference: str | None = None,
) -> None:
    """Bring the coupons to where the movements end, and write it into their history.

    Args:
        connection: The transaction that records the cause.
        call: Whose call it is.
        action: The cause, as the audit log names it.
        movements: At most one for each coupon.
        reference: The spend that is the cause; None for another cause.
    """
    if not movements:
        return
    ledger.move(connection, movements)
    cause = {} if reference is None else {"reference": reference}
    changes = [
        audit.Change(
            action,
            "coupon",
            movement.coupon.coupon_id,
            before=_before(movement),
            after={**_after(movement), **cause},
        )
        for movement in movements
    ]
    audit.append(connection, call.author, changes)


def _before(movement: Movement) -> dict[str, object]:
    coupon = movement.coupon
    return {
        "spend_to_threshold": str(coupon.spend_to_threshold),
        "balance": str(coupon.balance),
        "is_active": coupon.is_active,
        "activated_at": _text(coupon.activated_at),
    }


def _after(movement: Movement) -> dict[str, object]:
    progress = movement.coupon.spend_to_threshold + movement.towards_threshold
    return {
        "spend_to_threshold": str(progress),
        "balance": str(movement.balance),
        "is_active": movement.is_active,
        "activated_at": _text(movement.activated_at),
        "drawn": str(movement.drawn),
    }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
