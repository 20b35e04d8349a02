"""The connection that writes small attempts on SQLite, and stays ready from one to the next.

To take a connection from the pool, begin, commit, and give it back called 95 of the 545 functions
of a redemption. docs/decisions/0007-hot-paths.md has what that saves.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from service.storage.prepared import commit, rollback


class KeptWriter:
    """Makes transactions of one connection, which is in one for good as far as SQLAlchemy knows.

    One after the other: whoever asks for one has the turn of its process. The connection is
    beside those of the pool.

    Args:
        begun: A connection of the pool, in a transaction that writes.
        begin: Begins such a transaction on a connection.
    """

    def __init__(
        self, begun: Callable[[], Connection], begin: Callable[[Connection], None]
    ) -> None:
        self._begun = begun
        self._begin = begin
        self._idle: Connection | None = None
        self._open_count = 0

    @property
    def open_count(self) -> int:
        """How many transactions are open now: one at most."""
        return self._open_count

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end, and undoes everything when an error leaves it."""
        connection = self._taken()
        self._open_count = 1
        try:
            yield connection
            _commit(connection)
        except BaseException:
            self._undo(connection)
            raise
        else:
            self._idle = connection
        finally:
            self._open_count = 0

    def close(self) -> None:
        """Close the connection if it is idle."""
        if self._idle is not None:
            self._idle.close()
            self._idle = None

    def _taken(self) -> Connection:
        connection, self._idle = self._idle, None
        if connection is None:
            connection = self._begun()
            connection.detach()
            return connection
        try:
            self._begin(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _undo(self, connection: Connection) -> None:
        """Undo everything; a connection that cannot is of no more use."""
        with suppress(DBAPIError):
            if not connection.invalidated:
                _rollback(connection)
                self._idle = connection
        if self._idle is None:
            connection.close()


def _commit(connection: Connection) -> None:
    for listener in connection.dispatch.commit:
        listener(connection)
    commit(connection)


def _rollback(connection: Connection) -> None:
    for listener in connection.dispatch.rollback:
        listener(connection)
    rollback(connection)
