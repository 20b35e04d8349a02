"""A service that strangers reach: TLS of its own, an issuer's tokens, and a proxy before it."""

import os
import shutil
import signal
import ssl
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from http import HTTPStatus
from pathlib import Path

import pytest
import trustme
import zeep
from lxml import etree
from zeep.transports import Transport

from service.domain.errors import INVALID_CREDENTIALS, REQUEST_MISSING_HEADERS
from service.domain.roles import Role
from service.operations.users import add_user, disable_user
from service.soap.namespaces import WSDL_SOAP
from service.storage.engine import Database
from tests.clients.callers import Keys, RefusedError, ZeepCaller, bing_ads_caller, check_fault
from tests.clients.server import Server, running
from tests.databases import Databases
from tests.identity.issuer import AUDIENCE, Issuer, ec_key, rsa_key, serving_issuer
from tests.programme import Clock, Programme

PROXY = "127.0.0.2"
FORWARDED = {
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "billing.example",
    "X-Forwarded-Prefix": "/shop",
}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """What a client needs that is to know the service."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def write_certificate(authority: trustme.CA, folder: Path) -> None:
    issued = authority.issue_cert("127.0.0.1", "localhost")
    (folder / "certificate.pem").write_bytes(b"".join(it.bytes() for it in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / "key.pem")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with serving_issuer(rsa_key("first")) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def server(
    authority: trustme.CA,
    trust: ssl.SSLContext,
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
    session_databases: Databases,
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("secured")
    write_certificate(authority, folder)
    settings = {
        "TLS_CERTIFICATE": f"{folder}/certificate.pem",
        "TLS_KEY": f"{folder}/key.pem",
        "OAUTH_ISSUER": issuer.url,
        "OAUTH_AUDIENCE": AUDIENCE,
        "AUTHENTICATION_AGE_S": "0",
        "TRUSTED_PROXIES": f"{PROXY}, 10.0.0.0/8",
    }
    with running(folder, session_databases.blank(), trust, **settings) as server:
        yield server
    assert server.trouble() == []


@pytest.fixture(scope="module")
def programme(server: Server) -> Iterator[Programme]:
    database = Database(server.database_url)
    yield Programme(database, Clock(datetime.now(timezone.utc)))
    database.close()


@pytest.fixture(scope="module")
def kim(programme: Programme, server: Server) -> str:
    """A user without a password or a token, whom the issuer knows."""
    add_user(programme.call(), "kim", Role.STANDARD, server.first_keys["customer_id"])
    return "kim"


@pytest.fixture(scope="module")
def zeep_client(server: Server, authority_file: str) -> Iterator[zeep.Client]:
    transport = Transport()
    transport.session.verify = authority_file
    # What the machine trusts otherwise is of no concern.
    transport.session.trust_env = False
    yield zeep.Client(f"{server.url}?wsdl", transport=transport)
    transport.session.close()


# TLS.


def test_what_serve_prints_is_https(server: Server) -> None:
    printed = server.log.read_text()
    assert f"Endpoint  {server.url}\n" in printed
    assert server.url.startswith("https://")
    assert f"Console   https://{server.host}/console/\n" in printed


def test_zeep_over_https(server: Server, zeep_client: zeep.Client) -> None:
    assert zeep_client.service._binding_options["address"] == server.url
    first = server.first_keys
    keys = Keys(first["developer_token"], first["authentication_token"])
    assert ZeepCaller(zeep_client, keys).search(("CustomerId", "Equals", "1")) == []


@pytest.mark.parametrize(
    ("version", "is_taken"), [(ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False)]
)
def test_tls_1_2_at_the_least(
    server: Server, authority: trustme.CA, version: ssl.TLSVersion, is_taken: bool
) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    # Or OpenSSL itself would not even ask.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = version
    connection = server.connect()
    connection._context = context
    try:
        if is_taken:
            connection.connect()
            assert connection.sock.version() == "TLSv1.2"
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                connection.connect()
    finally:
        connection.close()


# Tokens of an issuer.


def redeem(keys: Keys, server: Server) -> RefusedError:
    """What Microsoft's SDK is told that redeems a code which is none."""
    caller = bing_ads_caller(server.url, keys, customer_id=1, account_id=1)
    with pytest.raises(RefusedError) as refused:
        caller.redeem(server.first_keys["account_id"], "NONE")
    return refused.value


@pytest.fixture
def trusting_sdk(monkeypatch: pytest.MonkeyPatch, authority_file: str) -> None:
    """Let the SDK trust the test's certificates, as a machine's administrator would."""
    monkeypatch.setenv("SSL_CERT_FILE", authority_file)


@pytest.mark.usefixtures("trusting_sdk")
def test_microsofts_sdk_with_a_token_of_an_issuer(server: Server, issuer: Issuer, kim: str) -> None:
    developer = server.first_keys["developer_token"]
    assert redeem(Keys(developer, issuer.token()), server).code == 90001
    old = issuer.token(exp=int(time.time()) - 1)
    expired = redeem(Keys(developer, old), server)
    check_fault(expired, INVALID_CREDENTIALS)
    assert expired.details == "the token has expired"
    for nobody in ("nobody", "kim\0"):
        unknown = redeem(Keys(developer, issuer.token(sub=nobody)), server)
        check_fault(unknown, INVALID_CREDENTIALS)
    check_fault(redeem(Keys(None, issuer.token()), server), REQUEST_MISSING_HEADERS)
    check_fault(redeem(Keys("wrong", issuer.token()), server), INVALID_CREDENTIALS)
    assert redeem(Keys(developer, issuer.token()), server).code == 90001


