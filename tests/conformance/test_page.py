"""The page of the docs says what the checks say."""

from pathlib import Path

from tests.conformance.page import page

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def test_the_committed_page_is_the_present_one():
    assert PAGE.read_text(encoding="utf-8") == page(), "run docs/generate_conformance.py"
