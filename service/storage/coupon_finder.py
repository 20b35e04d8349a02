"""The search for coupons by whatever is known of them, in pages that never take long.

A search follows one path through an index, the narrowest that there is, and looks at what it
passes until the page is full, or its patience ends. It goes on from there with the next page.
"""

import operator
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from service.domain.found_coupons import CouponSearch, CouponStage
from service.storage.discount_tables import (
    coupon_book,
    coupon_instance,
    parent_coupon,
    unique_code,
)
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    redemption,
    unfinished_import,
)
from service.storage.types import Instant

PATIENCE_S = 0.08
"""After so long no further stretch of a path is looked at."""
STRETCH_LENGTH_MIN, STRETCH_LENGTH_MAX = 200, 50_000
"""How many coupons are looked at together: at first, and at the most."""
GROWTH_SHARE = 10
"""A stretch may take this share of the patience before the next one is no longer."""
PARTS_COUNT_MAX = 500
"""How many parts of a path a page may take."""
LAST_CHARACTER = "\U0010ffff"
"""Comes after all others in the order of code points."""

_NOW = bindparam("now", type_=Instant())
_HAS_ENDED = or_(coupon_terms.c.end_date < _NOW, coupon_terms.c.expiration_date < _NOW)
STAGE: ColumnElement[str | None] = case(
    (coupon.c.class_id.is_(None), None),
    (coupon.c.deleted_at.is_not(None), CouponStage.DELETED.value),
    (coupon.c.redeemed_at.is_not(None), CouponStage.REDEEMED.value),
    (_HAS_ENDED, CouponStage.EXPIRED.value),
    (coupon.c.claimed_at.is_not(None), CouponStage.CLAIMED.value),
    (coupon.c.sent_at.is_not(None), CouponStage.DISPATCHED.value),
    else_=CouponStage.UNUSED.value,
)
"""How far a coupon has come at the parameter ``now``; None for one without a class."""

_parent, _parent_of_code = parent_coupon.alias("own_parent"), parent_coupon.alias("code_parent")
_code, _instance = unique_code.alias("own_code"), coupon_instance.alias("own_instance")
_book = coupon_book.alias("own_book")
_OWNERS = (
    select(_parent.c.customer_id).where(_parent.c.coupon_id == coupon.c.coupon_id),
    select(_parent_of_code.c.customer_id)
    .join(_code, _code.c.parent_coupon_id == _parent_of_code.c.coupon_id)
    .where(_code.c.coupon_id == coupon.c.coupon_id),
    select(_instance.c.customer_id).where(
        _instance.c.coupon_id == coupon.c.coupon_id, _instance.c.parent_coupon_id.is_(None)
    ),
    select(_book.c.customer_id).where(_book.c.coupon_id == coupon.c.coupon_id),
)
OWNER: ColumnElement[int] = case(
    (coupon.c.class_id.is_not(None), coupon_class.c.customer_id),
    # Only of codes without a class is the owner looked up elsewhere.
    else_=func.coalesce(*(owner.correlate(coupon).scalar_subquery() for owner in _OWNERS)),
)
"""Whose coupon it is."""
_IS_IMPORTED = ~exists().where(unfinished_import.c.batch_id == coupon.c.batch_id)


_BEGINNING: dict[type, int | str] = {int: -1, str: ""}
"""What comes before every key of the type."""


class Place(NamedTuple):
    """Where a page ends: on which part of the path, and behind which keys there."""

    part: int
    keys: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The coupons of a page, by number, and where the next one begins.

    Attributes:
        after: None when the path has come to its end.
        searched_count: At least so many coupons were looked at.
    """

    coupon_ids: list[int]
    after: Place | None
    searched_count: int


@dataclass(frozen=True, slots=True)
class _Part:
    """Part of a path: coupons in the order of their keys, as an index has them.

    Attributes:
        number: Parts come in descending order of their numbers: the newest first.
        source: ``coupon``, or tables joined to it.
        first: The column of the index that comes before the keys, and has the part's number.
            That it does is said by an order and a range: told that they are equal, PostgreSQL
            may follow the numbers of all coupons instead of the index.
    """

    number: int
    source: FromClause
    keys: tuple[ColumnElement[Any], ...]
    conditions: tuple[ColumnElement[bool], ...]
    first: ColumnElement[int] | None = None

    @property
    def order(self) -> tuple[ColumnElement[Any], ...]:
        """The order of the index."""
        return self.keys if self.first is None else (self.first, *self.keys)

    @property
    def beginning(self) -> tuple[Any, ...]:
        """What comes before all its keys."""
        return tuple(_BEGINNING[it.type.python_type] for it in self.keys)

    @property
    def next_place(self) -> Place:
        """Where the part after this one begins."""
        return Place(self.number - 1, self.beginning)


class _Stretch(NamedTuple):
    """Coupons of a part that are looked at together.

    Attributes:
        conditions: Between which keys they are.
        length: How many there are; None when it is not known, as the part ends with them.
        next_place: Where the stretch after this one begins.
    """

    part: _Part
    conditions: tuple[ColumnElement[bool], ...]
    length: int | None
    next_place: Place


def key_types(search: CouponSearch) -> tuple[type, ...]:
    """Of what types the keys of a place on the search's path are."""
    if _follows_codes(search):
        return (str,)
    is_by_address = search.account_id is None and search.email is None
    return (str, int) if is_by_address and search.stage is CouponStage.DISPATCHED else (int,)


