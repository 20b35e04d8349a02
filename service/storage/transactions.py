"""What an operation needs of a database: transactions that read, and such that write."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from sqlalchemy import Connection

from service.storage.trouble import trouble_told

Result = TypeVar("Result")


class Transactions(ABC):
    """Where an operation runs; trouble is raised as ``service.storage.trouble`` says."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the database; what it writes is undone."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that commits at the end, and undoes everything when an error leaves it.

        On PostgreSQL each statement sees what was committed before it began; what is
        decided on is therefore locked, or told by the row count of the statement
        that writes.
        """

    def write(self, attempt: Callable[[Connection], Result]) -> Result:
        """Make a small attempt in a transaction as above, and answer what it answers.

        It may share the transaction with others that come at the same time, and is answered
        when that is committed. It has no effect outside of it, as it may be made twice.
        """
        with self.writing() as connection:
            return attempt(connection)


class JoinedTransactions(Transactions):
    """Transactions inside one that is open already.

    What is written here is undone by itself when an error leaves it, and is committed
    with the outer transaction or not at all.

    Args:
        connection: The connection of the outer transaction, which writes.
    """

    def __init__(self, connection: Connection) -> None:
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
