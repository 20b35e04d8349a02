"""``spend``."""

import pytest

RECORD = "spend record --account 1 --reference invoice --amount"


@pytest.fixture
def code(run, url):
    run("class add --customer 1 --name Spring --type Retention --currency USD --amount 50")
    (code,) = run("mint --customer 1 --class Spring --count 1 --show-codes --json").json["codes"]
    run("coupon redeem --account 1", code)
    return code


def test_spend_is_recorded_once(run, code):
    first = run(RECORD, "20", "--date", "2026-01-01", "--json", exit_code=0).json
    assert first["lines"] == []
    spent = run("spend record --account 1 --reference second --amount 20 --json").json
    (line,) = spent["lines"]
    assert (line["coupon_code"], line["drawn"]) == (code, "20")
    assert run("spend record --account 1 --reference second --amount 20 --json").json == spent
    other = run("spend record --account 1 --reference second --amount 21 --json", exit_code=1)
    assert other.json["error"]["symbol"] == "SpendReferenceTaken"


def test_spend_is_reversed(run, code):
    run(RECORD, "20")
    reverse = "spend reverse --account 1 --reference invoice --json"
    assert run(reverse).json["reversed_at"].endswith("Z")
    shown = run("coupon show", code, "--json").json
    assert shown["coupon"]["redemption_info"]["balance"] == "50"
    assert [it["after"]["reference"] for it in shown["history"][-2:]] == ["invoice", "invoice"]