def find(
    connection: Connection,
    search: CouponSearch,
    customer_ids: Collection[int] | None,
    now: datetime,
    *,
    after: Place | None,
    size: int,
) -> Found:
    """Find coupons.

    Args:
        connection: The transaction.
        search: Which coupons; its texts are in the form in which they are stored.
        customer_ids: Only coupons of these customers; None for all.
        now: When coupons have ended, or not.
        after: Where the page before ended.
        size: How many at most.
    """
    parts = _parts(connection, search, customer_ids, after)
    end = parts[-1].next_place if parts else None
    wanted = _wanted(search, customer_ids)
    patient_until = perf_counter() + PATIENCE_S
    found: list[int] = []
    searched = 0
    for stretch in _stretches(connection, parts, after):
        rows = _look(connection, stretch, wanted, now, size - len(found))
        found += [row[0] for row in rows]
        searched += stretch.length or len(rows)
        if len(found) == size:
            return Found(found, Place(stretch.part.number, tuple(rows[-1][1:])), searched)
        if perf_counter() > patient_until and stretch.next_place != end:
            return Found(found, stretch.next_place, searched)
    return Found(found, end if len(parts) == PARTS_COUNT_MAX else None, searched)


def _stretches(
    connection: Connection, parts: Sequence[_Part], after: Place | None
) -> Iterator[_Stretch]:
    """The stretches of a path behind a place, longer and longer ones."""
    length = STRETCH_LENGTH_MIN
    for part in parts:
        is_begun = after is not None and after.part == part.number
        begin = after.keys if after is not None and is_begun else part.beginning
        while True:
            begun = perf_counter()
            behind = _compare(part, operator.gt, begin)
            statement = select(*part.keys).select_from(part.source)
            statement = statement.where(*part.conditions, behind).order_by(*part.order)
            end = connection.execute(statement.offset(length - 1).limit(1)).one_or_none()
            if end is None:
                yield _Stretch(part, (behind,), None, part.next_place)
                break
            begin = tuple(end)
            until = _compare(part, operator.le, begin)
            yield _Stretch(part, (behind, until), length, Place(part.number, begin))
            if perf_counter() - begun < PATIENCE_S / GROWTH_SHARE:
                length = min(2 * length, STRETCH_LENGTH_MAX)


def _compare(
    part: _Part,
    compare: Callable[[Any, Any], ColumnElement[bool]],
    values: tuple[Any, ...],
) -> ColumnElement[bool]:
    """Whether a coupon of the part is before or behind a place."""
    if part.first is None and len(part.keys) == 1:
        return compare(part.keys[0], values[0])
    values = values if part.first is None else (part.number, *values)
    pairs = zip(part.order, values, strict=True)
    return compare(tuple_(*part.order), tuple_(*(literal(value, it.type) for it, value in pairs)))


def _look(
    connection: Connection,
    stretch: _Stretch,
    wanted: list[ColumnElement[bool]],
    now: datetime,
    count: int,
) -> Sequence[Row[Any]]:
    """The first coupons of a stretch that are as wanted: their numbers and keys."""
    part = stretch.part
    source = part.source.join(
        coupon_class, coupon_class.c.class_id == coupon.c.class_id, isouter=True
    ).join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id, isouter=True)
    statement = (
        select(coupon.c.coupon_id, *part.keys)
        .select_from(source)
        .where(*part.conditions, *stretch.conditions, *wanted)
        .order_by(*part.order)
        .limit(count)
    )
    return connection.execute(statement, {"now": now}).all()


