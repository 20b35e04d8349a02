"""What stands in the pages: blocks of code, and commands within sentences."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])
_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(text: str, language: str) -> list[str]:
    """The blocks of a page in one language, in their order."""
    return [code for name, code in _FENCED.findall(text) if name == language]


def languages(text: str) -> Counter[str]:
    """How many blocks of a page are in which language; what names none is a picture."""
    return Counter(name for name, _ in _FENCED.findall(text) if name)


def commands(text: str) -> list[str]:
    """Every command of ours in a text, in blocks and within sentences."""
    fenced = [line.strip() for _, code in _FENCED.findall(text) for line in code.splitlines()]
    prose = re.findall(r"`([^`\n]+)`", _FENCED.sub("", text))
    return [it for it in [*fenced, *prose] if re.match("coupon-billing [a-z]", it)]


def name_of(page: Path, root: Path = REPOSITORY) -> str:
    """How a page is called: by its path in the repository."""
    return page.relative_to(root).as_posix()


def read(name: str) -> str:
    """The text of a page."""
    return (REPOSITORY / name).read_text(encoding="utf-8")


def console_lines(pages: Iterable[str]) -> list[str]:
    """The lines of the console blocks of some pages, in their order."""
    return [
        line for page in pages for it in blocks(read(page), "console") for line in it.splitlines()
    ]
