"""Pages of large batches: which coupons they have, and by which indexes they are found."""

import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select, update

from benchmarks.one_job import make_coupons
from benchmarks.own_service import class_terms, new_call, start_class
from service.domain.search import ORDER_BY_START_DATE, CouponQuery
from service.operations.initialise import FirstKeys
from service.operations.update_coupons import update_coupons
from service.storage import coupon_search
from service.storage.claims import has_open_coupon
from service.storage.engine import Database
from service.storage.tables import coupon, coupon_class, coupon_place, redemption
from tests.programme import START
from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE
from tests.storage.undone import UndoneError

STRETCH_LENGTH = 16
BATCHES = [
    (40, 0.3),
    (1, 1),
    (16, 0),
    (17, 0.9),
    (120, 0.95),
    (90, 0),
    (64, 1),
    (100, 0.02),
    (7, 0),
]
"""How many coupons each batch has, and which part of them is redeemed."""
LARGE_COUNT = 30_000
FEATURE_ID = 7
ROWS_CLAIMED = 50_000_000
PREPARED_AFTER = 5
"""After so many runs psycopg prepares a statement."""


@pytest.fixture
def keys(database: Database) -> FirstKeys:
    return start_class(database)


def redeem(connection: Connection, coupon_ids: list[int], account_id: int) -> None:
    """Redeem coupons as far as a search sees it."""
    row = {
        "account_id": account_id,
        "redeemed_at": START,
        "expires_at": START,
        "granted": 1,
        "spend_to_threshold": 0,
        "balance": 1,
        "currency_code": "USD",
    }
    if coupon_ids:
        connection.execute(insert(redemption), [{**row, "coupon_id": it} for it in coupon_ids])
        is_one = coupon.c.coupon_id.in_(coupon_ids)
        connection.execute(update(coupon).where(is_one).values(redeemed_at=START))


def found_codes(connection: Connection, query: CouponQuery) -> list[str]:
    return [it.coupon_code for it in coupon_search.search_coupons(connection, query)]


@pytest.fixture
def expected(database: Database, keys: FirstKeys) -> dict[bool | None, list[str]]:
    """The codes of several batches in the order of a search: all, redeemed or not."""
    for count, _ in BATCHES:
        make_coupons(database, keys.customer_id, count)
    chance = random.Random(5)
    places = select(coupon_place, coupon.c.code).join(
        coupon, coupon.c.coupon_id == coupon_place.c.coupon_id
    )
    with database.writing() as connection:
        rows = connection.execute(places.order_by(coupon_place.c.batch_id, coupon_place.c.seq))
        found = rows.all()
        parts = [part for count, part in BATCHES for _ in range(count)]
        used = {
            row.coupon_id for row, part in zip(found, parts, strict=True) if chance.random() < part
        }
        redeem(connection, sorted(used), keys.account_id)
    return {
        None: [row.code for row in found],
        True: [row.code for row in found if row.coupon_id in used],
        False: [row.code for row in found if row.coupon_id not in used],
    }


@pytest.mark.parametrize("is_redeemed", [None, True, False])
def test_pages_of_batches_of_many_stretches(
    database: Database,
    keys: FirstKeys,
    expected: dict[bool | None, list[str]],
    is_redeemed: bool | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coupon_search, "STRETCH_LENGTH", STRETCH_LENGTH)
    codes = expected[is_redeemed]
    assert len(codes) > 100
    with database.reading() as connection:
        for offset in range(0, len(codes) + 10, 7):
            for size in (1, 5, 100):
                query = CouponQuery(
                    customer_id=keys.customer_id, is_redeemed=is_redeemed, offset=offset, size=size
                )
                assert found_codes(connection, query) == codes[offset : offset + size]


