"""The connection that stays ready to write: each transaction is one of its own."""

from contextlib import suppress

import pytest
from sqlalchemy import Connection

from service.domain.refusals import ServiceTroubleError
from service.storage.engine import Database
from tests.storage.entries import SHORT_S, Open, driver, names, put

TRANSACTIONS_MAX = 2


@pytest.fixture
def database(open_with: Open) -> Database:
    return open_with(connections_max=TRANSACTIONS_MAX, lock_timeout_s=SHORT_S)


def test_all_attempts_are_made_on_one_connection(database: Database) -> None:
    drivers = [database.write(driver) for _ in range(3)]
    assert drivers[1:] == drivers[:-1]


def test_one_that_failed_leaves_nothing_and_the_next_one_is_right(database: Database) -> None:
    def fail(connection: Connection) -> None:
        put("undone")(connection)
        raise ZeroDivisionError

    for number in range(2):
        with suppress(ZeroDivisionError):
            database.write(fail)
        assert database.write(put(f"entry {number}")) == f"entry {number}"
    assert names(database) == ["entry 0", "entry 1"]


def test_it_stays_for_the_next_attempt_when_one_has_failed(database: Database) -> None:
    before = database.write(driver)
    with suppress(ZeroDivisionError):
        database.write(lambda _: 1 // 0)
    assert database.write(driver) is before


def test_it_is_beside_those_that_there_may_be(database: Database) -> None:
    assert database.write(lambda _: database.open_count()) == 1
    assert database.open_count() == 0
    with database.reading(), database.reading():
        assert database.open_count() == TRANSACTIONS_MAX
        assert database.write(put("new")) == "new"


def test_one_that_died_at_rest_is_given_up(database: Database) -> None:
    database.write(driver).close()
    with pytest.raises(ServiceTroubleError):
        database.write(put("lost"))
    assert database.write(put("new")) == "new"
    assert names(database) == ["new"]


def test_who_writes_otherwise_waits_for_it_and_goes_on(database: Database) -> None:
    database.write(put("first"))
    with database.writing() as connection:
        put("second")(connection)
    database.write(put("third"))
    assert names(database) == ["first", "second", "third"]


def test_a_database_that_was_closed_opens_it_anew(database: Database) -> None:
    before = database.write(driver)
    database.close()
    assert database.write(driver) is not before
