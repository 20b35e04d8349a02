"""How long the console takes for each of its pages, among millions of coupons."""

import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import httpx
from sqlalchemy import select

from benchmarks.bulk import Filled
from benchmarks.machine import machine
from benchmarks.own_service import class_terms, new_call
from benchmarks.searching import MANY, STATEMENT_TIMEOUT_S, redeem_every
from benchmarks.supply import tidy
from service.app import create_app
from service.operations.classes import NewClass, add_class
from service.operations.count_figures import FigureCounter
from service.operations.mint_coupons import mint_coupons
from service.settings import Settings
from service.storage.engine import Database, DatabaseLimits
from service.storage.tables import coupon, coupon_batch
from tests.console.server import sign_in

TRIALS_COUNT = 7
COUPONS_OF_A_CLASS = 30
PAGES = {
    "overview": "customers/{customer_id}/overview",
    "overview of all customers": "programmes",
    "classes": "customers/{customer_id}/classes",
    "the class with millions": "customers/{customer_id}/classes/1",
    "coupons": "customers/{customer_id}/coupons",
    "coupons: the whole code": "customers/{customer_id}/coupons?code={code}&match=all",
    "coupons: the beginning of codes": "customers/{customer_id}/coupons?code={start}&match=start",
    "coupons: part of codes": "customers/{customer_id}/coupons?code={part}&match=part",
    "coupons: part of no code": "customers/{customer_id}/coupons?code=OOOO&match=part",
    "coupons: unused": "customers/{customer_id}/coupons?stage=unused",
    "coupons: redeemed": "customers/{customer_id}/coupons?stage=redeemed",
    "coupons: expired, of which there are none": "customers/{customer_id}/coupons?stage=expired",
    "coupons: of an account": "customers/{customer_id}/coupons?account={account_id}",
    "a coupon": "customers/{customer_id}/coupons/{coupon_id}",
    "minting": "customers/{customer_id}/minting",
    "a batch of millions": "customers/{customer_id}/minting/batches/{batch_id}",
    "accounts": "customers/{customer_id}/accounts",
    "an account with 1 of 20 coupons": "customers/{customer_id}/accounts/{account_id}",
    "its spend": "customers/{customer_id}/accounts/{account_id}/spend",
    "mail": "mail",
    "calls": "calls",
    "audit": "audit",
    "users": "users",
    "settings": "settings",
}
"""The address of each page, by its name."""


def console_table(databases: Sequence[Filled], classes_count: int) -> Iterator[str]:
    """The lines of the table; the databases have other coupons afterwards.

    Args:
        databases: Each with the coupons of one job, of one class.
        classes_count: How many classes there are to be beside it, of 30 coupons each.
    """
    yield (
        f"Time of the whole request in process, by an operator, among {databases[0].count:,}"
        f" coupons of one class, 1 in {MANY} redeemed by one account, beside {classes_count:,}"
        f" classes of {COUPONS_OF_A_CLASS} coupons, {machine()}."
    )
    yield ""
    heads = [f"{filled.engine.name}, median (most) ms" for filled in databases]
    yield f"| page | {' | '.join(heads)} |"
    yield "|---|" + "---|" * len(heads)
    times = [_times(filled, classes_count) for filled in databases]
    for name in PAGES:
        cells = [f"{median(its[name]):.0f} ({max(its[name]):.0f})" for its in times]
        yield f"| {name} | {' | '.join(cells)} |"


def _times(filled: Filled, classes_count: int) -> Mapping[str, Sequence[float]]:
    """Milliseconds of each page, a trial each."""
    database = Database(filled.url, DatabaseLimits(statement_timeout_s=STATEMENT_TIMEOUT_S))
    _fill(database, filled, classes_count)
    addresses = _addresses(database, filled)
    database.close()
    application = create_app(Settings(database=filled.url, log_level="error"))
    with httpx.Client(
        transport=httpx.WSGITransport(app=application), base_url="http://localhost/console/"
    ) as client:
        reply = sign_in(client, filled.keys.user_name, filled.keys.password)
        if reply.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(f"nobody could sign in: {reply.status_code}")
        return {name: _trials(client, address) for name, address in addresses.items()}


def _trials(client: httpx.Client, address: str) -> list[float]:
    times = []
    for _ in range(TRIALS_COUNT):
        start = time.perf_counter()
        reply = client.get(address)
        times.append((time.perf_counter() - start) * 1000)
        if reply.status_code != httpx.codes.OK:
            raise RuntimeError(f"{address}: {reply.status_code}")
    return times


def _fill(database: Database, filled: Filled, classes_count: int) -> None:
    """Redeem some, add the classes, and count as a worker does in time."""
    with database.writing() as connection:
        redeem_every(connection, MANY, filled.keys.account_id)
    for number in range(classes_count):
        name = f"Class {number:04}"
        new = NewClass(customer_id=filled.keys.customer_id, name=name, terms=class_terms())
        add_class(new_call(database), new)
        mint_coupons(new_call(database), filled.keys.customer_id, name, COUPONS_OF_A_CLASS)
    tidy(filled.url)
    counter = FigureCounter(database)
    while counter.count_next() is not None:
        pass


def _addresses(database: Database, filled: Filled) -> dict[str, str]:
    with database.reading() as connection:
        batch_id = connection.scalar(select(coupon_batch.c.batch_id).limit(1))
        of_batch = select(coupon.c.coupon_id, coupon.c.code).where(coupon.c.batch_id == batch_id)
        found = connection.execute(of_batch.limit(1)).one()
    values = {
        "customer_id": filled.keys.customer_id,
        "account_id": filled.keys.account_id,
        "coupon_id": found.coupon_id,
        "batch_id": batch_id,
        "code": found.code,
        "start": found.code[:3],
        "part": found.code[5:8],
    }
    return {name: address.format(**values) for name, address in PAGES.items()}
