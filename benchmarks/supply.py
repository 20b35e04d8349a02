"""A database with all that requests ask for, and the answers that peers give from memory."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import ColumnElement, Connection, insert, literal, select, update
from sqlalchemy import cast as sql_cast

from benchmarks.one_job import make_coupons
from benchmarks.own_service import CLASS_NAME, new_call
from service.domain.coupon_info import CouponInfo
from service.domain.coupons import Coupon
from service.domain.search import PAGE_SIZE_MAX, Paging, Predicate, SearchRequest
from service.operations.calls import utc_now
from service.operations.get_coupon_info import get_coupon_info
from service.operations.initialise import FirstKeys
from service.operations.parties import add_account
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.operations.subscription_coupons import apply_coupon
from service.storage.engine import Database
from service.storage.tables import coupon, redemption
from service.storage.transactions import JoinedTransactions
from tests.operations.simple_coupons import new_coupon, subscription
from tests.programme import Clock, Programme

ACCOUNTS_COUNT = 300
"""By how many accounts coupons are redeemed, in turn."""
INFOS_COUNT = 10
"""How many coupons a GetCouponInfo tells about."""
FEATURE_ID = 7
"""Of the class whose coupons are sent to addresses."""
SUBSCRIPTIONS_COUNT = 20
"""How many subscriptions are billed, in turn; each has a coupon without an end."""


class Unredeemed(NamedTuple):
    """A coupon that can be redeemed."""

    coupon_id: int
    code: str


@dataclass(frozen=True)
class Memory:
    """What a peer has in memory, and answers.

    Attributes:
        page: The first coupons of the database, all of them dispatched and redeemed.
        infos: What GetCouponInfo answers.
        redeemed_at: What RedeemCoupon answers.
    """

    page: list[Coupon]
    infos: list[CouponInfo]
    redeemed_at: datetime


@dataclass(frozen=True)
class Supply:
    """A database, and what can be asked of it.

    Attributes:
        keys: Of the caller.
        account_ids: Who redeems.
        unredeemed: Coupons, in no order.
        redeemed: The account and the code of a redemption.
        infos_customer_id: Whose coupons GetCouponInfo tells about.
        subscriptions: The references of those that are billed.
        mailing_customer_id: Who sends coupons to addresses.
    """

    url: str
    keys: FirstKeys
    account_ids: list[int]
    unredeemed: list[Unredeemed]
    redeemed: tuple[int, str]
    infos_customer_id: int
    subscriptions: list[str]
    mailing_customer_id: int
    memory: Memory


def supplied(
    url: str,
    keys: FirstKeys,
    searched_count: int,
    unredeemed_count: int,
    *,
    dispatched_count: int = 0,
    accounts_count: int = ACCOUNTS_COUNT,
) -> Supply:
    """Fill a database that has one class without coupons.

    Args:
        url: Of the database.
        keys: Its first keys.
        searched_count: How many coupons there are to search: dispatched and redeemed, so that
            each has all that a coupon can have.
        unredeemed_count: How many there are to redeem; they stand behind the others.
        dispatched_count: How many there are to be sent to addresses, by another customer.
        accounts_count: How many accounts redeem.
    """
    database = Database(url)
    programme = Programme(database, Clock(utc_now()), count(accounts_count + 2))
    account_ids = _accounts(database, keys.customer_id, accounts_count)
    make_coupons(database, keys.customer_id, searched_count)
    with database.writing() as connection:
        _redeem_all(connection, account_ids)
    make_coupons(database, keys.customer_id, unredeemed_count + INFOS_COUNT)
    unredeemed = _unredeemed(database)
    infos_customer_id = programme.customer()
    infos_account_id = programme.account(infos_customer_id)
    for it in unredeemed[:INFOS_COUNT]:
        redeem_coupon(new_call(database), infos_account_id, it.code)
    supply = Supply(
        url,
        keys,
        account_ids,
        unredeemed[INFOS_COUNT:],
        (infos_account_id, unredeemed[0].code),
        infos_customer_id,
        _subscriptions(programme, keys),
        _mailing_customer(programme, dispatched_count),
        _memory(database, keys.customer_id, infos_customer_id),
    )
    database.close()
    tidy(url)
    return supply


def _accounts(database: Database, customer_id: int, accounts_count: int) -> list[int]:
    """New accounts, all in one transaction."""
    with database.writing() as connection:
        call = new_call(JoinedTransactions(connection))
        # The first account has the number 1 already.
        numbers = (f"X{number:07}" for number in range(2, accounts_count + 2))
        return [add_account(call, customer_id, number, "USD") for number in numbers]


def _redeem_all(connection: Connection, account_ids: Sequence[int]) -> None:
    """Redeem every coupon, as far as a search sees it; the numbers of the accounts run on."""
    now = utc_now()
    values: dict[str, ColumnElement[Any]] = {
        name: literal(value, redemption.c[name].type)
        for name, value in {
            "redeemed_at": now,
            "expires_at": now + timedelta(days=90),
            "granted": 100,
            "spend_to_threshold": 0,
            "balance": 100,
            "currency_code": "USD",
        }.items()
    }
    values["account_id"] = account_ids[0] + coupon.c.coupon_id % len(account_ids)
    rows = select(coupon.c.coupon_id, *values.values())
    connection.execute(insert(redemption).from_select(["coupon_id", *values], rows))
    email = "kim" + sql_cast(coupon.c.coupon_id, coupon.c.code.type) + "@example.com"
    sent = {"sent_to_email": email, "sent_at": now, "redeemed_at": now}
    connection.execute(update(coupon).values(sent))


def _unredeemed(database: Database) -> list[Unredeemed]:
    statement = select(coupon.c.coupon_id, coupon.c.code).where(coupon.c.redeemed_at.is_(None))
    with database.reading() as connection:
        found = [Unredeemed(*row) for row in connection.execute(statement)]
    random.Random(1).shuffle(found)
    return found


def _subscriptions(programme: Programme, keys: FirstKeys) -> list[str]:
    new_coupon(programme, keys.customer_id)
    references = []
    for _ in range(SUBSCRIPTIONS_COUNT):
        account_id = programme.account(keys.customer_id)
        references.append(subscription(programme, account_id))
        apply_coupon(programme.call(), references[-1], "SUMMER")
    return references


def _mailing_customer(programme: Programme, coupons_count: int) -> int:
    customer_id = programme.customer()
    programme.coupon_class(customer_id, CLASS_NAME, feature_id=FEATURE_ID)
    if coupons_count:
        make_coupons(programme.database, customer_id, coupons_count)
    return customer_id


def _memory(database: Database, customer_id: int, infos_customer_id: int) -> Memory:
    owner = Predicate("CustomerId", "Equals", str(customer_id))
    first = SearchRequest([owner], page_info=Paging(0, PAGE_SIZE_MAX))
    infos = get_coupon_info(new_call(database), infos_customer_id)
    assert infos[0].redemption_date is not None
    page: Sequence[Coupon] = search_coupons(new_call(database), first)
    return Memory(list(page), infos, infos[0].redemption_date)


def tidy(url: str) -> None:
    """Bring PostgreSQL to rest: else it would do so by itself, at any time."""
    if not url.startswith("sqlite"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
