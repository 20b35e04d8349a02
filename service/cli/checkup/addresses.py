"""Whether clients find the service, and see what they should."""

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import typer

from service.addresses import READY_PATH, local_url
from service.cli.binding import require_free, split_bind
from service.cli.calls import CommandRefusedError
from service.cli.certificates import require_certificate
from service.cli.checkup.check import Installation, State, Trouble

ANSWER_TIMEOUT_S = 5
CERTIFICATE_LEFT_MIN = timedelta(days=14)
_READY = "ok\n"


def bind(installation: Installation) -> Iterator[Trouble]:
    """Whether the address of ``serve`` is free, or a service of ours answers there."""
    address = installation.settings.bind
    try:
        host, port = split_bind(address)
        require_free(host, port)
    except typer.BadParameter as error:
        yield Trouble(error.message, "Set COUPON_BILLING_BIND to HOST:PORT.")
    except CommandRefusedError as error:
        local = local_url(address, installation.settings.local_scheme)
        yield from _occupied(address, local, error.details)


def _occupied(address: str, local: str, reason: str) -> Iterator[Trouble]:
    """Who is at an address on which we cannot listen: the service itself is welcome there."""
    # A certificate of the service is for the name that clients use, which is none of these.
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    status, text = _readiness(local, trust)
    if text == _READY:
        return
    if status == 503:  # noqa: PLR2004 - what a service that is not ready answers
        yield Trouble(
            f"the service at {address} is not ready: {text.strip()}",
            "See its log; restart it when the database is in order.",
        )
    else:
        yield Trouble(
            f"nothing can listen at {address}: {reason}",
            "End what listens there, or choose another address with COUPON_BILLING_BIND.",
        )


def public_url(installation: Installation) -> Iterator[Trouble]:
    """Whether clients are told an address that leads here, and that is protected."""
    url, address = installation.settings.public_url, installation.settings.bind
    if url is None:
        if not _is_loopback(address):
            yield Trouble(
                f"the service listens at {address}, and public_url is not set:"
                " the WSDL names whatever host a client asked for",
                "Set COUPON_BILLING_PUBLIC_URL to the https address that clients use.",
                State.WARNING,
            )
        return
    if url.query or url.fragment or url.username:
        yield Trouble(
            "public_url has more than scheme, host, port and path",
            "Leave out what stands before the host and behind the path.",
        )
    if url.scheme != "https" and not _is_loopback(f"{url.host}:{url.port}"):
        yield Trouble(
            f"public_url is {url.scheme}: tokens, passwords and codes travel in the clear",
            "Put TLS before the service, and let public_url be https.",
            State.WARNING,
        )


def public_answer(installation: Installation) -> Iterator[Trouble]:
    """Whether the service answers at the address that clients are told."""
    url = installation.settings.public_url
    if url is None:
        return
    _, text = _readiness(str(url).rstrip("/"))
    if text != _READY:
        yield Trouble(
            f"the service does not answer at {url}: {text.strip()}",
            "Start it; else look at the proxy, the name's address and its certificate.",
            State.WARNING,
        )


def certificate(installation: Installation) -> Iterator[Trouble]:
    """Whether certificates can be used; that at the public address is trusted, and for how long."""
    try:
        require_certificate(installation.settings)
    except CommandRefusedError as error:
        yield Trouble(error.details, "Correct tls_certificate and tls_key; see docs/deployment.md.")
    url = installation.settings.public_url
    if url is None or url.scheme != "https" or url.host is None:
        return
    try:
        ends_at = _certificate_ends_at(url.host, url.port or 443)
    except ssl.SSLError as error:
        yield Trouble(f"TLS with {url.host} fails: {error}", "Renew or complete the certificate.")
        return
    except OSError:
        # That nobody answers is told by another check.
        return
    left = ends_at - installation.now
    if left < CERTIFICATE_LEFT_MIN:
        yield Trouble(
            f"the certificate of {url.host} ends in {left.days} days",
            "Renew it, and let what serves it read it again.",
            State.WARNING,
        )


def _certificate_ends_at(host: str, port: int) -> datetime:
    trust = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=ANSWER_TIMEOUT_S) as plain,
        trust.wrap_socket(plain, server_hostname=host) as protected,
    ):
        told = protected.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), timezone.utc)


def _readiness(root: str, trust: ssl.SSLContext | None = None) -> tuple[int | None, str]:
    """What the readiness check below an address says: its status and text, or why there is none."""
    try:
        with urlopen(  # noqa: S310 - of our own settings
            root + READY_PATH, timeout=ANSWER_TIMEOUT_S, context=trust
        ) as reply:
            return reply.status, reply.read(1000).decode(errors="replace")
    except HTTPError as error:
        with error:
            return error.code, error.read(1000).decode(errors="replace")
    except URLError as error:
        return None, str(error.reason)
    except (OSError, ValueError) as error:
        return None, str(error)


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
