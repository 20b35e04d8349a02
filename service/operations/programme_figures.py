"""How a coupon programme goes: its funnel, its redemptions by day, its money, and work at hand."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.domain.figures import (
    DAYS_COUNT,
    DayFigure,
    Figures,
    Funnel,
    MoneyFigures,
    ProgrammeFigures,
)
from service.operations.calls import Call
from service.operations.owned import require_owned
from service.storage import kept_figures, work_figures
from service.storage.class_counts import Count, count_classes, first_day
from service.storage.classes import find_owner
from service.storage.kept_figures import Minted, Scope
from service.storage.tables import coupon_class

COUNTED_AT_ONCE_MAX = 20_000
"""Classes that made so many coupons together, or fewer, are counted while the caller waits."""

Counted = dict[int, tuple[Count, datetime]]
"""What was counted by class, or of all together under 0, and when."""


def programme_figures(call: Call, customer_id: int | None) -> ProgrammeFigures:
    """The figures of a customer's classes together.

    Args:
        call: Whose call it is.
        customer_id: None for all customers, which operators only may ask for.

    Raises:
        ServiceError: ``UserIsNotAuthorized``.
    """
    if customer_id is None:
        call.caller.require_operator()
    else:
        call.caller.require_read(customer_id)
    scope = [] if customer_id is None else [coupon_class.c.customer_id == customer_id]
    with call.database.reading() as connection:
        is_operator = call.caller.is_operator
        return ProgrammeFigures(
            figures=_together(connection, scope, call.now),
            classes_count=kept_figures.count_of_classes(connection, scope),
            jobs=work_figures.find_jobs(connection, customer_id),
            mail=work_figures.find_mail(connection, call.now) if is_operator else None,
        )


def class_figures(call: Call, class_id: int) -> Figures:
    """The figures of one class.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, or for operators ``EntityNotExistent``.
    """
    with call.database.reading() as connection:
        owner = find_owner(connection, class_id)
        require_owned(call, owner, f"coupon class {class_id}", is_change=False)
        return _together(connection, [coupon_class.c.class_id == class_id], call.now)


def figures_of_classes(
    call: Call, customer_id: int, class_ids: Collection[int]
) -> dict[int, Figures]:
    """The figures of some classes of a customer, by their number; others are left out.

    Raises:
        ServiceError: ``UserIsNotAuthorized``.
    """
    call.caller.require_read(customer_id)
    is_meant = coupon_class.c.class_id.in_(class_ids)
    scope = [coupon_class.c.customer_id == customer_id, is_meant]
    with call.database.reading() as connection:
        minted = kept_figures.find_minted(connection, scope, by_class=True)
        counted, _ = _count(connection, scope, minted, call.now, by_class=True)
        found = kept_figures.find_class_ids(connection, scope)
    return {
        class_id: _figures(
            minted.get(class_id, Minted()),
            counted.get(class_id),
            int(_is_missing(minted, counted, class_id)),
            call.now,
        )
        for class_id in found
    }


def _together(connection: Connection, scope: Scope, now: datetime) -> Figures:
    minted = kept_figures.find_minted(connection, scope, by_class=False)
    counted, uncounted = _count(connection, scope, minted, now, by_class=False)
    return _figures(minted[0], counted.get(0), uncounted, now)


def _count(
    connection: Connection,
    scope: Scope,
    minted: dict[int, Minted],
    now: datetime,
    *,
    by_class: bool,
) -> tuple[Counted, int]:
    """What is kept of the classes, or where these are small, counted at once.

    Returns:
        The counts, and how many classes are in none.
    """
    if sum(it.created for it in minted.values()) <= COUNTED_AT_ONCE_MAX:
        class_ids = kept_figures.find_filled(connection, scope)
        return _add_counted({}, count_classes(connection, class_ids, now), now, by_class), 0
    kept = kept_figures.find_kept(connection, scope, now, by_class=by_class)
    uncounted = kept_figures.find_uncounted(connection, scope)
    if sum(uncounted.values()) > COUNTED_AT_ONCE_MAX:
        return kept, len(uncounted)
    return _add_counted(kept, count_classes(connection, uncounted, now), now, by_class), 0


def _add_counted(kept: Counted, counts: dict[int, Count], now: datetime, by_class: bool) -> Counted:
    for class_id, count in counts.items():
        key = class_id if by_class else 0
        if key not in kept:
            kept[key] = (Count(), now)
        kept[key][0].add(count)
    return kept


def _is_missing(minted: dict[int, Minted], counted: Counted, class_id: int) -> bool:
    return class_id in minted and minted[class_id].created > 0 and class_id not in counted


def _figures(
    minted: Minted, counted: tuple[Count, datetime] | None, uncounted: int, now: datetime
) -> Figures:
    count, as_of = counted or (Count(), None)
    has_none = not minted.created
    return Figures(
        funnel=Funnel(minted=minted.created, deleted=minted.deleted, **count.uses),
        money=tuple(
            MoneyFigures(currency_code, *amounts)
            for currency_code, amounts in sorted(count.money.items())
        ),
        days=tuple(_days(count, now)),
        as_of=now if has_none else as_of,
        uncounted_classes=uncounted,
    )


def _days(count: Count, now: datetime) -> list[DayFigure]:
    days = [first_day(now) + timedelta(days=number) for number in range(DAYS_COUNT)]
    return [DayFigure(day, count.days[day]) for day in days]
