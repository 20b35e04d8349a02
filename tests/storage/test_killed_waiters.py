"""A process that is killed while it waits for a lock frees what it holds before it would get it.

The control is a connection that does not look whether its client is there.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from service.domain.errors import SERVICE_BUSY
from service.domain.refusals import ServiceTroubleError
from service.storage import accounts
from service.storage.engine import Database
from tests.programme import START
from tests.storage.engines import ON_POSTGRESQL

FREE_S, FREE_S_MAX = 5, 20
"""How long at most what it held is locked, and how long on a busy machine."""
WITHOUT_LOOKING = "-c client_connection_check_interval=0"
WAITER = """
import sys
from sqlalchemy import text
from service.storage.engine import Database
with Database(sys.argv[1]).writing() as connection:
    connection.execute(text("UPDATE customer SET name = 'Fabrikam' WHERE customer_id = 1"))
    print("waiting", flush=True)
    connection.execute(text("UPDATE customer SET name = 'Fabrikam' WHERE customer_id = 2"))
"""
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

pytestmark = ON_POSTGRESQL


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with two customers."""
    database = Database(database_url)
    with database.writing() as connection:
        for name in ("Contoso", "Northwind"):
            accounts.add_customer(connection, name, START)
    yield database
    database.close()


def anybody_waits(database: Database) -> bool:
    with database.reading() as connection:
        return bool(connection.execute(WAITING).scalar_one())


@contextmanager
def killed_waiter(database: Database, url: str) -> Iterator[None]:
    """Customer 2 is locked here; customer 1 was, by a process that waited for it."""
    with database.writing() as holding:
        holding.execute(text("UPDATE customer SET name = 'Contoso' WHERE customer_id = 2"))
        with subprocess.Popen([sys.executable, "-c", WAITER, url], stdout=subprocess.PIPE) as it:
            assert it.stdout is not None
            try:
                assert it.stdout.readline() == b"waiting\n"
                while not anybody_waits(database):
                    assert it.poll() is None
            finally:
                it.kill()
        yield


def rename_first(database: Database, patience_s: int) -> None:
    with database.writing() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{patience_s}s'"))
        connection.execute(text("UPDATE customer SET name = 'Adatum' WHERE customer_id = 1"))


def test_what_a_killed_waiter_held_is_free(database: Database, database_url: str) -> None:
    with killed_waiter(database, database_url):
        rename_first(database, FREE_S_MAX)


def test_who_does_not_look_holds_it_on(database: Database, database_url: str) -> None:
    url = make_url(database_url).update_query_dict({"options": WITHOUT_LOOKING})
    with (
        killed_waiter(database, url.render_as_string(hide_password=False)),
        pytest.raises(ServiceTroubleError) as busy,
    ):
        rename_first(database, FREE_S)
    assert busy.value.row is SERVICE_BUSY
