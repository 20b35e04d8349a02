"""The database: engine, transactions, and what each database system needs to be told."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url

from service.domain.errors import SERVICE_BUSY
from service.domain.refusals import ServiceTroubleError
from service.storage.prepared import run_text
from service.storage.transactions import Transactions
from service.storage.trouble import LostRaceError, is_of_no_more_use, trouble_told
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
    """

    def __init__(self, url: str, limits: DatabaseLimits = DatabaseLimits()) -> None:
        self.url = _with_driver(make_url(url))
        self.engine = _create_engine(self.url, limits)
        # A transaction is told what it is for before it begins.
        self._reader = self.engine.execution_options(**_READER_OPTIONS[self.engine.dialect.name])
        self._writer = self.engine.execution_options(coupon_billing_writes=True)
        self._writers_turn: AbstractContextManager[None] = nullcontext()
        self._shared: SharedTransactions | None = None
        if self.engine.dialect.name == "sqlite":
            self._writers_turn = WritersTurn(limits.lock_timeout_s)
            self._shared = SharedTransactions(self.writing, limits.lock_timeout_s)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database; what it writes is undone."""
        try:
            with trouble_told(), self._reader.connect() as connection:
                # It begins now: what runs by the driver alone would not begin it.
                connection.begin()
                yield connection
        except LostRaceError as error:
            # A standby gives up what reads for too long while its primary goes on.
            reason = "the transaction was in the way of others"
            raise ServiceTroubleError(SERVICE_BUSY, reason) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end, and undoes everything when an error leaves it."""
        with trouble_told(), self._writers_turn, self._writer.begin() as connection:
            yield connection

    def write(self, attempt: Callable[[Connection], Result]) -> Result:
        """Make a small attempt; on SQLite in one transaction with others that come at once."""
        return super().write(attempt) if self._shared is None else self._shared.write(attempt)

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

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


_READER_OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
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


def _with_driver(url: URL) -> URL:
    """The URL with the driver that this service is installed with, if it names none."""
    is_plain = url.drivername == "postgresql"
    return url.set(drivername="postgresql+psycopg") if is_plain else url


def _create_engine(url: URL, limits: DatabaseLimits) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        pool_size=limits.connections_max,
        # The connection that was used last has the most in its caches.
        pool_use_lifo=True,
        max_overflow=0,
        pool_timeout=limits.lock_timeout_s,
        # A connection may have died with its server while it was at rest.
        pool_pre_ping=not is_sqlite,
        # Errors are logged; what a statement is about is nobody's to read there.
        hide_parameters=True,
        connect_args={} if is_sqlite else _postgresql_arguments(url, limits),
    )
    if is_sqlite:
        event.listen(engine, "connect", _sqlite_preparation(limits))
        event.listen(engine, "begin", _sqlite_beginning(limits))
        event.listen(engine, "handle_error", _give_up_reader)
    return engine


def _postgresql_arguments(url: URL, limits: DatabaseLimits) -> dict[str, Any]:
    """What each connection is told; what the URL says itself is left as it is."""
    parameters = {
        "statement_timeout": round(limits.statement_timeout_s * 1000),
        "lock_timeout": round(limits.lock_timeout_s * 1000),
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT_S * 1000,
        "default_transaction_isolation": r"read\ committed",
        "timezone": "UTC",
        # A process that dies while it waits for a lock does not get it any more.
        "client_connection_check_interval": 2000,
        "tcp_keepalives_idle": _SIGNS_OF_LIFE["keepalives_idle"],
        "tcp_keepalives_interval": _SIGNS_OF_LIFE["keepalives_interval"],
        "tcp_keepalives_count": _SIGNS_OF_LIFE["keepalives_count"],
    }
    options = [f"-c {name}={value}" for name, value in parameters.items()]
    arguments = {"application_name": "coupon-billing", "connect_timeout": 10, **_SIGNS_OF_LIFE}
    return {
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
        ):
            connection.execute(f"PRAGMA {pragma}")

    return prepare


def _sqlite_beginning(limits: DatabaseLimits) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        # A writer asks for the only write lock at once, so that what it reads stays
        # true until it commits.
        if connection.get_execution_options().get("coupon_billing_writes", False):
            begin_writing(connection, limits.lock_timeout_s)
        else:
            run_text(connection, "BEGIN")

    return begin


def _give_up_reader(context: ExceptionContext) -> None:
    if is_of_no_more_use(context.original_exception):
        context.is_disconnect = True
