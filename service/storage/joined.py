"""Transactions inside a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from service.storage.engine import Database
from service.storage.trouble import trouble_told


class JoinedDatabase(Database):
    """A database as part of a transaction that is open already.

    What is written here is undone by itself when an error leaves it, and is committed
    with the outer transaction or not at all.

    Args:
        database: The database.
        connection: The connection of a transaction of it that writes.
    """

    def __init__(self, database: Database, connection: Connection) -> None:
        # Pool and connections are the outer one's: nothing is opened.
        self.url = database.url
        self.engine = database.engine
        self._connection = connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See what the outer transaction sees."""
        yield self._connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A savepoint of the outer transaction."""
        with trouble_told(), self._connection.begin_nested():
            yield self._connection
