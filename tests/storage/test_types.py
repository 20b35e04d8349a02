"""Money and instants come out of the database exactly as they went in."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    cast,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import StatementError

from service.domain.money import AMOUNT_MAX
from service.storage.engine import Database
from service.storage.types import Instant, Money
from tests.databases import Databases

VALUES = Table(
    "value",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("money", Money),
    Column("instant", Instant),
)
AMOUNTS = st.decimals(-AMOUNT_MAX, AMOUNT_MAX, places=6, allow_nan=False)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(timezones=OFFSETS).filter(lambda it: 1 < it.year < 9999)


@pytest.fixture(scope="module")
def connection(session_databases: Databases) -> Iterator[Connection]:
    """A database of one table, with a row of everything."""
    database = Database(session_databases.blank())
    with database.engine.connect() as opened:
        VALUES.create(opened)
        yield opened
    database.close()


def stored(connection: Connection, *expressions: Any, **values: Any) -> tuple[Any, ...]:
    """What comes out of a table into which the values went."""
    connection.execute(delete(VALUES))
    connection.execute(insert(VALUES).values(values))
    return tuple(connection.execute(select(*expressions)).one())


@given(AMOUNTS)
def test_money_is_exact(connection: Connection, amount: Decimal) -> None:
    (found,) = stored(connection, VALUES.c.money, money=amount)
    assert found == amount
    assert isinstance(found, Decimal)


def test_money_is_stored_as_a_type_that_is_exact(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    type_of = func.typeof(VALUES.c.money) if is_sqlite else func.pg_typeof(VALUES.c.money)
    (found,) = stored(connection, cast(type_of, String), money=Decimal("0.1"))
    assert found == ("integer" if is_sqlite else "numeric")


@given(AMOUNTS, AMOUNTS)
def test_money_is_compared_exactly(connection: Connection, one: Decimal, two: Decimal) -> None:
    is_less = stored(connection, VALUES.c.money < two, money=one)[0]
    assert is_less is (one < two)


@pytest.mark.parametrize("amount", [AMOUNT_MAX, -AMOUNT_MAX, Decimal("0.000001"), Decimal("1E+3")])
def test_the_bounds_of_money_are_exact(connection: Connection, amount: Decimal) -> None:
    assert stored(connection, VALUES.c.money, money=amount) == (amount,)


@pytest.mark.parametrize("text", ["0.0000001", "1.2345678", "1." + "0" * 30 + "1", "NaN"])
def test_money_is_never_rounded(connection: Connection, text: str) -> None:
    with pytest.raises(StatementError):
        stored(connection, VALUES.c.money, money=Decimal(text))


@given(INSTANTS)
def test_instants_are_exact_and_in_utc(connection: Connection, instant: datetime) -> None:
    (found,) = stored(connection, VALUES.c.instant, instant=instant)
    assert found == instant
    assert found.tzinfo is timezone.utc


@given(INSTANTS, INSTANTS)
def test_instants_are_compared_by_time(
    connection: Connection, one: datetime, two: datetime
) -> None:
    is_earlier = stored(connection, VALUES.c.instant < two, instant=one)[0]
    assert is_earlier is (one < two)


def test_an_instant_without_a_zone_is_refused(connection: Connection) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="has no time zone"):
        stored(connection, VALUES.c.instant, instant=naive)


def test_nothing_stays_nothing(connection: Connection) -> None:
    columns = (VALUES.c.money, VALUES.c.instant)
    assert stored(connection, *columns, money=None, instant=None) == (None, None)
