"""Searches among the five million coupons of one job: the goals, and what misses them."""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

import pytest
from sqlalchemy import Connection, insert, literal, select, text, update

from benchmarks.one_job import make_coupons
from benchmarks.own_service import CLASS_NAME, class_terms, new_call, start_class
from service.domain.search import ORDER_BY_START_DATE, CouponQuery
from service.operations.calls import utc_now
from service.operations.initialise import FirstKeys
from service.operations.update_coupons import update_coupons
from service.storage.coupon_search import search_coupons
from service.storage.engine import Database, DatabaseLimits
from service.storage.tables import coupon, coupon_place, redemption
from tests.programme import START

COUNT = 5_000_000
REDEEMED_COUNT = 250_000
LAST_PAGE = COUNT - 100
RATIO_MAX = 3
SECONDS_MAX = 0.05
VACUUM_S_MAX = 300
TRIALS_COUNT = 25

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1200)]


def seconds(database: Database, query: CouponQuery) -> float:
    start = time.perf_counter()
    with database.reading() as connection:
        assert len(search_coupons(connection, query)) == query.size
    return time.perf_counter() - start


def redeem_some(connection: Connection, account_id: int) -> None:
    """Redeem ``REDEEMED_COUNT`` coupons, as far as a search sees it."""
    row = {
        redemption.c.account_id: account_id,
        redemption.c.redeemed_at: START,
        redemption.c.expires_at: START,
        redemption.c.granted: 1,
        redemption.c.spend_to_threshold: 0,
        redemption.c.balance: 1,
        redemption.c.currency_code: "USD",
    }
    is_chosen = coupon_place.c.seq % (COUNT // REDEEMED_COUNT) == 0
    values = [literal(value, column.type) for column, value in row.items()]
    chosen = select(coupon_place.c.coupon_id, *values).where(is_chosen)
    connection.execute(insert(redemption).from_select([redemption.c.coupon_id, *row], chosen))
    is_redeemed = coupon.c.coupon_id.in_(select(redemption.c.coupon_id))
    connection.execute(update(coupon).where(is_redeemed).values(redeemed_at=START))


def await_vacuum(database: Database, since: datetime) -> None:
    """Wait until the server has vacuumed and analyzed the coupons, as it does by itself."""
    if database.engine.dialect.name == "sqlite":
        return
    is_done = text(
        "SELECT least(last_autovacuum, last_autoanalyze) > :since FROM pg_stat_user_tables"
        " WHERE relname = 'coupon'"
    )
    deadline = time.monotonic() + VACUUM_S_MAX
    while True:
        with database.reading() as connection:
            if connection.scalar(is_done, {"since": since}):
                return
        assert time.monotonic() < deadline
        time.sleep(1)


def assert_pages_alike(page: Callable[..., float]) -> None:
    for order in ("CouponClassName", ORDER_BY_START_DATE):
        first, last = page(order_by=order), page(order_by=order, offset=LAST_PAGE)
        assert last < first * RATIO_MAX
        assert max(first, last) < SECONDS_MAX


def assert_redeemed_found_quickly(page: Callable[..., float]) -> None:
    for is_redeemed, count in ((True, REDEEMED_COUNT), (False, COUNT - REDEEMED_COUNT)):
        assert page(is_redeemed=is_redeemed) < SECONDS_MAX
        assert page(is_redeemed=is_redeemed, offset=count - 100) < SECONDS_MAX


def test_every_page_is_quick(database_url: str) -> None:
    with closing(Database(database_url, DatabaseLimits(statement_timeout_s=600))) as database:
        keys = start_class(database)
        make_coupons(database, keys.customer_id, COUNT)
        assert_quick(database, keys)


def assert_quick(database: Database, keys: FirstKeys) -> None:
    def page(trials_count: int = TRIALS_COUNT, **changes: object) -> float:
        """The least seconds of a page: what it takes when nothing else is in its way."""
        query = {"customer_id": keys.customer_id, "class_name": CLASS_NAME, **changes}
        return min(seconds(database, CouponQuery(**query)) for _ in range(trials_count))

    assert_pages_alike(page)
    with database.writing() as connection:
        redeem_some(connection, keys.account_id)
    await_vacuum(database, utc_now())
    assert_pages_alike(page)
    assert_redeemed_found_quickly(page)

    # The control: what goes through all coupons is not as quick.
    is_unused = coupon.c.redeemed_at.is_(None)
    with database.reading() as connection:
        code = connection.scalars(select(coupon.c.code).where(is_unused).limit(1)).one()
    update_coupons(new_call(database), keys.customer_id, class_terms(), coupon_code=code)
    assert page(1, order_by=ORDER_BY_START_DATE, offset=LAST_PAGE) > SECONDS_MAX
