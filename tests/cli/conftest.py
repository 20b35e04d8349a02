"""The command, run as it is typed, on an initialised database of the test's own."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli.main import app
from tests.databases import Databases


@dataclass(frozen=True)
class Outcome:
    """What a command printed."""

    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value and nothing else."""
        return json.loads(self.stdout)


Run = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not see the settings of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("COUPON_BILLING_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a command and checks its exit code.

    The first argument is split at its spaces; the others are taken as they are.
    """

    def run(line: str, *arguments: object, exit_code: int = 0, stdin: str | None = None) -> Outcome:
        words = [*line.split(), *map(str, arguments)]
        result = CliRunner().invoke(app, words, input=stdin)
        assert result.exit_code == exit_code, result.output
        return Outcome(result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def initialised_url(run: Run, session_databases: Databases) -> str:
    """A database after `init`, made once and copied for each test."""
    url = session_databases.blank()
    run("init", "--database", url)
    return url


@pytest.fixture
def url(databases: Databases, initialised_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an initialised database, which is also the setting.

    It has customer 1 with account 1, in USD.
    """
    url = databases.copy(initialised_url)
    monkeypatch.setenv("COUPON_BILLING_DATABASE", url)
    return url


@pytest.fixture
def codes(run: Run, url: str) -> list[str]:
    """Three coupons of the class Spring, worth 50 USD, by their codes."""
    run(
        "class add --customer 1 --name Spring --type Retention --currency USD",
        "--amount=50",
    )
    minted = run("mint --customer 1 --class Spring --count 3 --show-codes --json")
    return minted.json["codes"]
