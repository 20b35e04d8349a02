"""How transactions begin, plan and are undone on PostgreSQL, in as little time as can be.

By itself SQLAlchemy asks first whether a connection lives, the driver begins a transaction in a
round trip of its own, and forgets its prepared statements with each one that is undone, as they
might be about tables of that transaction: ours never are, and the server would plan all anew.
"""

from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from service.storage.prepared import run_text

WRITES = "coupon_billing_writes"
"""The execution option of a transaction: whether it writes, or sees one state and only reads."""
SMALL = "coupon_billing_small"
"""Likewise: whether it concerns a few rows only, which are all to be found by an index."""
_BEGINNINGS = {True: "BEGIN", False: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
# A plan is kept: one that was made while a table had next to no rows would read all of it for each
# row, for as long as nobody has analysed the table since.
_BY_INDEX = "; SET LOCAL enable_seqscan = off"


def begin_on_postgresql(connection: Connection) -> None:
    """Begin the transaction that SQLAlchemy begins; the driver does not begin one by itself.

    Raises:
        DBAPIError: The connection is of no more use, for one: it has died while it was at rest.
    """
    options = connection.get_execution_options()
    beginning = _BEGINNINGS[options.get(WRITES, True)]
    if options.get(SMALL, False):
        beginning += _BY_INDEX
    server = _server(connection)
    server.exec_(beginning.encode())
    if server.transaction_status != TransactionStatus.INTRANS:
        # What is wrong is wrong again, and told by the driver.
        run_text(connection, beginning)


def undo_on_postgresql(connection: Connection) -> None:
    """Undo the transaction that SQLAlchemy undoes, and leave the driver nothing to do.

    What goes wrong here goes wrong again when the driver does it, and is told then.
    """
    if connection.closed or connection.invalidated:
        return
    server = _server(connection)
    if server.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        server.exec_(b"ROLLBACK")


def plan_once(connection: Connection) -> None:
    """Let a statement that runs again be planned no more, until the end of the transaction.

    PostgreSQL plans a statement anew for values of which it expects few rows, and that takes
    longer than finding them, if there are many joins. For statements whose plan is always the same.
    """
    if connection.dialect.name == "postgresql":
        _server(connection).exec_(b"SET LOCAL plan_cache_mode = force_generic_plan")


def _server(connection: Connection) -> Any:
    """The connection as libpq knows it, which runs a command in half the driver's time."""
    driver: Any = connection.connection.dbapi_connection
    return driver.pgconn
