"""The batches that a search is about.

They come as texts, one for each column: a thousand rows cost three times as much. The texts are
read once, as they stay the same as long as no batch has changed.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from service.domain.search import ORDER_BY_START_DATE, CouponQuery
from service.storage.prepared import Prepared
from service.storage.tables import coupon_batch, coupon_class

BATCHES_KEPT_MAX = 32
"""Of how many searches a process remembers the batches: some 150 bytes for each batch."""
_BATCHES: Select[Any] = (
    select(
        coupon_batch.c.batch_id,
        coupon_batch.c.coupons_count,
        coupon_batch.c.has_one_start,
    )
    .join(coupon_class, coupon_class.c.class_id == coupon_batch.c.class_id)
    .where(coupon_class.c.customer_id == bindparam("customer_id"), coupon_batch.c.coupons_count > 0)
)


class Batch(NamedTuple):
    """A batch as a search knows it."""

    batch_id: int
    coupons_count: int


class Batches(NamedTuple):
    """The batches that a search is about, in its order.

    Attributes:
        ends: How many coupons each of them and those before it have together.
        have_one_start: Whether all coupons of each batch have one StartDate.
    """

    each: tuple[Batch, ...]
    ends: tuple[int, ...]
    have_one_start: bool

    def at(self, offset: int) -> tuple[int, int]:
        """In which batch the coupon after so many is, and at which place of it."""
        index = bisect_right(self.ends, offset)
        return index, offset - (self.ends[index - 1] if index else 0)


def find_batches(connection: Connection, query: CouponQuery) -> Batches:
    """The batches with coupons that the query is about."""
    statement = _statement(
        query.order_by == ORDER_BY_START_DATE,
        query.descending,
        query.class_name is not None,
        query.starts_from is not None,
    )
    values = {
        "customer_id": query.customer_id,
        "class_name": query.class_name,
        "starts_from": query.starts_from,
    }
    return _batches_of(*statement.row(connection, values))


def search_order(
    start_date: ColumnElement[Any], *, by_start_date: bool, descending: bool
) -> list[ColumnElement[Any]]:
    """The order of a search; coupons without a StartDate come before all others."""
    by_name = coupon_class.c.name
    if not by_start_date:
        return [by_name.desc() if descending else by_name]
    by_start = start_date.desc().nulls_last() if descending else start_date.asc().nulls_first()
    return [by_start, by_name]


@lru_cache
def _statement(
    by_start_date: bool,
    descending: bool,
    has_class_name: bool,
    has_starts_from: bool,
) -> Prepared:
    """The statement for one kind of search; its values are bound when it runs."""
    start_date = coupon_batch.c.start_date
    order = search_order(start_date, by_start_date=by_start_date, descending=descending)
    statement = _BATCHES.order_by(*order, coupon_batch.c.batch_id)
    if has_class_name:
        statement = statement.where(coupon_class.c.name == bindparam("class_name"))
    if has_starts_from:
        starts_then = coupon_batch.c.start_date >= bindparam("starts_from")
        statement = statement.where(or_(starts_then, ~coupon_batch.c.has_one_start))
    return Prepared(partial(_in_texts, tuple(statement.subquery().c)))


def _in_texts(columns: Sequence[ColumnElement[Any]], dialect_name: str) -> Select[Any]:
    """All values of each column, in the order of the rows; NULL when there is none."""
    comma: ColumnElement[str] = literal_column("','")
    if dialect_name == "sqlite":
        texts: list[Any] = [func.group_concat(column, comma) for column in columns]
    else:
        texts = [func.string_agg(cast(column, Text), comma) for column in columns]
    return select(*texts)


@lru_cache(maxsize=BATCHES_KEPT_MAX)
def _batches_of(ids: str | None, counts: str | None, have_one_start: str | None) -> Batches:
    if ids is None or counts is None or have_one_start is None:
        return Batches((), (), have_one_start=True)
    each = tuple(map(Batch, map(int, ids.split(",")), map(int, counts.split(","))))
    ends = tuple(accumulate(batch.coupons_count for batch in each))
    return Batches(each, ends, set(have_one_start.split(",")) <= {"1", "true"})
