"""What an issuer publishes over HTTP: where its keys are, and the keys."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, NoReturn
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

DISCOVERY_PATH = "/.well-known/openid-configuration"
DOCUMENT_BYTES_MAX = 1_048_576
_KINDS: Mapping[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
"""The keys by their ``kty``. None of them is a secret that two share: such a one could sign, and
whoever reads it in the document could."""

PublicKey = RSAKey | ECKey
KeysById = dict[str | None, PublicKey]
"""Keys by their ``kid``; a key that is the only one is also there for tokens that name none."""


class DocumentUnusableError(Exception):
    """The issuer does not answer, or not with what it should; says what was wrong."""


def fetch_keys(issuer: str, jwks_url: str | None, timeout_s: float) -> KeysById:
    """Ask an issuer for the keys that it signs with.

    Args:
        issuer: Its URL, which is the ``iss`` of its tokens.
        jwks_url: Where its keys are; None to ask its discovery document (OpenID Connect
            Discovery 1.0, section 4).
        timeout_s: How long it may be silent.

    Raises:
        DocumentUnusableError: It did not tell.
    """
    return _keys(_fetch(jwks_url or _discover(issuer, timeout_s), timeout_s))


def _discover(issuer: str, timeout_s: float) -> str:
    document = _fetch(issuer.rstrip("/") + DISCOVERY_PATH, timeout_s)
    if document.get("issuer") != issuer:
        raise DocumentUnusableError("the discovery document is of another issuer")
    url = document.get("jwks_uri")
    # Nobody between may change the keys, unless the issuer itself is on this machine.
    if not isinstance(url, str) or not url.startswith(issuer.partition("//")[0] + "//"):
        raise DocumentUnusableError("the discovery document has no jwks_uri over HTTPS")
    return url


def _keys(document: Mapping[str, Any]) -> KeysById:
    """The keys for signatures; others, and those that we cannot read, are passed over.

    As RFC 7517, section 5, has it: one odd key does not make the others useless.
    """
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise DocumentUnusableError("the JWKS has no keys")
    keys = [(it.get("kid"), _key(it)) for it in entries if isinstance(it, dict)]
    found: KeysById = {
        kid: key for kid, key in keys if key is not None and isinstance(kid, str | None)
    }
    if len(found) == 1:
        found[None] = next(iter(found.values()))
    else:
        found.pop(None, None)
    return found


def _key(entry: Mapping[str, Any]) -> PublicKey | None:
    kind = _KINDS.get(str(entry.get("kty")))
    if kind is None or entry.get("use", "sig") != "sig":
        return None
    try:
        key: PublicKey = kind.import_key(dict(entry))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key


class _NoRedirects(HTTPRedirectHandler):
    """An issuer is asked where the operator said, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the redirect is the answer, and no document."""


_opener = build_opener(_NoRedirects)


def _fetch(url: str, timeout_s: float) -> Mapping[str, Any]:
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - of the settings
    try:
        with _opener.open(request, timeout=timeout_s) as response:
            content = response.read(DOCUMENT_BYTES_MAX + 1)
            status = response.status
    except (OSError, HTTPException, ValueError) as error:
        _refuse(url, f"{type(error).__name__} {getattr(error, 'reason', '')}")
    if status != HTTPStatus.OK or len(content) > DOCUMENT_BYTES_MAX:
        _refuse(url, f"status {status}, {len(content)} bytes")
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    return document if isinstance(document, dict) else _refuse(url, "no JSON object")


def _refuse(url: str, reason: str) -> NoReturn:
    raise DocumentUnusableError(f"{url}: {reason}")
