"""A small OAuth issuer: a real HTTP server that publishes its keys, and signs tokens."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

AUDIENCE = "urn:coupons"
DISCOVERY_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/keys"

Key = RSAKey | ECKey


def rsa_key(kid: str, **more: Any) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", **more})


def ec_key(kid: str, curve: str = "P-256", **more: Any) -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid, "use": "sig", **more})


class Issuer:
    """The issuer.

    Attributes:
        url: What its tokens have as ``iss``.
        keys: What it publishes, as entries of its JWKS.
        asked: The paths that were asked for, in order.
        before: What is done before each answer, such as to be slow.
    """

    def __init__(self, url: str, key: Key) -> None:
        self.url = url
        self.keys: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.before: Callable[[BaseHTTPRequestHandler], object] = lambda _handler: None
        self.discovery: dict[str, Any] = {"issuer": url, "jwks_uri": url + JWKS_PATH}
        self.rotate(key)

    def rotate(self, key: Key, *, keep: bool = False) -> None:
        """Sign with another key from now on."""
        self.key = key
        self.keys = [*(self.keys if keep else []), key.as_dict(private=False)]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a good token says; None leaves a claim out."""
        now = int(time.time())
        told = {"iss": self.url, "aud": AUDIENCE, "sub": "kim", "iat": now, "exp": now + 600}
        return {name: it for name, it in {**told, **changes}.items() if it is not None}

    def token(
        self, key: Key | None = None, alg: str | None = None, kid: str | None = "", **changes: Any
    ) -> str:
        """A token; ``kid`` None names no key."""
        key = key or self.key
        alg = alg or ("RS256" if isinstance(key, RSAKey) else "ES256")
        header = {"alg": alg, "kid": key.kid if kid == "" else kid}
        header = {name: it for name, it in header.items() if it is not None}
        return jwt.encode(header, self.claims(**changes), key, [alg])

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        self.before(handler)
        documents = {DISCOVERY_PATH: self.discovery, JWKS_PATH: {"keys": self.keys}}
        content = json.dumps(documents.get(handler.path, {})).encode()
        handler.send_response(200 if handler.path in documents else 404)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


@contextmanager
def serving_issuer(key: Key) -> Iterator[Issuer]:
    """Run an issuer until the end."""
    issuer: Issuer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                issuer.answer(self)
            except OSError:  # who asked is gone
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}", key)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()


def now() -> datetime:
    return datetime.now(timezone.utc)
