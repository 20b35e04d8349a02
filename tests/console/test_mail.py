"""Mail in the console: the outbox by state, each mail as it would be sent, and sent once more."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.domain.mail import MessageState
from service.operations.creation_jobs import NewCreationJob, add_creation_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.storage.tables import audit, outbox
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console, below, post, serving
from tests.programme import START, Programme

REFUSAL = "550 5.1.1 <bela@example.com>: <b>no such user</b>"
PAGES = (
    "mail",
    *(f"mail?state={state.value}" for state in MessageState),
    "mail/1",
    "mail/2",
    "mail/3",
    "mail/1/resend",
    "mail/resend-failed",
)


def posted(programme: Programme, name: str = "Spring") -> None:
    """Send coupons of customer 1: one mail is sent, one has failed, one is queued."""
    assert programme.customer() == 1
    programme.coupon_class(1, name)
    programme.mint(1, name, count=3)
    emails = [f"{who}@example.com" for who in ("anna", "bela", "chidi")]
    assert dispatch_coupons(programme.call(), emails, 1, name) == []
    sent = {"state": "sent", "sent_at": START, "attempts_count": 1}
    failed = {"state": "failed", "last_error": REFUSAL, "attempts_count": 16}
    programme.change(outbox, outbox.c.message_id == 1, **sent)
    programme.change(outbox, outbox.c.message_id == 2, **failed)


@pytest.fixture
def olga(console: Console) -> httpx.Client:
    """An operator, and three mails in different states."""
    posted(console.programme)
    return console.signed_in(console.user("Olga"))


def told(client: httpx.Client, reply: httpx.Response) -> str:
    """The page to which a change led."""
    assert reply.status_code == 303, reply.text
    return client.get(below(reply.headers["Location"])).text


def test_the_outbox_is_looked_through_by_state(console: Console, olga: httpx.Client) -> None:
    page = olga.get("mail").text
    for who in ("anna", "bela", "chidi"):
        assert f"{who}@example.com" in page
    for figure in ("1</span>", "about 1</span>", "is due since", "&lt;b&gt;no such user"):
        assert figure in page
    for state, who in (("sent", "anna"), ("failed", "bela"), ("queued", "chidi")):
        page = olga.get("mail", params={"state": state}).text
        assert [it in page for it in ("anna@", "bela@", "chidi@")] == [
            it == who for it in ("anna", "bela", "chidi")
        ]
    assert olga.get("mail?state=nonsense").status_code == 422
    assert olga.get("mail?after=x").status_code == 422
    console.programme.change(outbox, outbox.c.message_id == 2, state="queued")
    assert "No mail has failed" in olga.get("mail?state=failed").text


def test_an_empty_outbox_tells_when_mails_are_queued(console: Console) -> None:
    page = console.signed_in(console.user("Olga")).get("mail").text
    assert "Mails are queued when coupons are dispatched" in page


def test_a_mail_is_shown_as_it_would_be_sent(console: Console, olga: httpx.Client) -> None:
    code = next(it["code"] for it in console.programme.coupons(1) if it["sent_to_email"][0] == "a")
    reply = olga.get("mail/1")
    assert "frame-src 'self'" in reply.headers["Content-Security-Policy"]
    for shown in ("Mail to anna@example.com", "Your coupon from Customer 1", f"{code}\n", "-ID"):
        assert shown in reply.text
    alone = olga.get("mail/1/html")
    policy = alone.headers["Content-Security-Policy"]
    assert code in alone.text
    assert all(it in policy for it in ("default-src 'none'", "; sandbox"))
    assert alone.headers["X-Content-Type-Options"] == "nosniff"
    failed = olga.get("mail/2").text
    assert "&lt;b&gt;no such user" in failed.partition('class="alert"')[2]
    for path in ("mail/99", "mail/99/html", "mail/99/resend"):
        assert olga.get(path).status_code == 404


def test_a_mail_is_sent_once_more_by_who_says_so(console: Console, olga: httpx.Client) -> None:
    assert "Send mail 1 once more?" in olga.get("mail/1/resend").text
    assert console.programme.rows(outbox)[0]["state"] == "sent"
    page = told(olga, post(olga, "mail/1/resend"))
    tracking_id = console.programme.rows(audit)[-1]["tracking_id"]
    assert f"The mail is queued once more. TrackingId {tracking_id}" in page
    assert console.programme.rows(outbox)[0]["state"] == "queued"
    again = post(olga, "mail/1/resend")
    assert (again.status_code, "message 1 is queued already" in again.text) == (422, True)
    page = told(olga, post(olga, "mail/resend-failed"))
    assert "Mails queued once more: 1. TrackingId" in page
    assert [row["state"] for row in console.programme.rows(outbox)] == ["queued"] * 3


def test_a_template_that_gives_no_mail_is_named(
    programme: Programme, closed_applications: None, tmp_path: Path
) -> None:
    posted(programme)
    (tmp_path / "dispatch.en.txt").write_text("Subject: {{ nonsense }}\n")
    with serving(programme, mail_templates=tmp_path) as console:
        olga = console.signed_in(console.user("Olga"))
        page = olga.get("mail/1")
        assert page.status_code == 200
        assert "Its template gives no mail." in page.text
        assert f"{tmp_path}/dispatch.en.txt, line 1" in page.text
        assert olga.get("mail/1/html").status_code == 404


def test_the_mail_of_a_job_is_shown(console: Console, olga: httpx.Client) -> None:
    programme = console.programme
    new = NewCreationJob(customer_id=1, class_name="Spring", number_of_coupons=30_000)
    job_id = add_creation_job(programme.call(), new).job_id
    told_of = {"kind": "job", "coupon_id": None, "job_id": job_id}
    programme.change(outbox, outbox.c.message_id == 3, **told_of)
    assert f"job {job_id}" in olga.get("mail").text
    page = olga.get("mail/3")
    assert (page.status_code, f"About the end of job {job_id}" in page.text) == (200, True)
    assert "30,000" in page.text


def test_what_others_wrote_runs_nothing_in_a_browser(browser: Browser, console: Console) -> None:
    name = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>"
    posted(console.programme, name)
    console.user("Olga")
    with window(browser, console, viewport=NARROW, color_scheme="dark") as page:
        dialogs: list[str] = []
        page.on("dialog", lambda it: (dialogs.append(it.message), it.dismiss()))
        enter(page, console, "Olga")
        page.goto("mail?state=failed")
        assert_accessible(page)
        page.get_by_role("link", name="Mail 2").click()
        expect(page.locator("main")).to_contain_text(f"of the class {name}.")
        frame = page.frame_locator("iframe")
        expect(frame.get_by_text("Customer 1 sends you a coupon.")).to_be_visible()
        expect(page.locator("pre.letter")).to_contain_text("Customer 1 sends you a coupon.")
        assert_accessible(page)
        page.get_by_role("link", name="Send it once more").click()
        page.get_by_role("button", name="Send it once more").click()
        expect(page.get_by_role("status")).to_contain_text("The mail is queued once more.")
        assert dialogs == []


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_mail_is_accessible(
    browser: Browser, console: Console, viewport: dict[str, int], scheme: str
) -> None:
    with window(browser, console, viewport=viewport, color_scheme=scheme) as page:
        enter(page, console, console.user("Olga"))
        page.goto("mail")
        assert_accessible(page)
        posted(console.programme)
        for path in PAGES:
            page.goto(path)
            assert_accessible(page)
