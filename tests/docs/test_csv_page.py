"""The commands of the page about CSV: what one writes, the other takes."""

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from service.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs" / "csv.md").read_text(encoding="utf-8")


def run(line):
    result = CliRunner().invoke(app, shlex.split(line))
    assert result.exit_code == 0, result.output


def test_the_commands_bring_coupons_from_one_service_to_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    importing, exporting = (line.removeprefix("coupon-billing ") for line in block.splitlines())
    for name in ("first", "second"):
        monkeypatch.setenv("COUPON_BILLING_DATABASE", f"sqlite:///{tmp_path / name}.db")
        run("init")
        run("class add --customer 1 --name Spring --type Retention --amount 50 --currency USD")
        if name == "first":
            Path("codes.csv").write_text("code\nalpha-1\nbeta-2\n", encoding="utf-8")
        else:
            Path("coupons.csv").rename("codes.csv")
        run(importing)
        run(exporting)
    lines = Path("coupons.csv").read_text(encoding="utf-8").splitlines()
    assert sorted(line.split(",")[0] for line in lines) == ["ALPHA-1", "BETA-2", "code"]
