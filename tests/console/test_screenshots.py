"""The command that takes the screenshots of the docs, and that the docs have all of them."""

from pathlib import Path

import pytest

from tests.console.screenshots import FOLDER, take

PNG = b"\x89PNG"
PAGE = FOLDER.parent / "console.md"
BYTES_MAX = 200_000


@pytest.mark.prove
def test_the_docs_have_the_screenshots_that_the_command_takes(
    closed_applications: None, tmp_path: Path
) -> None:
    take(tmp_path)
    taken = {it.name: it.read_bytes() for it in tmp_path.iterdir()}
    assert {it.name for it in FOLDER.iterdir()} == set(taken)
    for name, content in taken.items():
        assert content.startswith(PNG)
        assert len(content) < BYTES_MAX
        assert f"(images/{name})" in PAGE.read_text(encoding="utf-8")
