"""What holds of every page: headers, who may see it, and what is told when something is wrong."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask
from lxml import html
from sqlalchemy import text
from werkzeug.routing import Rule

from service.console.application import ConsoleConfig, create_pages
from service.domain.roles import Role
from service.operations.sign_in import FrontDesk
from service.storage.engine import Database
from tests.console.server import Console, below, serving, token
from tests.databases import Databases
from tests.programme import Programme
from tests.storage.engines import ON_SQLITE

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MEMBERS = [
    pytest.param(Role.READ_ONLY, marks=pytest.mark.prove),
    pytest.param(Role.STANDARD, marks=pytest.mark.prove),
    Role.SUPER_ADMIN,
]
"""Who has no right beyond one customer."""
INLINE = re.compile(
    r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)


@pytest.fixture
def pages(programme: Programme) -> Flask:
    """The pages, to be listed."""
    desk = FrontDesk(programme.database, session_idle=timedelta(hours=1))
    return create_pages(desk, ConsoleConfig("/console", timedelta(hours=1), 1000))


def rules(pages: Flask) -> Iterator[tuple[str, str]]:
    """Each method and address of the console, with an example of each number and text."""
    for rule in pages.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, example(rule)


def example(rule: Rule) -> str:
    of_kind = {"uuid": "00000000-0000-0000-0000-000000000001"}
    kinds = re.compile(r"<(?:(\w+)[^:>]*:)?\w+>")
    return kinds.sub(lambda it: of_kind.get(it[1], "1"), rule.rule).lstrip("/")


def ask(client: httpx.Client, method: str, path: str, csrf_token: str = "") -> httpx.Response:
    return client.request(
        method, path, data={"csrf_token": csrf_token} if method == "POST" else None
    )


def test_nobody_sees_a_page_without_signing_in(console: Console, pages: Flask) -> None:
    client = console.client()
    csrf_token = token(client)
    public = {"sign-in", "static/1"}
    statuses = {
        (method, path): ask(client, method, path, csrf_token).status_code
        for method, path in rules(pages)
        if path not in public
    }
    assert len(statuses) > 4
    assert set(statuses.values()) == {303}, statuses


@pytest.mark.parametrize("role", MEMBERS)
def test_no_address_leads_to_another_customer(console: Console, pages: Flask, role: Role) -> None:
    other, own = console.programme.customer(), console.programme.customer()
    client = console.signed_in(console.user("Rita", role, own))
    csrf_token = token(client, f"customers/{own}/overview")
    of_other = [(m, p) for m, p in rules(pages) if p.startswith(f"customers/{other}/")]
    assert len(of_other) > 0
    for method, path in of_other:
        reply = ask(client, method, path, csrf_token)
        assert reply.status_code == 403, (method, path)
        assert "Customer 1" not in reply.text
        missing = ask(client, method, path.replace("/1/", "/99/", 1), csrf_token)
        assert told(missing) == told(reply).replace("customer 1", "customer 99")


def told(reply: httpx.Response) -> str:
    """What a page says, without the TrackingId."""
    return re.sub(r"<code>[0-9a-f-]{36}</code>", "", reply.text.partition("<main")[2])


@pytest.mark.parametrize("role", MEMBERS)
def test_pages_for_operators_are_for_no_others(console: Console, pages: Flask, role: Role) -> None:
    client = console.signed_in(console.user("Rita", role, console.programme.customer()))
    csrf_token = token(client, "customers/1/overview")
    for_operators = ("settings", "users", "mail", "audit")
    found = [(m, p) for m, p in rules(pages) if p.split("/")[0] in for_operators]
    assert len(found) > 0
    for method, path in found:
        assert ask(client, method, path, csrf_token).status_code == 403, (method, path)


def test_every_reply_tells_browsers_to_be_strict(console: Console, pages: Flask) -> None:
    console.programme.customer()
    client = console.signed_in(console.user("Olga"))
    for path in [path for method, path in rules(pages) if method == "GET"] + ["nothing", "sign-in"]:
        reply = client.get(path)
        assert reply.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "same-origin"
        assert reply.headers["Cache-Control"] == "no-store"
        assert INLINE.findall(reply.text) == [], path


def test_static_files_are_kept_until_they_change(console: Console) -> None:
    client = console.client()
    links = re.findall(r'(?:src|href)="(/console/static/[^"]+)"', client.get("sign-in").text)
    assert len(links) == 4
    for link in links:
        reply = client.get(below(link))
        assert reply.status_code == 200
        assert "immutable" in reply.headers["Cache-Control"]
        assert reply.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert client.get("static/console.css").headers["Cache-Control"] == "no-store"
    assert client.get("static/../application.py").status_code == 404
    assert client.get("static/%2e%2e/application.py").status_code == 404


def test_a_wrong_address_is_told_what_to_do(console: Console) -> None:
    console.programme.customer()
    client = console.signed_in(console.user("Olga"))
    for path, status, advice in (
        ("nothing", 404, "Nothing is at this address"),
        ("sign-out", 405, "when its button is pressed"),
        (f"customers/{2**63}/overview", 404, "Nothing is at this address"),
        (f"customers/{2**63 - 1}/overview", 403, "the two look alike"),
        ("customers?a=%00", 400, "Go back"),
        ("settings/%00", 400, "Go back"),
    ):
        reply = client.get(path)
        assert (reply.status_code, advice in reply.text) == (status, True), reply.text
        assert re.search(r"TrackingId <code>[0-9a-f-]{36}</code>", reply.text)
        assert "Sign out" in reply.text or status == 400
    for nonsense in (f"{2**63}", "-1", "x", ""):
        assert "Customer 1" in client.get(f"customers?after={nonsense}").text


def test_a_link_to_the_same_page_leads_there_whatever_its_query_says(console: Console) -> None:
    customer_id = console.programme.customer()
    client = console.signed_in(console.user("Olga"))
    odd = f"customer_id={customer_id}&endpoint=x&_scheme=javascript&_external=1&_method=x&a=1&a=2"
    for path in ("customers", f"customers/{customer_id}/classes"):
        (link,) = html.fromstring(client.get(f"{path}?after=0&{odd}").text).xpath(
            "//a[text() = 'First page']/@href"
        )
        assert link == f"/console/{path}?{odd}"


@pytest.mark.parametrize("host", ["<script>", "a..b", "a" * 64, "a" * 10_000])
def test_a_host_that_is_none_is_refused(console: Console, host: str) -> None:
    reply = console.client().get("sign-in", headers={"Host": host})
    assert reply.status_code == 400
    assert host not in reply.text


def test_too_much_is_refused(console: Console) -> None:
    client = console.client()
    form = {"csrf_token": token(client), "user_name": "x" * 300_000}
    reply = client.post("sign-in", data=form)
    assert reply.status_code == 413
    assert "body_bytes_max" in reply.text


def test_names_are_text(console: Console) -> None:
    name = "<script>alert(1)</script>&amp;"
    console.user(name)
    console.programme.customer()
    page = console.signed_in(name).get("settings").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;" in page


@ON_SQLITE  # a writer of PostgreSQL keeps nobody waiting here
def test_trouble_is_told_as_such(
    programme: Programme, closed_applications: None, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(programme, lock_timeout_s=0.1) as console, programme.database.writing() as held:
        held.execute(text("INSERT INTO customer (name, created_at) VALUES ('x', 'y')"))
        client = console.client()
        reply = client.get("sign-in")
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "5"
    assert "Try again" in reply.text
    line = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert line["tracking_id"] in reply.text
    assert "locked" not in reply.text


def test_a_database_without_tables_is_told_as_trouble(
    databases: Databases, closed_applications: None, tmp_path: Path
) -> None:
    for url in (databases.blank(), f"sqlite:///{tmp_path}/no/such.db"):
        database = Database(url)
        with serving(Programme(database)) as console:
            reply = console.client().get("customers")
            assert (reply.status_code, "Try again" in reply.text) == (503, True)
            assert console.client().get("static/console.css").status_code == 200
        database.close()


def test_a_bug_tells_the_log_and_not_the_visitor(
    console: Console, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a secret")

    client = console.signed_in(console.user("Olga"))
    monkeypatch.setattr("service.console.pages.start.visible_customers", fail)
    reply = client.get("customers")
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text
    line = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert line["event"] == "internal error"
    assert line["tracking_id"] in reply.text
    assert "a secret" not in line["traceback"].replace('raise RuntimeError("a secret")', "")
