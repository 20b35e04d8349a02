"""What pages are put together from, in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from service.console import application
from tests.console import gallery
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console


@pytest.fixture(autouse=True)
def with_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the gallery to the console's pages."""
    of_service = list(application.find_blueprints())
    monkeypatch.setattr(application, "find_blueprints", lambda: [*of_service, gallery.blueprint])


@pytest.fixture
def gallery_page(
    browser: Browser, console: Console, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The gallery, in a window as the test wants it."""
    viewport, scheme = getattr(request, "param", (WIDE, "light"))
    with window(browser, console, viewport=viewport, color_scheme=scheme) as page:
        enter(page, console, console.user("Olga"))
        page.goto("gallery")
        yield page


LOOKS = [
    pytest.param((NARROW, "dark"), id="narrow-dark"),
    pytest.param((WIDE, "light"), id="wide-light", marks=pytest.mark.prove),
    pytest.param((NARROW, "light"), id="narrow-light", marks=pytest.mark.prove),
    pytest.param((WIDE, "dark"), id="wide-dark", marks=pytest.mark.prove),
]


@pytest.mark.parametrize("gallery_page", LOOKS, indirect=True)
def test_every_macro_is_accessible(gallery_page: Page) -> None:
    for summary in gallery_page.locator("main summary").all():
        summary.click()
    assert_accessible(gallery_page)
    gallery_page.get_by_label("Name").fill(" ")
    gallery_page.get_by_role("button", name="Send").click()
    expect(gallery_page.get_by_role("alert")).to_contain_text("Name: Type a name.")
    assert_accessible(gallery_page)


def test_a_bar_moves_until_its_end(gallery_page: Page) -> None:
    bar = gallery_page.locator("progress")
    seen = {bar.get_attribute("value")}
    expect(bar).to_have_attribute("value", "65")
    expect(bar).to_have_attribute("value", "100")
    assert seen == {"30"}
    expect(gallery_page.locator("[hx-get]")).to_have_count(0)


def test_a_refusal_stands_at_its_field_or_above_the_form(gallery_page: Page) -> None:
    name = gallery_page.get_by_label("Name")
    name.fill("taken")
    gallery_page.get_by_role("button", name="Send").click()
    error = "The name is already in use: class taken."
    expect(name).to_have_accessible_description(f"What it is called {error}")
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("missing")
    gallery_page.get_by_role("button", name="Send").click()
    expect(gallery_page.get_by_role("alert")).to_contain_text("The entity does not exist.")
    expect(gallery_page.get_by_role("alert")).to_contain_text("class missing")


def test_values_are_written_for_people(gallery_page: Page) -> None:
    main = gallery_page.locator("main")
    for written in ("1,234,567", "1,234.50 USD", "12.5 %", "40.0 %", "2026-03-01 12:00 UTC"):
        expect(main).to_contain_text(written)
    time = gallery_page.locator("time").first
    expect(time).to_have_attribute("datetime", "2026-03-01T12:00:00Z")
    assert "2026" in (time.get_attribute("title") or "")
    expect(gallery_page.locator("h1")).to_have_text("Gallery of <b>macros</b>")
    gallery_page.goto("gallery?a=1&after=x&a=2")
    links = gallery_page.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(links.nth(0)).to_have_attribute("href", "/console/gallery?a=1&a=2")
    expect(links.nth(1)).to_have_attribute("href", "/console/gallery?a=1&a=2&after=next")


def test_what_cannot_be_undone_asks_first(gallery_page: Page) -> None:
    gallery_page.goto("gallery/confirm")
    expect(gallery_page.get_by_role("heading", level=1)).to_have_text("Delete 5 coupons?")
    expect(gallery_page.get_by_role("button", name="Delete them")).to_be_visible()
    assert_accessible(gallery_page)
