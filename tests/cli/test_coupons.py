"""mint, and coupon search, show, redeem, dispatch, distribute."""

import pytest

from service.domain.codes import DEFAULT_ALPHABET

MINT = "mint --customer 1 --class Spring --json --count"
SEARCH = "coupon search --customer 1 --json"
DISTRIBUTE = "coupon distribute --customer 1 --class Spring"
DISPATCH = "coupon dispatch --customer 1 --class Spring"


def redeem(code, account=1):
    return ("coupon", "redeem", "--account", account, code, "--json")


def test_mint_keeps_codes_to_itself(run, codes):
    minted = run(MINT, 2).json
    assert minted == {
        "batch_id": 2,
        "job_id": None,
        "created_amount": 2,
        "status": "completed",
        "codes": None,
    }


def test_mint_shows_codes_on_request(run, codes):
    shown = run(MINT, 2, "--show-codes", "--wait", "--pattern", "VIP-############").json["codes"]
    assert all(code.startswith("VIP-") for code in shown)
    text = run("mint --customer 1 --class Spring --count 2 --show-codes").stdout
    assert all(set(line) <= set(DEFAULT_ALPHABET + "-") for line in text.splitlines())


def test_mint_warns_of_codes_that_can_be_guessed(run, codes):
    assert run(MINT, 2, "--pattern", "############").stderr == ""
    warned = run(MINT, 2, "--pattern", "X-####")
    assert "can be found by guessing" in warned.stderr
    assert warned.json["created_amount"] == 2


def test_mint_tells_when_the_pattern_is_used_up(run, codes):
    minted = run(MINT, 5, "--pattern", "A-#", "--alphabet", "XYZ")
    assert (minted.json["created_amount"], minted.json["status"]) == (3, "coupon pattern full")
    assert "3 of 5 minted" in minted.stderr
    refused = run(MINT, 1, "--pattern", "A-#", "--alphabet", "XYZ", exit_code=1)
    assert refused.json["error"]["symbol"] == "PatternFull"


def test_mint_bounds_the_count(run, codes):
    refused = run(MINT, 5_000_001, exit_code=1)
    assert refused.json["error"]["symbol"] == "QuantityOutOfRange"


def test_redeem_answers_the_same_date_again(run, codes):
    first = run(*redeem(codes[0]))
    assert list(first.json) == ["redemption_date"]
    assert run(*redeem(f" {codes[0].lower()} ")).json == first.json


def test_redeem_refuses_another_account(run, codes):
    run("account add --customer 1 --number X0000002 --currency USD")
    run(*redeem(codes[0]))
    error = run(*redeem(codes[0], account=2), exit_code=1).json["error"]
    assert (error["code"], error["symbol"]) == (90002, "CouponAlreadyRedeemed")
    assert list(error) == ["code", "symbol", "message", "details"]


def test_search_finds_by_every_option(run, codes):
    later = "class add --customer 1 --name Autumn --type Retention --currency USD --amount 5"
    run(later, "--start", "2027-09-01")
    autumn = run("mint --customer 1 --class Autumn --count 1 --show-codes --json")
    run(*redeem(codes[0]))

    def found(*options):
        return {coupon["coupon_code"] for coupon in run(SEARCH, *options).json["coupons"]}

    assert found() == {*codes, *autumn.json["codes"]}
    assert found("--class", "Spring") == set(codes)
    assert found("--redeemed") == {codes[0]}
    assert found("--class", "Spring", "--not-redeemed") == set(codes[1:])
    assert found("--starts-from", "2027-09-01") == set(autumn.json["codes"])
    last = ("--order-by", "CouponStartDate", "--descending", "--size", "1", "--page", "0")
    assert found(*last) == set(autumn.json["codes"])
    assert found("--page", "1") == set()


def test_search_has_the_fields_of_the_contract(run, codes):
    run(*redeem(codes[0]))
    (coupon,) = run(SEARCH, "--redeemed").json["coupons"]
    assert list(coupon) == [
        "coupon_code",
        "class_name",
        "coupon_type",
        "amount",
        "spend_threshold",
        "currency_code",
        "percent_off",
        "active_duration",
        "expiration_date",
        "start_date",
        "end_date",
        "send_to_email",
        "send_to_date",
        "is_redeemed",
        "redemption_info",
        "claim_info",
    ]
    assert coupon["redemption_info"]["account_number"] == "X0000001"


