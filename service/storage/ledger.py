"""The spend ledger: what accounts spent, and what that did to their coupons.

A redemption's ``balance``, ``spend_to_threshold`` and activity are kept equal to
the ledger's lines by the statements here; ``service.storage.consistency`` proves it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from service.domain.ledger import Line, Movement, RedeemedCoupon, Spend
from service.storage.prepared import Prepared
from service.storage.prepared_lists import PreparedList
from service.storage.tables import coupon, coupon_terms, ledger, redemption, spend
from service.storage.types import Money

_REDEEMED: Select[Any] = (
    select(
        redemption.c.coupon_id,
        redemption.c.currency_code,
        coupon_terms.c.percent_off,
        redemption.c.granted,
        redemption.c.balance,
        coupon_terms.c.spend_threshold,
        redemption.c.spend_to_threshold,
        redemption.c.redeemed_at,
        redemption.c.expires_at,
        redemption.c.activated_at,
        redemption.c.is_active,
    )
    .select_from(redemption)
    .join(coupon, coupon.c.coupon_id == redemption.c.coupon_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .where(redemption.c.account_id == bindparam("account_id"))
)
_CONCERNED = Prepared(
    _REDEEMED.where(or_(redemption.c.expires_at >= bindparam("spent_at"), redemption.c.is_active))
)
_SPENDS: Select[Any] = select(
    spend.c.spend_id,
    spend.c.account_id,
    spend.c.reference,
    spend.c.amount,
    spend.c.spent_at,
    spend.c.recorded_at,
    spend.c.reversed_at,
)
_FIND = Prepared(
    _SPENDS.where(
        spend.c.customer_id == bindparam("customer_id"),
        spend.c.reference == bindparam("reference"),
    )
)
_LINES: Select[Any] = (
    select(
        ledger.c.spend_id,
        ledger.c.coupon_id,
        coupon.c.code,
        ledger.c.towards_threshold,
        ledger.c.drawn,
        ledger.c.is_activation,
    )
    .join(coupon, coupon.c.coupon_id == ledger.c.coupon_id)
    .where(~ledger.c.is_reversal)
    .order_by(ledger.c.line_id)
)
_LINES_OF = PreparedList(lambda spend_ids: _LINES.where(ledger.c.spend_id.in_(spend_ids)))
_ADD = Prepared(
    insert(spend).returning(spend.c.spend_id),
    keys=("customer_id", "account_id", "reference", "amount", "spent_at", "recorded_at"),
)
_ADD_LINE = Prepared(
    insert(ledger),
    keys=(
        "coupon_id",
        "spend_id",
        "is_reversal",
        "towards_threshold",
        "drawn",
        "is_activation",
    ),
)
_COUPONS_OF_SPEND = select(ledger.c.coupon_id).where(ledger.c.spend_id == bindparam("spend_id"))
_LAST_DRAWS = (
    select(ledger.c.coupon_id, func.max(ledger.c.spend_id).label("last_spend_id"))
    .join(spend, spend.c.spend_id == ledger.c.spend_id)
    .where(
        ledger.c.coupon_id.in_(_COUPONS_OF_SPEND),
        ledger.c.spend_id != bindparam("spend_id"),
        ledger.c.drawn > 0,
        spend.c.reversed_at.is_(None),
    )
    .group_by(ledger.c.coupon_id)
)
_OTHER_ACTIVE = select(redemption.c.coupon_id).where(
    redemption.c.account_id == bindparam("account_id"),
    redemption.c.is_active,
    redemption.c.coupon_id.not_in(_COUPONS_OF_SPEND),
)
_MOVE = Prepared(
    update(redemption)
    .where(redemption.c.coupon_id == bindparam("moved_coupon_id"))
    .values(
        spend_to_threshold=redemption.c.spend_to_threshold + bindparam("counted", type_=Money()),
        balance=redemption.c.balance - bindparam("taken", type_=Money()),
        is_active=bindparam("active"),
        activated_at=bindparam("activated"),
    )
)
_REVERSE = (
    update(spend)
    .where(spend.c.spend_id == bindparam("reversed_spend_id"), spend.c.reversed_at.is_(None))
    .values(reversed_at=bindparam("now"))
)
_MONTH = select(spend.c.amount).where(
    spend.c.account_id == bindparam("account_id"),
    spend.c.reversed_at.is_(None),
    spend.c.spent_at >= bindparam("first"),
    spend.c.spent_at < bindparam("next_first"),
)


def redeemed_of(row: Any) -> RedeemedCoupon:
    """The redeemed coupon in a row that has its columns, its terms' and its redemption's."""
    return RedeemedCoupon(
        coupon_id=row.coupon_id,
        currency_code=row.currency_code,
        percent_off=row.percent_off,
        granted=row.granted,
        balance=row.balance,
        spend_threshold=row.spend_threshold,
        spend_to_threshold=row.spend_to_threshold,
        redeemed_at=row.redeemed_at,
        expires_at=row.expires_at,
        activated_at=row.activated_at,
        is_active=row.is_active,
    )


def redeemed_coupons(
    connection: Connection, account_id: int, spent_at: datetime
) -> list[RedeemedCoupon]:
    """The coupons of an account that a spend at the instant can concern."""
    values = {"account_id": account_id, "spent_at": spent_at}
    return [redeemed_of(row) for row in _CONCERNED.rows(connection, values)]


def coupons_of_spend(
    connection: Connection, account_id: int, spend_id: int
) -> list[RedeemedCoupon]:
    """The coupons that a spend did something to, as they are now."""
    statement = _REDEEMED.where(redemption.c.coupon_id.in_(_COUPONS_OF_SPEND))
    rows = connection.execute(statement, {"account_id": account_id, "spend_id": spend_id})
    return [redeemed_of(row) for row in rows.all()]


def last_draws(connection: Connection, spend_id: int) -> dict[int, int]:
    """Of the coupons of a spend, those on which others drew that stand: the last of these."""
    rows = connection.execute(_LAST_DRAWS, {"spend_id": spend_id})
    return {row.coupon_id: row.last_spend_id for row in rows}


def has_other_active(connection: Connection, account_id: int, spend_id: int) -> bool:
    """Whether the account has an active coupon that the spend did not concern."""
    values = {"account_id": account_id, "spend_id": spend_id}
    return connection.execute(_OTHER_ACTIVE, values).first() is not None


def find_spend(connection: Connection, customer_id: int, reference: str) -> Spend | None:
    """The customer's spend of this reference, with what it did to coupons."""
    values = {"customer_id": customer_id, "reference": reference}
    found = _with_lines(connection, _FIND.rows(connection, values))
    return found[0] if found else None


