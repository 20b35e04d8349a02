"""Transactions: what a writer and a reader may rely on."""

import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from service.domain.errors import SERVICE_BUSY, SERVICE_UNAVAILABLE
from service.domain.refusals import ServiceTroubleError
from service.storage import accounts, engine
from service.storage.engine import SQLITE_BYTES, Database, DatabaseLimits
from service.storage.party_tables import customer
from tests.programme import START
from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE

LONG_AGO = 1999
Open = Callable[..., Database]


@pytest.fixture
def open_with(database_url: str) -> Iterator[Open]:
    """Opens the test's database once more, as another process does, with limits of its own."""
    with ExitStack() as stack:

        def open_with(**limits: float) -> Database:
            opened = Database(database_url, DatabaseLimits(**limits))
            stack.callback(opened.close)
            return opened

        yield open_with


@pytest.fixture
def stranger(database: Database) -> Iterator[sqlite3.Connection]:
    """Another program at the same SQLite file; it does not wait for locks."""
    path = str(database.url.database)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        yield connection


def count_customers(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM customer")).scalar_one())


def ask(connection: Connection, statement: str) -> str:
    """The one value that the database answers."""
    return str(connection.execute(text(statement)).scalar_one())


def write_customer(database: Database) -> None:
    with database.writing() as connection:
        accounts.add_customer(connection, "Contoso", START)


# On both.


def test_what_a_writer_did_stays_when_it_ends(database: Database) -> None:
    write_customer(database)
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


def test_a_reader_locks_nobody_out_and_sees_one_state(database: Database, open_with: Open) -> None:
    with database.reading() as connection:
        assert count_customers(connection) == 0
        write_customer(open_with())
        assert count_customers(connection) == 0
    with database.reading() as connection:
        assert count_customers(connection) == 1


def test_a_connection_that_has_read_can_write_and_one_that_has_written_reads(
    open_with: Open,
) -> None:
    database = open_with(connections_max=1)
    for count in range(3):
        with database.reading() as connection:
            assert count_customers(connection) == count
        write_customer(database)


def test_an_error_does_not_tell_values(database: Database) -> None:
    values = {"name": None, "created_at": START.replace(year=LONG_AGO)}
    with pytest.raises(IntegrityError) as error, database.writing() as connection:
        connection.execute(insert(customer).values(values))
    logged = "".join(traceback.format_exception(error.value))
    assert str(LONG_AGO) not in logged
    assert "name" in logged


def test_a_process_has_so_many_transactions_at_once(open_with: Open) -> None:
    database = open_with(connections_max=2, lock_timeout_s=0.2)
    with database.reading(), database.reading():
        with pytest.raises(ServiceTroubleError) as busy, database.reading():
            pass
        assert busy.value.row is SERVICE_BUSY
    with database.reading(), database.reading():
        pass


def test_a_writer_that_waits_too_long_is_told(database: Database, open_with: Open) -> None:
    other = open_with(lock_timeout_s=0.2)
    write_customer(database)
    rename = text("UPDATE customer SET name = 'Fabrikam'")
    with database.writing() as connection:
        connection.execute(rename)
        with pytest.raises(ServiceTroubleError) as busy, other.writing() as waiting:
            waiting.execute(rename)
        assert busy.value.row is SERVICE_BUSY
    with other.writing() as connection:
        connection.execute(rename)


# On SQLite.


@ON_SQLITE
@pytest.mark.parametrize(
    ("pragma", "expected"),
    [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("busy_timeout", "7500"),
        ("soft_heap_limit", str(SQLITE_BYTES)),
    ],
)
def test_every_connection_to_sqlite_is_told_how_to_work(
    open_with: Open, pragma: str, expected: str
) -> None:
    database = open_with(lock_timeout_s=7.5)
    with database.reading() as one, database.reading() as two, database.reading() as three:
        found = {ask(connection, f"PRAGMA {pragma}") for connection in (one, two, three)}
    assert found == {expected}


@ON_SQLITE
def test_a_writer_is_alone_from_its_first_moment(
    database: Database, stranger: sqlite3.Connection
) -> None:
    with (
        database.writing(),
        pytest.raises(sqlite3.OperationalError, match="database is locked"),
    ):
        stranger.execute("BEGIN IMMEDIATE")
    stranger.execute("BEGIN IMMEDIATE")


@ON_SQLITE
def test_a_pooled_connection_forgets_that_it_wrote(
    database: Database, stranger: sqlite3.Connection
) -> None:
    write_customer(database)
    with database.reading() as connection:
        assert count_customers(connection) == 1
        stranger.execute("BEGIN IMMEDIATE")
        stranger.execute("ROLLBACK")


@ON_SQLITE
def test_writers_of_one_process_wait_for_their_turn(open_with: Open) -> None:
    database = open_with(lock_timeout_s=0.2)
    with database.writing():
        with pytest.raises(ServiceTroubleError) as busy, database.writing():
            pass
        assert busy.value.row is SERVICE_BUSY
    write_customer(database)


# On PostgreSQL.

LIMITS = {"lock_timeout_s": 2.5, "statement_timeout_s": 7.5}


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("lock_timeout", "2500ms"),
        ("statement_timeout", "7500ms"),
        ("idle_in_transaction_session_timeout", f"{engine.IDLE_IN_TRANSACTION_TIMEOUT_S}s"),
        ("default_transaction_isolation", "read committed"),
        ("timezone", "UTC"),
        ("jit", "off"),
        ("application_name", "coupon-billing"),
        ("client_connection_check_interval", "2s"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ],
)
def test_every_connection_to_postgresql_is_told_how_to_work(
    open_with: Open, parameter: str, expected: str
) -> None:
    database = open_with(**LIMITS)
    with database.reading() as one, database.writing() as two, database.reading() as three:
        found = {ask(connection, f"SHOW {parameter}") for connection in (one, two, three)}
    assert found == {expected}


