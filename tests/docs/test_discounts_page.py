"""The page about discounts: its snippets print what it says."""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from tests.clients.server import running

PAGE = (Path(__file__).parents[2] / "docs" / "discounts.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def said(snippet: str) -> list[list[object]]:
    """What the comment behind each ``print``, or beneath it, says that it prints."""
    return [values(text) for text in re.findall(r"^print\(.*\)(?:  |\n)# (.*)$", snippet, re.M)]


def values(line: str) -> list[object]:
    """The words of a line; amounts by their value."""
    return [_value(word) for word in line.split()]


def _value(word: str) -> object:
    try:
        return Decimal(word)
    except InvalidOperation:
        return word


@pytest.mark.prove
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_snippets_print_what_the_page_says(tmp_path: Path, databases, capsys) -> None:
    scope: dict[str, object] = {}
    with running(tmp_path, databases.blank()) as server:
        for snippet in SNIPPETS:
            told = said(snippet)
            assert len(told) == snippet.count("\nprint(")
            filled_in = (
                snippet.replace("127.0.0.1:8080", server.host)
                .replace("DEVELOPER-TOKEN", server.first_keys["developer_token"])
                .replace("AUTHENTICATION-TOKEN", server.first_keys["authentication_token"])
            )
            exec(filled_in, scope)
            assert [values(line) for line in capsys.readouterr().out.splitlines()] == told
        scope["client"].transport.session.close()
        assert server.trouble() == []
