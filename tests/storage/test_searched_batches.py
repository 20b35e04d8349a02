"""The batches of a search, told as texts, are those that rows would tell."""

import random
from datetime import timedelta
from itertools import accumulate

import pytest
from sqlalchemy import Connection, insert, select

from service.domain.search import ORDER_BY_CLASS_NAME, ORDER_BY_START_DATE, CouponQuery
from service.storage.engine import Database
from service.storage.searched_batches import Batch, Batches, find_batches, search_order
from service.storage.tables import coupon_batch, coupon_class
from tests.programme import START, Programme

SEED = 7
CLASSES_COUNT, BATCHES_COUNT = 12, 60


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer with batches of random sizes, some empty, some without a StartDate."""
    chance = random.Random(SEED)
    owner = programme.customer()
    class_ids = [programme.coupon_class(owner, f"class {n}") for n in range(CLASSES_COUNT)]
    rows = []
    for _ in range(BATCHES_COUNT):
        count = chance.choice([0, 1, 5, 100_000])
        rows.append(
            {
                "class_id": chance.choice(class_ids),
                "requested_count": count,
                "created_count": count,
                "coupons_count": count,
                "start_date": chance.choice([None, START, START + timedelta(days=1)]),
                "has_one_start": chance.random() < 0.9,
                "created_at": START,
            }
        )
    with programme.database.writing() as connection:
        connection.execute(insert(coupon_batch), rows)
    return owner


def batches_by_rows(connection: Connection, query: CouponQuery) -> Batches:
    """The slow and obvious way."""
    order = search_order(
        coupon_batch.c.start_date,
        by_start_date=query.order_by == ORDER_BY_START_DATE,
        descending=query.descending,
    )
    statement = (
        select(coupon_batch)
        .join(coupon_class)
        .where(coupon_class.c.customer_id == query.customer_id, coupon_batch.c.coupons_count > 0)
        .order_by(*order, coupon_batch.c.batch_id)
    )
    if query.class_name is not None:
        statement = statement.where(coupon_class.c.name == query.class_name)
    rows = connection.execute(statement).all()
    each = tuple(Batch(row.batch_id, row.coupons_count) for row in rows)
    ends = tuple(accumulate(row.coupons_count for row in rows))
    return Batches(each, ends, all(row.has_one_start for row in rows))


@pytest.mark.parametrize("order_by", [ORDER_BY_CLASS_NAME, ORDER_BY_START_DATE])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("class_name", [None, "class 3"])
def test_texts_tell_what_rows_tell(
    database: Database, owner: int, order_by: str, descending: bool, class_name: str | None
) -> None:
    query = CouponQuery(
        customer_id=owner, order_by=order_by, descending=descending, class_name=class_name
    )
    with database.reading() as connection:
        found = find_batches(connection, query)
        assert found == batches_by_rows(connection, query)
    assert found.each


def test_a_batch_that_changes_is_seen(database: Database, owner: int) -> None:
    query = CouponQuery(customer_id=owner)
    with database.reading() as connection:
        before = find_batches(connection, query)
    with database.writing() as connection:
        is_first = coupon_batch.c.batch_id == before.each[0].batch_id
        connection.execute(coupon_batch.update().where(is_first).values(coupons_count=0))
    with database.reading() as connection:
        assert find_batches(connection, query).each == before.each[1:]


def test_who_has_no_coupons_has_no_batches(programme: Programme) -> None:
    with programme.database.reading() as connection:
        found = find_batches(connection, CouponQuery(customer_id=programme.customer()))
    assert found == Batches((), (), have_one_start=True)


@pytest.mark.parametrize(
    ("offset", "found"),
    [(0, (0, 0)), (1, (0, 1)), (2, (1, 0)), (4, (1, 2)), (5, (2, 0)), (6, (3, 0)), (9, (3, 3))],
)
def test_where_a_page_begins(offset: int, found: tuple[int, int]) -> None:
    sizes = [2, 3, 1]
    each = tuple(Batch(number, size) for number, size in enumerate(sizes))
    assert Batches(each, tuple(accumulate(sizes)), have_one_start=True).at(offset) == found
