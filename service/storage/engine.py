"""The database: engine, transactions, and what each database system needs to be told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another one on SQLite before it gives up."""
POOL_SIZE = 16
POOL_OVERFLOW_MAX = 112


class Database:
    """One database, with a pool of connections; safe to share between threads.

    Args:
        url: An SQLAlchemy URL, such as ``sqlite:///coupon-billing.db``.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _create_engine(url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database; what it writes is undone."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end, and undoes everything when an error leaves it."""
        with self.engine.connect() as connection:
            writer = connection.execution_options(coupon_billing_writes=True)
            with writer.begin():
                yield writer

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _create_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW_MAX,
        # Errors are logged; what a statement is about is nobody's to read there.
        hide_parameters=True,
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by _begin_sqlite: the driver's own habit of beginning
    # them late would let two readers become writers and both fail.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        # An acknowledged redemption survives a power cut.
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer asks for the only write lock at once, so that what it reads stays
    # true until it commits.
    writes = connection.get_execution_options().get("coupon_billing_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
