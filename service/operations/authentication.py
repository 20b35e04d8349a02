"""Finding out who calls."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.domain.errors import INVALID_CREDENTIALS, REQUEST_MISSING_HEADERS
from service.domain.names import normal_spelling
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Credentials, Role
from service.operations.admissions import Admissions
from service.operations.calls import DEFAULT_LIMITS, Call, OperationLimits, utc_now
from service.operations.secrets import is_password, token_digest
from service.storage import users
from service.storage.engine import Database

DEVELOPER = "developer"
"""The kind of the token that names the calling program."""
AUTHENTICATION = "authentication"
"""The kind of the token that names the calling user."""


class Authenticator:
    """Admits callers: turns credentials into a call.

    Args:
        database: Where users and tokens are.
        clock: Answers the instant of a call, aware and in UTC.
        limits: How much a call may ask for.
        age_max: For how long a caller is admitted without asking the database again.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        limits: OperationLimits = DEFAULT_LIMITS,
        age_max: timedelta = timedelta(0),
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._admissions = Admissions(age_max)

    def __call__(self, credentials: Credentials, tracking_id: str) -> Call:
        """Admit a caller.

        Raises:
            ServiceError: ``RequestMissingHeaders`` when the developer token, or
                both the authentication token and a user name with password, are
                absent; ``InvalidCredentials`` when one of them is wrong, without
                saying which.
        """
        _require_headers(credentials)
        now = self._clock()
        caller = self._admissions.find(credentials, now)
        if caller is None:
            caller = self._admit(credentials, now)
            self._admissions.keep(credentials, caller, now)
        return Call(self._database, caller, now, tracking_id, self._limits)

    def _admit(self, credentials: Credentials, now: datetime) -> Caller:
        """Ask the database who shows the credentials."""
        with self._database.reading() as connection:
            owners = _token_owners(connection, credentials, now)
            if DEVELOPER not in owners:
                raise ServiceError(INVALID_CREDENTIALS)
            if credentials.authentication_token:
                return find_caller(connection, owners.get(AUTHENTICATION))
            found = users.find_user(connection, normal_spelling(credentials.user_name or ""))
        # A password is checked slowly, and not in a transaction.
        user_id, stored_hash = found or (None, None)
        is_right = is_password(stored_hash, credentials.password or "")
        with self._database.reading() as connection:
            return find_caller(connection, user_id if is_right else None)


def _require_headers(credentials: Credentials) -> None:
    if not credentials.developer_token:
        raise ServiceError(REQUEST_MISSING_HEADERS, "DeveloperToken")
    has_password = credentials.user_name and credentials.password
    if not credentials.authentication_token and not has_password:
        raise ServiceError(REQUEST_MISSING_HEADERS, "AuthenticationToken")


def _token_owners(
    connection: Connection, credentials: Credentials, now: datetime
) -> dict[str, int]:
    """Whose the tokens are that are in force, by their kind."""
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
        kind: valid[digest][1]
        for kind, digest in digests.items()
        if digest in valid and valid[digest][0] == kind
    }


def find_caller(connection: Connection, user_id: int | None) -> Caller:
    """A user with its rights; raises ``InvalidCredentials`` for nobody's number."""
    if user_id is None:
        raise ServiceError(INVALID_CREDENTIALS)
    name, roles = users.find_roles(connection, user_id)
    by_customer = {customer_id: role for customer_id, role in roles if customer_id is not None}
    is_operator = any(role is Role.OPERATOR for _, role in roles)
    return Caller(user_id, name, by_customer, is_operator)
