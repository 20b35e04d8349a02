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
    ColumnElement,
    Connection,
    Row,
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
from service.storage.coupon_paths import (
    Part,
    Path,
    Place,
    begins_with,
    find_path,
    follows_codes,
)
from service.storage.discount_tables import (
    coupon_book,
    coupon_instance,
    parent_coupon,
    unique_code,
)
from service.storage.tables import (
    coupon,
    coupon_class,
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


class _Stretch(NamedTuple):
    """Coupons of a part that are looked at together.

    Attributes:
        conditions: Between which keys they are.
        length: How many there are; None when it is not known, as the part ends with them.
        next_place: Where the stretch after this one begins.
    """

    part: Part
    conditions: tuple[ColumnElement[bool], ...]
    length: int | None
    next_place: Place


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
    path = find_path(connection, search, customer_ids, after)
    wanted = _wanted(search, customer_ids)
    patient_until = perf_counter() + PATIENCE_S
    found: list[int] = []
    searched = 0
    for stretch in _stretches(connection, path, after):
        rows = _look(connection, stretch, wanted, now, size - len(found))
        found += [row[0] for row in rows]
        searched += stretch.length or len(rows)
        if len(found) == size:
            return Found(found, Place(stretch.part.number, tuple(rows[-1][1:])), searched)
        if perf_counter() > patient_until and stretch.next_place.part >= path.numbers[-1]:
            return Found(found, stretch.next_place, searched)
    return Found(found, path.end, searched)


def _stretches(connection: Connection, path: Path, after: Place | None) -> Iterator[_Stretch]:
    """The stretches of a path behind a place, longer and longer ones."""
    length = STRETCH_LENGTH_MIN
    for part in map(path.part, path.numbers):
        is_begun = after is not None and after.part == part.number
        begin = after.keys if after is not None and is_begun else part.beginning
        while True:
            begun = perf_counter()
            behind = _compare(part.keys, operator.gt, begin)
            statement = select(*part.keys).select_from(part.source)
            statement = statement.where(*part.conditions, behind).order_by(*part.keys)
            end = connection.execute(statement.offset(length - 1).limit(1)).one_or_none()
            if end is None:
                yield _Stretch(part, (behind,), None, part.next_place)
                break
            begin = tuple(end)
            until = _compare(part.keys, operator.le, begin)
            yield _Stretch(part, (behind, until), length, Place(part.number, begin))
            if perf_counter() - begun < PATIENCE_S / GROWTH_SHARE:
                length = min(2 * length, STRETCH_LENGTH_MAX)


def _compare(
    keys: tuple[ColumnElement[Any], ...],
    compare: Callable[[Any, Any], ColumnElement[bool]],
    values: tuple[Any, ...],
) -> ColumnElement[bool]:
    """Whether a coupon comes before or after these values of its keys."""
    if len(keys) == 1:
        return compare(keys[0], values[0])
    typed = [literal(value, key.type) for key, value in zip(keys, values, strict=True)]
    return compare(tuple_(*keys), tuple_(*typed))


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
        .order_by(*part.keys)
        .limit(count)
    )
    return connection.execute(statement, {"now": now}).all()


def _wanted(
    search: CouponSearch, customer_ids: Collection[int] | None
) -> list[ColumnElement[bool]]:
    """What a coupon must be like, wherever it is found."""
    wanted: list[ColumnElement[bool]] = [_IS_IMPORTED]
    if customer_ids is not None:
        owner = OWNER if follows_codes(search) else coupon_class.c.customer_id
        wanted.append(owner.in_(customer_ids))
    if search.class_id is not None:
        wanted.append(coupon.c.class_id == search.class_id)
    if search.email is not None:
        wanted.append(coupon.c.sent_to_email == search.email)
    if search.account_id is not None:
        wanted.append(_is_of_account(search.account_id))
    if search.code_start is not None:
        wanted += begins_with(search.code_start)
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
