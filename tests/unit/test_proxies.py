"""What is believed of proxies."""

from ipaddress import ip_network
from typing import Any

import pytest

from service.proxies import behind_proxies

TRUSTED = [ip_network(it) for it in ("10.0.0.0/8", "192.168.1.7", "fd00::/8")]
SEEN = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME")


def seen(address: str, trusted: Any = TRUSTED, **forwarded: str) -> tuple[Any, ...]:
    """What the service sees of a request: address, scheme, host, prefix."""
    found: list[tuple[Any, ...]] = []

    def application(environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        found.append(tuple(environ[name] for name in SEEN))
        return []

    headers = {f"HTTP_X_FORWARDED_{name.upper()}": text for name, text in forwarded.items()}
    own = dict(zip(SEEN, (address, "http", "inside:8080", ""), strict=True))
    behind_proxies(application, trusted)({**own, **headers}, None)  # type: ignore[arg-type]
    return found[0]


FOUR = {"for": "192.0.2.7", "proto": "https", "host": "billing.example", "prefix": "/shop"}
BELIEVED = ("192.0.2.7", "https", "billing.example", "/shop")


@pytest.mark.parametrize(
    "proxy", ["10.0.0.1", "10.255.255.255", "192.168.1.7", "fd00::1", "::ffff:10.0.0.1"]
)
def test_a_trusted_proxy_is_believed(proxy: str) -> None:
    assert seen(proxy, **FOUR) == BELIEVED


@pytest.mark.parametrize(
    "stranger", ["192.168.1.8", "11.0.0.0", "127.0.0.1", "fe80::1", "::ffff:11.0.0.1", "", "unix:"]
)
def test_nobody_else_is(stranger: str) -> None:
    assert seen(stranger, **FOUR) == (stranger, "http", "inside:8080", "")


def test_without_a_setting_nobody_is() -> None:
    assert seen("10.0.0.1", [], **FOUR) == ("10.0.0.1", "http", "inside:8080", "")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        # Whatever the client wrote itself stands before what our proxy saw.
        ("198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("10.9.9.9, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("198.51.100.1, 192.0.2.7, 10.0.0.2,10.0.0.3", "192.0.2.7"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, unknown", "10.0.0.1"),
        ("192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("", "10.0.0.1"),
        (" , ", "10.0.0.1"),
    ],
)
def test_the_client_is_whom_the_outermost_trusted_proxy_saw(chain: str, client: str) -> None:
    assert seen("10.0.0.1", **{"for": chain})[0] == client


def test_of_several_values_the_outermost_trusted_proxy_wrote_the_one_that_counts() -> None:
    lists = {"proto": "http, https, http", "host": "evil, billing.example, inner"}
    two_proxies = {"for": "198.51.100.1, 192.0.2.7, 10.0.0.2", **lists}
    assert seen("10.0.0.1", **two_proxies)[1:3] == ("https", "billing.example")
    assert seen("10.0.0.1", **lists)[1:3] == ("http", "inner")
    # An inner proxy that writes none leaves the one of the outer.
    assert seen("10.0.0.1", **{**two_proxies, "proto": "https"})[1] == "https"


@pytest.mark.parametrize("scheme", ["HTTPS", "ftp", "javascript", ""])
def test_a_scheme_is_one_of_two(scheme: str) -> None:
    assert seen("10.0.0.1", proto=scheme)[1] == ("https" if scheme == "HTTPS" else "http")


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("/shop", "/shop"),
        ("/shop/", "/shop"),
        ("/a/b-c_d.e~f", "/a/b-c_d.e~f"),
        ("/", ""),
        ("shop", ""),
        ("//evil.example", ""),
        ("/shop//x", ""),
        ('/"><script>', ""),
        ("/a;b", ""),
        ("/a\r\nSet-Cookie: b", ""),
        ("/ä", ""),
    ],
)
def test_a_prefix_is_a_plain_path(prefix: str, expected: str) -> None:
    assert seen("10.0.0.1", prefix=prefix)[3] == expected
