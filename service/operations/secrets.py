"""What is stored of tokens and passwords: never what their owners know."""

import hashlib
import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from service.domain.errors import SERVICE_BUSY
from service.domain.refusals import ServiceTroubleError

TOKEN_BYTES = 32
PASSWORD_BYTES = 18
PASSWORD_CHECKS_MAX = 2
"""Passwords checked at once: each check takes 64 MiB and a good part of a second."""
PASSWORD_WAIT_S_MAX = 2.0
"""How long a check waits for its turn: a flood of passwords is to hold no calls for long."""

_hasher = PasswordHasher()
_checks = BoundedSemaphore(PASSWORD_CHECKS_MAX)


def new_token() -> str:
    """A token of 256 random bits, as text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_password() -> str:
    """A password of 144 random bits, as text."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def token_digest(token: str) -> bytes:
    """What is stored of a token. Tokens are 256 random bits: no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


def hash_password(password: str) -> str:
    """What is stored of a password: Argon2id with its salt."""
    return _hasher.hash(password)


def is_password(stored_hash: str | None, password: str) -> bool:
    """Whether it is the password; as slow when nothing is stored as when it is wrong.

    Raises:
        ServiceTroubleError: ``ServiceBusy``: too many others are checked before it.
    """
    if not _checks.acquire(timeout=PASSWORD_WAIT_S_MAX):
        raise ServiceTroubleError(SERVICE_BUSY, "too many passwords are checked at once")
    try:
        _hasher.verify(stored_hash or _nobodys_hash(), password)
    except (Argon2Error, InvalidHashError):
        return False
    finally:
        _checks.release()
    return stored_hash is not None


@cache
def _nobodys_hash() -> str:
    return hash_password(new_password())
