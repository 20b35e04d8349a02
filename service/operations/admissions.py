"""Callers that were admitted a moment ago, so that the database is not asked for each call."""

import hashlib
import secrets
from datetime import datetime, timedelta

from service.domain.roles import Caller, Credentials

KEPT_MAX = 10_000
"""How many callers are remembered at once."""


class Admissions:
    """Remembers who was admitted, by what they showed; safe to share between threads.

    What is kept of credentials is a digest under a key that only this process has.

    Args:
        age_max: For how long a caller is admitted without asking: as long as that a token that
            was revoked, or a password that was changed, is still taken; one that ends is not
            taken after its end. Zero to ask each time.
    """

    def __init__(self, age_max: timedelta) -> None:
        self._age_max = age_max
        self._key = secrets.token_bytes(32)
        self._callers: dict[bytes, tuple[Caller, datetime, datetime]] = {}

    def find(self, credentials: Credentials, now: datetime) -> Caller | None:
        """The caller that showed the same credentials, if that is not too long ago."""
        kept = self._callers.get(self._digest(credentials))
        if kept is None:
            return None
        caller, since, until = kept
        # A clock that was put back makes nothing last longer.
        return caller if since <= now < until else None

    def keep(
        self, credentials: Credentials, caller: Caller, now: datetime, ends_at: datetime | None
    ) -> None:
        """Remember a caller that was admitted now, and never after its credentials' end.

        Args:
            credentials: What the caller showed.
            caller: Who it is.
            now: Since when.
            ends_at: When the credentials end; None if they do not.
        """
        if not self._age_max:
            return
        until = now + self._age_max
        if ends_at is not None:
            until = min(until, ends_at)
        if len(self._callers) >= KEPT_MAX:
            self._callers.clear()
        self._callers[self._digest(credentials)] = (caller, now, until)

    def _digest(self, credentials: Credentials) -> bytes:
        shown = (
            credentials.developer_token,
            credentials.authentication_token,
            credentials.user_name,
            credentials.password,
        )
        # As Python spells them, no two sets of texts are the same.
        return hashlib.blake2b(repr(shown).encode("utf-8", "replace"), key=self._key).digest()