def with_query(url: str, **query: str) -> str:
    return make_url(url).update_query_dict(query).render_as_string(hide_password=False)


@ON_POSTGRESQL
def test_what_the_url_says_wins(database_url: str) -> None:
    query = {
        "application_name": "coupons of host A",
        "connect_timeout": "7",
        "keepalives_idle": "11",
        "options": "-c lock_timeout=1234 -c work_mem=5MB",
    }
    database = Database(with_query(database_url, **query))
    with database.writing() as connection:
        shown = {
            name: ask(connection, f"SHOW {name}")
            for name in ("application_name", "lock_timeout", "work_mem", "timezone")
        }
        session = connection.connection.driver_connection
    assert session is not None
    told = session.info.get_parameters()
    database.close()
    assert shown == {
        "application_name": "coupons of host A",
        "lock_timeout": "1234ms",
        "work_mem": "5MB",
        "timezone": "UTC",
    }
    assert {name: told[name] for name in ("connect_timeout", "keepalives_idle")} == {
        "connect_timeout": "7",
        "keepalives_idle": "11",
    }


@ON_POSTGRESQL
def test_readers_and_writers_ask_for_their_kind_of_transaction(open_with: Open) -> None:
    database = open_with(connections_max=1)
    for _ in range(2):
        with database.reading() as connection:
            assert ask(connection, "SHOW transaction_isolation") == "repeatable read"
            assert ask(connection, "SHOW transaction_read_only") == "on"
        with database.writing() as connection:
            assert ask(connection, "SHOW transaction_isolation") == "read committed"
            assert ask(connection, "SHOW transaction_read_only") == "off"


@ON_POSTGRESQL
def test_each_statement_of_a_writer_sees_what_was_committed_before_it(
    database: Database, open_with: Open
) -> None:
    with database.writing() as connection:
        assert count_customers(connection) == 0
        write_customer(open_with())
        assert count_customers(connection) == 1


@ON_POSTGRESQL
def test_a_transaction_whose_owner_is_gone_is_undone_and_frees_what_it_holds(
    database: Database, open_with: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_customer(database)
    monkeypatch.setattr(engine, "IDLE_IN_TRANSACTION_TIMEOUT_S", 1)
    forgetful = open_with()
    rename = text("UPDATE customer SET name = 'Fabrikam'")

    def rename_and_forget() -> None:
        with forgetful.writing() as connection:
            connection.execute(rename)
            # It waits for the row until the server ends the transaction that holds it.
            with database.writing() as waiting:
                waiting.execute(text("UPDATE customer SET name = 'Northwind'"))
            connection.execute(rename)

    with pytest.raises(ServiceTroubleError) as gone:
        rename_and_forget()
    assert gone.value.row is SERVICE_UNAVAILABLE
    with forgetful.reading() as connection:
        assert ask(connection, "SELECT name FROM customer") == "Northwind"


@ON_POSTGRESQL
def test_a_connection_that_died_at_rest_is_made_anew(database: Database, open_with: Open) -> None:
    other = open_with(connections_max=1)
    with other.reading() as connection:
        number = ask(connection, "SELECT pg_backend_pid()")
    with database.writing() as connection:
        assert ask(connection, f"SELECT pg_terminate_backend({number}, 10000)") == "True"
    with other.reading() as connection:
        assert ask(connection, "SELECT pg_backend_pid()") != number
