"""Searches among the coupons of one job, and among those of several."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from sqlalchemy import Connection, insert, literal, select, update

from benchmarks.bulk import Filled
from benchmarks.machine import machine
from benchmarks.one_job import make_coupons
from benchmarks.own_service import class_terms, new_call
from benchmarks.supply import tidy
from service.domain.coupons import Coupon
from service.domain.search import (
    ORDER_BY_START_DATE,
    PAGE_SIZE_MAX,
    OrderBy,
    Paging,
    Predicate,
    SearchRequest,
)
from service.operations.calls import utc_now
from service.operations.search_coupons import search_coupons
from service.operations.update_coupons import update_coupons
from service.storage.engine import Database, DatabaseLimits
from service.storage.tables import coupon, coupon_batch, coupon_place, redemption
from service.storage.types import Instant, Money

TRIALS_COUNT = 7
ENOUGH_S = 5.0
"""After so long a search is not tried again."""
STATEMENT_TIMEOUT_S = 900
FEW, MANY = 1000, 20
"""Every thousandth coupon is redeemed, and every twentieth."""


@dataclass(frozen=True)
class Timing:
    """The first and the last page of a search, in milliseconds."""

    first_ms: float
    last_ms: float

    def __str__(self) -> str:
        return f"{self.first_ms:.1f} | {self.last_ms:.1f} | {self.last_ms / self.first_ms:.1f}"


def search_table(databases: Sequence[Filled]) -> Iterator[str]:
    """The lines of the table; the databases have other coupons afterwards."""
    count = databases[0].count
    yield f"Among {count:,} coupons of one class, pages of {PAGE_SIZE_MAX}, {machine()}."
    yield ""
    names = [filled.engine.name for filled in databases]
    heads = [f"{name}, first page ms | last page ms | ratio" for name in names]
    yield f"| search | {' | '.join(heads)} |"
    yield "|---|" + "---|---|---|" * len(names)
    rows = [list(_Searches(filled).run()) for filled in databases]
    for cells in zip(*rows, strict=True):
        yield f"| {cells[0][0]} | {' | '.join(str(timing) for _, timing in cells)} |"


class _Searches:
    """All searches on one database, one after the other."""

    def __init__(self, filled: Filled) -> None:
        # The slow searches are to be measured, however slow.
        limits = DatabaseLimits(statement_timeout_s=STATEMENT_TIMEOUT_S)
        self._database = Database(filled.url, limits)
        self._url = filled.url
        self._keys = filled.keys
        self._count = filled.count

    def run(self) -> Iterator[tuple[str, Timing]]:
        count = self._count
        yield "all", self._measured(count)
        yield "all, by StartDate", self._measured(count, by_start_date=True)
        for step in (FEW, MANY):
            redeemed = self._redeem_every(step)
            yield f"{redeemed:,} that are redeemed", self._measured(redeemed, is_redeemed=True)
            rest = count - redeemed
            yield f"the others, {rest:,}", self._measured(rest, is_redeemed=False)
        count += self._add_batches()
        yield "3 batches, by StartDate", self._measured(count, by_start_date=True)
        self._update_one()
        yield "one coupon has another StartDate", self._measured(count)
        yield "the same, by StartDate", self._measured(count, by_start_date=True)
        self._database.close()

    def _measured(
        self, count: int, *, is_redeemed: bool | None = None, by_start_date: bool = False
    ) -> Timing:
        """The pages of a search that has so many coupons."""
        predicates: list[Predicate | None] = [
            Predicate("CustomerId", "Equals", str(self._keys.customer_id))
        ]
        if is_redeemed is not None:
            predicates.append(Predicate("IsRedeemed", "Equals", str(is_redeemed).lower()))
        ordering: list[OrderBy | None] = [OrderBy(ORDER_BY_START_DATE, "Ascending")]
        last = (count - 1) // PAGE_SIZE_MAX
        times = []
        for index in (0, last):
            page = Paging(index, PAGE_SIZE_MAX)
            request = SearchRequest(predicates, ordering if by_start_date else None, page)
            expected = min(PAGE_SIZE_MAX, count - index * PAGE_SIZE_MAX)
            times.append(self._median_ms(request, expected))
        return Timing(*times)

    def _median_ms(self, request: SearchRequest, expected_count: int) -> float:
        times: list[float] = []
        found: list[Coupon] = []
        while len(times) < TRIALS_COUNT and sum(times) < ENOUGH_S:
            start = time.perf_counter()
            found = search_coupons(new_call(self._database), request)
            times.append(time.perf_counter() - start)
        if len(found) != expected_count:
            raise RuntimeError(f"{len(found)} coupons were found, not {expected_count}")
        return median(times) * 1000

    def _redeem_every(self, step: int) -> int:
        """Redeem every so manieth coupon of the first batch; answers how many there are."""
        with self._database.writing() as connection:
            count = redeem_every(connection, step, self._keys.account_id)
        tidy(self._url)
        return count

    def _add_batches(self) -> int:
        """Two batches that are sold earlier and later; answers how many coupons they have."""
        each = max(1, self._count // 100)
        for days in (-10, 10):
            start = utc_now() + timedelta(days=days)
            make_coupons(self._database, self._keys.customer_id, each, start)
        return 2 * each

    def _update_one(self) -> None:
        """Give one coupon a StartDate of its own."""
        with self._database.reading() as connection:
            unredeemed = coupon.c.redeemed_at.is_(None)
            code = connection.scalars(select(coupon.c.code).where(unredeemed).limit(1)).one()
        call = new_call(self._database)
        update_coupons(call, self._keys.customer_id, class_terms(), coupon_code=code)


def redeem_every(connection: Connection, step: int, account_id: int) -> int:
    """As if by RedeemCoupon, which would take minutes for so many."""
    now = utc_now()
    values: dict[str, Any] = {
        "account_id": literal(account_id),
        "redeemed_at": literal(now, Instant),
        "expires_at": literal(now + timedelta(days=90), Instant),
        "granted": literal(Decimal(100), Money),
        "spend_to_threshold": literal(Decimal(25), Money),
        "balance": literal(Decimal(100), Money),
        "currency_code": literal("USD"),
    }
    first_batch = select(coupon_batch.c.batch_id).order_by(coupon_batch.c.batch_id).limit(1)
    chosen = select(coupon_place.c.coupon_id, *values.values()).where(
        coupon_place.c.batch_id == first_batch.scalar_subquery(),
        coupon_place.c.seq % step == 0,
        coupon_place.c.coupon_id.not_in(select(redemption.c.coupon_id)),
    )
    connection.execute(insert(redemption).from_select(["coupon_id", *values], chosen))
    is_chosen = coupon.c.coupon_id.in_(select(redemption.c.coupon_id))
    connection.execute(
        update(coupon).where(is_chosen, coupon.c.redeemed_at.is_(None)).values(redeemed_at=now)
    )
    return len(connection.scalars(select(redemption.c.coupon_id)).all())
