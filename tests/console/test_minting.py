"""Minting on pages: examples while one types, jobs with a bar that moves, files of codes."""

import csv
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.domain.jobs import JobStatus
from service.domain.roles import Role
from service.operations.creation_jobs import cancel_creation_job
from service.storage.tables import audit, coupon, job
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console, below, post, token
from tests.operations.jobs import work

MINTING = "customers/1/minting"


@pytest.fixture
def olga(console: Console) -> httpx.Client:
    """An operator of a service with one customer, who has a class."""
    console.programme.coupon_class(console.programme.customer(), pattern="SPRING-####")
    return console.signed_in(console.user("Olga"))


def mint(client: httpx.Client, **values: str) -> httpx.Response:
    return post(client, f"{MINTING}/new", **{"class_name": "Spring", "count": "3", **values})


def followed(client: httpx.Client, reply: httpx.Response) -> httpx.Response:
    assert reply.status_code == 303, reply.text
    return client.get(below(reply.headers["Location"]))


def begin_job(client: httpx.Client, count: int = 20_001) -> str:
    """The page of a new job."""
    reply = mint(client, count=str(count), pattern="####-####")
    assert reply.status_code == 303, reply.text
    return below(reply.headers["Location"])


def test_few_coupons_are_minted_at_once(console: Console, olga: httpx.Client) -> None:
    shown = followed(olga, mint(olga, pattern="a-####", alphabet="01"))
    codes = [str(row["code"]) for row in console.programme.rows(coupon)]
    assert len(codes) == 3
    assert all(re.fullmatch("A-[01]{4}", code) and code in shown.text for code in codes)
    tracking_id = console.programme.rows(audit)[-1]["tracking_id"]
    assert f"3 coupons were minted. TrackingId {tracking_id}" in shown.text
    assert "No jobs yet" in olga.get(MINTING).text
    shown = followed(olga, mint(olga, pattern="AB#", alphabet="01"))
    assert "Only 2 coupons were minted: the pattern has no more codes." in shown.text
    refused = mint(olga, pattern="AB#", alphabet="01")
    assert (refused.status_code, "pattern-error" in refused.text) == (422, True)
    assert len(console.programme.rows(coupon)) == 5


def test_what_cannot_be_minted_is_told_at_its_field(console: Console, olga: httpx.Client) -> None:
    for values, told in (
        ({"class_name": "Autumn"}, "class_name-error"),
        ({"class_name": ""}, "Name the class."),
        ({"count": "0"}, "count-error"),
        ({"count": "x"}, "Not a valid integer value."),
        ({"count": "5000001", "pattern": "#" * 12}, "5000001 is not 20001 to 5000000"),
        ({"pattern": "ABC"}, "at least one place"),
        ({"count": "30000", "pattern": "A##"}, "capacity 1024"),
    ):
        reply = mint(olga, **values)
        assert (reply.status_code, told in reply.text) == (422, True), reply.text
    assert console.programme.rows(coupon) == console.programme.rows(job) == []


def test_examples_are_shown_and_nothing_is_minted(console: Console, olga: httpx.Client) -> None:
    shown = mint(olga, pattern="XMAS-##", alphabet="AB", count="9", preview="Show examples")
    assert shown.status_code == 200
    assert len(re.findall(r"<code>XMAS-[AB]{2}</code>", shown.text)) == 5
    assert "The pattern has 4 codes for 9 coupons." in shown.text
    csrf_token = token(olga, f"{MINTING}/new")
    for values, told in (
        ({"class_name": "Spring"}, "SPRING-"),
        ({"pattern": "#" * 60}, "2.0 \N{MULTIPLICATION SIGN} 10^90"),
        ({"pattern": "<b>"}, "at least one place"),
        ({"class_name": "No such"}, "Name a class, or type a pattern."),
    ):
        part = olga.post(f"{MINTING}/preview", data={"csrf_token": csrf_token, **values})
        assert (part.status_code, told in part.text) == (200, True), part.text
        assert "<html" not in part.text
    assert console.programme.rows(coupon) == []


def test_many_coupons_are_minted_by_a_job(console: Console, olga: httpx.Client) -> None:
    path = begin_job(olga)
    assert "waiting" in olga.get(path).text
    assert 'hx-trigger="every 1s"' in olga.get(f"{path}/progress").text
    console.programme.clock.move(seconds=10)
    work(console.programme)
    at_end = olga.get(f"{path}/progress", headers={"HX-Request": "true"})
    assert at_end.headers["HX-Refresh"] == "true"
    assert "hx-trigger" not in at_end.text
    assert "2,000 a second" in at_end.text
    file = olga.get(f"{MINTING}/batches/1/codes.csv")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.headers["Content-Disposition"] == 'attachment; filename="codes-1.csv"'
    codes = {row["code"] for row in csv.DictReader(file.text.splitlines())}
    assert codes == {row["code"] for row in console.programme.rows(coupon)}
    whole = olga.get(f"{MINTING}/batches/1/coupons.csv").text
    assert whole.count("\n") == 20_002
    assert ",Spring,Retention,USD,50," in whole


