"""A console for each test, and one Chromium for all of a file."""

from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from playwright.sync_api import Browser, Page

from tests.console.browser import chromium, window
from tests.console.server import Console, serving
from tests.programme import Programme

IN_A_QUICK_BROWSER = frozenset({"test_browser.py", "test_story.py"})
"""The files whose tests in Chromium do not wait for the proofs."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to `make prove` what needs Chromium, but for the short way through the console."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "browser" in names and item.path.name not in IN_A_QUICK_BROWSER:
            item.add_marker(pytest.mark.prove)


class CompiledTemplates(BytecodeCache):
    """What Jinja has compiled, once for all consoles of the process.

    A service has one console, and each test its own.
    """

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once() -> Iterator[None]:
    """Let all consoles of the process share what Jinja compiles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": CompiledTemplates()})
        yield


@pytest.fixture
def console(programme: Programme, closed_applications: None) -> Iterator[Console]:
    """The console of an empty programme."""
    with serving(programme) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: started once for a file, as that takes half a second.

    Not for all: while it runs, the process has an event loop, and other tests want their own.
    """
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, console: Console) -> Iterator[Page]:
    """A wide window, light, in which nobody has signed in."""
    with window(browser, console) as shown:
        yield shown