class Plans:
    """What a database does for the statements that run on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._statements: list[tuple[str, Any]] = []
        event.listen(connection, "after_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        self._statements.append((statement, values))

    def lines(self) -> Iterator[str]:
        event.remove(self._connection, "after_cursor_execute", self._note)
        is_sqlite = self._connection.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        for statement, values in self._statements:
            for row in self._connection.exec_driver_sql(f"{explain} {statement}", values):
                yield str(row[-1])


SCAN_OF_COUPONS = re.compile(r"SCAN coupon(_place)?\b|Seq Scan on coupon(_place)?\b")


@pytest.fixture
def large(database: Database, keys: FirstKeys) -> Database:
    """A batch of many coupons, some of them redeemed."""
    make_coupons(database, keys.customer_id, LARGE_COUNT)
    with database.writing() as connection:
        some = select(coupon_place.c.coupon_id).where(coupon_place.c.seq % 20 == 0)
        redeem(connection, list(connection.scalars(some)), keys.account_id)
        if connection.dialect.name == "postgresql":
            # The server does so itself, within a minute; SQLite never does.
            connection.exec_driver_sql("ANALYZE")
    return database


def scans(database: Database, query: CouponQuery) -> list[str]:
    with database.reading() as connection:
        plans = Plans(connection)
        assert len(coupon_search.search_coupons(connection, query)) == query.size
        lines = list(plans.lines())
    assert len(lines) > 3
    return [line for line in lines if SCAN_OF_COUPONS.search(line)]


def test_no_page_reads_all_coupons(large: Database, keys: FirstKeys) -> None:
    counts = {None: LARGE_COUNT, True: LARGE_COUNT // 20, False: LARGE_COUNT - LARGE_COUNT // 20}
    for is_redeemed, count in counts.items():
        for order in ("CouponClassName", ORDER_BY_START_DATE):
            for offset in (0, count - 100):
                query = CouponQuery(
                    customer_id=keys.customer_id,
                    is_redeemed=is_redeemed,
                    order_by=order,
                    offset=offset,
                )
                assert scans(large, query) == []


@ON_SQLITE
def test_open_coupons_of_a_feature_are_looked_for_in_its_batches(large: Database) -> None:
    """PostgreSQL counts what there is, and may read all when they are of the feature."""
    with large.writing() as connection:
        connection.execute(update(coupon_class).values(feature_id=FEATURE_ID))
    with large.reading() as connection:
        plans = Plans(connection)
        assert has_open_coupon(connection, FEATURE_ID, "USD", START)
        lines = list(plans.lines())
    assert len(lines) > 3
    assert [line for line in lines if SCAN_OF_COUPONS.search(line)] == []


def plan_without_values(connection: Connection) -> str:
    """The plan of the page that this connection runs again and again."""
    name, count = connection.exec_driver_sql(
        "SELECT name, cardinality(parameter_types) FROM pg_prepared_statements"
        " WHERE statement LIKE '%%JOIN coupon_place%%'"
    ).one()
    nothing = ", ".join(["NULL"] * count)
    return "\n".join(connection.exec_driver_sql(f'EXPLAIN EXECUTE "{name}"({nothing})').scalars())


@ON_POSTGRESQL
def test_postgresql_expects_few_coupons_of_a_page_without_its_values(
    large: Database, keys: FirstKeys
) -> None:
    with suppress(UndoneError), large.writing() as connection:
        # As if the tables had so many rows in as many blocks.
        connection.exec_driver_sql("ANALYZE coupon, coupon_place")
        connection.exec_driver_sql(
            f"UPDATE pg_class SET reltuples = {ROWS_CLAIMED}"
            " WHERE relname IN ('coupon', 'coupon_place')"
        )
        for _ in range(2 * PREPARED_AFTER):
            found_codes(connection, CouponQuery(customer_id=keys.customer_id))
        plan = plan_without_values(connection)
        # Others use the same tables later.
        raise UndoneError
    assert "Hash" not in plan
    assert "Seq Scan on coupon " not in plan


def test_the_plans_tell_who_reads_all_coupons(large: Database) -> None:
    with large.reading() as connection:
        plans = Plans(connection)
        connection.execute(select(coupon.c.coupon_id).where(coupon.c.sent_to_email == "anna"))
        lines = list(plans.lines())
    assert [line for line in lines if SCAN_OF_COUPONS.search(line)]


def test_a_page_far_from_the_first_is_sorted_alike(
    database: Database, keys: FirstKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_coupons(database, keys.customer_id, 60)
    with database.reading() as connection:
        query = CouponQuery(customer_id=keys.customer_id)
        before = found_codes(connection, query)
    changed = replace(class_terms(), start_date=START)
    for code in before[7::9]:
        update_coupons(new_call(database), keys.customer_id, changed, coupon_code=code)
    expected = before[7::9] + [code for code in before if code not in before[7::9]]

    with database.reading() as connection:
        for far_offset in (0, 1000):
            monkeypatch.setattr(coupon_search, "FAR_OFFSET", far_offset)
            for offset in range(70):
                page = replace(query, order_by=ORDER_BY_START_DATE, offset=offset, size=10)
                assert found_codes(connection, page) == expected[offset : offset + 10]
