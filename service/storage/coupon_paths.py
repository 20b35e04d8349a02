"""The paths that a search for coupons may take: through indexes, and the narrowest first."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    func,
    literal,
    select,
)

from service.domain.found_coupons import CouponSearch, CouponStage
from service.storage.statements import LAST_CHARACTER
from service.storage.tables import coupon, coupon_batch, coupon_class, coupon_place, redemption

PARTS_COUNT_MAX = 500
"""How many parts of a path a page may take."""
SMALL_CLASS_COUNT_MAX = 50_000
"""Of a class with so many coupons or fewer, they are looked at place by place."""

_BEGINNING: dict[type, int | str] = {int: -1, str: ""}
"""What comes before every key of the type."""


class Place(NamedTuple):
    """Where a page ends: on which part of the path, and behind which keys there."""

    part: int
    keys: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a path: coupons in the order of their keys, as an index has them.

    Attributes:
        number: Parts come in descending order of their numbers: the newest first.
        source: ``coupon``, or tables joined to it.
    """

    number: int
    source: FromClause
    keys: tuple[ColumnElement[Any], ...]
    conditions: tuple[ColumnElement[bool], ...]

    @property
    def beginning(self) -> tuple[Any, ...]:
        """What comes before all its keys."""
        return tuple(_BEGINNING[it.type.python_type] for it in self.keys)

    @property
    def next_place(self) -> Place:
        """Where the part after this one begins."""
        return Place(self.number - 1, self.beginning)


class Path(NamedTuple):
    """A path.

    Attributes:
        numbers: Of its parts, in their order: those that a page may take.
        part: Makes a part of its number; most pages need one or two.
    """

    numbers: list[int]
    part: Callable[[int], Part]

    @property
    def end(self) -> Place | None:
        """Where it goes on behind these parts, when they are as many as a page takes."""
        if len(self.numbers) < PARTS_COUNT_MAX:
            return None
        return self.part(self.numbers[-1]).next_place


def key_types(search: CouponSearch) -> tuple[type, ...]:
    """Of what types the keys of a place on the search's path are."""
    if follows_codes(search):
        return (str,)
    is_by_address = search.account_id is None and search.email is None
    return (str, int) if is_by_address and search.stage is CouponStage.DISPATCHED else (int,)


def begins_with(start: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a code begins so, as its index can tell."""
    return coupon.c.code >= start, coupon.c.code < start + LAST_CHARACTER


def follows_codes(search: CouponSearch) -> bool:
    """Whether the path is that of the codes, on which are also those without a class."""
    if search.code is not None:
        return True
    is_narrow = search.email is not None or search.account_id is not None
    return not is_narrow and (search.code_start is not None or search.code_part is not None)


def find_path(
    connection: Connection,
    search: CouponSearch,
    customer_ids: Collection[int] | None,
    after: Place | None,
) -> Path:
    """The narrowest path, from a place on."""
    if follows_codes(search):
        return _of_parts([_by_code(search)], after)
    if search.email is not None:
        return _by_address(connection, search, customer_ids, after)
    if search.account_id is not None:
        return _of_parts(_by_account(search.account_id, search.stage), after)
    index = _PARTIAL.get(search.stage)
    if index is not None:
        return _by_index(connection, search, customer_ids, after, index)
    if search.stage is CouponStage.EXPIRED and not _is_in_small_class(connection, search):
        # Nothing leads to them: in the order in which they are stored it goes quickest.
        return _of_parts([Part(0, coupon, (coupon.c.coupon_id,), ())], after)
    return _by_batch(connection, search, customer_ids, after)


def _of_parts(parts: list[Part], after: Place | None) -> Path:
    known = {part.number: part for part in parts}
    numbers = [number for number in known if after is None or number <= after.part]
    return Path(numbers, known.__getitem__)


def _by_code(search: CouponSearch) -> Part:
    code = coupon.c.code
    if search.code is not None:
        return Part(0, coupon, (code,), (code == search.code,))
    conditions = begins_with(search.code_start) if search.code_start is not None else ()
    return Part(0, coupon, (code,), conditions)


def _by_account(account_id: int, stage: CouponStage | None) -> list[Part]:
    redeemed = redemption.join(coupon, coupon.c.coupon_id == redemption.c.coupon_id)
    is_redeemer = redemption.c.account_id == account_id
    is_claimer = coupon.c.claimed_account_id == account_id
    is_open = (coupon.c.claimed_at.is_not(None), coupon.c.redeemed_at.is_(None))
    parts = (
        Part(1, redeemed, (redemption.c.coupon_id,), (is_redeemer,)),
        Part(0, coupon, (coupon.c.coupon_id,), (is_claimer, *is_open)),
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
) -> Path:
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
    return Path(
        _numbers(connection, statement, numbers.c.number, after),
        lambda number: Part(number, coupon, index.keys, (index.first == number, index.has)),
    )


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
) -> Path:
    is_there = (coupon.c.sent_at.is_not(None), coupon.c.sent_to_email == search.email)
    has_any = select(literal(1)).where(coupon.c.class_id == coupon_class.c.class_id, *is_there)
    statement = select(coupon_class.c.class_id).where(
        # No database counts them all for it.
        has_any.limit(1).correlate(coupon_class).scalar_subquery().is_not(None),
        *_scope(search, customer_ids),
    )
    return Path(
        _numbers(connection, statement, coupon_class.c.class_id, after),
        lambda number: Part(
            number, coupon, (coupon.c.coupon_id,), (coupon.c.class_id == number, *is_there)
        ),
    )


def _by_batch(
    connection: Connection,
    search: CouponSearch,
    customer_ids: Collection[int] | None,
    after: Place | None,
) -> Path:
    number = coupon_batch.c.batch_id
    statement = (
        select(number)
        .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
        .where(coupon_batch.c.coupons_count > 0, *_scope(search, customer_ids))
    )
    places = partial(_places, only_ahead=search.stage is CouponStage.UNUSED)
    return Path(_numbers(connection, statement, number, after), places)


def _is_in_small_class(connection: Connection, search: CouponSearch) -> bool:
    statement = select(coupon_class.c.coupons_count)
    found = connection.execute(statement.where(coupon_class.c.class_id == search.class_id))
    count = found.scalar_one_or_none()
    return count is not None and count <= SMALL_CLASS_COUNT_MAX


def _places(batch_id: int, *, only_ahead: bool) -> Part:
    """All coupons of a batch, or those from the place on before which none is unused."""
    place = coupon_place.join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
    conditions = [coupon_place.c.batch_id == batch_id]
    if only_ahead:
        ahead = select(coupon_batch.c.unused_from).where(coupon_batch.c.batch_id == batch_id)
        conditions.append(coupon_place.c.seq >= ahead.scalar_subquery())
    return Part(batch_id, place, (coupon_place.c.seq,), tuple(conditions))


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
