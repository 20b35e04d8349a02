"""Carrying out what spend, or a redemption, does to the coupons of an account."""

from decimal import Decimal

from sqlalchemy import Connection

from service.domain.ledger import Movement, spend_movements
from service.operations.calls import Call
from service.storage import audit, ledger


def promote_waiting(connection: Connection, call: Call, account_id: int) -> None:
    """Let the oldest redeemed coupon that has reached its threshold become active, if none is."""
    coupons = ledger.redeemed_coupons(connection, account_id, call.now)
    carry_out(connection, call, "activate", spend_movements(coupons, Decimal(0), call.now))


def carry_out(connection: Connection, call: Call, action: str, movements: list[Movement]) -> None:
    """Bring the coupons to where the movements end, and write it into their history.

    Args:
        connection: The transaction that records the cause.
        call: Whose call it is.
        action: The cause, as the audit log names it.
        movements: At most one for each coupon.
    """
    if not movements:
        return
    ledger.move(connection, movements)
    changes = [
        audit.Change(
            action, "coupon", movement.coupon.coupon_id, _before(movement), _after(movement)
        )
        for movement in movements
    ]
    audit.append(connection, call.author, changes)


def _before(movement: Movement) -> dict[str, object]:
    return {
        "spend_to_threshold": str(movement.coupon.spend_to_threshold),
        "balance": str(movement.coupon.balance),
        "is_active": movement.coupon.is_active,
    }


def _after(movement: Movement) -> dict[str, object]:
    progress = movement.coupon.spend_to_threshold + movement.towards_threshold
    return {
        "spend_to_threshold": str(progress),
        "balance": str(movement.balance),
        "is_active": movement.is_active,
        "drawn": str(movement.drawn),
    }
