"""Finding out who calls."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from service.domain.errors import INVALID_CREDENTIALS, REQUEST_MISSING_HEADERS
from service.domain.names import NAME_LENGTH_MAX, normal_spelling
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Credentials, Role
from service.operations.admissions import Admissions
from service.operations.calls import DEFAULT_LIMITS, Call, OperationLimits, utc_now
from service.operations.guesses import count_failures, developer_guesser, held_back_from_sign_in
from service.operations.secrets import is_password, token_digest
from service.storage import users
from service.storage.engine import Database
from service.storage.sliding_windows import is_window_full
from service.storage.users import ValidToken

DEVELOPER = "developer"
"""The kind of the token that names the calling program."""
AUTHENTICATION = "authentication"
"""The kind of the token that names the calling user."""
_DOTS_OF_JWT = 2
"""Between the parts of a JSON Web Token; no token that the service issues has a dot."""


class Bearer(NamedTuple):
    """Whom an issuer says that a token shows.

    Attributes:
        user_name: A user of the service, as ``normal_name`` spells it.
        ends_at: When the token ends.
    """

    user_name: str
    ends_at: datetime


VerifyBearer = Callable[[str, datetime], Bearer]
"""Verifies an issuer's token at an instant; raises ``InvalidCredentials``, or
``ServiceUnavailable`` when it cannot tell."""


class Authenticator:
    """Admits callers: turns credentials into a call.

    Args:
        database: Where users and tokens are.
        clock: Answers the instant of a call, aware and in UTC.
        limits: How much a call may ask for.
        age_max: For how long a caller is admitted without asking the database again.
        verify_bearer: Who verifies the tokens of an issuer; None to take the service's own alone.
        note_use: Is told the number of a token that was shown, and when, each time that the
            database was asked; None to tell nobody.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        limits: OperationLimits = DEFAULT_LIMITS,
        age_max: timedelta = timedelta(0),
        *,
        verify_bearer: VerifyBearer | None = None,
        note_use: Callable[[int, datetime], None] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._admissions = Admissions(age_max)
        self._verify_bearer = verify_bearer
        self._note_use = note_use

    def __call__(self, credentials: Credentials, tracking_id: str) -> Call:
        """Admit a caller.

        Raises:
            ServiceError: ``RequestMissingHeaders`` when the developer token, or
                both the authentication token and a user name with password, are
                absent; ``InvalidCredentials`` when one of them is wrong, without
                saying which; ``CallRateExceeded`` when too many passwords that the developer
                showed were wrong; ``ServiceUnavailable`` when nobody can tell, and
                ``ServiceBusy`` when too many passwords are checked at once.
        """
        _require_headers(credentials)
        now = self._clock()
        caller = self._admissions.find(credentials, now)
        if caller is None:
            caller, ends_at = self._admit(credentials, now)
            self._admissions.keep(credentials, caller, now, ends_at)
        return Call(self._database, caller, now, tracking_id, self._limits)

    def _admit(self, credentials: Credentials, now: datetime) -> tuple[Caller, datetime | None]:
        """Ask the database who shows the credentials; answers also when they end."""
        text = credentials.authentication_token or ""
        verify = self._verify_bearer if text.count(".") == _DOTS_OF_JWT else None
        caller = None
        with self._database.reading() as connection:
            tokens = _valid_tokens(connection, credentials, now)
            if DEVELOPER not in tokens:
                raise ServiceError(INVALID_CREDENTIALS)
            if text and verify is None:
                shown = tokens.get(AUTHENTICATION)
                caller = find_caller(connection, shown.user_id if shown else None)
        ends = [it.expires_at for it in tokens.values()]
        # What takes long is not done in a transaction.
        if verify is not None:
            bearer = verify(text, now)
            caller = self._find_named(bearer.user_name)
            ends.append(bearer.ends_at)
        elif caller is None:
            caller = self._find_by_password(credentials, tokens[DEVELOPER].user_id)
        self._note_uses(tokens.values(), now)
        return caller, min((it for it in ends if it is not None), default=None)

    def _find_named(self, user_name: str) -> Caller:
        """The user in use of this name."""
        with self._database.reading() as connection:
            user_id = users.find_user_in_use(connection, user_name)
            return find_caller(connection, user_id)

    def _find_by_password(self, credentials: Credentials, developer_id: int) -> Caller:
        """The user whose name and password these are.

        Failures count for the developer alone: whoever tries many names is held back, and nobody
        can hold back another user by trying its name.
        """
        name = normal_spelling(credentials.user_name or "")
        if len(name) > NAME_LENGTH_MAX:  # nobody has it, and it is not to be kept in mind
            raise ServiceError(INVALID_CREDENTIALS)
        guesser, count_max = developer_guesser(developer_id), self._limits.failures_per_minute
        with self._database.reading() as connection:
            if is_window_full(connection, guesser, count_max, self._clock()):
                raise held_back_from_sign_in(count_max)
            user_id, stored_hash = users.find_user(connection, name) or (None, None)
        is_right = is_password(stored_hash, credentials.password or "")
        if not is_right and not count_failures(self._database, [guesser], count_max, self._clock()):
            raise held_back_from_sign_in(count_max)
        with self._database.reading() as connection:
            # Of many at once, no more are looked at than may fail.
            if is_right and is_window_full(connection, guesser, count_max, self._clock()):
                raise held_back_from_sign_in(count_max)
            return find_caller(connection, user_id if is_right else None)

    def _note_uses(self, tokens: Iterable[ValidToken], now: datetime) -> None:
        if self._note_use is not None:
            for token in tokens:
                self._note_use(token.token_id, now)


def _require_headers(credentials: Credentials) -> None:
    if not credentials.developer_token:
        raise ServiceError(REQUEST_MISSING_HEADERS, "DeveloperToken")
    has_password = credentials.user_name and credentials.password
    if not credentials.authentication_token and not has_password:
        raise ServiceError(REQUEST_MISSING_HEADERS, "AuthenticationToken")


def _valid_tokens(
    connection: Connection, credentials: Credentials, now: datetime
) -> dict[str, ValidToken]:
    """The tokens that are in force, by their kind."""
    digests = {
        kind: token_digest(text)
        for kind, text in (
            (DEVELOPER, credentials.developer_token),
            (AUTHENTICATION, credentials.authentication_token),
        )
        if text
    }
    valid = users.find_valid_tokens(connection, list(digests.values()), now)
    return {
        kind: valid[digest]
        for kind, digest in digests.items()
        if digest in valid and valid[digest].kind == kind
    }


def find_caller(connection: Connection, user_id: int | None) -> Caller:
    """A user with its rights; raises ``InvalidCredentials`` for nobody's number."""
    if user_id is None:
        raise ServiceError(INVALID_CREDENTIALS)
    name, roles = users.find_roles(connection, user_id)
    by_customer = {customer_id: role for customer_id, role in roles if customer_id is not None}
    is_operator = any(role is Role.OPERATOR for _, role in roles)
    return Caller(user_id, name, by_customer, is_operator)
