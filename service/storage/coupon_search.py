"""Pages of a customer's coupons.

A page is found by arithmetic: a batch has its coupons at the places 0 to
``coupons_count`` - 1, so that any page costs the same. How many of them are
redeemed is counted in an index that has only these. Where the coupons of a batch
differ in StartDate, a search that asks for it skips the rows before its page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from service.domain.coupons import Coupon, CouponClaimInfo, CouponRedemption
from service.domain.search import ORDER_BY_START_DATE, PAGE_SIZE_MAX, CouponQuery
from service.domain.terms import CouponTerms
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.coupons import IS_THERE
from service.storage.tables import (
    account,
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    redemption,
)

STRETCH_LENGTH = 4_096
"""The places of a batch whose redeemed coupons are counted together."""
BATCHES_PER_STATEMENT = 10_000
"""About how many one statement asks: each is a parameter."""


class Stretch(NamedTuple):
    """Places of a batch that follow one another."""

    batch_id: int
    first: int
    length: int


_redeemer = account.alias("redeemer")
_claimer = account.alias("claimer")

_COUPONS = (
    select(
        coupon.c.code,
        coupon.c.terms_id,
        coupon.c.sent_to_email,
        coupon.c.sent_at,
        coupon.c.claimed_account_id,
        coupon.c.claimed_at,
        coupon.c.seq,
        coupon.c.redeemed_at,
        coupon_class.c.class_id,
        coupon_class.c.name.label("class_name"),
        redemption.c.account_id,
        redemption.c.spend_to_threshold,
        redemption.c.balance,
        redemption.c.currency_code,
        redemption.c.expires_at,
        redemption.c.activated_at,
        _redeemer.c.number,
        _claimer.c.number.label("claimer_number"),
        (_redeemer.c.customer_id == coupon_class.c.customer_id).label("is_redeemed_at_home"),
    )
    .select_from(coupon)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(_redeemer, _redeemer.c.account_id == redemption.c.account_id, isouter=True)
    .join(_claimer, _claimer.c.account_id == coupon.c.claimed_account_id, isouter=True)
)
_BY_CODE = _COUPONS.add_columns(
    coupon.c.coupon_id, coupon.c.batch_id, coupon_class.c.customer_id
).where(coupon.c.code == bindparam("code"), IS_THERE)
_PAGE = _COUPONS.add_columns(coupon_place.c.batch_id).join(
    coupon_place, coupon_place.c.coupon_id == coupon.c.coupon_id
)
_BATCHES: Select[Any] = (
    select(
        coupon_batch.c.batch_id,
        coupon_batch.c.coupons_count,
        coupon_batch.c.has_one_start,
    )
    .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
    .where(coupon_class.c.customer_id == bindparam("customer_id"), coupon_batch.c.coupons_count > 0)
)
# The places of a job that is at work are not all written.
_COUNTED_BATCHES = select(coupon_batch.c.batch_id).where(coupon_batch.c.coupons_count > 0)
_REDEEMED = (
    select(coupon.c.batch_id, func.count())
    .where(
        coupon.c.batch_id.in_(bindparam("batch_ids", expanding=True)),
        coupon.c.redeemed_at.is_not(None),
    )
    .group_by(coupon.c.batch_id)
)
_IS_REDEEMED_OF_BATCH = (
    coupon.c.batch_id == bindparam("batch_id"),
    coupon.c.redeemed_at.is_not(None),
)
_REDEEMED_PLACES = (
    select(coupon.c.seq)
    .where(*_IS_REDEEMED_OF_BATCH)
    .order_by(coupon.c.seq)
    .limit(bindparam("count"))
    .offset(bindparam("skip"))
)
_STRETCH_NUMBER = coupon.c.seq // STRETCH_LENGTH
_REDEEMED_BY_STRETCH = (
    select(_STRETCH_NUMBER, func.count()).where(*_IS_REDEEMED_OF_BATCH).group_by(_STRETCH_NUMBER)
)
_REDEEMED_BETWEEN = (
    select(coupon.c.seq)
    .where(*_IS_REDEEMED_OF_BATCH, coupon.c.seq.between(bindparam("first"), bindparam("last")))
    .order_by(coupon.c.seq)
)
_TERMS = select(coupon_terms.c.terms_id, *TERMS_COLUMNS).where(
    coupon_terms.c.terms_id.in_(bindparam("terms_ids", expanding=True))
)


def search_coupons(connection: Connection, query: CouponQuery) -> list[Coupon]:
    """The page of the customer's coupons that the query asks for."""
    batches = _batches(connection, query)
    asks_for_start = query.starts_from is not None or query.order_by == ORDER_BY_START_DATE
    if asks_for_start and not all(batch.has_one_start for batch in batches):
        rows = _skipping_page(connection, query)
    else:
        rows = _rows_at(connection, list(_places(connection, query, batches)))
    terms = _terms_by_id(connection, {row.terms_id for row in rows})
    return [
        _coupon_of(row, terms[row.terms_id], with_claim_info=query.with_claim_info) for row in rows
    ]


