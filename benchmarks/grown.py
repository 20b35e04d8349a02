"""A database of some size, and what is asked of it."""

import random
from itertools import count
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from benchmarks.one_job import make_coupons
from benchmarks.own_service import CLASS_NAME, class_terms, new_call
from benchmarks.supply import INFOS_COUNT, Memory, Supply, Unredeemed, tidy
from service.operations.calls import utc_now
from service.operations.classes import NewClass, add_class
from service.operations.get_coupon_info import get_coupon_info
from service.operations.initialise import FirstKeys
from service.operations.redeem_coupon import redeem_coupon
from service.storage.engine import Database
from service.storage.tables import coupon
from tests.programme import Clock, Programme

ACCOUNTS_COUNT = 100
"""By how many accounts coupons are redeemed, in turn."""
NUMBERS_PER_STATEMENT = 500


class Size(NamedTuple):
    """How much a database has."""

    coupons_count: int
    classes_count: int


def class_names(size: Size) -> list[str]:
    """The names of the classes."""
    return [CLASS_NAME, *(f"{CLASS_NAME} {number}" for number in range(1, size.classes_count))]


def grown(
    database: Database, url: str, keys: FirstKeys, size: Size, unredeemed_count: int
) -> Supply:
    """Fill a database that has one class without coupons: each class gets as many.

    Args:
        database: Which, opened.
        url: Of the database.
        keys: Its first keys.
        size: How much it is to have.
        unredeemed_count: How many coupons are to be redeemed, drawn from all.
    """
    # The first account has the number 1 already.
    programme = Programme(database, Clock(utc_now()), count(2))
    account_ids = [programme.account(keys.customer_id) for _ in range(ACCOUNTS_COUNT)]
    for name in class_names(size):
        if name != CLASS_NAME:
            new = NewClass(customer_id=keys.customer_id, name=name, terms=class_terms())
            add_class(new_call(database), new)
        each = size.coupons_count // size.classes_count
        make_coupons(database, keys.customer_id, each, class_name=name)
    with database.reading() as connection:
        drawn = _drawn(connection, unredeemed_count + INFOS_COUNT)
    infos_customer_id = programme.customer()
    infos_account_id = programme.account(infos_customer_id)
    for it in drawn[:INFOS_COUNT]:
        redeem_coupon(new_call(database), infos_account_id, it.code)
    infos = get_coupon_info(new_call(database), infos_customer_id)
    assert infos[0].redemption_date is not None
    tidy(url)
    return Supply(
        url,
        keys,
        account_ids,
        drawn[INFOS_COUNT:],
        (infos_account_id, drawn[0].code),
        infos_customer_id,
        subscriptions=[],
        mailing_customer_id=0,
        memory=Memory([], infos, infos[0].redemption_date),
    )


def _drawn(connection: Connection, wanted: int) -> list[Unredeemed]:
    """Coupons drawn from all, in no order."""
    first, last = connection.execute(
        select(func.min(coupon.c.coupon_id), func.max(coupon.c.coupon_id))
    ).one()
    chance = random.Random(1)
    numbers = chance.sample(range(first, last + 1), wanted)
    found = []
    for start in range(0, wanted, NUMBERS_PER_STATEMENT):
        some = numbers[start : start + NUMBERS_PER_STATEMENT]
        statement = select(coupon.c.coupon_id, coupon.c.code).where(coupon.c.coupon_id.in_(some))
        found += [Unredeemed(*row) for row in connection.execute(statement)]
    if len(found) != wanted:
        raise RuntimeError("the numbers of coupons have gaps")
    chance.shuffle(found)
    return found
