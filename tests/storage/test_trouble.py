"""What databases raise reaches the service in its own terms, and a bug stays what it is."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    SERVICE_BUSY,
    SERVICE_UNAVAILABLE,
)
from service.domain.refusals import ServiceTroubleError
from service.operations.attempts import ATTEMPTS_MAX, decide
from service.storage import accounts, trouble
from service.storage.engine import Database, DatabaseLimits
from service.storage.party_tables import customer
from service.storage.trouble import LostRaceError, trouble_told
from tests.ports import free_port
from tests.postgresql import PostgresServer
from tests.programme import START
from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE

PATIENCE_S = 60
Open = Callable[..., Database]
RENAME_FIRST = text("UPDATE customer SET name = 'Fabrikam' WHERE customer_id = 1")
RENAME_SECOND = text("UPDATE customer SET name = 'Fabrikam' WHERE customer_id = 2")


@pytest.fixture
def open_url() -> Iterator[Open]:
    """Opens databases that are closed at the end."""
    with ExitStack() as stack:

        def open_url(url: str, **limits: float) -> Database:
            opened = Database(url, DatabaseLimits(**limits))
            stack.callback(opened.close)
            return opened

        yield open_url


@pytest.fixture
def two_customers(database: Database) -> Database:
    """A database with two rows to fight about."""
    with database.writing() as connection:
        for name in ("Contoso", "Northwind"):
            accounts.add_customer(connection, name, START)
    return database


def read(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(text("SELECT count(*) FROM customer")).scalar_one()


def write(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.execute(text(statement))


def told(action: Callable[[], object]) -> tuple[ErrorRow, str]:
    """The row with which trouble is told, and the reason that the log gets."""
    with pytest.raises(ServiceTroubleError) as error:
        action()
    assert isinstance(error.value.__cause__, DBAPIError)
    assert error.value.details == "", "callers are not told the reason"
    return error.value.row, error.value.reason


# On PostgreSQL.

STATES = {
    **dict.fromkeys(trouble._BUSY, SERVICE_BUSY),
    **dict.fromkeys(trouble._UNAVAILABLE, SERVICE_UNAVAILABLE),
    "08006": SERVICE_UNAVAILABLE,
    "28P01": SERVICE_UNAVAILABLE,
    "3D000": SERVICE_UNAVAILABLE,
    "53100": SERVICE_UNAVAILABLE,
    "57P03": SERVICE_UNAVAILABLE,
    "58030": SERVICE_UNAVAILABLE,
}
"""Each state, and one of each class: some happen only to servers that are really broken."""


def test_a_state_of_every_class_is_tried() -> None:
    assert {state[:2] for state in STATES} >= trouble._UNAVAILABLE_CLASSES


def raise_state(state: str, sentence: str = "trouble") -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = '{state}'; END $$"


@ON_POSTGRESQL
@pytest.mark.parametrize("state", sorted(STATES))
def test_each_state_of_postgresql_is_told(database: Database, state: str) -> None:
    row, reason = told(lambda: write(database, raise_state(state)))
    assert (row, reason) == (STATES[state], "trouble")


@ON_POSTGRESQL
@pytest.mark.parametrize("state", sorted(trouble._LOST_RACE))
def test_each_state_of_a_lost_race_is_told(database: Database, state: str) -> None:
    with pytest.raises(LostRaceError):
        write(database, raise_state(state))


@ON_POSTGRESQL
def test_a_reader_that_is_in_the_way_is_busy(database: Database) -> None:
    """It decides nothing, and so nobody runs it again."""

    def read_and_fail() -> None:
        with database.reading() as connection:
            connection.execute(text(raise_state("40001")))

    with pytest.raises(ServiceTroubleError) as error:
        read_and_fail()
    assert error.value.row is SERVICE_BUSY
    assert isinstance(error.value.__cause__, LostRaceError)


@ON_POSTGRESQL
def test_what_only_a_primary_does_is_unavailable_on_a_standby(database: Database) -> None:
    sentence = "cannot acquire lock mode RowExclusiveLock during recovery"
    for state in ("0A000", "55000"):
        row, reason = told(lambda state=state: write(database, raise_state(state, sentence)))
        assert (row, reason) == (SERVICE_UNAVAILABLE, sentence)


@ON_POSTGRESQL
@pytest.mark.parametrize("state", ["0A000", "55000"])
def test_what_no_server_does_stays_a_bug(database: Database, state: str) -> None:
    with pytest.raises(DBAPIError):
        write(database, raise_state(state, "cannot do this"))


@ON_POSTGRESQL
def test_a_row_that_exists_already_is_a_lost_race(two_customers: Database) -> None:
    values = {"customer_id": 1, "name": "Fabrikam", "created_at": START}
    with pytest.raises(LostRaceError), two_customers.writing() as connection:
        connection.execute(insert(customer).values(values))


@ON_POSTGRESQL
def test_a_serialisation_failure_is_a_lost_race(two_customers: Database) -> None:
    def rename_what_was_renamed_meanwhile() -> None:
        with two_customers.writing() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            connection.execute(text("SELECT count(*) FROM customer")).scalar_one()
            write(two_customers, str(RENAME_FIRST))
            connection.execute(RENAME_FIRST)

    with pytest.raises(LostRaceError):
        rename_what_was_renamed_meanwhile()


@ON_POSTGRESQL
def test_of_two_in_a_deadlock_one_lost_a_race(two_customers: Database) -> None:
    """Each holds what the other wants."""
    both_hold = threading.Barrier(2, timeout=PATIENCE_S)
    outcomes: list[str] = []

    def rename(statements: list[object]) -> None:
        try:
            with two_customers.writing() as connection:
                connection.execute(statements[0])
                both_hold.wait()
                connection.execute(statements[1])
            outcomes.append("done")
        except LostRaceError:
            outcomes.append("lost")

    orders = ([RENAME_FIRST, RENAME_SECOND], [RENAME_SECOND, RENAME_FIRST])
    threads = [threading.Thread(target=rename, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert sorted(outcomes) == ["done", "lost"]


@ON_POSTGRESQL
def test_a_statement_that_runs_too_long_is_busy(database_url: str, open_url: Open) -> None:
    hasty = open_url(database_url, statement_timeout_s=0.2)
    row, reason = told(lambda: write(hasty, "SELECT pg_sleep(60)"))
    assert row is SERVICE_BUSY
    assert "statement timeout" in reason


@ON_POSTGRESQL
def test_a_lock_that_is_held_too_long_is_busy(
    two_customers: Database, database_url: str, open_url: Open
) -> None:
    hasty = open_url(database_url, lock_timeout_s=0.2)
    with two_customers.writing() as connection:
        connection.execute(RENAME_FIRST)
        row, reason = told(lambda: write(hasty, str(RENAME_FIRST)))
    assert row is SERVICE_BUSY
    assert "lock timeout" in reason


@ON_POSTGRESQL
def test_a_server_that_only_reads_is_unavailable_for_writers(two_customers: Database) -> None:
    name = two_customers.url.database
    write(two_customers, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    two_customers.close()
    row, reason = told(lambda: write(two_customers, str(RENAME_FIRST)))
    assert row is SERVICE_UNAVAILABLE
    assert "read-only" in reason
    read(two_customers)


def end_myself(connection: Connection) -> None:
    connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@ON_POSTGRESQL
def test_a_connection_that_the_server_ends_is_unavailable(database: Database) -> None:
    def write_and_be_cut_off() -> None:
        with database.writing() as connection:
            end_myself(connection)

    assert told(write_and_be_cut_off)[0] is SERVICE_UNAVAILABLE
    read(database)


@ON_POSTGRESQL
def test_what_cannot_be_reached_is_unavailable(
    postgresql_server: PostgresServer, database_url: str, open_url: Open
) -> None:
    url = make_url(database_url)
    nobody_listens = url.set(port=free_port())
    for wrong, said in (
        (url.set(database="nowhere"), 'database "nowhere" does not exist'),
        (url.set(username="nobody"), 'role "nobody" does not exist'),
        (url.set(host="nowhere.invalid"), "nowhere.invalid"),
        (nobody_listens, "onnection refused"),
    ):
        unreachable = open_url(wrong.render_as_string(hide_password=False))
        row, reason = told(lambda database=unreachable: read(database))
        assert row is SERVICE_UNAVAILABLE
        assert said in reason


@ON_POSTGRESQL
def test_a_sign_in_beyond_the_limit_is_unavailable(
    postgresql_server: PostgresServer, database_url: str, open_url: Open
) -> None:
    role = f"few_{make_url(database_url).database}"
    postgresql_server.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1")
    try:
        database = open_url(make_url(database_url).set(username=role).render_as_string())
        with database.engine.connect():
            row, reason = told(lambda: read(database))
        database.close()
    finally:
        postgresql_server.execute(f"DROP ROLE {role}")
    assert row is SERVICE_UNAVAILABLE
    assert "too many connections" in reason


@pytest.mark.parametrize("end", [PostgresServer.stop, PostgresServer.kill])
def test_a_server_that_ends_is_unavailable_until_it_is_back(
    open_url: Open, end: Callable[[PostgresServer], None]
) -> None:
    server = PostgresServer()
    try:
        server.start()
        database = open_url(server.url("postgres"))

        def write_while_it_ends() -> None:
            with database.writing() as connection:
                connection.execute(text("CREATE TABLE lost ()"))
                end(server)
                connection.execute(text("SELECT 1"))

        assert told(write_while_it_ends)[0] is SERVICE_UNAVAILABLE
        assert told(lambda: write(database, "SELECT 1"))[0] is SERVICE_UNAVAILABLE
        server.start()
        write(database, "CREATE TABLE lost ()")
    finally:
        database.close()
        server.remove()


# On SQLite.


def read_only(url: str, open_url: Open) -> Callable[[], None]:
    path = make_url(url).database
    database = open_url(f"sqlite:///file:{path}?mode=ro&uri=true")
    return lambda: write(database, str(RENAME_FIRST))


def malformed(url: str, open_url: Open) -> Callable[[], None]:
    path = Path(str(make_url(url).database))
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    database = open_url(url)
    return lambda: read(database)


def full(url: str, open_url: Open) -> Callable[[], None]:
    database = open_url(url)

    def fill() -> None:
        with database.writing() as connection:
            connection.execute(text("PRAGMA max_page_count = 1"))
            rows = [{"name": "x" * 255, "created_at": START}] * 1000
            connection.execute(insert(customer), rows)

    return fill


def no_database(url: str, open_url: Open) -> Callable[[], None]:
    Path(str(make_url(url).database)).write_text("Dear Sir or Madam, " * 100)
    database = open_url(url)
    return lambda: read(database)


def no_folder(url: str, open_url: Open) -> Callable[[], None]:
    database = open_url(f"{url}.no.such.folder/file.db")
    return lambda: read(database)


def locked(url: str, open_url: Open) -> Callable[[], None]:
    holder, database = open_url(url), open_url(url, lock_timeout_s=0.1)

    def wait() -> None:
        with holder.writing():
            write(database, str(RENAME_FIRST))

    return wait


def table_locked(url: str, open_url: Open) -> Callable[[], None]:
    database = open_url(url)

    def drop_what_is_read() -> None:
        with database.writing() as connection:
            rows = [{"name": "x", "created_at": START}] * 10
            connection.execute(insert(customer), rows)
            half_read = connection.connection.cursor()
            half_read.execute("SELECT * FROM customer")
            half_read.fetchone()
            connection.execute(text("DROP TABLE audit"))

    return drop_what_is_read


SQLITE_TROUBLE: dict[str, tuple[ErrorRow, Callable[[str, Open], Callable[[], None]]]] = {
    "database is locked": (SERVICE_BUSY, locked),
    "database table is locked": (SERVICE_BUSY, table_locked),
    "attempt to write a readonly database": (SERVICE_UNAVAILABLE, read_only),
    "database disk image is malformed": (SERVICE_UNAVAILABLE, malformed),
    "database or disk is full": (SERVICE_UNAVAILABLE, full),
    "file is not a database": (SERVICE_UNAVAILABLE, no_database),
    "unable to open database file": (SERVICE_UNAVAILABLE, no_folder),
}
LIMITED = """
import resource, signal, sys
from sqlalchemy import text
from service.domain.refusals import ServiceTroubleError
from service.storage.engine import Database
database = Database(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE more (number INTEGER)"))
except ServiceTroubleError as error:
    print(error.row.symbol, error.reason, sep=": ")
"""
"""Writes into files that must not grow."""


@ON_SQLITE
@pytest.mark.parametrize("words", SQLITE_TROUBLE)
def test_each_trouble_of_sqlite_is_told(database_url: str, open_url: Open, words: str) -> None:
    expected, provoke = SQLITE_TROUBLE[words]
    row, reason = told(provoke(database_url, open_url))
    assert row is expected
    assert reason.startswith(words)


@ON_SQLITE
def test_a_file_that_cannot_be_written_is_unavailable(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, database_url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "ServiceUnavailable: disk I/O error\n"


def test_every_word_of_sqlite_is_tried() -> None:
    words = {*trouble._SQLITE_BUSY, *trouble._SQLITE_UNAVAILABLE}
    assert {*SQLITE_TROUBLE, "disk I/O error"} == words


@ON_SQLITE
def test_a_row_that_exists_already_is_a_bug_where_one_writes_at_a_time(
    two_customers: Database,
) -> None:
    values = {"customer_id": 1, "name": "Fabrikam", "created_at": START}
    with pytest.raises(IntegrityError), two_customers.writing() as connection:
        connection.execute(insert(customer).values(values))


# On both.


@pytest.mark.parametrize(
    "statement",
    [
        "SELEKT 1",
        "SELECT nothing FROM customer",
        "SELECT 1 FROM nowhere",
        "INSERT INTO customer (customer_id, name, created_at) VALUES (9, NULL, '2026-03-01')",
        "INSERT INTO membership (user_id, role) VALUES (9, 'Operator')",
        "INSERT INTO membership (user_id, role) VALUES (9, 'Owner')",
    ],
)
def test_a_bug_stays_what_it_is(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError):
        write(database, statement)
    read(database)


def test_whoever_lost_every_race_is_told_what_the_last_one_was(database: Database) -> None:
    numbers = iter(range(1, ATTEMPTS_MAX + 1))

    def lose(_connection: Connection) -> None:
        raise LostRaceError(f"race {next(numbers)}")

    with pytest.raises(ServiceTroubleError) as error:
        decide(database, lose)
    assert error.value.row is SERVICE_BUSY
    assert error.value.reason == f"{ATTEMPTS_MAX} attempts lost a race: race {ATTEMPTS_MAX}"


def test_what_is_no_trouble_of_the_database_passes() -> None:
    with pytest.raises(KeyError), trouble_told():
        raise KeyError
