"""What signs the sessions of the console, and how another secret takes its place.

A new secret signs nothing until every process has read it, and the one before verifies until the
last session that it signed has ended: nobody is signed out by the change.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from service.domain.errors import SERVICE_UNAVAILABLE
from service.domain.refusals import ServiceTroubleError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.storage import audit, sign_ins
from service.storage.sign_ins import StoredSecret
from service.storage.transactions import Transactions
from service.storage.trouble import LostRaceError

SECRET_BYTES = 64
READ_AGAIN = timedelta(minutes=1)
"""How old what a process knows of the secrets may be."""
SETTLING = timedelta(minutes=2)
"""How long a secret is known before it signs, so that no process meets what it cannot verify."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that was drawn.

    Attributes:
        number: The first one of a service is 1.
        signs_from: When it takes the place of the one before.
    """

    number: int
    signs_from: datetime


class SigningSecrets:
    """The secrets that every process of the service shares, by way of the database.

    Args:
        database: Where they are kept.
        session_idle: How long the last session that a secret has signed may last after that.
        clock: Answers the instant, aware and in UTC.
    """

    def __init__(
        self, database: Transactions, session_idle: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._session_idle = session_idle
        self._clock = clock
        self._known: tuple[datetime, Sequence[StoredSecret]] | None = None

    def in_force(self) -> tuple[bytes, ...]:
        """The secret that signs, and after it those that verify as well.

        Whoever asks first draws one, and all others find it.

        Raises:
            ServiceTroubleError: Also when the database is not of this release.
        """
        now = self._clock()
        read_at, found = self._known or (None, ())
        if read_at is None or not read_at <= now < read_at + READ_AGAIN:
            found = _read(self._database) or _draw_first(self._database, now)
            self._known = now, found
        return _in_force(found, now, self._session_idle)


def _in_force(
    found: Sequence[StoredSecret], now: datetime, session_idle: timedelta
) -> tuple[bytes, ...]:
    """The same of what is stored, which is in the order of its numbers."""
    first, *others = found
    settled = [it for it in others if it.created_at + SETTLING <= now]
    signing = settled[-1] if settled else first
    verifying = [
        it.value
        for it, successor in zip(found, [*others, None], strict=True)
        if it is not signing
        and (successor is None or now < successor.created_at + SETTLING + session_idle)
    ]
    return (signing.value, *verifying)


def rotate_secret(call: Call, *, at_once: bool = False) -> NewSecret:
    """Draw another secret for the sessions of the console.

    Args:
        call: Whose call it is.
        at_once: Whether to forget those before, as when somebody else may know one: everybody
            is signed out, within ``READ_AGAIN``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only).
    """
    call.caller.require_operator()
    drawn = secrets.token_bytes(SECRET_BYTES)

    def attempt(connection: Connection) -> int:
        found = sign_ins.find_secrets(connection)
        number = found[-1].number + 1 if found else 1
        if not sign_ins.keep_secret(connection, number, drawn, call.now):
            raise LostRaceError
        if at_once:
            sign_ins.forget_secrets_before(connection, number)
        change = audit.Change("rotate", "secret", number, after={"at_once": at_once})
        audit.append(connection, call.author, [change])
        return number

    number = decide(call.database, attempt)
    return NewSecret(number, call.now if at_once else call.now + SETTLING)


def _read(database: Transactions) -> Sequence[StoredSecret]:
    try:
        with database.reading() as connection:
            return sign_ins.find_secrets(connection)
    except DBAPIError as error:
        reason = "database missing or not of this release"
        raise ServiceTroubleError(SERVICE_UNAVAILABLE, reason) from error


def _draw_first(database: Transactions, now: datetime) -> Sequence[StoredSecret]:
    drawn = secrets.token_bytes(SECRET_BYTES)

    def attempt(connection: Connection) -> Sequence[StoredSecret]:
        sign_ins.keep_secret(connection, 1, drawn, now)
        return sign_ins.find_secrets(connection)

    return decide(database, attempt)