@pytest.mark.parametrize("option", ["--page=-1", "--size=0", "--size=101"])
def test_search_refuses_pages_out_of_bounds(run, codes, option):
    assert run(SEARCH, option, exit_code=1).json["error"]["code"] == 3080


def test_show_tells_what_happened(run, codes):
    run(DISPATCH, "a@example.com")
    (sent,) = (c for c in run(SEARCH).json["coupons"] if c["send_to_email"])
    run(*redeem(sent["coupon_code"]))
    record = run("coupon", "show", sent["coupon_code"], "--json").json
    assert list(record) == ["coupon_id", "customer_id", "batch_id", "coupon", "history"]
    assert record["coupon"]["is_redeemed"] is True
    actions = [event["action"] for event in record["history"]]
    assert actions == ["mint", "dispatch", "redeem", "activate"]
    assert {event["user_name"] for event in record["history"]} == {"command line"}
    assert record["history"][1]["after"] == {"sent_to_email": "a@example.com"}
    assert len({event["tracking_id"] for event in record["history"]}) == 3
    shown = run("coupon", "show", sent["coupon_code"]).stdout
    assert record["history"][2]["tracking_id"] in shown


def test_show_names_a_foreign_account_that_redeemed(run, codes):
    run("customer", "add", "--name", "Fabrikam")
    run("account add --customer 2 --number X0000002 --currency USD")
    run(*redeem(codes[0], account=2))
    (found,) = run(SEARCH, "--redeemed").json["coupons"]
    assert found["redemption_info"] is None
    record = run("coupon", "show", codes[0], "--json").json
    assert record["coupon"]["redemption_info"]["account_number"] == "X0000002"


def test_show_refuses_an_unknown_code(run, codes):
    refused = run("coupon", "show", "UNKNOWN", "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "CouponNotFound"


def test_dispatch_tells_who_got_none(run, codes):
    assert run(DISPATCH, "a@example.com", "b@example.com", "--json").json == {
        "dispatched_count": 2,
        "partial_errors": [],
    }
    addresses = ("c@example.com", "d@example.com", "nobody")
    result = run(DISPATCH, *addresses, "--json", exit_code=1).json
    assert result["dispatched_count"] == 1
    assert [(e["index"], e["email"], e["code"]) for e in result["partial_errors"]] == [
        (1, "d@example.com", 90011),
        (2, "nobody", 90012),
    ]
    text = run(DISPATCH, "e@example.com", exit_code=1).stdout
    assert "0 of 1 addresses got a coupon" in text
    assert "NoCouponAvailable" in text


def test_distribute_tells_who_got_none(run, codes):
    run("account add --customer 1 --number X0000002 --currency USD --email a@example.com")
    assert run(DISTRIBUTE, 2, "--json").json == {"distributed_count": 1, "partial_errors": []}
    result = run(DISTRIBUTE, 1, 2, 99, "--json", exit_code=1).json
    assert result["distributed_count"] == 1
    assert [(it["account_id"], it["code"], it["details"]) for it in result["partial_errors"]] == [
        (1, 90017, "1: AccountWithoutEmail"),
        (99, 2108, "99: AccountIdInvalid"),
    ]
    assert "1 of 1 accounts got a coupon" in run(DISTRIBUTE, 1, "--no-notification").stdout
    text = run(DISTRIBUTE, 2, exit_code=1).stdout
    assert "0 of 1 accounts got a coupon" in text
    assert "NoCouponAvailable" in text


def test_distribute_names_the_feature(run, url):
    run(
        "class add --customer 1 --name Spring --type Retention --currency USD --amount=50",
        "--feature=7",
    )
    run("mint --customer 1 --class Spring --count 2")
    refused = run(DISTRIBUTE, 1, "--feature", 8, "--no-notification", "--json", exit_code=1)
    assert refused.json["error"]["code"] == 201
    run(DISTRIBUTE, 1, "--feature", 7, "--no-notification")
    again = run(DISTRIBUTE, 1, "--no-notification", "--json", exit_code=1)
    assert [it["code"] for it in again.json["partial_errors"]] == [90014]


def test_distribute_refuses_a_number_that_no_database_holds(run, codes):
    run(DISTRIBUTE, 2**63, exit_code=2)
