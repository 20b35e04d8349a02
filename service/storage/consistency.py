"""What no constraint of the database can hold, and the rows that break it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, literal, or_, select

from service.storage.tables import coupon, coupon_terms, ledger, redemption, spend
from service.storage.types import Money

_NOTHING = literal(Decimal(0), Money())
_IS_UNBOUNDED = and_(coupon_terms.c.percent_off.is_not(None), redemption.c.granted == 0)

_sign = case((ledger.c.is_reversal, literal(-1)), else_=literal(1))
_counted = func.coalesce(
    func.sum(_sign * ledger.c.towards_threshold, type_=Money()), _NOTHING, type_=Money()
)
# Of what gives without bound nothing is left to compare, and no sum could overflow.
_drawn = func.coalesce(
    func.sum(case((_IS_UNBOUNDED, literal(0)), else_=_sign * ledger.c.drawn), type_=Money()),
    _NOTHING,
    type_=Money(),
)
_left = redemption.c.granted - _drawn
_DIFFERENCES = (
    select(
        redemption.c.coupon_id,
        redemption.c.spend_to_threshold,
        _counted,
        redemption.c.balance,
        _left,
    )
    .select_from(redemption)
    .join(coupon, coupon.c.coupon_id == redemption.c.coupon_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .join(ledger, ledger.c.coupon_id == redemption.c.coupon_id, isouter=True)
    .group_by(
        redemption.c.coupon_id,
        redemption.c.spend_to_threshold,
        redemption.c.balance,
        redemption.c.granted,
    )
    .having(or_(redemption.c.spend_to_threshold != _counted, redemption.c.balance != _left))
    .order_by(redemption.c.coupon_id)
)

_reversal = ledger.alias("reversal")

_RULES: dict[str, tuple[str, Select[Any]]] = {
    "a reversed spend, and no other, has a reversing line for each of its lines": (
        "spend",
        select(ledger.c.spend_id)
        .distinct()
        .join(spend, spend.c.spend_id == ledger.c.spend_id)
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
            ~ledger.c.is_reversal,
            or_(
                spend.c.reversed_at.is_(None) != _reversal.c.line_id.is_(None),
                _reversal.c.drawn != ledger.c.drawn,
                _reversal.c.towards_threshold != ledger.c.towards_threshold,
            ),
        )
        .order_by(ledger.c.spend_id),
    ),
    "coupons give no more for a spend than its amount": (
        "spend",
        select(spend.c.spend_id)
        .join(ledger, and_(ledger.c.spend_id == spend.c.spend_id, ~ledger.c.is_reversal))
        .group_by(spend.c.spend_id, spend.c.amount)
        .having(func.sum(ledger.c.drawn) > spend.c.amount)
        .order_by(spend.c.spend_id),
    ),
    "a coupon and its redemption have the same date": (
        "coupon",
        select(coupon.c.coupon_id)
        .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
        .where(coupon.c.redeemed_at.is_distinct_from(redemption.c.redeemed_at))
        .order_by(coupon.c.coupon_id),
    ),
    "an active coupon has reached its threshold and is not used up": (
        "coupon",
        select(redemption.c.coupon_id)
        .join(coupon, coupon.c.coupon_id == redemption.c.coupon_id)
        .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
        .where(
            redemption.c.is_active,
            or_(
                redemption.c.spend_to_threshold < coupon_terms.c.spend_threshold,
                and_(~_IS_UNBOUNDED, redemption.c.balance == 0),
            ),
        )
        .order_by(redemption.c.coupon_id),
    ),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A redemption whose figures are not the sums of its ledger lines."""

    coupon_id: int
    spend_to_threshold: Decimal
    spend_to_threshold_in_ledger: Decimal
    balance: Decimal
    balance_in_ledger: Decimal


@dataclass(frozen=True, slots=True)
class Breach:
    """A row that breaks a rule."""

    rule: str
    entity: str
    entity_id: int


def find_differences(connection: Connection) -> list[Difference]:
    """Every redemption that the ledger does not bear out."""
    return [Difference(*row) for row in connection.execute(_DIFFERENCES)]


def find_breaches(connection: Connection) -> list[Breach]:
    """Every row of the database that breaks one of the rules."""
    return [
        Breach(rule, entity, entity_id)
        for rule, (entity, statement) in _RULES.items()
        for entity_id in connection.execute(statement).scalars()
    ]
