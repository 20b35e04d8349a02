"""Pages of a customer's coupons.

A page is found by arithmetic: a batch has its coupons at the places 0 to
``coupons_count`` - 1, so that any page costs the same. How many of them are
redeemed is counted in an index that has only these, up to the page. Where the coupons of a batch
differ in StartDate, a search that asks for it skips the rows before its page.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from service.domain.coupons import Coupon
from service.domain.search import ORDER_BY_START_DATE, PAGE_SIZE_MAX, CouponQuery
from service.storage.coupon_rows import (
    COUPONS,
    Order,
    PlacedCoupon,
    coupons_page,
    placed_coupons,
    prepared_coupons,
)
from service.storage.coupons import IS_THERE
from service.storage.postgresql_transactions import plan_once
from service.storage.prepared import Prepared
from service.storage.prepared_lists import filled_up
from service.storage.searched_batches import Batch, Batches, find_batches, search_order
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
)

STRETCH_LENGTH = 4_096
"""The places of a batch that are looked at together, and how many make a batch a large one."""
FAR_OFFSET = 10_000
"""From here on a sort that is told to stop at a page is slower than one that is not."""
BATCHES_PER_STATEMENT = 10_000
"""About how many one statement asks: each is a parameter."""


class Stretch(NamedTuple):
    """Places of a batch that follow one another."""

    batch_id: int
    first: int
    length: int


_BY_CODE = prepared_coupons(COUPONS.where(coupon.c.code == bindparam("code"), IS_THERE))
_PAGE = COUPONS.join(coupon_place, coupon_place.c.coupon_id == coupon.c.coupon_id)
# The coupons of a job that is at work are not found.
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
_IS_REDEEMED_BETWEEN = (
    *_IS_REDEEMED_OF_BATCH,
    coupon.c.seq.between(bindparam("first"), bindparam("last")),
)
_COUNT_BETWEEN = select(func.count()).select_from(coupon).where(*_IS_REDEEMED_BETWEEN)
_REDEEMED_BETWEEN = select(coupon.c.seq).where(*_IS_REDEEMED_BETWEEN).order_by(coupon.c.seq)


def search_coupons(connection: Connection, query: CouponQuery) -> tuple[Coupon, ...]:
    """The page of the customer's coupons that the query asks for."""
    batches = find_batches(connection, query)
    asks_for_start = query.starts_from is not None or query.order_by == ORDER_BY_START_DATE
    if asks_for_start and not batches.have_one_start:
        return _skipping_page(connection, query)
    return _coupons_at(connection, query, list(_places(connection, query, batches)))


def find_coupon(connection: Connection, code: str) -> PlacedCoupon | None:
    """A coupon by its folded code, for its operator, who sees all of it."""
    found = placed_coupons(connection, _BY_CODE, {"code": code})
    return found[0] if found else None


def _places(connection: Connection, query: CouponQuery, batches: Batches) -> Iterator[Stretch]:
    """Where the coupons of the page are."""
    redeemed: dict[int, int] = {}
    first, skip, wanted = 0, query.offset, query.size
    if query.is_redeemed is None:
        first, skip = batches.at(query.offset)
    else:
        small = [it.batch_id for it in batches.each if it.coupons_count <= STRETCH_LENGTH]
        redeemed = _redeemed_counts(connection, small)
    for batch in islice(batches.each, first, None):
        if wanted == 0:
            break
        count = _known_count(query, batch, redeemed)
        if count is not None and skip >= count:
            skip -= count
            continue
        if count == batch.coupons_count:
            length = min(wanted, batch.coupons_count - skip)
            places, skip = [Stretch(batch.batch_id, skip, length)], 0
        elif query.is_redeemed:
            places, skip = _redeemed_places(connection, batch, skip, wanted)
        else:
            places, skip = _unredeemed_places(connection, batch, skip, wanted)
        yield from places
        wanted -= sum(place.length for place in places)


