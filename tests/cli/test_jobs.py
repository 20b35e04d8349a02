"""``jobs``, and the commands that begin one and can wait for it."""

import pytest

COUNT = 20_001
MINT = f"mint --customer 1 --class Spring --count {COUNT} --json"


def test_many_coupons_are_made_by_a_job(run, codes):
    minted = run(MINT).json
    assert minted == {
        "batch_id": 2,
        "job_id": 1,
        "created_amount": 0,
        "status": "pending",
        "codes": None,
    }
    job = run("jobs show 1 --json").json
    assert (job["kind"], job["number_of_coupons"], job["amount"]) == ("creation", COUNT, 0)
    assert [it["job_id"] for it in run("jobs list --customer 1 --json").json["jobs"]] == [1]


def test_whoever_waits_has_the_coupons(run, codes):
    minted = run(MINT, "--wait", "--show-codes").json
    made = minted.pop("codes")
    assert minted == {"batch_id": 2, "job_id": 1, "created_amount": COUNT, "status": "completed"}
    assert made == sorted(set(made))
    assert len(made) == COUNT
    exported = run("export --customer 1 --batch 2 --codes-only").stdout.split()
    assert sorted(exported[1:]) == made


def test_codes_are_printed_as_they_are(run, codes):
    pattern = ("--pattern", '=,"####', "--wait", "--show-codes")
    made = run(MINT, *pattern).json["codes"]
    assert all(code.startswith('=,"') and len(code) == 7 for code in made)


def test_a_full_pattern_and_a_thin_one_are_told(run, codes):
    pattern = ("--pattern", "A-###", "--alphabet", "ABCDEFGHIJKLMNOPQRSTUVWXYZ123")
    full = run(MINT, *pattern, "--wait")
    assert full.json["status"] == "completed"
    assert "found by guessing" in full.stderr
    again = run(MINT, *pattern, "--wait")
    assert again.json["status"] == "coupon pattern full"
    assert again.json["created_amount"] == 29**3 - COUNT
    assert f"{29**3 - COUNT} of {COUNT} minted: coupon pattern full" in again.stderr


def test_codes_that_are_not_made_yet_cannot_be_shown(run, codes):
    assert "--show-codes needs --wait" in run(MINT, "--show-codes", exit_code=2).stderr


def test_a_job_can_be_cancelled(run, codes):
    run(MINT)
    assert run("jobs cancel 1 --json").json["cancel_requested_at"] is not None
    run("worker --once")
    assert run("jobs show 1 --json").json["status"] == "cancelled"
    refused = run("jobs cancel 1 --json", exit_code=1).json["error"]
    assert refused["symbol"] == "JobEnded"


def test_only_a_failed_job_is_retried(run, codes):
    run(MINT)
    assert run("jobs retry 1 --json", exit_code=1).json["error"]["symbol"] == "JobNotFailed"
    run("class retire --customer 1 --name Spring")
    run("worker --once")
    assert run("jobs show 1 --json").json["status"] == "failed"
    assert run("jobs retry 1 --json").json["status"] == "pending"


def test_coupons_are_deleted_by_a_job(run, codes):
    run("coupon redeem --account 1", codes[0])
    job = run("coupon delete --customer 1 --class Spring --wait --json").json
    assert (job["kind"], job["status"], job["amount"]) == ("deletion", "completed", 2)
    assert run("export --customer 1 --codes-only").stdout.split() == ["code", codes[0]]


@pytest.mark.parametrize(
    ("option", "count"),
    [
        (("--code", "{code}"), 1),
        (("--code", "{code}", "--exact"), 1),
        (("--batch", "1"), 3),
        (("--valid", "expired"), 0),
        (("--valid", "validNow"), 3),
        (("--account", "1"), 0),
        (("--created-before", "2020-01-01"), 0),
        (("--created-after", "2020-01-01"), 3),
        (("--starts-before", "2020-01-01"), 0),
        (("--starts-after", "2020-01-01"), 0),
        (("--expires-before", "2020-01-01"), 0),
        (("--expires-after", "2020-01-01"), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_filters_of_a_deletion(run, codes, option, count):
    words = [word.format(code=codes[1]) for word in option]
    assert run("coupon delete --customer 1 --wait --json", *words).json["amount"] == count


def test_a_bare_date_is_the_whole_day(run, codes):
    run("coupon delete --customer 1 --created-before 2026-03-01 --created-after 2026-02-01")
    filters = run("jobs show 1 --json").json["filters"]
    assert filters["created_before"] == "2026-03-01T00:00:00Z"
    assert filters["created_after"] == "2026-02-01T23:59:59.999999Z"


def test_jobs_of_both_kinds_are_listed_newest_first(run, codes):
    run(MINT)
    run("coupon delete --customer 1")
    run(MINT)

    def listed(*options):
        found = run("jobs list --customer 1 --json", *options).json["jobs"]
        return [(it["job_id"], it["kind"]) for it in found]

    assert listed() == [(3, "creation"), (2, "deletion"), (1, "creation")]
    assert listed("--kind", "deletion") == [(2, "deletion")]
    assert listed("--batch", "2") == [(1, "creation")]
    assert listed("--count", "2") == [(3, "creation"), (2, "deletion")]
    assert listed("--class", "Spring") == [(3, "creation"), (1, "creation")]
    assert "deletion" in run("jobs list --customer 1").stdout


def test_a_job_that_is_not_there(run, codes):
    for command in ("show", "retry", "cancel"):
        error = run(f"jobs {command} 7 --json", exit_code=1).json["error"]
        assert error["symbol"] == "EntityNotExistent"
