"""Finding out who calls."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection

from service.domain.errors import INVALID_CREDENTIALS, REQUEST_MISSING_HEADERS, ServiceError
from service.domain.roles import Caller, Credentials, Role
from service.operations.calls import Call, utc_now
from service.storage import users
from service.storage.engine import Database

DEVELOPER = "developer"
"""The kind of the token that names the calling program."""
AUTHENTICATION = "authentication"
"""The kind of the token that names the calling user."""

_hasher = PasswordHasher()
_NOBODYS_HASH = _hasher.hash("the password of no user")


class Authenticator:
    """Admits callers: turns credentials into a call.

    Args:
        database: Where users and tokens are.
        clock: Answers the instant of a call, aware and in UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

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
        with self._database.reading() as connection:
            caller = _find_caller(connection, credentials, now)
        return Call(self._database, caller, now, tracking_id)


def token_digest(token: str) -> bytes:
    """What is stored of a token. Tokens are 256 random bits: no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


def hash_password(password: str) -> str:
    """What is stored of a password."""
    return _hasher.hash(password)


def _require_headers(credentials: Credentials) -> None:
    if not credentials.developer_token:
        raise ServiceError(REQUEST_MISSING_HEADERS, "DeveloperToken")
    has_password = credentials.user_name and credentials.password
    if not credentials.authentication_token and not has_password:
        raise ServiceError(REQUEST_MISSING_HEADERS, "AuthenticationToken")


def _find_caller(connection: Connection, credentials: Credentials, now: datetime) -> Caller:
    digests = {
        kind: token_digest(text)
        for kind, text in (
            (DEVELOPER, credentials.developer_token),
            (AUTHENTICATION, credentials.authentication_token),
        )
        if text
    }
    valid = users.find_valid_tokens(connection, list(digests.values()), now)
    owners = {
        kind: valid[digest][1]
        for kind, digest in digests.items()
        if digest in valid and valid[digest][0] == kind
    }
    if credentials.authentication_token:
        user_id = owners.get(AUTHENTICATION)
    else:
        user_id = _user_by_password(connection, credentials)
    if DEVELOPER not in owners or user_id is None:
        raise ServiceError(INVALID_CREDENTIALS)
    return _caller(connection, user_id)


def _user_by_password(connection: Connection, credentials: Credentials) -> int | None:
    """The user, if the password is right; as slow for an unknown user as for a wrong password."""
    found = users.find_user(connection, (credentials.user_name or "").strip())
    user_id, stored_hash = found or (None, None)
    try:
        _hasher.verify(stored_hash or _NOBODYS_HASH, credentials.password or "")
    except (Argon2Error, InvalidHashError):
        return None
    return user_id if stored_hash else None


def _caller(connection: Connection, user_id: int) -> Caller:
    name, roles = users.find_roles(connection, user_id)
    by_customer = {customer_id: role for customer_id, role in roles if customer_id is not None}
    is_operator = any(role is Role.OPERATOR for _, role in roles)
    return Caller(user_id, name, by_customer, is_operator)
