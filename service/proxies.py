"""What proxies tell of a request that they pass on, believed of those that the settings name.

A proxy speaks in the headers ``X-Forwarded-For``, ``-Proto``, ``-Host`` and ``-Prefix``; anybody
else can write them too. They are read in one place, before whatever answers the request, and are
told on as if the client had come itself: ``REMOTE_ADDR``, ``wsgi.url_scheme``, ``HTTP_HOST`` and
``SCRIPT_NAME``.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address

ADDRESSES_KEPT_MAX = 1_024
_SCHEMES = frozenset({"http", "https"})
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
# With a port, as some proxies write it.
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")


def behind_proxies(application: Application, trusted: Sequence[Network]) -> Application:
    """What answers requests that proxies may have passed on.

    Each header is a list to which every proxy on the way adds one at its end, or it has what the
    last of them wrote. Of the addresses those of trusted proxies are skipped from the end; the
    next one is the client's, which the outermost of our proxies has seen. What stands at the same
    place in the other headers was written by that proxy.

    Args:
        application: What answers.
        trusted: The networks in which every machine is a proxy to be believed; none of them to
            let every request be what it is.
    """
    if not trusted:
        return application

    @lru_cache(ADDRESSES_KEPT_MAX)
    def is_trusted(text: str) -> bool:
        address = _parsed(text)
        return address is not None and any(address in network for network in trusted)

    def called(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_trusted(environ.get("REMOTE_ADDR", "")):
            _believe(environ, is_trusted)
        return application(environ, start_response)

    return called


def _believe(environ: Environ, is_trusted: Callable[[str], bool]) -> None:
    """Change a request into the one that the client sent to the outermost proxy."""
    proxies_count = 1
    for text in reversed(_values(environ, "FOR")):
        address = _parsed(text)
        if address is None:
            break
        environ["REMOTE_ADDR"] = str(address)
        if not is_trusted(text):
            break
        proxies_count += 1
    scheme = _value(environ, "PROTO", proxies_count).lower()
    if scheme in _SCHEMES:
        environ["wsgi.url_scheme"] = scheme
    host = _value(environ, "HOST", proxies_count)
    if host:
        environ["HTTP_HOST"] = host
    prefix = _value(environ, "PREFIX", proxies_count).rstrip("/")
    if _PREFIX.fullmatch(prefix):
        environ["SCRIPT_NAME"] = prefix


def _values(environ: Environ, name: str) -> list[str]:
    text = environ.get(f"HTTP_X_FORWARDED_{name}", "")
    return [it.strip() for it in text.split(",") if it.strip()]


def _value(environ: Environ, name: str, place: int) -> str:
    """The value that the proxy at a place from the end wrote; "" for none."""
    values = _values(environ, name)
    return values[-min(place, len(values))] if values else ""


def _parsed(text: str) -> _Address | None:
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] or found[2]) if found else text)
    except ValueError:
        return None
    # A socket for IPv6 shows clients of IPv4 so.
    return getattr(address, "ipv4_mapped", None) or address
