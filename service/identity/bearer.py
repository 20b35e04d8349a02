"""Tokens of an OAuth issuer: JSON Web Tokens, signed with its private key (RFC 7519, RFC 9068)."""

from datetime import datetime, timezone
from functools import partial
from typing import Any, NoReturn

from joserfc import jws, jwt
from joserfc.errors import JoseError

from service.domain.errors import INVALID_CREDENTIALS
from service.domain.names import normal_name
from service.domain.refusals import ServiceError
from service.identity.issuer_documents import PublicKey, fetch_keys
from service.identity.issuer_keys import IssuerKeys
from service.operations.authentication import Bearer

ALGORITHMS = [
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
]
"""How a token may be signed: with a private key only, so that nobody who can verify can sign."""
CLOCKS_APART_S = 5
"""How far the issuer's clock may go before ours when it says from when a token is valid."""
TOKEN_LENGTH_MAX = 16_384

# Headers that we do not know change nothing.
_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class IssuerTokens:
    """Verifies the tokens of one issuer; see ``service.operations.authentication.VerifyBearer``.

    Args:
        issuer: The ``iss`` of its tokens.
        audience: What must be among their ``aud``: this service, as the issuer calls it.
        user_claim: The claim that has the name of a user of the service.
        keys: The issuer's.
    """

    def __init__(self, issuer: str, audience: str, user_claim: str, keys: IssuerKeys) -> None:
        self._user_claim = user_claim
        self._keys = keys
        self._required: dict[str, Any] = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": audience},
            user_claim: {"essential": True},
        }

    def __call__(self, token: str, now: datetime) -> Bearer:
        """Verify a token.

        Raises:
            ServiceError: ``InvalidCredentials``. Of a token that was right in all else, Details
                tell that it has expired.
            ServiceTroubleError: ``IssuerUnavailable``.
        """
        claims = self._signed_claims(token)
        ends_at = _instant(claims.get("exp"))
        earliest_s = int(now.timestamp()) + CLOCKS_APART_S
        # `exp` is compared below, to the microsecond and without leeway.
        timeless = {**claims, "exp": earliest_s + 1}
        try:
            jwt.JWTClaimsRegistry(now=earliest_s, **self._required).validate(timeless)
        except JoseError:
            _refuse()
        user_name = _user_name(claims.get(self._user_claim))
        if ends_at <= now:
            _refuse("the token has expired")
        return Bearer(user_name, ends_at)

    def _signed_claims(self, token: str) -> dict[str, Any]:
        if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
            _refuse()
        try:
            return jwt.decode(token, self._find_key, ALGORITHMS, _REGISTRY).claims
        # Whatever a library finds wrong with what a stranger wrote, the token is refused.
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            _refuse()

    def _find_key(self, signed: Any) -> PublicKey:
        headers = signed.headers()
        # What `crit` names must be understood (RFC 7515, section 4.1.11), and nothing is here.
        if headers.get("alg") not in ALGORITHMS or "crit" in headers:
            _refuse()
        key = self._keys.find(headers.get("kid"))
        if key is None or key.get("alg", headers["alg"]) != headers["alg"]:
            _refuse()
        return key


def issuer_tokens(
    issuer: str, jwks_url: str | None, *, audience: str, user_claim: str, timeout_s: float
) -> IssuerTokens:
    """Verify the tokens of an issuer with the keys that it publishes.

    Args:
        issuer: Its URL.
        jwks_url: Where its keys are; None to ask it.
        audience: As for ``IssuerTokens``.
        user_claim: As for ``IssuerTokens``.
        timeout_s: How long a call may wait for it.
    """
    fetch = partial(fetch_keys, issuer, jwks_url, timeout_s)
    return IssuerTokens(issuer, audience, user_claim, IssuerKeys(fetch, timeout_s))


def _instant(seconds: object) -> datetime:
    """A NumericDate (RFC 7519, section 2)."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        _refuse()
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        _refuse()


def _user_name(value: object) -> str:
    """A name that a user may have; what none has may be text that no database takes."""
    if not isinstance(value, str):
        _refuse()
    try:
        return normal_name(value)
    except ValueError:
        _refuse()


def _refuse(details: str = "") -> NoReturn:
    raise ServiceError(INVALID_CREDENTIALS, details)
