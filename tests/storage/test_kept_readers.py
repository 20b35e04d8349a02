"""Connections that stay ready to read: each transaction is one of its own, and none is spoiled."""

import sqlite3
from contextlib import ExitStack, suppress

import pytest
from sqlalchemy import Connection
from sqlalchemy.pool import QueuePool

from service.domain.errors import SERVICE_BUSY
from service.domain.refusals import ServiceTroubleError
from service.storage.engine import Database
from service.storage.prepared import run_text
from tests.storage.entries import SHORT_S, Open, driver, names, put

TRANSACTIONS_MAX = 4


@pytest.fixture
def database(open_with: Open) -> Database:
    return open_with(connections_max=TRANSACTIONS_MAX, lock_timeout_s=SHORT_S)


def names_seen(connection: Connection) -> list[str]:
    return [name for (name,) in run_text(connection, "SELECT name FROM entry ORDER BY place")]


def test_each_reader_sees_what_was_written_before_it_began(database: Database) -> None:
    for count in range(3):
        with database.reading() as connection:
            before = names_seen(connection)
            database.write(put(f"entry {count}"))
            assert names_seen(connection) == before
        assert names(database) == [f"entry {it}" for it in range(count + 1)]


def test_readers_at_once_are_apart(database: Database) -> None:
    names(database)
    with database.reading() as first:
        assert names_seen(first) == []
        database.write(put("new"))
        with database.reading() as second:
            assert names_seen(second) == ["new"]
        assert names_seen(first) == []


def test_what_a_reader_writes_is_undone(database: Database) -> None:
    for _ in range(2):
        with database.reading() as connection:
            put("undone")(connection)
            assert names_seen(connection) == ["undone"]
    assert names(database) == []
    # Nor does it keep writers waiting.
    database.write(put("new"))


def test_the_reader_after_one_that_failed_is_right(database: Database) -> None:
    with suppress(ZeroDivisionError), database.reading() as connection:
        put("undone")(connection)
        raise ZeroDivisionError
    assert names(database) == []


def test_a_connection_that_is_of_no_more_use_is_not_kept(database: Database) -> None:
    with database.reading() as connection:
        connection.invalidate()
    assert database.open_count() == 0
    assert names(database) == []


def test_a_connection_that_died_at_rest_is_given_up(database: Database) -> None:
    with database.reading() as connection:
        dead = driver(connection)
    dead.close()
    with pytest.raises(ServiceTroubleError), database.reading():
        pass
    assert database.open_count() == 0
    assert names(database) == []


def test_between_its_transactions_no_reader_is_in_the_way_of_a_checkpoint(
    database: Database,
) -> None:
    names(database)
    database.write(put("new"))
    with sqlite3.connect(str(database.url.database), uri=True) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    other.close()


def test_readers_that_are_kept_leave_room_for_as_many_as_there_may_be(database: Database) -> None:
    def open_at_once(count: int) -> int:
        with ExitStack() as stack:
            for _ in range(count):
                stack.enter_context(database.reading())
            return database.open_count()

    for _ in range(2):
        assert open_at_once(TRANSACTIONS_MAX) == TRANSACTIONS_MAX
        assert database.open_count() == 0
    with pytest.raises(ServiceTroubleError) as refused:
        open_at_once(TRANSACTIONS_MAX + 1)
    assert refused.value.row is SERVICE_BUSY


def test_who_reads_while_readers_are_counted_is_not_one_fewer_than_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    checkedout = pool.checkedout

    def count_and_let_read() -> int:
        count = checkedout()
        names(database)
        return count

    monkeypatch.setattr(pool, "checkedout", count_and_let_read)
    assert database.open_count() == 0


def test_a_database_that_was_closed_has_nothing_open(database: Database) -> None:
    names(database)
    database.close()
    assert database.open_count() == 0
    assert names(database) == []
