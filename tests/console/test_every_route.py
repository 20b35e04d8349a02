"""Every address of the console, walked by everybody: nobody gets at what belongs to others."""

import re
from typing import Any

import httpx
import pytest
from lxml import html
from sqlalchemy import select

from service.domain.roles import Caller, Role
from service.storage.all_tables import metadata, party_tables, tables
from tests.console.server import Console, token
from tests.console.world import PUBLIC, World, build_world, methods

REFUSED = frozenset({400, 403, 404, 422})
MEMBERS = (Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY)


@pytest.fixture
def world(console: Console) -> World:
    """The world, with an operator, Olga."""
    return build_world(console)


def secrets_of(world: World) -> set[str]:
    """What names things of the customer that has everything, and nothing else."""
    programme, owner = world.console.programme, world.theirs["customer_id"]
    with programme.database.reading() as connection:
        of_classes = select(tables.coupon.c.code, tables.coupon.c.sent_to_email)
        coupons = connection.execute(of_classes).all()
        numbers = connection.execute(
            select(party_tables.account.c.number, party_tables.account.c.email).where(
                party_tables.account.c.customer_id == owner
            )
        ).all()
        name = connection.execute(
            select(party_tables.customer.c.name).where(party_tables.customer.c.customer_id == owner)
        ).scalar_one()
    texts = {text for row in (*coupons, *numbers) for text in row if text} | {name}
    return {text for text in texts if len(text) > 5}


def rows_of(world: World) -> dict[str, dict[Any, dict[str, Any]]]:
    """Every row of every table, by its key."""
    return {
        name: {
            tuple(row[column.name] for column in table.primary_key.columns): row
            for row in world.console.programme.rows(table)
        }
        for name, table in metadata.tables.items()
        if table.primary_key.columns
    }


def assert_nothing_changed(before: dict[str, dict[Any, Any]], world: World) -> None:
    """Hold that each row that was there is there, as it was."""
    now = rows_of(world)
    for name, rows in before.items():
        changed = {key: (row, now[name].get(key)) for key, row in rows.items()}
        assert {k: pair for k, pair in changed.items() if pair[0] != pair[1]} == {}, name


def form_on(text: str) -> dict[str, str]:
    """What a browser would send of the forms on a page, with something in each field."""
    sent: dict[str, str] = {}
    for form in html.fromstring(text).forms:
        if form.method == "POST" and not str(form.action or "").endswith("/sign-out"):
            sent |= {name: str(value or guess(name)) for name, value in form.fields.items() if name}
    sent.pop("csrf_token", None)
    return sent


def guess(name: str) -> str:
    """Something that a field of the name takes."""
    for part, value in {
        "email": "anna@example.com",
        "password": "correct horse battery",
        "class": "Spring",
        "code": "LEFTBEHIND",
        "date": "2026-12-31",
        "currency": "USD",
        "account": "2",
    }.items():
        if part in name:
            return value
    return "1"


def assert_tells_nothing(reply: httpx.Response, secrets: set[str], where: str) -> None:
    found = {text for text in secrets if text in reply.text}
    assert found == set(), f"{where} ({reply.status_code}) tells {found}"


def assert_no_address_leads_a_member_astray(world: World, role: Role) -> None:
    """Walk all addresses of what others have, by each method, with the forms of an operator."""
    console = world.console
    olga = console.signed_in("Olga")
    rita = console.signed_in(console.user("Rita", role, world.own_id))
    csrf_token = token(rita, f"customers/{world.own_id}/overview")
    secrets, before, walked = secrets_of(world), rows_of(world), 0
    for rule in world.rules:
        if rule.endpoint in PUBLIC or not rule.arguments:
            continue
        form = {}
        if methods(rule) == ["GET", "POST"]:
            form = form_on(olga.get(world.address(rule, world.theirs_of(rule))).text)
        for values in world.mixtures(rule):
            path = world.address(rule, values)
            for method in methods(rule):
                data = {**form, "csrf_token": csrf_token} if method == "POST" else None
                reply = rita.request(method, path, data=data)
                where = f"{method} {path}"
                assert_tells_nothing(reply, secrets, where)
                is_refused = reply.status_code in REFUSED or rule.endpoint == "calls.show"
                assert is_refused or values["customer_id"] == world.own_id, where
                walked += 1
    assert_nothing_changed(before, world)
    assert walked > 100


