"""Sessions in signed cookies: who has signed in, and nothing that is secret."""

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from service.domain.refusals import ServiceTroubleError
from service.operations.sign_in import FrontDesk, Session

COOKIE_NAME = "coupon_billing_console"
SEEN_STEP = timedelta(minutes=1)
"""How old the instant of the last request may be before the cookie is written anew."""
_KEY = "signed_in"
_CUSTOMER_KEY = "customer"


class SignedCookies(SecureCookieSessionInterface):
    """Flask's cookies, signed with what all processes of the service share, as forms are.

    It is asked for at the first request, as the service starts without a database.

    Args:
        desk: Who knows the secret.
        is_https: Whether people reach the service over TLS, though a proxy ends it.
    """

    salt = "coupon-billing console"
    digest_method = staticmethod(hashlib.sha256)

    def __init__(self, desk: FrontDesk, *, is_https: bool) -> None:
        self._desk = desk
        self._is_https = is_https

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Sign cookies and forms; while the database is away there are no sessions."""
        with suppress(ServiceTroubleError):
            secrets = self._desk.secrets
            # Of a list, the last one signs. These come first: another thread may look meanwhile.
            in_order = [*reversed(secrets)]
            app.config.update(SECRET_KEY_FALLBACKS=in_order, WTF_CSRF_SECRET_KEY=in_order)
            app.secret_key = secrets[0]
        return super().get_signing_serializer(app)

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - Flask gives it
        """The console's own path, below what a proxy strips."""
        return request.script_root or "/"

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask gives it
        """Over TLS, browsers are to send the cookie over TLS only."""
        return self._is_https or request.is_secure


def remember(signed_in: Session) -> None:
    """Begin the session: what the cookie held before, whoever put it there, is dropped."""
    session.clear()
    session.permanent = False
    _write(signed_in)


def renew(signed_in: Session) -> None:
    """Go on with another session in the place of this one; the customer looked at stays."""
    _write(signed_in)


def read() -> Session | None:
    """What the cookie says; None when nobody has signed in."""
    values = session.get(_KEY)
    if values is None:
        return None
    user_id, fingerprint, signed_in_at, seen_at = values
    return Session(
        user_id,
        fingerprint,
        datetime.fromisoformat(signed_in_at),
        datetime.fromisoformat(seen_at),
    )


def keep(seen: Session, now: datetime) -> None:
    """Let the session live on from now."""
    if now - seen.seen_at >= SEEN_STEP:
        _write(Session(seen.user_id, seen.fingerprint, seen.signed_in_at, now))


def keep_customer(customer_id: int) -> None:
    """Remember whom the visitor looked at last, for pages whose address names no customer."""
    if session.get(_CUSTOMER_KEY) != customer_id:
        session[_CUSTOMER_KEY] = customer_id


def last_customer_id() -> int | None:
    """Whom the visitor looked at last."""
    customer_id = session.get(_CUSTOMER_KEY)
    return customer_id if isinstance(customer_id, int) else None


def forget() -> None:
    """Drop what the cookie holds."""
    session.clear()


def _write(signed_in: Session) -> None:
    session[_KEY] = (
        signed_in.user_id,
        signed_in.fingerprint,
        signed_in.signed_in_at.isoformat(),
        signed_in.seen_at.isoformat(),
    )