def _known_count(query: CouponQuery, batch: Batch, redeemed: dict[int, int]) -> int | None:
    """How many coupons of a batch are asked for; None for a large batch that has to be walked."""
    if query.is_redeemed is None:
        return batch.coupons_count
    if batch.coupons_count > STRETCH_LENGTH:
        return None
    count = redeemed.get(batch.batch_id, 0)
    return count if query.is_redeemed else batch.coupons_count - count


def _redeemed_counts(connection: Connection, batch_ids: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(batch_ids), BATCHES_PER_STATEMENT):
        some = batch_ids[start : start + BATCHES_PER_STATEMENT]
        rows = connection.execute(_REDEEMED, {"batch_ids": some})
        found.update((batch_id, count) for batch_id, count in rows)
    return found


def _redeemed_places(
    connection: Connection, batch: Batch, skip: int, wanted: int
) -> tuple[list[Stretch], int]:
    """The places of redeemed coupons of a batch.

    Args:
        connection: The transaction.
        batch: Whose.
        skip: How many of them come before.
        wanted: How many there are to be at the most.

    Returns:
        The places, and how many coupons of the batches behind come before the page.
    """
    batch_id = batch.batch_id
    values = {"batch_id": batch_id, "skip": skip, "count": wanted}
    seqs = connection.scalars(_REDEEMED_PLACES, values).all()
    if not seqs and skip:
        skip -= _count_between(connection, batch_id, 0, batch.coupons_count)
        return [], skip
    return [Stretch(batch_id, seq, 1) for seq in seqs], 0


def _unredeemed_places(
    connection: Connection, batch: Batch, skip: int, wanted: int
) -> tuple[list[Stretch], int]:
    """As ``_redeemed_places`` for the others, which lie between the redeemed ones."""
    batch_id, end = batch.batch_id, batch.coupons_count
    first = 0
    # Of as many places as are to be skipped some are redeemed: so many are still to be skipped.
    while skip >= STRETCH_LENGTH and first < end:
        passed = min(skip, end - first)
        skip -= passed - _count_between(connection, batch_id, first, first + passed)
        first += passed
    places: list[Stretch] = []
    while wanted > 0 and first < end:
        stop = min(first + STRETCH_LENGTH, end)
        values = {"batch_id": batch_id, "first": first, "last": stop - 1}
        taken_places = list(connection.scalars(_REDEEMED_BETWEEN, values))
        for start, length in _between(taken_places, first, stop):
            passed = min(skip, length)
            taken = min(length - passed, wanted)
            if taken > 0:
                places.append(Stretch(batch_id, start + passed, taken))
            skip, wanted = skip - passed, wanted - taken
        first = stop
    return places, skip


def _count_between(connection: Connection, batch_id: int, first: int, end: int) -> int:
    """How many coupons of a batch are redeemed from the first place to before the end."""
    values = {"batch_id": batch_id, "first": first, "last": end - 1}
    return connection.execute(_COUNT_BETWEEN, values).scalar_one()


def _between(places: list[int], first: int, end: int) -> Iterator[tuple[int, int]]:
    """What lies between the places from the first to before the end: start and length."""
    for place in [*places, end]:
        if place > first:
            yield first, place - first
        first = place + 1


def _coupons_at(
    connection: Connection, query: CouponQuery, stretches: list[Stretch]
) -> tuple[Coupon, ...]:
    """The coupons at these places, in this order."""
    if not stretches:
        return ()
    by_batch: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        by_batch.setdefault(stretch.batch_id, []).append(stretch)
    values: dict[str, Any] = {}
    lengths = []
    for number, (batch_id, places) in enumerate(by_batch.items()):
        values[f"batch_id_{number}"] = batch_id
        if len(places) == 1:
            values[f"first_{number}"] = places[0].first
            values[f"last_{number}"] = places[0].first + places[0].length - 1
            lengths.append(0)
        else:
            seqs = [range(it.first, it.first + it.length) for it in places]
            listed = filled_up(list(chain.from_iterable(seqs)))
            values.update({f"seq_{number}_{i}": seq for i, seq in enumerate(listed)})
            lengths.append(len(listed))
    plan_once(connection)
    statement = _places_statement(tuple(lengths))
    order = Order("batch_id", tuple(by_batch))
    return coupons_page(connection, statement, values, order, with_claim_info=query.with_claim_info)


