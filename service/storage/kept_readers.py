"""Connections that read on SQLite, and stay ready from one transaction to the next.

To take a connection from the pool, begin, undo, and give it back takes SQLAlchemy 30 us, ten times
as long as SQLite: a sixth of a page of one coupon.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from service.storage.prepared import run_text


class KeptReaders:
    """Makes transactions of connections that are in one for good, as far as SQLAlchemy knows.

    Args:
        begun: A connection of the pool, in a transaction that reads.
        kept_max: How many connections stay out of the pool at most.
    """

    def __init__(self, begun: Callable[[], Connection], kept_max: int) -> None:
        self._begun = begun
        self._kept_max = kept_max
        self._idle: list[Connection] = []

    @property
    def idle_count(self) -> int:
        """How many connections are out of the pool, and in no transaction."""
        return len(self._idle)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database; what it writes is undone."""
        connection = self._begin()
        try:
            yield connection
        finally:
            self._end(connection)

    def close(self) -> None:
        """Give back to the pool what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _begin(self) -> Connection:
        try:
            # The one that was used last has the most in its caches.
            connection = self._idle.pop()
        except IndexError:
            return self._begun()
        try:
            run_text(connection, "BEGIN")
        except BaseException:
            connection.close()
            raise
        return connection

    def _end(self, connection: Connection) -> None:
        is_kept = not connection.invalidated and len(self._idle) < self._kept_max
        driver = connection.connection.dbapi_connection if is_kept else None
        if driver is None:
            connection.close()
            return
        try:
            driver.rollback()
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        self._idle.append(connection)
