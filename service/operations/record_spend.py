"""Spend: reported, and taken back."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NULL_PARAMETER,
    SPEND_REFERENCE_TAKEN,
)
from service.domain.ledger import Line, Movement, Spend, reversal_movements, spend_movements
from service.domain.money import AMOUNT_MAX, is_whole, minor_unit
from service.domain.programmes import Account
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.movements import carry_out
from service.storage import accounts, audit, ledger

REFERENCE_LENGTH_MAX = 255
OF_BILLS = "bill:"
"""How the references of the spends begin that bills make; nobody else gives such a one."""


def record_spend(
    call: Call,
    account_id: int,
    amount: Decimal,
    reference: str,
    spent_at: datetime | None = None,
) -> Spend:
    """Report what an account spent; its coupons count it and draw on it.

    The same reference with the same account, amount and date is answered the
    first result again, so that a report can be repeated when its answer was lost.

    Args:
        call: Whose call it is.
        account_id: Who spent.
        amount: Above 0, in the account's currency, in whole minor units.
        reference: Names the spend in the account's bill-to customer.
        spent_at: When, not in the future; None for now.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only),
            ``AccountIdInvalid``, ``NullParameter`` (reference),
            ``ApiInputValidationError`` (amount, date, reference) or
            ``SpendReferenceTaken``.
    """
    reference = _require_reference(call, reference)
    if spent_at is not None and spent_at > call.now:
        raise ServiceError(INPUT_INVALID, f"{spent_at.isoformat()} is in the future")

    def attempt(connection: Connection) -> Spend:
        account = _require_account(connection, account_id)
        _require_amount(amount, account.currency_code)
        first = ledger.find_spend(connection, account.customer_id, reference)
        if first is not None:
            return _require_same(first, account_id, amount, spent_at)
        write_spend(
            connection, call, account, reference, amount=amount, spent_at=spent_at or call.now
        )
        return _require_spend(connection, account, reference)

    return decide(call.database, attempt, is_small=True)


def reverse_spend(call: Call, account_id: int, reference: str) -> Spend:
    """Take a spend back: what it counted and drew is restored, exactly once.

    A spend that is taken back already is answered as it is.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only), ``NullParameter``
            (reference), ``AccountIdInvalid`` or ``EntityNotExistent`` (spend).
    """
    reference = _require_reference(call, reference)

    def attempt(connection: Connection) -> Spend:
        account = _require_account(connection, account_id)
        spend = _require_spend(connection, account, reference)
        if spend.account_id != account_id:
            raise ServiceError(ENTITY_NOT_EXISTENT, f"spend {reference} of account {account_id}")
        take_back(connection, call, spend)
        return _require_spend(connection, account, reference)

    return decide(call.database, attempt, is_small=True)


def movements_of(
    connection: Connection, account_id: int, amount: Decimal, spent_at: datetime
) -> list[Movement]:
    """What a spend of an account would do to its coupons."""
    coupons = ledger.redeemed_coupons(connection, account_id, spent_at)
    return spend_movements(coupons, amount, spent_at)


def write_spend(
    connection: Connection,
    call: Call,
    account: Account,
    reference: str,
    *,
    amount: Decimal,
    spent_at: datetime,
) -> tuple[int, list[Movement]]:
    """Write a spend, of a reference that is free, with what it does to coupons.

    The account is locked. Answers the spend's number, and the movements.
    """
    spend_id = ledger.add_spend(
        connection,
        account.customer_id,
        account.account_id,
        reference,
        amount=amount,
        spent_at=spent_at,
        now=call.now,
    )
    movements = movements_of(connection, account.account_id, amount, spent_at)
    lines = [
        Line(
            movement.coupon.coupon_id,
            "",
            movement.towards_threshold,
            movement.drawn,
            movement.is_activation,
        )
        for movement in movements
    ]
    ledger.add_lines(connection, spend_id, lines, is_reversal=False)
    after = {
        "account_id": account.account_id,
        "reference": reference,
        "amount": str(amount),
        "spent_at": spent_at.isoformat(),
    }
    change = audit.Change("record", "spend", spend_id, after=after)
    audit.append(connection, call.author, [change])
    carry_out(connection, call, "spend", movements, reference=reference)
    return spend_id, movements


def take_back(connection: Connection, call: Call, spend: Spend) -> None:
    """Reverse a spend, of an account that is locked, unless it is reversed already."""
    if not ledger.reverse_spend(connection, spend.spend_id, call.now):
        return
    movements = reversal_movements(
        ledger.coupons_of_spend(connection, spend.account_id, spend.spend_id),
        spend,
        ledger.last_draws(connection, spend.spend_id),
        has_other_active=ledger.has_other_active(connection, spend.account_id, spend.spend_id),
    )
    ledger.add_lines(connection, spend.spend_id, spend.lines, is_reversal=True)
    after = {"reversed_at": call.now.isoformat()}
    change = audit.Change("reverse", "spend", spend.spend_id, after=after)
    audit.append(connection, call.author, [change])
    carry_out(connection, call, "reverse spend", movements, reference=spend.reference)


def _require_reference(call: Call, reference: str) -> str:
    call.caller.require_operator()
    trimmed = reference.strip()
    if not trimmed:
        raise ServiceError(NULL_PARAMETER, "reference")
    if len(trimmed) > REFERENCE_LENGTH_MAX:
        text = f"a reference has at most {REFERENCE_LENGTH_MAX} characters"
        raise ServiceError(INPUT_INVALID, text)
    if trimmed.startswith(OF_BILLS):
        raise ServiceError(INPUT_INVALID, f"references that begin with {OF_BILLS} are of bills")
    return trimmed


def _require_account(connection: Connection, account_id: int) -> Account:
    account = accounts.find_account(connection, account_id, lock=True)
    if account is None:
        raise ServiceError(ACCOUNT_ID_INVALID, f"account {account_id}")
    return account


def _require_amount(amount: Decimal, currency_code: str) -> None:
    unit = minor_unit(currency_code)
    if not (is_whole(amount, unit) and 0 < amount <= AMOUNT_MAX):
        text = f"amount {amount} is not a multiple of {unit} {currency_code} up to {AMOUNT_MAX}"
        raise ServiceError(INPUT_INVALID, text)


def _require_same(
    first: Spend, account_id: int, amount: Decimal, spent_at: datetime | None
) -> Spend:
    """The first spend of a reference, if it is the same; a date that is left out is."""
    is_same_date = spent_at is None or spent_at == first.spent_at
    if first.account_id == account_id and first.amount == amount and is_same_date:
        return first
    figures = f"account {first.account_id}, {first.amount} at {first.spent_at.isoformat()}"
    raise ServiceError(SPEND_REFERENCE_TAKEN, f"{first.reference}: {figures}")


def _require_spend(connection: Connection, account: Account, reference: str) -> Spend:
    spend = ledger.find_spend(connection, account.customer_id, reference)
    if spend is None:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"spend {reference}")
    return spend
