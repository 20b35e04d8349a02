"""The console in a real Chromium: the way in, and around by the keyboard."""

import pytest
from playwright.sync_api import Browser, Page, expect

from service.domain.roles import Role
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import PASSWORD, Console


@pytest.fixture
def operator(console: Console) -> str:
    """An operator of a service with two customers."""
    console.programme.customer()
    console.programme.customer()
    return console.user("Olga")


def test_one_signs_in_and_finds_the_way_by_keyboard(
    page: Page, console: Console, operator: str
) -> None:
    page.goto("customers/1/overview?a=1")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    assert_accessible(page)
    page.get_by_label("User name").fill(operator)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/1/overview?a=1")
    focused = "document.activeElement.textContent.trim()"
    walked = []
    for _ in range(5):
        page.keyboard.press("Tab")
        walked.append(page.evaluate(focused))
    assert walked[:2] == ["Skip to content", "Coupon billing"]
    assert "Customer 1" in walked[2]
    assert walked[3] == "Overview"
    assert_accessible(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("signed out")


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_core_is_accessible(
    browser: Browser, console: Console, operator: str, viewport: dict[str, int], scheme: str
) -> None:
    with window(browser, console, viewport=viewport, color_scheme=scheme) as page:
        enter(page, console, operator)
        for path in ("customers", "customers/1/overview", "settings", "nothing"):
            page.goto(path)
            assert_accessible(page)


def test_the_menu_of_a_narrow_window_opens_by_keyboard(browser: Browser, console: Console) -> None:
    name = console.user("Rita", Role.READ_ONLY, console.programme.customer())
    with window(browser, console, viewport=NARROW) as page:
        enter(page, console, name)
        page.goto("")
        menu = page.get_by_role("navigation", name="Main")
        expect(menu).to_be_hidden()
        page.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(menu.get_by_role("link", name="Overview")).to_be_visible()
        expect(menu.get_by_role("link", name="Settings")).to_have_count(0)
        assert_accessible(page)
