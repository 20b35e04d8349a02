"""Transactions: what a writer and a reader may rely on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError

from service.storage import accounts
from service.storage.engine import BUSY_TIMEOUT_MS, Database
from service.storage.tables import customer
from tests.programme import START


@pytest.fixture
def stranger(database: Database) -> Iterator[sqlite3.Connection]:
    """Another program at the same database; it does not wait for locks."""
    path = str(database.url.database)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        yield connection


def count_customers(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM customer")).scalar_one())


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", BUSY_TIMEOUT_MS),
    ],
)
def test_every_connection_is_told_how_to_work(
    database: Database, pragma: str, expected: object
) -> None:
    with database.reading() as one, database.reading() as two, database.reading() as three:
        found = {
            connection.execute(text(f"PRAGMA {pragma}")).scalar_one()
            for connection in (one, two, three)
        }
    assert found == {expected}


def test_what_a_writer_did_stays_when_it_ends(database: Database) -> None:
    with database.writing() as connection:
        accounts.add_customer(connection, "Contoso", START)
    with database.reading() as connection:
        assert count_customers(connection) == 1


def test_an_error_undoes_everything(database: Database) -> None:
    def write_and_fail() -> None:
        with database.writing() as connection:
            accounts.add_customer(connection, "Contoso", START)
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.reading() as connection:
        assert count_customers(connection) == 0


def test_a_writer_is_alone_from_its_first_moment(
    database: Database, stranger: sqlite3.Connection
) -> None:
    with (
        database.writing(),
        pytest.raises(sqlite3.OperationalError, match="database is locked"),
    ):
        stranger.execute("BEGIN IMMEDIATE")
    stranger.execute("BEGIN IMMEDIATE")


def test_a_reader_locks_nobody_out_and_sees_one_state(
    database: Database, stranger: sqlite3.Connection
) -> None:
    with database.reading() as connection:
        assert count_customers(connection) == 0
        stranger.execute("INSERT INTO customer (name, created_at) VALUES ('A', '2026-03-01')")
        assert count_customers(connection) == 0
    with database.reading() as connection:
        assert count_customers(connection) == 1


def test_a_pooled_connection_forgets_that_it_wrote(
    database: Database, stranger: sqlite3.Connection
) -> None:
    with database.writing() as connection:
        accounts.add_customer(connection, "Contoso", START)
    with database.reading() as connection:
        assert count_customers(connection) == 1
        stranger.execute("BEGIN IMMEDIATE")
        stranger.execute("ROLLBACK")


def test_an_error_does_not_tell_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as error, database.writing() as connection:
        connection.execute(insert(customer).values(name=None, created_at=START.replace(year=1999)))
    assert "1999" not in str(error.value)
    assert "customer.name" in str(error.value)
