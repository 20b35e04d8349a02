"""The database: engine, transactions, and what each database system needs to be told."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, RootTransaction, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from service.domain.errors import SERVICE_BUSY
from service.domain.refusals import ServiceTroubleError
from service.storage.kept_readers import KeptReaders
from service.storage.kept_writer import KeptWriter
from service.storage.postgresql_transactions import (
    SMALL,
    WRITES,
    begin_on_postgresql,
    undo_on_postgresql,
)
from service.storage.prepared import run_text
from service.storage.transactions import Transactions
from service.storage.trouble import LostRaceError, is_of_no_more_use, trouble_told
from service.storage.turns import about_to_wait
from service.storage.writers_turn import SharedTransactions, WritersTurn, begin_writing

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class DatabaseLimits:
    """How long the database may be waited for, and by how many at once.

    Attributes:
        lock_timeout_s: How long each wait for another transaction may last. There may be
            several: on SQLite to go along with others, for a turn in the process, and for the
            file; on PostgreSQL for a connection, and for each row or class that others hold.
        statement_timeout_s: How long a statement may run on PostgreSQL, waiting
            included; SQLite knows no such limit.
        connections_max: How many transactions a process has open at once; others
            wait for ``lock_timeout_s``.
    """

    lock_timeout_s: float = 30
    statement_timeout_s: float = 60
    connections_max: int = 128


class Database(Transactions):
    """One database, with a pool of connections; safe to share between threads.

    Args:
        url: An SQLAlchemy URL, such as ``sqlite:///coupon-billing.db`` or
            ``postgresql://user@host/name``.
        limits: How long to wait, for how many.

    Attributes:
        transactions_max: How many it has open at once.
    """

    def __init__(self, url: str, limits: DatabaseLimits = DatabaseLimits()) -> None:
        self.url = _with_driver(make_url(url))
        self.engine = _create_engine(self.url, limits)
        # A transaction is told what it is for before it begins.
        self._reader = self.engine.execution_options(**{WRITES: False})
        self._writer = self.engine.execution_options(**{WRITES: True})
        self._small_writer = self.engine.execution_options(**{WRITES: True, SMALL: True})
        self.transactions_max = limits.connections_max
        self._dead_max = limits.connections_max
        self._writers_turn: AbstractContextManager[None] = nullcontext()
        self._shared: SharedTransactions | None = None
        self._kept_readers: KeptReaders | None = None
        self._kept_writer: KeptWriter | None = None
        if self.engine.dialect.name == "sqlite":
            self._writers_turn = WritersTurn(limits.lock_timeout_s)
            self._kept_writer = KeptWriter(
                lambda: self._begun(self._writer).connection,
                partial(begin_writing, timeout_s=limits.lock_timeout_s),
            )
            self._shared = SharedTransactions(self._writing_kept, limits.lock_timeout_s)
            # Those who write find enough in the pool: one at a time does.
            kept_max = limits.connections_max // 2
            self._kept_readers = KeptReaders(self._begun_reader, kept_max)
            # A file has no connection that dies.
            self._dead_max = 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database; what it writes is undone."""
        try:
            with trouble_told(), self._reading() as connection:
                yield connection
        except LostRaceError as error:
            # A standby gives up what reads for too long while its primary goes on.
            reason = "the transaction was in the way of others"
            raise ServiceTroubleError(SERVICE_BUSY, reason) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end, and undoes everything when an error leaves it."""
        with self._writing(self._writer) as connection:
            yield connection

    @contextmanager
    def _writing(self, engine: Engine) -> Iterator[Connection]:
        about_to_wait()
        with trouble_told(), self._writers_turn:
            transaction = self._begun(engine)
            with transaction.connection as connection, transaction:
                yield connection

    @contextmanager
    def _writing_kept(self) -> Iterator[Connection]:
        assert self._kept_writer is not None  # noqa: S101 - on SQLite
        about_to_wait()
        with trouble_told(), self._writers_turn, self._kept_writer.writing() as connection:
            yield connection

    def write(self, attempt: Callable[[Connection], Result]) -> Result:
        """Make a small attempt; on SQLite in one transaction with others that come at once."""
        if self._shared is not None:
            about_to_wait()
            return self._shared.write(attempt)
        with self._writing(self._small_writer) as connection:
            return attempt(connection)

    @contextmanager
    def upgrading(self) -> Iterator[Connection]:
        """As ``writing``, and foreign keys are free to be broken until the end.

        SQLite cannot change a table otherwise than by making it anew, and would see every
        row that points to the old one as astray.
        """
        with trouble_told(), self._writers_turn, self._writer.connect() as connection:
            if connection.dialect.name == "sqlite":
                # The setting is ignored within a transaction.
                driver = connection.connection.driver_connection
                assert driver is not None  # noqa: S101 - it is connected
                driver.execute("PRAGMA foreign_keys = OFF")
                # No other transaction is to find it like this.
                connection.detach()
            with connection.begin():
                yield connection

    def open_count(self) -> int:
        """How many transactions are open now."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 - of files and servers alike
        # In this order: a reader that comes between the two and is idle when it has gone would
        # otherwise be taken off without having been counted, which may be less than none.
        idle_count = self._kept_readers.idle_count if self._kept_readers else 0
        beside_count = self._kept_writer.open_count if self._kept_writer else 0
        return pool.checkedout() - idle_count + beside_count

    def _reading(self) -> AbstractContextManager[Connection]:
        if self._kept_readers is not None:
            return self._kept_readers.reading()
        about_to_wait()
        return self._begun_reader()

    def _begun_reader(self) -> Connection:
        return self._begun(self._reader).connection

    def _begun(self, engine: Engine) -> RootTransaction:
        """A transaction, which has a connection of its own.

        It begins now: what runs by the driver alone would not begin it. A connection that died with
        its server while it was at rest is noticed here, and another one taken.
        """
        for _ in range(self._dead_max):
            transaction = _begun_unless_dead(engine)
            if transaction is not None:
                return transaction
        return _begun(engine)

    def close(self) -> None:
        """Close every connection that is in no transaction."""
        if self._kept_readers is not None:
            self._kept_readers.close()
        if self._kept_writer is not None:
            self._kept_writer.close()
        self.engine.dispose()


