"""class add, list, show, update, retire."""

import pytest

ADD = "class add --customer 1 --name Spring --type Acquisition --currency USD"
SHOW = "class show --customer 1 --name Spring --json"
UPDATE = "class update --customer 1 --name Spring --json"
RETIRE = "class retire --customer 1 --name Spring --json"


@pytest.fixture
def spring(run, url):
    """A class with every term, as `class show` has it."""
    terms = (
        "--amount 100.50 --percent-off 12.5 --spend-threshold 25 --active-days 90"
        " --start 2026-12-01 --end 2027-01-31 --expires 2027-06-30T12:00:00+02:00"
        " --reservation-mandatory"
    )
    codes = "--feature 7 --language de-AT --pattern sp-####-#### --alphabet abcdefgh"
    assert run(f"{ADD} {terms} {codes}", "--json").json == {"class_id": 1}
    return run(SHOW).json


def test_every_option_of_add_is_kept(spring):
    assert spring == {
        "class_id": 1,
        "customer_id": 1,
        "name": "Spring",
        "terms_id": 1,
        "terms": {
            "coupon_type": "Acquisition",
            "currency_code": "USD",
            "amount": "100.5",
            "percent_off": "12.5",
            "spend_threshold": "25",
            "active_duration": 90,
            "start_date": "2026-12-01T00:00:00Z",
            "end_date": "2027-01-31T23:59:59.999999Z",
            "expiration_date": "2027-06-30T10:00:00Z",
            "is_reservation_mandatory": True,
        },
        "feature_id": 7,
        "code_pattern": "SP-####-####",
        "code_alphabet": "ABCDEFGH",
        "language": "de-AT",
        "coupons_count": 0,
        "retired_at": None,
    }


def test_list(run, spring):
    assert run("class list --customer 1 --json").json == {"classes": [spring]}
    table = run("class list --customer 1").stdout
    assert "100.5" in table
    assert "2027-01-31T23:59:59.999999Z" in table


def test_a_list_is_searched(run, spring):
    add = "class add --customer 1 --type Retention --currency USD --amount 5 --name"
    run(add, "Summer")
    run("class retire --customer 1 --name Summer")
    for options, expected in {
        "": ["Spring", "Summer"],
        "--name MM": ["Summer"],
        "--type Acquisition": ["Spring"],
        "--feature 7": ["Spring"],
        "--feature 8": [],
        "--retired": ["Summer"],
        "--in-use": ["Spring"],
    }.items():
        found = run(f"class list --customer 1 {options} --json").json["classes"]
        assert [it["name"] for it in found] == expected, options


def test_a_list_has_every_page(run, spring, monkeypatch):
    add = "class add --customer 1 --type Retention --currency USD --amount 5 --name"
    names = ["A", "B", "C", "D"]
    for name in names:
        run(add, name)
    monkeypatch.setattr("service.cli.classes.PAGE_SIZE_MAX", 2)
    found = run("class list --customer 1 --json").json["classes"]
    assert [it["name"] for it in found] == [*names, "Spring"]


def test_names_are_shown_as_they_are(run, url):
    add = "class add --customer 1 --type Retention --currency USD --amount 5 --name"
    run(add, "[red]Spring[/red]")
    assert "[red]Spring[/red]" in run("class list --customer 1").stdout


def test_update_changes_only_what_is_given(run, spring):
    updated = run(UPDATE, "--amount", "80", "--without", "percent_off", "--without", "end_date")
    changes = {"amount": "80", "percent_off": None, "end_date": None}
    assert updated.json == {**spring, "terms_id": 2, "terms": {**spring["terms"], **changes}}


def test_update_lets_everybody_redeem_again(run, spring):
    updated = run(UPDATE, "--no-reservation-mandatory").json["terms"]
    assert updated == {**spring["terms"], "is_reservation_mandatory": False}


def test_retire_is_once(run, spring):
    assert run(RETIRE).json["retired_at"].endswith("Z")
    assert run(RETIRE, exit_code=1).json["error"]["symbol"] == "CouponClassRetired"


@pytest.mark.parametrize(
    ("arguments", "symbol"),
    [
        ([ADD], "TermsInvalid"),
        ([ADD, "--amount", "NaN"], "TermsInvalid"),
        ([ADD, "--amount", "5", "--pattern", "none"], "PatternInvalid"),
        ([SHOW], "CouponClassNotFound"),
        ([UPDATE, "--amount", "5"], "CouponClassNotFound"),
    ],
)
def test_refusals(run, url, arguments, symbol):
    refused = run(*arguments, "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == symbol
    assert refused.stderr.startswith(f"{symbol}: ")