def _wanted(
    search: CouponSearch, customer_ids: Collection[int] | None
) -> list[ColumnElement[bool]]:
    """What a coupon must be like, wherever it is found."""
    wanted: list[ColumnElement[bool]] = [_IS_IMPORTED]
    if customer_ids is not None:
        owner = OWNER if _follows_codes(search) else coupon_class.c.customer_id
        wanted.append(owner.in_(customer_ids))
    if search.class_id is not None:
        wanted.append(coupon.c.class_id == search.class_id)
    if search.email is not None:
        wanted.append(coupon.c.sent_to_email == search.email)
    if search.account_id is not None:
        wanted.append(_is_of_account(search.account_id))
    if search.code_part is not None:
        wanted.append(coupon.c.code.contains(search.code_part, autoescape=True))
    if search.stage is not None:
        wanted.append(literal(search.stage.value) == STAGE)
    return wanted


def _is_of_account(account_id: int) -> ColumnElement[bool]:
    own = redemption.alias("own_redemption")
    redeemer = select(own.c.account_id).where(own.c.coupon_id == coupon.c.coupon_id)
    is_claimer = coupon.c.claimed_account_id == account_id
    return or_(is_claimer, redeemer.correlate(coupon).scalar_subquery() == account_id)


# Paths.


def _follows_codes(search: CouponSearch) -> bool:
    if search.code is not None:
        return True
    is_narrow = search.email is not None or search.account_id is not None
    return not is_narrow and (search.code_start is not None or search.code_part is not None)


def _parts(
    connection: Connection,
    search: CouponSearch,
    customer_ids: Collection[int] | None,
    after: Place | None,
) -> list[_Part]:
    """The parts of the narrowest path, from that of a place on."""
    if _follows_codes(search):
        return _from([_by_code(search)], after)
    if search.email is not None:
        return _by_address(connection, search, customer_ids, after)
    if search.account_id is not None:
        return _from(_by_account(search.account_id, search.stage), after)
    index = _PARTIAL.get(search.stage)
    if index is not None:
        return _by_index(connection, search, customer_ids, after, index)
    if search.stage is CouponStage.EXPIRED and not _is_in_small_class(connection, search):
        # Nothing leads to them: in the order in which they are stored it goes quickest.
        return _from([_Part(0, coupon, (coupon.c.coupon_id,), ())], after)
    return _by_batch(connection, search, customer_ids, after)


def _from(parts: list[_Part], after: Place | None) -> list[_Part]:
    return [part for part in parts if after is None or part.number <= after.part]


def _by_code(search: CouponSearch) -> _Part:
    code = coupon.c.code
    if search.code is not None:
        return _Part(0, coupon, (code,), (code == search.code,))
    start = search.code_start
    conditions = () if start is None else (code >= start, code < start + LAST_CHARACTER)
    return _Part(0, coupon, (code,), conditions)


def _by_account(account_id: int, stage: CouponStage | None) -> list[_Part]:
    redeemed = redemption.join(coupon, coupon.c.coupon_id == redemption.c.coupon_id)
    is_redeemer = redemption.c.account_id == account_id
    is_claimer = coupon.c.claimed_account_id == account_id
    is_open = (coupon.c.claimed_at.is_not(None), coupon.c.redeemed_at.is_(None))
    parts = (
        _Part(1, redeemed, (redemption.c.coupon_id,), (is_redeemer,)),
        _Part(0, coupon, (coupon.c.coupon_id,), (is_claimer, *is_open)),
    )
    if stage is None:
        return list(parts)
    return [parts[0] if stage is CouponStage.REDEEMED else parts[1]]


class _Partial(NamedTuple):
    """An index that has only some coupons: its columns, and which coupons it has."""

    first: ColumnElement[int]
    keys: tuple[ColumnElement[Any], ...]
    has: ColumnElement[bool]


_SENT = _Partial(
    coupon.c.class_id, (coupon.c.sent_to_email, coupon.c.coupon_id), coupon.c.sent_at.is_not(None)
)
_PARTIAL: dict[CouponStage | None, _Partial] = {
    CouponStage.DISPATCHED: _SENT,
    CouponStage.CLAIMED: _Partial(
        coupon.c.class_id, (coupon.c.coupon_id,), coupon.c.claimed_at.is_not(None)
    ),
    CouponStage.DELETED: _Partial(
        coupon.c.class_id, (coupon.c.coupon_id,), coupon.c.deleted_at.is_not(None)
    ),
    CouponStage.REDEEMED: _Partial(
        coupon.c.batch_id, (coupon.c.seq,), coupon.c.redeemed_at.is_not(None)
    ),
}


