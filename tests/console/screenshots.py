"""Screenshots of the console, for the docs: ``python -m tests.console.screenshots``."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from service.storage.engine import Database
from service.storage.schema import upgrade
from tests.console.browser import chromium, window
from tests.console.server import Console, serving
from tests.console.showcase import PASSWORD, Showcase
from tests.programme import Programme

FOLDER = Path(__file__).parents[2] / "docs" / "images"
SIZE = {"width": 1280, "height": 860}
PAGES = {
    "overview": "customers/1/overview",
    "classes": "customers/1/classes/1",
    "minting": "customers/1/minting/new",
    "coupons": "customers/1/coupons",
    "calls": "calls",
    "users": "users/2",
}
"""The address of each screenshot's page, by its name."""


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


def main(folder: Path = FOLDER) -> None:
    """Make them all anew."""
    folder.mkdir(parents=True, exist_ok=True)
    with showcase() as console, chromium() as browser:
        with window(browser, console, viewport=SIZE, color_scheme="light") as page:
            sign_in(page)
            for name, path in PAGES.items():
                page.goto(path)
                page.screenshot(path=folder / f"console-{name}.png")


def sign_in(page: Page) -> None:
    """Sign in by the form, as the operator of the showcase."""
    page.goto("")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