def find_coupon(connection: Connection, code: str) -> tuple[int, int, int, Coupon] | None:
    """A coupon by its folded code, for its operator, who sees all of it.

    Answers:
        The numbers of the coupon, its owner and its batch, and the coupon.
    """
    row = connection.execute(_BY_CODE, {"code": code}).one_or_none()
    if row is None:
        return None
    (terms,) = _terms_by_id(connection, {row.terms_id}).values()
    redemption_info = None if row.redeemed_at is None else _redemption_of(row)
    shown = replace(_coupon_of(row, terms, with_claim_info=True), redemption_info=redemption_info)
    return row.coupon_id, row.customer_id, row.batch_id, shown


def _batches(connection: Connection, query: CouponQuery) -> Sequence[Row[Any]]:
    """The batches that the search is about, in its order."""
    by_start_date = query.order_by == ORDER_BY_START_DATE
    start_date = coupon_batch.c.start_date
    order = _order(start_date, by_start_date=by_start_date, descending=query.descending)
    statement = _BATCHES.order_by(*order, coupon_batch.c.batch_id)
    if query.class_name is not None:
        statement = statement.where(coupon_class.c.name == query.class_name)
    if query.starts_from is not None:
        starts_then = coupon_batch.c.start_date >= query.starts_from
        statement = statement.where(or_(starts_then, ~coupon_batch.c.has_one_start))
    return connection.execute(statement, {"customer_id": query.customer_id}).all()


def _places(
    connection: Connection, query: CouponQuery, batches: Sequence[Row[Any]]
) -> Iterator[Stretch]:
    """Where the coupons of the page are."""
    redeemed: dict[int, int] = {}
    if query.is_redeemed is not None:
        redeemed = _redeemed_counts(connection, [batch.batch_id for batch in batches])
    skip, wanted = query.offset, query.size
    for batch in batches:
        redeemed_count = redeemed.get(batch.batch_id, 0)
        count = redeemed_count if query.is_redeemed else batch.coupons_count - redeemed_count
        if skip < count and wanted > 0:
            taken = Stretch(batch.batch_id, skip, min(wanted, count - skip))
            yield from _places_of(connection, query, batch.coupons_count, redeemed_count, taken)
            wanted -= taken.length
        skip = max(skip - count, 0)


def _redeemed_counts(connection: Connection, batch_ids: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(batch_ids), BATCHES_PER_STATEMENT):
        some = batch_ids[start : start + BATCHES_PER_STATEMENT]
        rows = connection.execute(_REDEEMED, {"batch_ids": some})
        found.update((batch_id, count) for batch_id, count in rows)
    return found


def _places_of(
    connection: Connection,
    query: CouponQuery,
    coupons_count: int,
    redeemed_count: int,
    wanted: Stretch,
) -> Iterator[Stretch]:
    """The places of a stretch of those coupons of a batch that the query asks for."""
    if query.is_redeemed:
        values = {"batch_id": wanted.batch_id, "skip": wanted.first, "count": wanted.length}
        for seq in connection.scalars(_REDEEMED_PLACES, values):
            yield Stretch(wanted.batch_id, seq, 1)
    elif redeemed_count == 0:
        yield wanted
    else:
        yield from _unredeemed_places(connection, coupons_count, wanted)


