"""The page about a programme: its commands run in their order, and come to what it says."""

import json
import shlex
from decimal import Decimal
from pathlib import Path

from typer.testing import CliRunner

from service.cli.main import app
from tests.docs.blocks import console_lines


def run(words: list[str]) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, (words, result.output)
    return result.stdout


def a_free_code() -> str:
    """The code of a coupon that nobody has."""
    found = json.loads(run(shlex.split("coupon search --customer 2 --size 100 --json")))["coupons"]
    return next(
        str(it["coupon_code"]) for it in found if not it["send_to_email"] and not it["claim_info"]
    )


def test_the_programme_of_the_page_runs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("COUPON_BILLING_DATABASE", f"sqlite:///{tmp_path / 'programme.db'}")
    monkeypatch.setenv("COUPON_BILLING_MAIL_FOLDER", str(tmp_path / "mail"))
    code, balances = None, []
    for line in console_lines(["docs/programme.md"]):
        if "CODE" in line and code is None:
            code = a_free_code()
        run(shlex.split(line.replace("CODE", str(code)))[1:])
        if line.startswith("coupon-billing spend"):
            shown = json.loads(run(["coupon", "show", str(code), "--json"]))
            balances.append(Decimal(shown["coupon"]["redemption_info"]["balance"]))
    assert balances == [30, 0]
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 3
