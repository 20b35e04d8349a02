"""Figures of classes, counted from the coupons.

A count reads every coupon of a class that was sent, claimed or redeemed, in indexes that have
only these.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)

from service.domain.figures import DAYS_COUNT, Funnel
from service.storage.tables import coupon, coupon_batch, ledger, redemption
from service.storage.types import MONEY_DECIMALS, Id, Instant, Money

_WHOLE = 10**MONEY_DECIMALS
_NOW = bindparam("now", type_=Instant())
_IS_DEPLETED = and_(redemption.c.granted > 0, redemption.c.balance == 0)
_IS_EXPIRED = and_(~_IS_DEPLETED, redemption.c.expires_at < _NOW)
_IS_OPEN = and_(~_IS_DEPLETED, redemption.c.expires_at >= _NOW)
_IS_ACTIVE = and_(_IS_OPEN, redemption.c.is_active)
_HAS_NO_BOUND = redemption.c.granted == 0
_IS_OF_BATCHES = coupon.c.batch_id.in_(bindparam("batch_ids", expanding=True))
_IS_IN_STRETCH = and_(coupon.c.seq >= bindparam("first_seq"), coupon.c.seq <= bindparam("last_seq"))
_BATCHES = (
    select(coupon_batch.c.batch_id, coupon_batch.c.coupons_count)
    .where(
        coupon_batch.c.class_id.in_(bindparam("class_ids", expanding=True)),
        coupon_batch.c.coupons_count > 0,
    )
    .order_by(coupon_batch.c.batch_id)
)
_IS_OF_CLASSES = coupon.c.class_id.in_(bindparam("class_ids", expanding=True))
BATCHES_PER_STATEMENT = 10_000
"""About how many one statement asks: each is a parameter."""
STRETCH_LENGTH = 20_000
"""How many coupons are counted in one transaction, if they are a worker's to count. It takes some
40 ms when all are redeemed."""
_LAST_SEQ = 2**31 - 1
"""The place of no coupon comes after it: PostgreSQL keeps them in four bytes."""
USES = tuple(it.name for it in fields(Funnel) if it.name not in {"minted", "deleted"})
"""What is counted from the coupons; how many there are, their batches know."""


@dataclass(slots=True)
class Count:
    """What was counted of classes.

    Attributes:
        uses: How many coupons came how far, by ``USES``.
        money: What was granted and drawn, by currency.
        days: How many coupons were redeemed, by day.
        expires_next_at: When the next coupon expires.
    """

    uses: Counter[str] = field(default_factory=Counter)
    money: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    days: Counter[date] = field(default_factory=Counter)
    expires_next_at: datetime | None = None

    def add_money(self, currency_code: str, granted: Decimal, drawn: Decimal) -> None:
        """Add what was granted and drawn in a currency."""
        before = self.money.get(currency_code, (Decimal(0), Decimal(0)))
        self.money[currency_code] = (before[0] + granted, before[1] + drawn)

    def add_expiry(self, expires_at: datetime | None) -> None:
        """Take note of a coupon that expires."""
        if expires_at is not None:
            self.expires_next_at = min(self.expires_next_at or expires_at, expires_at)

    def add(self, other: "Count") -> None:
        """Add what was counted of another class."""
        self.uses.update(other.uses)
        self.days.update(other.days)
        for currency_code, amounts in other.money.items():
            self.add_money(currency_code, *amounts)
        self.add_expiry(other.expires_next_at)


def first_day(now: datetime) -> date:
    """The first of the days that redemptions are told of."""
    return now.date() - timedelta(days=DAYS_COUNT - 1)


class Stretch(NamedTuple):
    """Coupons that are counted together.

    Attributes:
        batch_ids: Their batches.
        first_seq: The first of them in each batch.
        last_seq: The last one.
    """

    batch_ids: tuple[int, ...]
    first_seq: int = 0
    last_seq: int = _LAST_SEQ


def count_classes(
    connection: Connection, class_ids: Collection[int], now: datetime
) -> dict[int, Count]:
    """Count classes from their coupons.

    Args:
        connection: A transaction that reads.
        class_ids: Which classes; it takes as long as they have coupons that are used.
        now: Coupons expire before it.
    """
    counts = count_unredeemed(connection, class_ids)
    batch_ids = connection.scalars(_BATCHES, {"class_ids": list(class_ids)}).all()
    for start in range(0, len(batch_ids), BATCHES_PER_STATEMENT):
        some = Stretch(tuple(batch_ids[start : start + BATCHES_PER_STATEMENT]))
        count_redeemed(connection, counts, some, now)
    return counts


def count_unredeemed(connection: Connection, class_ids: Collection[int]) -> dict[int, Count]:
    """Count how many coupons of classes were sent and claimed, which their indexes tell.

    Args:
        connection: A transaction that reads.
        class_ids: Which classes.
    """
    counts = {class_id: Count() for class_id in class_ids}
    for statement, name in ((_sent(), "dispatched"), (_claimed(), "claimed")):
        for class_id, count in connection.execute(statement, {"class_ids": list(class_ids)}):
            counts[class_id].uses[name] = count
    return counts


def find_stretches(connection: Connection, class_id: int) -> list[Stretch]:
    """All coupons of a class, in stretches of about ``STRETCH_LENGTH``."""
    stretches: list[Stretch] = []
    small: list[int] = []
    small_length = 0
    for batch_id, coupons_count in connection.execute(_BATCHES, {"class_ids": [class_id]}):
        if coupons_count > STRETCH_LENGTH:
            stretches += _stretches_of(batch_id, coupons_count)
            continue
        if small_length + coupons_count > STRETCH_LENGTH or len(small) == BATCHES_PER_STATEMENT:
            stretches.append(Stretch(tuple(small)))
            small, small_length = [], 0
        small.append(batch_id)
        small_length += coupons_count
    if small:
        stretches.append(Stretch(tuple(small)))
    return stretches


def _stretches_of(batch_id: int, coupons_count: int) -> Iterator[Stretch]:
    """A large batch, in stretches; the last one has also what is added meanwhile."""
    firsts = range(0, coupons_count, STRETCH_LENGTH)
    for first in firsts:
        last = _LAST_SEQ if first == firsts[-1] else first + STRETCH_LENGTH - 1
        yield Stretch((batch_id,), first, last)


def count_redeemed(
    connection: Connection, counts: dict[int, Count], stretch: Stretch, now: datetime
) -> None:
    """Add the redeemed coupons of a stretch.

    Which batches is told as numbers: PostgreSQL knows then which of them have many.

    Args:
        connection: A transaction that reads.
        counts: Of their classes.
        stretch: Which coupons.
        now: Coupons expire before it.
    """
    values: dict[str, Any] = {**stretch._asdict(), "now": now}
    has_no_bound = False
    for row in connection.execute(_redeemed(connection.dialect.name), values):
        _add_redeemed(counts[row.class_id], row, first_day(now))
        has_no_bound |= row.no_bound_count > 0
    if has_no_bound:
        for row in connection.execute(_drawn_without_bound(connection.dialect.name), values):
            drawn = Decimal(row.drawn_whole) + Decimal(row.drawn_rest) / _WHOLE
            counts[row.class_id].add_money(row.currency_code, Decimal(0), drawn)


def _add_redeemed(count: Count, row: Row[Any], since: date) -> None:
    open_count = row.redeemed_count - row.depleted_count - row.expired_count
    count.uses["redeemed"] += row.redeemed_count
    count.uses["depleted"] += row.depleted_count
    count.uses["expired"] += row.expired_count
    count.uses["active"] += row.active_count
    count.uses["waiting"] += open_count - row.active_count
    granted = Decimal(row.granted_whole) + Decimal(row.granted_rest) / _WHOLE
    left = Decimal(row.balance_whole) + Decimal(row.balance_rest) / _WHOLE
    count.add_money(row.currency_code, granted, granted - left)
    day = date.fromisoformat(row.day)
    if day >= since:
        count.days[day] += row.redeemed_count
    count.add_expiry(row.expires_next_at)


@cache
def _sent() -> Select[Any]:
    is_meant = (_IS_OF_CLASSES, coupon.c.sent_at.is_not(None))
    return select(coupon.c.class_id, func.count()).where(*is_meant).group_by(coupon.c.class_id)


@cache
def _claimed() -> Select[Any]:
    is_meant = (_IS_OF_CLASSES, coupon.c.claimed_at.is_not(None))
    return select(coupon.c.class_id, func.count()).where(*is_meant).group_by(coupon.c.class_id)


@cache
def _redeemed(dialect: str) -> Select[Any]:
    """The redemptions of classes, by day and currency."""
    day = _day(dialect, redemption.c.redeemed_at).label("day")
    open_until = case((_IS_OPEN, redemption.c.expires_at))
    group = (coupon.c.class_id, day, redemption.c.currency_code)
    return (
        select(
            *group,
            func.count().label("redeemed_count"),
            _count_of(_IS_DEPLETED).label("depleted_count"),
            _count_of(_IS_EXPIRED).label("expired_count"),
            _count_of(_IS_ACTIVE).label("active_count"),
            _count_of(_HAS_NO_BOUND).label("no_bound_count"),
            *_sums(dialect, redemption.c.granted, "granted"),
            *_sums(dialect, redemption.c.balance, "balance"),
            func.min(open_until, type_=Instant()).label("expires_next_at"),
        )
        .select_from(coupon)
        .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id)
        .where(_IS_OF_BATCHES, _IS_IN_STRETCH, coupon.c.redeemed_at.is_not(None))
        .group_by(*group)
    )


@cache
def _drawn_without_bound(dialect: str) -> Select[Any]:
    """What coupons drew that tell no balance: it is in the ledger alone."""
    sign = case((ledger.c.is_reversal, literal(-1)), else_=literal(1))
    group = (coupon.c.class_id, redemption.c.currency_code)
    return (
        select(*group, *_sums(dialect, ledger.c.drawn, "drawn", sign))
        .select_from(coupon)
        .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id)
        .join(ledger, ledger.c.coupon_id == redemption.c.coupon_id)
        .where(_IS_OF_BATCHES, _IS_IN_STRETCH, coupon.c.redeemed_at.is_not(None), _HAS_NO_BOUND)
        .group_by(*group)
    )


def _count_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, literal(1))))


def _day(dialect: str, instant: ColumnElement[Any]) -> ColumnElement[str]:
    """The day in UTC, as text."""
    if dialect == "sqlite":
        return func.substr(type_coerce(instant, String), 1, 10)
    return cast(cast(instant, Date), String)


def _sums(
    dialect: str, amount: ColumnElement[Any], name: str, sign: ColumnElement[int] | None = None
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The sum of amounts, exact: of whole ones, and of the millionths beside these.

    SQLite has 64 bits for a sum: so many millionths are fewer than ten of the largest amounts.
    """
    factor = literal(1) if sign is None else sign
    sums: tuple[ColumnElement[Any], ColumnElement[Any]]
    if dialect == "sqlite":
        raw = type_coerce(amount, Id)
        whole, rest = raw.op("/")(literal(_WHOLE)), raw.op("%")(literal(_WHOLE))
        sums = (func.sum(whole * factor, type_=Id), func.sum(rest * factor, type_=Id))
    else:
        sums = (func.sum(amount * factor, type_=Money()), literal(0))
    return sums[0].label(f"{name}_whole"), sums[1].label(f"{name}_rest")