def test_a_job_is_cancelled_after_a_question(console: Console, olga: httpx.Client) -> None:
    path = begin_job(olga)
    assert "Cancel job 1?" in olga.get(f"{path}/cancel").text
    shown = followed(olga, post(olga, f"{path}/cancel"))
    assert "being cancelled" in shown.text
    assert "Cancel the job" not in shown.text
    work(console.programme)
    assert "cancelled" in olga.get(path).text
    again = post(olga, f"{path}/cancel")
    assert (again.status_code, "has ended" in again.text) == (422, True)


def test_a_job_that_has_failed_goes_on(console: Console, olga: httpx.Client) -> None:
    path = begin_job(olga)
    csrf_token = token(olga, path)
    refused = olga.post(f"{path}/retry", data={"csrf_token": csrf_token})
    assert (refused.status_code, "has not failed" in refused.text) == (422, True)
    values = {"status": "failed", "ended_at": console.programme.clock(), "errors": ["<b>full</b>"]}
    console.programme.change(job, job.c.job_id == 1, **values)
    shown = olga.get(path).text
    assert "&lt;b&gt;full&lt;/b&gt;" in shown
    assert "Codes as CSV" not in shown
    shown = followed(olga, olga.post(f"{path}/retry", data={"csrf_token": csrf_token})).text
    assert "The job goes on where it stopped." in shown
    assert "waiting" in shown


@pytest.mark.prove
def test_jobs_are_listed_a_page_at_a_time(
    console: Console, olga: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        begin_job(olga)
    monkeypatch.setattr("service.console.jobs.JOBS_COUNT", 2)
    first = olga.get(MINTING).text
    assert [it for it in (1, 2, 3) if f">Job {it}<" in first] == [2, 3]
    assert f'href="/console/{MINTING}?after=2"' in first
    second = olga.get(f"{MINTING}?after=2").text
    assert [it for it in (1, 2, 3) if f">Job {it}<" in second] == [1]
    assert "Next page" not in second


def test_who_may_only_read_sees_jobs_and_changes_nothing(
    console: Console, olga: httpx.Client
) -> None:
    path = begin_job(olga)
    rita = console.signed_in(console.user("Rita", Role.READ_ONLY, 1))
    for page in (MINTING, path):
        text = rita.get(page).text
        assert "Mint coupons" not in text
        assert "Cancel the job" not in text
    assert rita.get(f"{MINTING}/batches/1/codes.csv").text == "code\n"
    csrf_token = token(rita, path)
    assert rita.get(f"{MINTING}/new").status_code == 403
    for action in (f"{path}/cancel", f"{path}/retry"):
        assert rita.post(action, data={"csrf_token": csrf_token}).status_code == 403
    (row,) = console.programme.rows(job)
    assert (row["status"], row["cancel_requested_at"]) == ("pending", None)


@pytest.mark.prove
def test_jobs_and_batches_of_others_are_not_there(console: Console, olga: httpx.Client) -> None:
    begin_job(olga)
    console.programme.customer()
    other = "customers/2/minting"
    csrf_token = token(olga, f"{other}/new")
    for path in ("jobs/1", "jobs/1/progress", "jobs/1/cancel", "batches/1", "batches/1/codes.csv"):
        assert olga.get(f"{other}/{path}").status_code == 404, path
    for path in ("jobs/1/cancel", "jobs/1/retry"):
        assert olga.post(f"{other}/{path}", data={"csrf_token": csrf_token}).status_code == 404


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    """Does a job beside the test."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_minting_in_a_browser(
    browser: Browser, console: Console, worker: ThreadPoolExecutor
) -> None:
    console.programme.coupon_class(console.programme.customer(), pattern="SPRING-####-####")
    with window(browser, console) as page:
        enter(page, console, console.user("Olga"))
        page.goto(f"{MINTING}/new")
        page.get_by_label("Class").fill("Spring")
        examples = page.get_by_label("Examples of codes")
        expect(examples.get_by_text("SPRING-")).to_have_count(6)
        page.get_by_label("Pattern").press_sequentially("###-###")
        expect(examples).to_contain_text("1,073,741,824")
        page.get_by_label("How many").fill("30000")
        # Pressed again while the answer is on its way.
        again = "button => { button.click(); setTimeout(() => button.click(), 10) }"
        page.get_by_role("button", name="Mint").evaluate(again)
        bar = page.get_by_label("Coupons made")
        expect(bar).to_have_attribute("value", "0")
        console.programme.clock.move(seconds=5)
        done = worker.submit(work, console.programme)
        link = page.get_by_role("link", name="Codes as CSV")
        expect(link).to_be_visible()
        expect(bar).to_have_attribute("value", "30000")
        expect(page.locator("[hx-get]")).to_have_count(0)
        assert_accessible(page)
        found = done.result()
        assert found is not None
        assert found.status is JobStatus.COMPLETED
        assert len(console.programme.rows(job)) == 1


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_minting_are_accessible(
    browser: Browser, console: Console, olga: httpx.Client, viewport: dict[str, int], scheme: str
) -> None:
    mint(olga)
    path = begin_job(olga, 60_000)
    with window(browser, console, viewport=viewport, color_scheme=scheme) as page:
        enter(page, console, "Olga")
        for address in (MINTING, f"{MINTING}/new", path, f"{path}/cancel", f"{MINTING}/batches/1"):
            page.goto(address)
            assert_accessible(page)
        page.goto(path)
        cancel_creation_job(console.programme.call(), 1)
        work(console.programme)
        expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