def test_who_is_disabled_is_refused_whatever_the_issuer_says(
    server: Server, issuer: Issuer, programme: Programme, zeep_client: zeep.Client
) -> None:
    add_user(programme.call(), "lee", Role.OPERATOR, None)
    keys = Keys(server.first_keys["developer_token"], issuer.token(sub="lee"))
    caller = ZeepCaller(zeep_client, keys)
    assert caller.search(("CustomerId", "Equals", "1")) == []
    disable_user(programme.call(), "lee")
    with pytest.raises(RefusedError) as refused:
        caller.search(("CustomerId", "Equals", "1"))
    check_fault(refused.value, INVALID_CREDENTIALS)


# A proxy.


def location(server: Server, address: str, headers: dict[str, str]) -> str:
    """Where the WSDL says that the service is, to somebody who asks from an address."""
    connection = server.connect(address)
    try:
        connection.request("GET", server.url.partition(server.host)[2] + "?wsdl", headers=headers)
        reply = connection.getresponse()
        assert reply.status == HTTPStatus.OK
        (found,) = etree.fromstring(reply.read()).iter(f"{{{WSDL_SOAP}}}address")
    finally:
        connection.close()
    return str(found.get("location"))


def test_the_wsdl_names_what_a_trusted_proxy_tells(server: Server) -> None:
    path = server.url.partition(server.host)[2]
    assert location(server, PROXY, FORWARDED) == f"https://billing.example/shop{path}"
    assert location(server, PROXY, {}) == server.url
    assert location(server, "127.0.0.1", FORWARDED) == server.url


def sign_in_page(server: Server, address: str) -> tuple[str, str]:
    """The cookie and the page of who is to sign in."""
    connection = server.connect(address)
    try:
        connection.request("GET", "/console/sign-in", headers=FORWARDED)
        reply = connection.getresponse()
        return reply.getheader("Set-Cookie") or "", reply.read().decode()
    finally:
        connection.close()


def test_the_console_is_where_a_trusted_proxy_says(server: Server) -> None:
    cookie, page = sign_in_page(server, PROXY)
    assert "Path=/shop/console;" in cookie + ";"
    assert "Secure" in cookie
    assert '="/shop/console/static/' in page
    cookie, page = sign_in_page(server, "127.0.0.1")
    assert "Path=/console;" in cookie + ";"
    assert "/shop" not in page


# What is renewed.


def serial_number(server: Server) -> str:
    """Of the certificate that the service shows."""
    connection = server.connect()
    try:
        connection.connect()
        shown = connection.sock.getpeercert()
    finally:
        connection.close()
    return str(shown["serialNumber"])


@pytest.mark.prove
def test_a_renewed_certificate_is_shown_after_a_signal(
    server: Server, authority: trustme.CA
) -> None:
    """While calls go on: none of them fails."""
    before = serial_number(server)
    write_certificate(authority, server.log.parent)
    assert serial_number(server) == before
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: serial_number(server) != before)


@pytest.fixture
def linked(authority: trustme.CA, tmp_path: Path) -> Path:
    """A link to the folder of certificate and key, as Kubernetes has it."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        write_certificate(authority, tmp_path / name)
    (tmp_path / "live").symlink_to("old")
    return tmp_path / "live"


def lead(link: Path, folder: str) -> None:
    """Let a link lead to another folder, at once."""
    (link.parent / "next").symlink_to(folder)
    (link.parent / "next").replace(link)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.prove
def test_a_certificate_is_renewed_by_a_link_and_a_broken_one_is_not_taken(
    linked: Path, trust: ssl.SSLContext, session_databases: Databases
) -> None:
    settings = {"TLS_CERTIFICATE": f"{linked}/certificate.pem", "TLS_KEY": f"{linked}/key.pem"}
    with running(linked.parent, session_databases.blank(), trust, **settings) as server:
        before = serial_number(server)
        broken = linked.parent / "broken"
        shutil.copytree(linked, broken)
        (broken / "certificate.pem").write_text("no certificate\n")
        lead(linked, "broken")
        shutil.rmtree(linked.parent / "old")
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: "certificate not renewed" in server.log.read_text())
        assert serial_number(server) == before
        lead(linked, "new")
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: serial_number(server) != before)
    assert server.trouble() == []


@pytest.mark.usefixtures("trusting_sdk")
@pytest.mark.prove
def test_the_issuer_takes_another_key(server: Server, issuer: Issuer, kim: str) -> None:
    """Beside calls that go on: the old key until it is withdrawn, the new one after 30 s."""
    developer = server.first_keys["developer_token"]
    old = issuer.token()
    assert redeem(Keys(developer, old), server).code == 90001
    issuer.rotate(ec_key(f"key {len(issuer.keys)}"), keep=True)
    begun = time.monotonic()
    while redeem(Keys(developer, issuer.token()), server).code != 90001:
        assert time.monotonic() - begun < 35
        time.sleep(1)
    assert redeem(Keys(developer, old), server).code == 90001
