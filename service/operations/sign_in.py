"""People who sign in to the console, and their sessions."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import Connection

from service.domain.errors import INVALID_CREDENTIALS
from service.domain.names import normal_spelling
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.authentication import find_caller
from service.operations.calls import DEFAULT_LIMITS, Call, OperationLimits, utc_now
from service.operations.guesses import count_failures, held_back_from_sign_in, subject_of
from service.operations.secrets import is_password
from service.operations.signing_secrets import SigningSecrets
from service.operations.users import set_own_password
from service.storage import sign_ins, sliding_windows, users
from service.storage.transactions import Transactions

FINGERPRINT_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Session:
    """What the cookie of somebody who has signed in says.

    Attributes:
        user_id: Who.
        fingerprint: Of what is stored of the password, so that a session ends when the
            password is changed or the user is disabled. It tells nothing of the password.
        signed_in_at: When; it and the user tell one session from all others.
        seen_at: When the session was last used, to the minute.
    """

    user_id: int
    fingerprint: str
    signed_in_at: datetime
    seen_at: datetime


class FrontDesk:
    """Lets people in, knows them again, and sees them out.

    Args:
        database: Where users are.
        session_idle: After how long without a request a session has ended.
        secrets: What signs the sessions, and after it what verifies them as well; none for
            those that are drawn, and kept in the database for every process of the service.
        clock: Answers the instant of a call, aware and in UTC.
        limits: How much may be asked for in a call.
    """

    def __init__(
        self,
        database: Transactions,
        *,
        session_idle: timedelta,
        secrets: Sequence[bytes] = (),
        clock: Callable[[], datetime] = utc_now,
        limits: OperationLimits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._session_idle = session_idle
        self._given_secrets = tuple(secrets)
        self._shared_secrets = SigningSecrets(database, session_idle, clock)
        self._clock = clock
        self._limits = limits

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What signs the sessions, and after it what verifies them as well."""
        return self._given_secrets or self._shared_secrets.in_force()

    def sign_in(self, user_name: str, password: str, address: str) -> Session:
        """Begin a session.

        Args:
            user_name: As it was typed.
            password: As it was typed.
            address: Of the machine that asks; any text that is the same for the same one.

        Raises:
            ServiceError: ``InvalidCredentials``, the same and as slow whether the name or
                the password is wrong; ``CallRateExceeded`` when as many as may fail
                within a minute did, with that name or from that address.
        """
        name = normal_spelling(user_name)
        by_name, by_address = subject_of("name", name), subject_of("address", address)
        self._require_not_held_back([by_name, by_address])
        with self._database.reading() as connection:
            user_id, stored_hash = users.find_user(connection, name) or (None, None)
        # Slowly, and not in a transaction.
        is_right = is_password(stored_hash, password)
        if user_id is None or stored_hash is None or not is_right:
            self._refuse([by_name, by_address])
        # Guesses that were checked meanwhile count: of many at once, no more are looked at.
        self._require_not_held_back([by_name, by_address])
        decide(self._database, lambda it: sliding_windows.forget_window(it, by_name))
        now = self._clock()
        return Session(user_id, _fingerprint(stored_hash), now, now)

    def _require_not_held_back(self, subjects: list[bytes]) -> None:
        count_max, now = self._limits.failures_per_minute, self._clock()
        with self._database.reading() as connection:
            for subject in subjects:
                if sliding_windows.is_window_full(connection, subject, count_max, now):
                    raise held_back_from_sign_in(count_max)

    def _refuse(self, subjects: list[bytes]) -> NoReturn:
        count_max, now = self._limits.failures_per_minute, self._clock()
        if count_failures(self._database, subjects, count_max, now):
            raise ServiceError(INVALID_CREDENTIALS)
        raise held_back_from_sign_in(count_max)

    def admit(self, session: Session, tracking_id: str) -> Call | None:
        """Know somebody again; None when the session has ended, for whichever reason."""
        now = self._clock()
        if now - session.seen_at >= self._session_idle:
            return None
        with self._database.reading() as connection:
            stored_hash = users.find_password_hash(connection, session.user_id)
            is_same = stored_hash is not None and _fingerprint(stored_hash) == session.fingerprint
            if not is_same or sign_ins.is_ended(connection, session.user_id, session.signed_in_at):
                return None
            caller = find_caller(connection, session.user_id)
        return Call(self._database, caller, now, tracking_id, self._limits)

    def change_password(self, call: Call, current: str, new: str, address: str) -> Session:
        """Change the caller's own password; its other sessions end, and a new one begins.

        Args:
            call: Of somebody who has signed in.
            current: The password until now; a wrong one counts as a failed sign-in.
            new: The password from now on.
            address: As for ``sign_in``.

        Raises:
            ServiceError: As ``sign_in``.
        """
        self.sign_in(call.caller.user_name, current, address)
        stored_hash = set_own_password(call, new)
        now = self._clock()
        return Session(call.caller.user_id, _fingerprint(stored_hash), now, now)

    def sign_out(self, session: Session) -> None:
        """End a session: from now on its cookie is worth nothing, wherever it is kept."""
        now = self._clock()

        def attempt(connection: Connection) -> None:
            sign_ins.forget_ended_sessions(connection, now)
            forget_at = now + self._session_idle
            sign_ins.end_session(connection, session.user_id, session.signed_in_at, forget_at)

        decide(self._database, attempt)


def _fingerprint(stored_hash: str) -> str:
    return hashlib.sha256(stored_hash.encode()).hexdigest()[:FINGERPRINT_LENGTH]
