"""What the page about tokens says is so."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.main import app as command_line
from service.domain.errors import ISSUER_UNAVAILABLE
from service.identity import bearer, issuer_keys
from service.operations.signing_secrets import READ_AGAIN, SETTLING
from service.settings import ENVIRONMENT_PREFIX, Settings
from service.storage.users import USES_STEP

PAGE = (Path(__file__).parents[2] / "docs" / "tokens.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())


@pytest.fixture
def type_in(database_url):
    """Types a line, and answers what it prints."""
    environment = {f"{ENVIRONMENT_PREFIX}DATABASE": database_url}

    def type_in(line):
        words = [*shlex.split(line)[1:], "--json"]
        done = CliRunner().invoke(command_line, words, env=environment)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return type_in


def test_the_commands_of_the_page(type_in):
    type_in("coupon-billing init")
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    told = {line: type_in(line) for block in blocks for line in block.splitlines()}
    (tokens,) = [it["tokens"] for it in told.values() if "tokens" in it]
    assert tokens[-1]["expires_at"].startswith("2030-12-31T23:59:59")
    assert [it["last_used_at"] for it in tokens] == [None] * 4
    assert {"number": 1}.items() <= told["coupon-billing secret rotate"].items()
    assert type_in("coupon-billing token list")["tokens"][3]["revoked_at"]


def test_the_numbers_of_the_page():
    for sentence in (
        f"refused after {'two' if Settings().authentication_age_s == 2 else ''} seconds",
        "at most once a minute for each token" if USES_STEP.seconds == 60 else "?",
        f"again every {issuer_keys.KEYS_AGE_MAX_S / 60:.0f} minutes",
        f"more often than every {issuer_keys.REFETCH_S:.0f} seconds",
        f"ahead by more than {bearer.CLOCKS_APART_S} seconds",
        f"{ISSUER_UNAVAILABLE.code} `{ISSUER_UNAVAILABLE.symbol}`",
        "after a minute, and signs after two" if SETTLING == 2 * READ_AGAIN else "?",
        f"with {', '.join(bearer.ALGORITHMS[:-1])} or {bearer.ALGORITHMS[-1]}.",
    ):
        assert sentence in TEXT


def test_the_settings_of_the_page():
    named = re.findall(rf"{ENVIRONMENT_PREFIX}(\w+)", PAGE)
    assert {name.lower() for name in named} == {
        name for name in Settings.model_fields if name.startswith("oauth_")
    }
    assert {f"`{name}`" for name in ("oauth_timeout_s", "console_secret_before")} <= set(
        re.findall(r"`\w+`", PAGE)
    )
