"""A real Chromium, and what every page must be in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console.server import Console

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
GRAVE = frozenset({"serious", "critical"})
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 375, "height": 812}
PATIENCE_MS = 60_000
"""How long a page may take on a busy machine to show what it is to show."""

# By itself it has 5 seconds of patience.
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, for the time of the block."""
    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    assert path, "there is no Chromium: run tests/console/install-chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser, console: Console, **options: object) -> Iterator[Page]:
    """A window of its own cookies; scripts that fail or are forbidden fail the test.

    Args:
        browser: Of which.
        console: Whose pages it shows.
        options: Such as ``viewport`` and ``color_scheme``.
    """
    with watched(browser, base_url=console.url, **options) as page:
        yield page


@contextmanager
def watched(browser: Browser, **options: object) -> Iterator[Page]:
    """A window of its own cookies, of no console in particular."""
    complaints: list[str] = []
    context = browser.new_context(**{"viewport": WIDE, **options})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda it: complaints.append(it.text) if _is_complaint(it.text) else None)
    yield page
    context.close()
    assert complaints == []


def _is_complaint(text: str) -> bool:
    # A page may well answer 404: only what the page itself does wrong counts.
    return "Content Security Policy" in text or "Refused to" in text or "htmx:" in text


def enter(page: Page, console: Console, name: str) -> None:
    """Let the window be that of somebody who has signed in, without the form."""
    host = urlsplit(console.url).hostname
    for cookie in console.signed_in(name).cookies.jar:
        page.context.add_cookies(
            [{"name": cookie.name, "value": cookie.value, "domain": host, "path": "/console"}]
        )


def assert_accessible(page: Page) -> None:
    """Hold that axe-core finds nothing serious, and nothing is wider than the window."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    grave = [
        f"{it['id']} ({it['help']}): {[node['html'] for node in it['nodes']]}"
        for it in found
        if it["impact"] in GRAVE
    ]
    assert grave == [], f"{page.url}: " + "\n".join(grave)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{page.url} is {overflow} px wider than the window"