def find_spend_numbered(connection: Connection, spend_id: int) -> Spend | None:
    """A spend by its number, with what it did to coupons."""
    wanted = _SPENDS.where(spend.c.spend_id == spend_id)
    found = _with_lines(connection, connection.execute(wanted).all())
    return found[0] if found else None


def find_spends_of(
    connection: Connection, account_id: int, before: tuple[datetime, int] | None, count_max: int
) -> list[Spend]:
    """Spends of an account, the latest first, with what they did to coupons.

    Args:
        connection: The transaction.
        account_id: Whose spends.
        before: Instant and number: only spends that come after it in this order; None for all.
        count_max: How many at most.
    """
    wanted = _SPENDS.where(spend.c.account_id == account_id)
    if before is not None:
        instant, number = before
        is_of_same_instant = (spend.c.spent_at == instant) & (spend.c.spend_id < number)
        wanted = wanted.where(
            spend.c.spent_at <= instant, (spend.c.spent_at < instant) | is_of_same_instant
        )
    in_order = wanted.order_by(spend.c.spent_at.desc(), spend.c.spend_id.desc())
    rows = connection.execute(in_order.limit(count_max)).all()
    return _with_lines(connection, rows)


def _with_lines(connection: Connection, rows: Sequence[Any]) -> list[Spend]:
    lines: dict[int, list[Line]] = {row.spend_id: [] for row in rows}
    for spend_id, *line in _LINES_OF.rows(connection, lines):
        lines[spend_id].append(Line(*line))
    return [Spend(**row._asdict(), lines=tuple(lines[row.spend_id])) for row in rows]


def add_spend(
    connection: Connection,
    customer_id: int,
    account_id: int,
    reference: str,
    *,
    amount: Decimal,
    spent_at: datetime,
    now: datetime,
) -> int:
    """Insert a spend; answers its number."""
    values = {
        "customer_id": customer_id,
        "account_id": account_id,
        "reference": reference,
        "amount": amount,
        "spent_at": spent_at,
        "recorded_at": now,
    }
    return int(_ADD.row(connection, values).spend_id)


def reverse_spend(connection: Connection, spend_id: int, now: datetime) -> bool:
    """Mark a spend as reversed; whether it stood until now."""
    values = {"reversed_spend_id": spend_id, "now": now}
    return connection.execute(_REVERSE, values).rowcount == 1


def add_lines(
    connection: Connection, spend_id: int, lines: Iterable[Line], *, is_reversal: bool
) -> None:
    """Append lines to the ledger, one a coupon."""
    rows = [
        {
            "coupon_id": line.coupon_id,
            "spend_id": spend_id,
            "is_reversal": is_reversal,
            "towards_threshold": line.towards_threshold,
            "drawn": line.drawn,
            "is_activation": line.is_activation,
        }
        for line in lines
    ]
    _ADD_LINE.run_each(connection, rows)


def move(connection: Connection, movements: Sequence[Movement]) -> None:
    """Bring the coupons to where the movements end."""
    rows = [
        {
            "moved_coupon_id": movement.coupon.coupon_id,
            "counted": movement.towards_threshold,
            "taken": movement.coupon.balance - movement.balance,
            "active": movement.is_active,
            "activated": movement.activated_at,
        }
        # The one that ends being active comes before the one that begins: an account
        # has one at a time, and the database insists on it.
        for movement in sorted(movements, key=lambda movement: movement.is_active)
    ]
    _MOVE.run_each(connection, rows)


def sum_of_month(
    connection: Connection, account_id: int, first: datetime, next_first: datetime
) -> Decimal:
    """What the account spent from the one instant until before the other."""
    values = {"account_id": account_id, "first": first, "next_first": next_first}
    # Summed here: SQLite's own sum of millionths overflows beyond 9 million millions.
    return sum(connection.execute(_MONTH, values).scalars(), Decimal(0))
