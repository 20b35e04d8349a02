"""Addresses of static files that change with their content, so that browsers may keep them."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask

DIGEST_LENGTH = 12


def mark_versions(app: Flask) -> None:
    """Let ``url_for("static", filename=...)`` say which content it means."""
    folder = Path(str(app.static_folder))

    def put_version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values["v"] = _digest(folder / str(values["filename"]))

    app.url_defaults(put_version)


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:DIGEST_LENGTH]
