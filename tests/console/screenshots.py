"""Screenshots of the console, for the docs: ``python -m tests.console.screenshots``."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from service.storage.engine import Database
from service.storage.schema import upgrade
from service.storage.tables import redemption
from tests.console.browser import chromium, window
from tests.console.server import Console, serving
from tests.console.showcase import PASSWORD, Showcase
from tests.programme import Programme

FOLDER = Path(__file__).parents[2] / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
PAGES = {
    "overview": "customers/1/overview",
    "minting": "customers/1/minting/new?class_name=Spring+2026",
    "coupon": "customers/1/coupons/{coupon_id}",
    "account": "customers/1/accounts/{account_id}",
    "calls": "calls?outcome=faults",
    "user": "users/2",
}
"""The address of the page of each screenshot, by its name."""


@contextmanager
def showcase() -> Iterator[Console]:
    """The console of a programme in full swing."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/showcase.db")
        upgrade(database)
        programme = Programme(database)
        Showcase(programme).fill()
        with serving(programme) as console:
            yield console
        database.close()


def take(folder: Path) -> None:
    """Take each of them, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with showcase() as console, chromium() as browser:
        shown = _active_redemption(console.programme)
        with window(browser, console, viewport=SIZE, color_scheme="light") as page:
            sign_in(page)
            for name, path in PAGES.items():
                page.goto(path.format(**shown))
                page.screenshot(path=folder / f"console-{name}.png")


def sign_in(page: Page) -> None:
    """Sign in by the form, as the operator of the showcase."""
    page.goto("")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()


def _active_redemption(programme: Programme) -> dict[str, object]:
    """A redemption of which something is drawn, and something left."""
    drawn = (
        it for it in programme.rows(redemption) if it["activated_at"] and 10 < it["balance"] < 40
    )
    return next(drawn)


if __name__ == "__main__":
    take(*map(Path, sys.argv[1:2] or [FOLDER]))