def assert_no_form_finds_what_others_have(world: World, role: Role) -> None:
    """Type what others have into each field of each form of a member."""
    console = world.console
    rita = console.signed_in(console.user("Typist", role, world.own_id))
    secrets, before = secrets_of(world), rows_of(world)
    searched = 0
    for rule in world.rules:
        if rule.endpoint in PUBLIC or rule.arguments - {"customer_id"}:
            continue
        path = world.address(rule, {"customer_id": world.own_id})
        page = rita.get(path) if "GET" in methods(rule) else None
        if page is None or page.status_code != 200:
            continue
        for form in html.fromstring(page.text).forms:
            if str(form.action or "").endswith(("/sign-out", "/password")) or "password" in path:
                continue
            for secret in (*sorted(secrets)[:: max(len(secrets) // 3, 1)], "Spring", "2"):
                typed = {n: secret for n, v in form.fields.items() if n != "csrf_token" and not v}
                sent = {**dict(form.fields), **typed}
                action = str(form.action or path).removeprefix("/console/")
                by_get = {"params": sent} if form.method == "GET" else {"data": sent}
                reply = rita.request(form.method, action, **by_get)
                untyped = {it for it in secrets if it not in secret}
                assert_tells_nothing(reply, untyped, f"{action} of {secret}")
                searched += 1
    assert_nothing_changed(before, world)
    assert searched > 10


def assert_every_page_is_shown_or_says_why_not(world: World, role: Role) -> None:
    """Look at each page; an operator sees every one of the customer that has everything."""
    console = world.console
    customer_id = None if role is Role.OPERATOR else world.own_id
    client = console.signed_in(console.user("Reader", role, customer_id))
    scope = {"customer_id": customer_id or world.theirs["customer_id"]}
    titles: dict[str, str] = {}
    for rule in world.rules:
        if "GET" not in methods(rule) or rule.endpoint in PUBLIC:
            continue
        path = world.address(rule, {**world.theirs_of(rule), **scope})
        reply = client.get(path)
        is_typed = bool(re.search(r"TrackingId <code>[0-9a-f-]{36}</code>", reply.text))
        assert reply.status_code < 400 or (reply.status_code < 500 and is_typed), path
        assert role is not Role.OPERATOR or reply.status_code < 400, (path, reply.status_code)
        if reply.status_code == 200 and "<title>" in reply.text:
            title = reply.text.partition("<title>")[2].partition("</title>")[0]
            assert title not in titles, f"{path} and {titles[title]} are both called {title}"
            titles[title] = path


def assert_no_form_is_taken_without_its_token(world: World) -> None:
    """Send each form as another site would."""
    olga = world.console.signed_in("Olga")
    before = rows_of(world)
    for rule in world.rules:
        if "POST" in methods(rule):
            path = world.address(rule, world.theirs_of(rule))
            for data in ({}, {"csrf_token": "forged"}):
                reply = olga.post(path, data=data)
                assert reply.status_code == 400, path
                assert "was not sent from the console" in reply.text
    assert_nothing_changed(before, world)


def test_everybody_gets_where_they_may_and_no_further(world: World) -> None:
    assert_every_page_is_shown_or_says_why_not(world, Role.OPERATOR)
    assert_no_form_is_taken_without_its_token(world)
    assert_no_address_leads_a_member_astray(world, Role.SUPER_ADMIN)


@pytest.mark.prove
@pytest.mark.parametrize("role", MEMBERS, ids=lambda role: role.value)
def test_each_role_gets_where_it_may_and_no_further(world: World, role: Role) -> None:
    assert_every_page_is_shown_or_says_why_not(world, role)
    assert_no_address_leads_a_member_astray(world, role)
    assert_no_form_finds_what_others_have(world, role)


@pytest.mark.prove
def test_the_walk_would_notice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where everybody may read everything, the walk fails."""
    monkeypatch.setattr(Caller, "may_read", lambda _caller, _customer_id: True)
    with pytest.raises(AssertionError, match=r"tells|GET customers"):
        assert_no_address_leads_a_member_astray(world, Role.READ_ONLY)


@pytest.mark.prove
def test_nobody_gets_anywhere_who_has_not_signed_in(world: World) -> None:
    nobody = world.console.client()
    csrf_token = token(nobody)
    secrets, before = secrets_of(world), rows_of(world)
    for rule in world.rules:
        if rule.endpoint in PUBLIC:
            continue
        for method in methods(rule):
            path = world.address(rule, world.theirs_of(rule))
            data = {"csrf_token": csrf_token} if method == "POST" else None
            reply = nobody.request(method, path, data=data)
            assert reply.headers["Location"].startswith("/console/sign-in"), path
            assert_tells_nothing(reply, secrets, path)
    assert_nothing_changed(before, world)
