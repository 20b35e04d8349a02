"""Transactions on PostgreSQL: how they begin, what they leave behind, and on whose connection."""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import Connection, bindparam, event, select, text
from sqlalchemy.exc import DBAPIError

from service.domain.refusals import ServiceTroubleError
from service.storage.engine import Database
from service.storage.party_tables import customer
from service.storage.postgresql_transactions import plan_once, undo_on_postgresql
from service.storage.prepared import Prepared
from tests.storage.engines import ON_POSTGRESQL
from tests.storage.undone import UndoneError

OFTEN = 8
"""More often than it takes until the driver prepares a statement."""
BY_NUMBER = Prepared(
    select(customer.c.name).where(customer.c.customer_id == bindparam("customer_id"))
)

pytestmark = ON_POSTGRESQL


@pytest.fixture
def another(database: Database) -> Iterator["psycopg.Connection[tuple[int]]"]:
    """A connection of nobody's pool."""
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def backend(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def end_all(another: "psycopg.Connection[tuple[int]]", numbers: set[int]) -> None:
    for number in numbers:
        another.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))


def rest_two(database: Database) -> set[int]:
    """Have two connections at rest in the pool; answers their numbers."""
    with database.reading() as one, database.writing() as other:
        return {backend(one), backend(other)}


def test_connections_that_have_died_at_rest_are_replaced(
    database: Database, another: "psycopg.Connection[tuple[int]]"
) -> None:
    dead = rest_two(database)
    end_all(another, dead)
    with database.reading() as one, database.writing() as other:
        assert not {backend(one), backend(other)} & dead


def test_one_that_dies_at_work_is_trouble(
    database: Database, another: "psycopg.Connection[tuple[int]]"
) -> None:
    def end_oneself() -> None:
        with database.reading() as connection:
            end_all(another, {backend(connection)})
            backend(connection)

    with pytest.raises(ServiceTroubleError):
        end_oneself()


def test_who_takes_what_is_there_meets_the_dead(
    database: Database, another: "psycopg.Connection[tuple[int]]"
) -> None:
    """The control: nobody else asks whether a connection lives."""
    end_all(another, rest_two(database))
    with pytest.raises(DBAPIError), database.engine.connect() as connection:
        backend(connection)


def prepared_count(connection: Connection) -> int:
    """How many statements the driver has prepared on a connection."""
    statement = "SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql"
    return int(connection.execute(text(statement)).scalar_one())


def test_what_was_prepared_outlives_transactions_that_are_undone(database: Database) -> None:
    for _ in range(OFTEN):
        with database.reading() as connection:
            BY_NUMBER.rows(connection, {"customer_id": 1})
    with database.reading() as connection:
        assert prepared_count(connection) > 0


def test_the_driver_would_forget_it(database: Database) -> None:
    event.remove(database.engine, "rollback", undo_on_postgresql)
    for _ in range(OFTEN):
        with database.reading() as connection:
            BY_NUMBER.rows(connection, {"customer_id": 1})
    with database.reading() as connection:
        assert prepared_count(connection) == 0


def test_statements_are_planned_once_until_the_transaction_ends(database: Database) -> None:
    mode = text("SHOW plan_cache_mode")
    with database.reading() as connection:
        number = backend(connection)
        plan_once(connection)
        assert connection.execute(mode).scalar_one() == "force_generic_plan"
    with database.reading() as connection:
        assert backend(connection) == number
        assert connection.execute(mode).scalar_one() == "auto"


def test_what_concerns_few_rows_finds_them_by_index(database: Database) -> None:
    plans: list[str] = []

    def note_plan(connection: Connection) -> None:
        # As if the table had been analysed while it had one row.
        one_row = "UPDATE pg_class SET relpages = 1, reltuples = 1 WHERE relname = 'customer'"
        connection.exec_driver_sql(one_row)
        explain = "EXPLAIN SELECT name FROM customer WHERE customer_id = 1"
        plans.append("\n".join(connection.exec_driver_sql(explain).scalars()))
        # Others use the same table later.
        raise UndoneError

    with suppress(UndoneError):
        database.write(note_plan)
    with suppress(UndoneError), database.writing() as connection:
        note_plan(connection)
    by_index, as_a_whole = plans
    assert "Index Scan" in by_index
    assert "Seq Scan" in as_a_whole


def test_a_connection_forgets_that_rows_were_few(database: Database) -> None:
    setting = text("SHOW enable_seqscan")
    number, before = database.write(
        lambda connection: (backend(connection), connection.execute(setting).scalar_one())
    )
    with database.writing() as connection:
        assert backend(connection) == number
        assert (before, connection.execute(setting).scalar_one()) == ("off", "on")


def test_readers_see_one_state_and_change_nothing(
    database: Database, another: "psycopg.Connection[tuple[int]]"
) -> None:
    count = text("SELECT count(*) FROM customer")
    insert = "INSERT INTO customer (name, created_at) VALUES ('Contoso', now())"
    with database.reading() as connection:
        before = connection.execute(count).scalar_one()
        another.execute(insert.encode())
        assert connection.execute(count).scalar_one() == before
    with database.writing() as connection:
        before = connection.execute(count).scalar_one()
        another.execute(insert.encode())
        assert connection.execute(count).scalar_one() == before + 1
    with pytest.raises(ServiceTroubleError), database.reading() as connection:
        connection.execute(text(insert))
