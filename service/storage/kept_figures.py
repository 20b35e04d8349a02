"""Figures of classes as they were counted, and which of them are to be counted anew.

Nothing is counted where coupons are changed: the audit log tells a worker which classes did
change, and it counts these.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from service.storage.class_counts import (
    USES,
    Count,
    Stretch,
    count_redeemed,
    count_unredeemed,
    find_stretches,
    first_day,
)
from service.storage.report_tables import class_day, class_figures, class_money, figures_position
from service.storage.statements import insert_or_ignore, take_any_time
from service.storage.tables import audit, coupon, coupon_batch, coupon_class
from service.storage.types import Instant

LOG_STRETCH_LENGTH = 100_000
"""How many entries of the audit log are read at a time."""
EXPIRY_PACE = timedelta(hours=1)
"""At least so long after a count a class is counted again because coupons expired."""
RECOUNT_PACE = timedelta(days=1)
"""After so long a class with coupons in use is counted again, whatever the log says."""
SETTLING = timedelta(seconds=10)
"""On PostgreSQL an entry of the log may be committed after one with a higher number: so long the
entries are read again. What takes longer is counted with the next change, or the day after."""

Scope = Sequence[ColumnElement[bool]]
"""Conditions on ``coupon_class``."""


@dataclass(slots=True)
class Minted:
    """How many coupons the batches of classes made, and how many of these are deleted."""

    created: int = 0
    deleted: int = 0


# What was counted before.


def find_minted(connection: Connection, scope: Scope, *, by_class: bool) -> dict[int, Minted]:
    """What the batches of classes say, by class; of all together under 0."""
    group = _group(coupon_batch.c.class_id, by_class=by_class)
    statement = (
        select(
            group.label("class_id"),
            func.coalesce(func.sum(coupon_batch.c.created_count), 0),
            func.coalesce(func.sum(coupon_batch.c.coupons_count), 0),
        )
        .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
        .where(*scope)
    )
    rows = connection.execute(statement.group_by(group) if by_class else statement)
    return {row[0]: Minted(int(row[1]), int(row[1] - row[2])) for row in rows}


def find_kept(
    connection: Connection, scope: Scope, now: datetime, *, by_class: bool
) -> dict[int, tuple[Count, datetime]]:
    """What was counted of classes, by class, and when; of all together under 0.

    A class that is not counted yet is left out.
    """
    group = _group(class_figures.c.class_id, by_class=by_class)
    sums = [func.sum(class_figures.c[f"{name}_count"]).label(name) for name in USES]
    oldest = func.min(class_figures.c.counted_at, type_=Instant()).label("counted_at")
    is_counted = class_figures.c.counted_at.is_not(None)
    columns: list[ColumnElement[Any]] = [group.label("class_id"), *sums, oldest]
    statement = _in_scope(select(*columns), scope).where(is_counted)
    kept: dict[int, tuple[Count, datetime]] = {}
    for row in connection.execute(statement.group_by(group) if by_class else statement):
        if row.counted_at is not None:
            uses = Counter({name: int(getattr(row, name)) for name in USES})
            kept[row.class_id] = (Count(uses), row.counted_at)
    _add_kept_money(connection, kept, scope, by_class=by_class)
    _add_kept_days(connection, kept, scope, first_day(now), by_class=by_class)
    return kept


def _add_kept_money(
    connection: Connection,
    kept: dict[int, tuple[Count, datetime]],
    scope: Scope,
    *,
    by_class: bool,
) -> None:
    group = _group(class_figures.c.class_id, by_class=by_class)
    columns = (class_money.c.currency_code, class_money.c.granted, class_money.c.drawn)
    statement = _in_scope(select(group.label("class_id"), *columns), scope).join(
        class_money, class_money.c.class_id == class_figures.c.class_id
    )
    # Summed here: no number of SQLite's is exact and large enough.
    for class_id, currency_code, granted, drawn in connection.execute(statement):
        kept[class_id][0].add_money(currency_code, Decimal(granted), Decimal(drawn))


def _add_kept_days(
    connection: Connection,
    kept: dict[int, tuple[Count, datetime]],
    scope: Scope,
    since: date,
    *,
    by_class: bool,
) -> None:
    group = [class_day.c.day]
    if by_class:
        group.append(class_figures.c.class_id)
    class_id = _group(class_figures.c.class_id, by_class=by_class).label("class_id")
    redeemed = func.sum(class_day.c.redeemed_count)
    statement = (
        _in_scope(select(class_id, class_day.c.day, redeemed), scope)
        .join(class_day, class_day.c.class_id == class_figures.c.class_id)
        .where(class_day.c.day >= since)
        .group_by(*group)
    )
    for number, day, count in connection.execute(statement):
        kept[number][0].days[day] += int(count)


def find_uncounted(connection: Connection, scope: Scope) -> dict[int, int]:
    """Classes that have coupons and are not counted yet, and how many each made."""
    created = func.sum(coupon_batch.c.created_count)
    statement = (
        select(coupon_class.c.class_id, created)
        .join(coupon_batch, coupon_batch.c.class_id == coupon_class.c.class_id)
        .where(
            *scope,
            ~exists().where(
                class_figures.c.class_id == coupon_class.c.class_id,
                class_figures.c.counted_at.is_not(None),
            ),
        )
        .group_by(coupon_class.c.class_id)
        .having(created > 0)
    )
    return {class_id: int(count) for class_id, count in connection.execute(statement)}


def find_class_ids(connection: Connection, scope: Scope) -> list[int]:
    """The classes that are meant."""
    return list(connection.scalars(select(coupon_class.c.class_id).where(*scope)))


def find_filled(connection: Connection, scope: Scope) -> list[int]:
    """Those that have made coupons."""
    has_made = exists().where(
        coupon_batch.c.class_id == coupon_class.c.class_id, coupon_batch.c.created_count > 0
    )
    return find_class_ids(connection, [*scope, has_made])


def count_of_classes(connection: Connection, scope: Scope) -> int:
    """How many classes are meant."""
    statement = select(func.count()).select_from(coupon_class).where(*scope)
    return connection.execute(statement).scalar_one()


def _group(column: ColumnElement[int], *, by_class: bool) -> ColumnElement[int]:
    return column if by_class else literal(0)


def _in_scope(statement: Select[Any], scope: Scope) -> Select[Any]:
    joined = statement.select_from(class_figures).join(
        coupon_class, coupon_class.c.class_id == class_figures.c.class_id
    )
    return joined.where(*scope)


# What a worker does.


@dataclass(frozen=True, slots=True)
class News:
    """What entries of the log say that were not read before.

    Attributes:
        changed: Classes that changed, each with the last entry about it.
        read_until: The last entry that need not be read again, if there is one.
    """

    changed: dict[int, int]
    read_until: int | None


def find_news(connection: Connection, now: datetime) -> News | None:
    """Find out which classes the log says have changed; None when it has no new entries.

    Args:
        connection: A transaction that reads: others are not to wait until all entries are read.
        now: When.
    """
    end: int = connection.execute(select(func.max(audit.c.audit_id))).scalar_one() or 0
    position = _position(connection)
    if position == end:
        return None
    if position is None:
        # All classes are to be counted: what comes before is of no interest.
        return News({}, end)
    values: dict[str, Any] = {"position": position}
    changed: dict[int, int] = {}
    for statement in (_CHANGED, _DELETED_FROM):
        for class_id, audit_id in connection.execute(statement, values):
            changed[class_id] = max(audit_id, changed.get(class_id, 0))
    read_until = _END
    if connection.dialect.name == "postgresql":
        read_until, values["settled_at"] = _SETTLED_END, now - SETTLING
    return News(changed, connection.execute(read_until, values).scalar_one())


def note_news(connection: Connection, news: News) -> None:
    """Note which classes have changed, and which are new.

    Args:
        connection: A transaction that writes.
        news: What the log says.
    """
    if news.changed:
        connection.execute(
            _NOTE,
            [
                {"changed_class_id": class_id, "audit_id": audit_id}
                for class_id, audit_id in news.changed.items()
            ],
        )
    if news.read_until is not None:
        position = {"position_id": 1, "audit_id": news.read_until}
        connection.execute(insert_or_ignore(connection.dialect.name, figures_position), position)
        is_behind = figures_position.c.audit_id < news.read_until
        moved = update(figures_position).where(is_behind).values(audit_id=news.read_until)
        connection.execute(moved)
    known = exists().where(class_figures.c.class_id == coupon_class.c.class_id)
    new = select(coupon_class.c.class_id).where(~known)
    connection.execute(insert(class_figures).from_select(["class_id"], new))


def _position(connection: Connection) -> int | None:
    return connection.execute(select(figures_position.c.audit_id)).scalar_one_or_none()


_STRETCH = (
    select(audit.c.audit_id, audit.c.action, audit.c.entity, audit.c.entity_id, audit.c.at)
    .where(audit.c.audit_id > bindparam("position"))
    .order_by(audit.c.audit_id)
    # With a limit, no database looks for all entries about coupons instead.
    .limit(LOG_STRETCH_LENGTH)
    .subquery()
)
_CHANGED = (
    select(coupon.c.class_id, func.max(_STRETCH.c.audit_id))
    .select_from(_STRETCH)
    .join(coupon, coupon.c.coupon_id == _STRETCH.c.entity_id)
    .where(_STRETCH.c.entity == "coupon", coupon.c.class_id.is_not(None))
    .group_by(coupon.c.class_id)
)
# The coupons that stay are moved to places of those that go: to such as were counted already,
# while their class is counted.
_DELETED_FROM = (
    select(coupon_batch.c.class_id, func.max(_STRETCH.c.audit_id))
    .select_from(_STRETCH)
    .join(coupon_batch, coupon_batch.c.batch_id == _STRETCH.c.entity_id)
    .where(_STRETCH.c.entity == "coupon_batch", _STRETCH.c.action == "delete")
    .group_by(coupon_batch.c.class_id)
)
_END = select(func.max(_STRETCH.c.audit_id))
_SETTLED_END = _END.where(_STRETCH.c.at <= bindparam("settled_at", type_=Instant()))
_NOTE = (
    update(class_figures)
    .where(
        class_figures.c.class_id == bindparam("changed_class_id"),
        class_figures.c.changed_audit_id < bindparam("audit_id"),
    )
    .values(changed_audit_id=bindparam("audit_id"))
)


_IS_STALE = or_(
    class_figures.c.counted_at.is_(None),
    class_figures.c.changed_audit_id > class_figures.c.counted_audit_id,
    class_figures.c.expires_next_at < bindparam("now", type_=Instant()),
    and_(
        class_figures.c.counted_at < bindparam("recounted_from", type_=Instant()),
        class_figures.c.dispatched_count
        + class_figures.c.claimed_count
        + class_figures.c.redeemed_count
        > 0,
    ),
)
_STALEST = (
    select(class_figures.c.class_id)
    .where(_IS_STALE)
    .order_by(class_figures.c.counted_at.asc().nulls_first(), class_figures.c.class_id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class RunningCount:
    """The count of a class, of which only the redeemed coupons are still to be counted.

    Attributes:
        class_id: The class.
        audit_id: The last entry of the log before it. Whatever changes while it is counted may be
            in the count or not, and comes after that: the class is counted once more.
        count: What is counted already.
        stretches: What is still to be counted.
    """

    class_id: int
    audit_id: int
    count: Count
    stretches: list[Stretch]


def begin_count(connection: Connection, now: datetime) -> RunningCount | None:
    """Begin to count the class that changed and was counted longest ago; None when none changed.

    Args:
        connection: A transaction that reads.
        now: When.
    """
    values = {"now": now, "recounted_from": now - RECOUNT_PACE}
    class_id = connection.execute(_STALEST, values).scalar_one_or_none()
    if class_id is None:
        return None
    take_any_time(connection)
    (count,) = count_unredeemed(connection, [class_id]).values()
    stretches = find_stretches(connection, class_id)
    return RunningCount(class_id, _position(connection) or 0, count, stretches)


def go_on_counting(
    connection: Connection, running: RunningCount, stretch: Stretch, now: datetime
) -> None:
    """Count one more stretch.

    Args:
        connection: A transaction that reads.
        running: The count.
        stretch: One of its stretches.
        now: As when it began.
    """
    take_any_time(connection)
    count_redeemed(connection, {running.class_id: running.count}, stretch, now)


def keep(connection: Connection, counted: RunningCount, counted_at: datetime) -> None:
    """Keep what was counted of a class, unless a later count is kept already.

    Args:
        connection: A transaction that writes.
        counted: The count, of which nothing is left to count.
        counted_at: When it began.
    """
    class_id, count = counted.class_id, counted.count
    expires = count.expires_next_at
    values: dict[str, Any] = {f"{name}_count": count.uses[name] for name in USES}
    values["counted_audit_id"], values["counted_at"] = counted.audit_id, counted_at
    values["expires_next_at"] = max(expires, counted_at + EXPIRY_PACE) if expires else None
    is_older = or_(class_figures.c.counted_at.is_(None), class_figures.c.counted_at < counted_at)
    changed = update(class_figures).where(class_figures.c.class_id == class_id, is_older)
    if connection.execute(changed.values(values)).rowcount != 1:
        return
    for table in (class_money, class_day):
        connection.execute(delete(table).where(table.c.class_id == class_id))
    _insert(
        connection,
        insert(class_money),
        [
            {
                "class_id": class_id,
                "currency_code": currency_code,
                "granted": f"{granted:f}",
                "drawn": f"{drawn:f}",
            }
            for currency_code, (granted, drawn) in count.money.items()
        ],
    )
    _insert(
        connection,
        insert(class_day),
        [
            {"class_id": class_id, "day": day, "redeemed_count": redeemed}
            for day, redeemed in count.days.items()
        ],
    )


def _insert(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)
