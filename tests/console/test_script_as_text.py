"""Script in every text that people can type is shown as text, wherever it is shown."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flask import Flask
from lxml import html
from playwright.sync_api import Browser, Dialog
from sqlalchemy import Table, update

from service.console import application
from service.storage.all_tables import discount_tables, party_tables, tables
from tests.console.browser import enter, watched
from tests.console.server import Console, serving, token
from tests.console.world import PUBLIC, World, build_world, methods

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
SHORT = "<b>"
"""For what has no room for more; the row's number follows."""
TEXTS: dict[Table, tuple[str, ...]] = {
    party_tables.customer: ("name",),
    party_tables.service_user: ("email",),
    party_tables.account: ("number", "email"),
    tables.coupon_class: ("name", "code_pattern", "code_alphabet", "language"),
    tables.coupon: ("code", "sent_to_email"),
    tables.audit: ("action", "entity"),
    tables.spend: ("reference",),
    tables.outbox: ("recipient", "last_error", "mail_id"),
    tables.creation_job: ("code_pattern", "code_alphabet"),
    party_tables.subscription: ("reference", "product_id", "rate_plan_id"),
    discount_tables.coupon_definition: ("name", "description"),
    discount_tables.parent_coupon: ("name", "product", "product_name", "rate_plan_name"),
    discount_tables.coupon_instance: ("reference", "crm_id"),
    discount_tables.bill: ("reference",),
}
"""Texts that came from people, or from machines elsewhere."""


@pytest.fixture
def world(console: Console) -> World:
    """A world in which each text is a script; behind the operations, which refuse some."""
    world = build_world(console)
    programme = world.console.programme
    for table, names in TEXTS.items():
        (key,) = table.primary_key.columns
        for row in programme.rows(table):
            number = row[key.name]
            present = [name for name in names if row[name] is not None]
            values = {name: script_for(table, name, number) for name in present}
            if values:
                programme.change(table, key == number, **values)
    with programme.database.writing() as connection:
        connection.execute(update(tables.audit).values(after={SCRIPT: SCRIPT}))
        connection.execute(update(tables.job).values(errors=[SCRIPT]))
    return world


def script_for(table: Table, name: str, number: int) -> str:
    """A script with a number in it, as names are unique; PostgreSQL holds columns to a length."""
    script = f"{SCRIPT}{table.name} {number}"
    length = getattr(table.c[name].type, "length", None) or len(script)
    return script if len(script) <= length else f"{SHORT}{number}"


def assert_is_text(text: str, where: str) -> bool:
    """Hold that a page has no element that a text made; answers whether it shows the script."""
    page = html.fromstring(text)
    scripts = [it.get("src") or it.text for it in page.iter("script")]
    ours = [it for it in scripts if str(it).startswith("/console/static/")]
    assert scripts == ours, f"{where} has scripts of others: {scripts}"
    assert page.xpath("//img | //main//b | //*[@onerror]") == [], where
    return "alert(1)" in page.text_content()


def pages(world: World) -> Iterator[tuple[str, str]]:
    """The endpoint and address of each page about the customer that has everything."""
    for rule in world.rules:
        if "GET" in methods(rule) and rule.endpoint not in PUBLIC:
            yield rule.endpoint, world.address(rule, world.theirs_of(rule))


def is_page(reply: httpx.Response) -> bool:
    return reply.status_code < 400 and reply.headers["Content-Type"].startswith("text/html")


def walk(world: World) -> set[str]:
    """Look at each page, and hold that it shows texts as texts; answers which show the script."""
    olga = world.console.signed_in("Olga")
    showing = set()
    for endpoint, path in pages(world):
        reply = olga.get(path)
        assert reply.status_code < 500, path
        if is_page(reply) and reply.text and assert_is_text(reply.text, path):
            showing.add(endpoint)
    return showing


def test_each_page_shows_script_as_text(browser: Browser, world: World) -> None:
    showing = walk(world)
    expected = {
        "start.customers",
        "overview.index",
        "classes.index",
        "classes.show",
        "coupons.index",
        "coupons.show",
        "minting.index",
        "minting.show",
        "accounts.show",
        "mail.index",
        "mail.show",
        "calls.show",
        "audit.index",
        "users.index",
        "users.show",
    }
    assert showing >= expected
    shortly = {"classes.show", "coupons.show", "mail.show", "audit.index"}
    look_in_browser(browser, world, [path for it, path in pages(world) if it in shortly])


@pytest.mark.prove
def test_each_form_shows_what_was_typed_as_text(world: World) -> None:
    olga = world.console.signed_in("Olga")
    csrf_token = token(olga, "users/new")
    shown = 0
    for endpoint, path in list(pages(world)):
        reply = olga.get(path)
        if not is_page(reply) or not reply.text:
            continue
        for form in html.fromstring(reply.text).forms:
            typed = {name: SCRIPT for name in form.fields if is_typed(form, name)}
            if typed:
                sent = {**dict(form.fields), **typed, "csrf_token": csrf_token}
                action = str(form.action or path).removeprefix("/console/")
                how: dict[str, Any] = {"params" if form.method == "GET" else "data": sent}
                answer = olga.request(form.method, action, **how)
                assert answer.status_code < 500, path
                if answer.status_code != 303:
                    shown += assert_is_text(answer.text, f"{endpoint} {path}")
    assert shown > 10


def is_typed(form: html.FormElement, name: str) -> bool:
    """Whether people type into the field, whatever browsers would hold them to."""
    field = form.inputs[name]
    return field.tag == "textarea" or field.get("type") in {"text", "search", "email", "number"}


@pytest.mark.prove
def test_without_escaping_the_walk_would_notice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: templates that take texts for HTML fail."""
    prepare = application.prepare_templates

    def prepare_badly(app: Flask) -> None:
        prepare(app)
        # What is compiled here is nobody else's, as whether to escape is compiled in.
        app.jinja_env.bytecode_cache = None
        app.jinja_env.autoescape = False

    monkeypatch.setattr(application, "prepare_templates", prepare_badly)
    with serving(world.console.programme) as console:
        world.console = console
        with pytest.raises(AssertionError):
            walk(world)


def look_in_browser(browser: Browser, world: World, paths: list[str]) -> None:
    """Hold that no text becomes an element in a real browser, and nothing runs."""
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    with watched(browser, base_url=world.console.url) as page:
        enter(page, world.console, "Olga")
        page.on("dialog", note)
        for path in paths:
            page.goto(path)
            foreign = page.locator("script:not([src^='/console/static/']), main img, main b")
            assert foreign.count() == 0, path
    assert dialogs == []


@pytest.mark.prove
def test_nothing_runs_in_a_browser_on_any_page(browser: Browser, world: World) -> None:
    olga = world.console.signed_in("Olga")
    paths = [path for _, path in pages(world) if is_page(olga.get(path))]
    assert len(paths) > 30
    look_in_browser(browser, world, paths)