IDLE_IN_TRANSACTION_TIMEOUT_S = 20
"""After how long PostgreSQL undoes a transaction whose machine is gone, with what it holds."""

_SIGNS_OF_LIFE = {
    # A server that vanishes without a word is given up after 25 s, and not after hours:
    # of what it was sent it acknowledged nothing, or it does not answer when it is asked.
    "tcp_user_timeout": 20_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}

SQLITE_BYTES = 8 * 2**20
"""What SQLite takes of memory in a process, prepared statements and pages that have no place of
their own (``sqlite_pages``), before a connection that needs a page forgets one of its own. More did
not make any request cheaper; each connection would take some 2 MiB for itself."""


def _with_driver(url: URL) -> URL:
    """The URL with the driver that this service is installed with, if it names none."""
    is_plain = url.drivername == "postgresql"
    return url.set(drivername="postgresql+psycopg") if is_plain else url


def _begun_unless_dead(engine: Engine) -> RootTransaction | None:
    try:
        return _begun(engine)
    except DBAPIError as error:
        if error.connection_invalidated:
            return None
        raise


def _begun(engine: Engine) -> RootTransaction:
    connection = engine.connect()
    try:
        return connection.begin()
    except BaseException:
        connection.close()
        raise


def _create_engine(url: URL, limits: DatabaseLimits) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        pool_size=limits.connections_max,
        # The connection that was used last has the most in its caches.
        pool_use_lifo=True,
        max_overflow=0,
        pool_timeout=limits.lock_timeout_s,
        # Errors are logged; what a statement is about is nobody's to read there.
        hide_parameters=True,
        connect_args={} if is_sqlite else _postgresql_arguments(url, limits),
    )
    if is_sqlite:
        event.listen(engine, "connect", _sqlite_preparation(limits))
        event.listen(engine, "begin", _sqlite_beginning(limits))
        event.listen(engine, "handle_error", _give_up_reader)
    else:
        event.listen(engine, "begin", begin_on_postgresql)
        event.listen(engine, "rollback", undo_on_postgresql)
    return engine


def _postgresql_arguments(url: URL, limits: DatabaseLimits) -> dict[str, Any]:
    """What each connection is told; what the URL says itself is left as it is."""
    parameters = {
        "statement_timeout": round(limits.statement_timeout_s * 1000),
        "lock_timeout": round(limits.lock_timeout_s * 1000),
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_S * 1000,
        "default_transaction_isolation": r"read\ committed",
        "timezone": "UTC",
        # A statement that has to do without an index in a small transaction is reckoned so dear
        # that the server would compile it first, which takes longer than to run it.
        "jit": "off",
        # A process that dies while it waits for a lock does not get it any more.
        "client_connection_check_interval": 2000,
        "tcp_keepalives_idle": _SIGNS_OF_LIFE["keepalives_idle"],
        "tcp_keepalives_interval": _SIGNS_OF_LIFE["keepalives_interval"],
        "tcp_keepalives_count": _SIGNS_OF_LIFE["keepalives_count"],
    }
    options = [f"-c {name}={value}" for name, value in parameters.items()]
    arguments = {"application_name": "coupon-billing", "connect_timeout": 10, **_SIGNS_OF_LIFE}
    return {
        # Transactions are begun by begin_on_postgresql.
        "autocommit": True,
        **{name: value for name, value in arguments.items() if name not in url.query},
        # Of two options with one name the later one wins.
        "options": " ".join([*options, str(url.query.get("options", ""))]).strip(),
    }


def _sqlite_preparation(limits: DatabaseLimits) -> Any:
    def prepare(connection: Any, _record: object) -> None:
        # Transactions are begun by _sqlite_beginning: the driver's own habit of beginning
        # them late would let two readers become writers and both fail.
        connection.isolation_level = None
        for pragma in (
            # First, as the others wait as well.
            f"busy_timeout = {round(limits.lock_timeout_s * 1000)}",
            "journal_mode = WAL",
            # An acknowledged redemption survives a power cut.
            "synchronous = FULL",
            "foreign_keys = ON",
            # Of all connections of the process together.
            f"soft_heap_limit = {SQLITE_BYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return prepare


def _sqlite_beginning(limits: DatabaseLimits) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        # A writer asks for the only write lock at once, so that what it reads stays
        # true until it commits.
        if connection.get_execution_options().get(WRITES, False):
            begin_writing(connection, limits.lock_timeout_s)
        else:
            run_text(connection, "BEGIN")

    return begin


def _give_up_reader(context: ExceptionContext) -> None:
    if is_of_no_more_use(context.original_exception):
        context.is_disconnect = True