@lru_cache(maxsize=PAGE_SIZE_MAX)
def _places_statement(lengths: tuple[int, ...]) -> Prepared:
    """The statement for a page of so many batches; its values are bound when it runs.

    Args:
        lengths: Of each batch, how many places are listed; 0 when they follow one another.
            They are listed as many conditions on one table take a database long to plan.
    """
    return prepared_coupons(
        _PAGE.where(
            or_(
                *(
                    and_(
                        coupon_place.c.batch_id == bindparam(f"batch_id_{number}"),
                        _places_condition(number, length),
                    )
                    for number, length in enumerate(lengths)
                )
            )
        ),
        count_max=PAGE_SIZE_MAX,
    )


def _places_condition(number: int, length: int) -> ColumnElement[bool]:
    if not length:
        return coupon_place.c.seq.between(bindparam(f"first_{number}"), bindparam(f"last_{number}"))
    return coupon_place.c.seq.in_([bindparam(f"seq_{number}_{i}") for i in range(length)])


def _skipping_page(connection: Connection, query: CouponQuery) -> tuple[Coupon, ...]:
    statement = _skipping_statement(
        has_class_name=query.class_name is not None,
        is_redeemed=query.is_redeemed,
        has_starts_from=query.starts_from is not None,
        by_start_date=query.order_by == ORDER_BY_START_DATE,
        descending=query.descending,
        is_far=query.offset >= FAR_OFFSET,
    )
    values = {
        "customer_id": query.customer_id,
        "class_name": query.class_name,
        "starts_from": query.starts_from,
        "offset": query.offset,
        "size": query.size,
        "end": query.offset + query.size,
    }
    # Only of the page is more read than what orders the coupons.
    coupon_ids = connection.scalars(statement, values).all()
    if not coupon_ids:
        return ()
    listed = filled_up(coupon_ids)
    values = {f"coupon_id_{i}": coupon_id for i, coupon_id in enumerate(listed)}
    coupons = _by_id_statement(len(listed))
    order = Order("coupon_id", tuple(coupon_ids))
    return coupons_page(connection, coupons, values, order, with_claim_info=query.with_claim_info)


@lru_cache
def _by_id_statement(length: int) -> Prepared:
    listed: list[Any] = [bindparam(f"coupon_id_{i}") for i in range(length)]
    return prepared_coupons(COUPONS.where(coupon.c.coupon_id.in_(listed)))


@lru_cache(maxsize=64)
def _skipping_statement(
    *,
    has_class_name: bool,
    is_redeemed: bool | None,
    has_starts_from: bool,
    by_start_date: bool,
    descending: bool,
    is_far: bool,
) -> Select[Any]:
    """The statement of one kind of search; its values are bound when it runs."""
    statement = (
        select(coupon.c.coupon_id)
        .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
        .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
        .where(
            coupon_class.c.customer_id == bindparam("customer_id"),
            coupon.c.batch_id.in_(_COUNTED_BATCHES),
            IS_THERE,
        )
    )
    if has_class_name:
        statement = statement.where(coupon_class.c.name == bindparam("class_name"))
    if is_redeemed is not None:
        unredeemed = coupon.c.redeemed_at.is_(None)
        statement = statement.where(~unredeemed if is_redeemed else unredeemed)
    if has_starts_from:
        statement = statement.where(coupon_terms.c.start_date >= bindparam("starts_from"))
    order = search_order(
        coupon_terms.c.start_date, by_start_date=by_start_date, descending=descending
    )
    order += [coupon.c.batch_id, coupon.c.seq]
    if not is_far:
        statement = statement.order_by(*order)
        return statement.limit(bindparam("size")).offset(bindparam("offset"))
    number = func.row_number().over(order_by=order).label("number")
    numbered = statement.add_columns(number).subquery()
    is_in_page = and_(
        numbered.c.number > bindparam("offset"), numbered.c.number <= bindparam("end")
    )
    return select(numbered.c.coupon_id).where(is_in_page).order_by(numbered.c.number)