def _by_index(
    connection: Connection,
    search: CouponSearch,
    customer_ids: Collection[int] | None,
    after: Place | None,
    index: _Partial,
) -> list[_Part]:
    numbers = _numbers_in(index)
    statement = select(numbers.c.number)
    if index.first is coupon.c.batch_id:
        is_batch = coupon_batch.c.batch_id == numbers.c.number
        statement = statement.join(coupon_batch, is_batch).join(
            coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id
        )
    else:
        statement = statement.join(coupon_class, coupon_class.c.class_id == numbers.c.number)
    statement = statement.where(*_scope(search, customer_ids))
    return [
        _Part(number, coupon, index.keys, (index.has, index.first <= number), index.first)
        for number in _numbers(connection, statement, numbers.c.number, after)
    ]


def _numbers_in(index: _Partial) -> CTE:
    """The classes or batches that an index has coupons of: it is read from one to the next."""
    number = index.first
    highest = select(func.max(number)).where(index.has).scalar_subquery()
    found = select(highest.label("number")).cte("numbers", recursive=True)
    below = select(func.max(number)).where(index.has, number < found.c.number)
    rest = select(below.correlate(found).scalar_subquery()).where(found.c.number.is_not(None))
    return found.union_all(rest)


def _by_address(
    connection: Connection,
    search: CouponSearch,
    customer_ids: Collection[int] | None,
    after: Place | None,
) -> list[_Part]:
    is_there = (coupon.c.sent_at.is_not(None), coupon.c.sent_to_email == search.email)
    has_any = select(literal(1)).where(coupon.c.class_id == coupon_class.c.class_id, *is_there)
    statement = select(coupon_class.c.class_id).where(
        # No database counts them all for it.
        has_any.limit(1).correlate(coupon_class).scalar_subquery().is_not(None),
        *_scope(search, customer_ids),
    )
    keys = (coupon.c.coupon_id,)
    return [
        _Part(class_id, coupon, keys, (coupon.c.class_id == class_id, *is_there))
        for class_id in _numbers(connection, statement, coupon_class.c.class_id, after)
    ]


def _by_batch(
    connection: Connection,
    search: CouponSearch,
    customer_ids: Collection[int] | None,
    after: Place | None,
) -> list[_Part]:
    number = coupon_batch.c.batch_id
    statement = (
        select(number)
        .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
        .where(coupon_batch.c.coupons_count > 0, *_scope(search, customer_ids))
    )
    return [
        _places(batch_id, only_ahead=search.stage is CouponStage.UNUSED)
        for batch_id in _numbers(connection, statement, number, after)
    ]


def _is_in_small_class(connection: Connection, search: CouponSearch) -> bool:
    statement = select(coupon_class.c.coupons_count)
    found = connection.execute(statement.where(coupon_class.c.class_id == search.class_id))
    count = found.scalar_one_or_none()
    return count is not None and count <= STRETCH_LENGTH_MAX


def _places(batch_id: int, *, only_ahead: bool) -> _Part:
    """All coupons of a batch, or those from the place on before which none is unused."""
    place = coupon_place.join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
    conditions = [coupon_place.c.batch_id == batch_id]
    if only_ahead:
        ahead = select(coupon_batch.c.unused_from).where(coupon_batch.c.batch_id == batch_id)
        conditions.append(coupon_place.c.seq >= ahead.scalar_subquery())
    return _Part(batch_id, place, (coupon_place.c.seq,), tuple(conditions))


def _scope(search: CouponSearch, customer_ids: Collection[int] | None) -> list[ColumnElement[bool]]:
    scope: list[ColumnElement[bool]] = []
    if customer_ids is not None:
        scope.append(coupon_class.c.customer_id.in_(customer_ids))
    if search.class_id is not None:
        scope.append(coupon_class.c.class_id == search.class_id)
    return scope


def _numbers(
    connection: Connection,
    statement: Select[int],
    number: ColumnElement[int],
    after: Place | None,
) -> list[int]:
    if after is not None:
        statement = statement.where(number <= after.part)
    return list(connection.scalars(statement.order_by(number.desc()).limit(PARTS_COUNT_MAX)))
