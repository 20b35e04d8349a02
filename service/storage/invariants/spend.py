"""Rules of spend, and of the ledger lines that tell what it did."""

from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from service.domain.money import is_whole, minor_unit
from service.storage.invariants.rule import Rule
from service.storage.party_tables import account
from service.storage.tables import ledger, redemption, spend

_reversal = ledger.alias("reversal")
_reversed = ledger.alias("reversed")
_LINES_OF_REDEMPTIONS = ledger.join(spend, spend.c.spend_id == ledger.c.spend_id).join(
    redemption, redemption.c.coupon_id == ledger.c.coupon_id
)


def _is_not_whole(row: Row[Any]) -> bool:
    return not is_whole(row.amount, minor_unit(row.currency_code))


RULES = (
    Rule(
        text="a spend is of the customer that its account bills to",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id)
        .join(account, account.c.account_id == spend.c.account_id)
        .where(spend.c.customer_id != account.c.customer_id),
    ),
    Rule(
        text="a spend is recorded when it is over",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id).where(spend.c.spent_at > spend.c.recorded_at),
    ),
    Rule(
        text="a spend is in whole units of its account's currency",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id, spend.c.amount, account.c.currency_code).join(
            account, account.c.account_id == spend.c.account_id
        ),
        is_broken=_is_not_whole,
    ),
    Rule(
        text="a reversed spend, and no other, has a reversing line for each of its lines",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id)
        .distinct()
        .join(ledger, and_(ledger.c.spend_id == spend.c.spend_id, ~ledger.c.is_reversal))
        .join(
            _reversal,
            and_(
                _reversal.c.spend_id == ledger.c.spend_id,
                _reversal.c.coupon_id == ledger.c.coupon_id,
                _reversal.c.is_reversal,
            ),
            isouter=True,
        )
        .where(
            or_(
                spend.c.reversed_at.is_(None) != _reversal.c.line_id.is_(None),
                _reversal.c.drawn != ledger.c.drawn,
                _reversal.c.towards_threshold != ledger.c.towards_threshold,
                _reversal.c.is_activation != ledger.c.is_activation,
            )
        ),
    ),
    Rule(
        text="a reversing line has a line that it reverses",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id)
        .distinct()
        .join(_reversal, and_(_reversal.c.spend_id == spend.c.spend_id, _reversal.c.is_reversal))
        .join(
            _reversed,
            and_(
                _reversed.c.spend_id == _reversal.c.spend_id,
                _reversed.c.coupon_id == _reversal.c.coupon_id,
                ~_reversed.c.is_reversal,
            ),
            isouter=True,
        )
        .where(_reversed.c.line_id.is_(None)),
    ),
    Rule(
        text="coupons give no more for a spend than its amount",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id)
        .join(ledger, and_(ledger.c.spend_id == spend.c.spend_id, ~ledger.c.is_reversal))
        .group_by(spend.c.spend_id, spend.c.amount)
        .having(func.sum(ledger.c.drawn) > spend.c.amount),
    ),
    Rule(
        text="a coupon counts no more of a spend than its amount",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id)
        .distinct()
        .join(ledger, ledger.c.spend_id == spend.c.spend_id)
        .where(ledger.c.towards_threshold > spend.c.amount),
    ),
    Rule(
        text="a spend concerns only coupons that its account redeemed",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id)
        .distinct()
        .select_from(_LINES_OF_REDEMPTIONS)
        .where(redemption.c.account_id != spend.c.account_id),
    ),
    Rule(
        text="a coupon counts and draws on spend between its redemption and its expiry",
        entity="spend",
        key=spend.c.spend_id,
        suspects=select(spend.c.spend_id)
        .distinct()
        .select_from(_LINES_OF_REDEMPTIONS)
        .where(
            or_(ledger.c.towards_threshold > 0, ledger.c.drawn > 0),
            or_(
                spend.c.spent_at < redemption.c.redeemed_at,
                spend.c.spent_at > redemption.c.expires_at,
            ),
        ),
    ),
)