def _unredeemed_places(
    connection: Connection, coupons_count: int, wanted: Stretch
) -> Iterator[Stretch]:
    """Leave out the redeemed ones: first by whole stretches of the batch, then one by one."""
    batch_id, skip, count = wanted.batch_id, wanted.first, wanted.length
    redeemed_counts: dict[int, int] = {}
    if coupons_count > STRETCH_LENGTH:
        rows = connection.execute(_REDEEMED_BY_STRETCH, {"batch_id": batch_id})
        redeemed_counts = dict(map(tuple, rows))
    first = 0
    while skip >= STRETCH_LENGTH - (redeemed := redeemed_counts.get(first // STRETCH_LENGTH, 0)):
        skip, first = skip - STRETCH_LENGTH + redeemed, first + STRETCH_LENGTH
    while count > 0:
        values = {"batch_id": batch_id, "first": first, "last": first + STRETCH_LENGTH - 1}
        taken_places = list(connection.scalars(_REDEEMED_BETWEEN, values))
        for start, length in _between(taken_places, first, first + STRETCH_LENGTH):
            passed = min(skip, length)
            taken = min(length - passed, count)
            if taken > 0:
                yield Stretch(batch_id, start + passed, taken)
            skip, count = skip - passed, count - taken
        first += STRETCH_LENGTH


def _between(places: list[int], first: int, end: int) -> Iterator[tuple[int, int]]:
    """What lies between the places from the first to before the end: start and length."""
    for place in [*places, end]:
        if place > first:
            yield first, place - first
        first = place + 1


def _rows_at(connection: Connection, stretches: list[Stretch]) -> list[Row[Any]]:
    """The coupons at these places, in this order."""
    if not stretches:
        return []
    values: dict[str, int] = {}
    for number, (batch_id, first, length) in enumerate(stretches):
        values |= {
            f"batch_id_{number}": batch_id,
            f"first_{number}": first,
            f"last_{number}": first + length - 1,
        }
    rows = connection.execute(_places_statement(len(stretches)), values).all()
    order = {batch_id: number for number, (batch_id, _, _) in enumerate(stretches)}
    return sorted(rows, key=lambda row: (order[row.batch_id], row.seq))


@lru_cache(maxsize=PAGE_SIZE_MAX)
def _places_statement(stretches_count: int) -> Select[Any]:
    """The statement for a page of so many stretches; its values are bound when it runs."""
    return _PAGE.where(
        or_(
            *(
                and_(
                    coupon_place.c.batch_id == bindparam(f"batch_id_{number}"),
                    coupon_place.c.seq.between(
                        bindparam(f"first_{number}"), bindparam(f"last_{number}")
                    ),
                )
                for number in range(stretches_count)
            )
        )
    )


def _skipping_page(connection: Connection, query: CouponQuery) -> list[Row[Any]]:
    statement = _skipping_statement(
        has_class_name=query.class_name is not None,
        is_redeemed=query.is_redeemed,
        has_starts_from=query.starts_from is not None,
        by_start_date=query.order_by == ORDER_BY_START_DATE,
        descending=query.descending,
    )
    values = {
        "customer_id": query.customer_id,
        "class_name": query.class_name,
        "starts_from": query.starts_from,
        "offset": query.offset,
        "size": query.size,
    }
    return list(connection.execute(statement, values).all())


@lru_cache(maxsize=64)
def _skipping_statement(
    *,
    has_class_name: bool,
    is_redeemed: bool | None,
    has_starts_from: bool,
    by_start_date: bool,
    descending: bool,
) -> Select[Any]:
    """The statement of one kind of search; its values are bound when it runs."""
    statement = _PAGE.join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id).where(
        coupon_class.c.customer_id == bindparam("customer_id"),
        coupon_place.c.batch_id.in_(_COUNTED_BATCHES),
    )
    if has_class_name:
        statement = statement.where(coupon_class.c.name == bindparam("class_name"))
    if is_redeemed is not None:
        unredeemed = coupon.c.redeemed_at.is_(None)
        statement = statement.where(~unredeemed if is_redeemed else unredeemed)
    if has_starts_from:
        statement = statement.where(coupon_terms.c.start_date >= bindparam("starts_from"))
    order = _order(coupon_terms.c.start_date, by_start_date=by_start_date, descending=descending)
    statement = statement.order_by(*order, coupon_place.c.batch_id, coupon_place.c.seq)
    return statement.limit(bindparam("size")).offset(bindparam("offset"))


def _order(
    start_date: ColumnElement[Any], *, by_start_date: bool, descending: bool
) -> list[ColumnElement[Any]]:
    """The order of a search; coupons without a StartDate come before all others."""
    by_name = coupon_class.c.name
    if not by_start_date:
        return [by_name.desc() if descending else by_name]
    by_start = start_date.desc().nulls_last() if descending else start_date.asc().nulls_first()
    return [by_start, by_name]


def _terms_by_id(connection: Connection, terms_ids: set[int]) -> dict[int, CouponTerms]:
    """The terms of a page: few rows, as many coupons share one."""
    if not terms_ids:
        return {}
    rows = connection.execute(_TERMS, {"terms_ids": sorted(terms_ids)})
    return {row.terms_id: terms_of(row) for row in rows}


def _coupon_of(row: Row[Any], terms: CouponTerms, *, with_claim_info: bool) -> Coupon:
    return Coupon(
        coupon_code=row.code,
        class_name=row.class_name,
        coupon_type=terms.coupon_type.value,
        amount=terms.amount,
        spend_threshold=terms.spend_threshold,
        currency_code=terms.currency_code,
        percent_off=terms.percent_off,
        active_duration=terms.active_duration,
        expiration_date=terms.expiration_date,
        start_date=terms.start_date,
        end_date=terms.end_date,
        send_to_email=row.sent_to_email,
        send_to_date=row.sent_at,
        is_redeemed=row.redeemed_at is not None,
        redemption_info=_redemption_of(row) if row.is_redeemed_at_home else None,
        claim_info=_claim_of(row) if with_claim_info and row.claimed_at is not None else None,
    )


def _redemption_of(row: Row[Any]) -> CouponRedemption:
    return CouponRedemption(
        account_id=row.account_id,
        account_number=row.number,
        spend_to_threshold=row.spend_to_threshold,
        balance=row.balance,
        currency_code=row.currency_code,
        redemption_date=row.redeemed_at,
        expiration_date=row.expires_at,
        activation_date=row.activated_at,
    )


def _claim_of(row: Row[Any]) -> CouponClaimInfo:
    return CouponClaimInfo(row.claimed_account_id, row.claimer_number, row.claimed_at)
