"""The overview of a customer's programme, and that of all customers."""

import re
from decimal import Decimal

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.domain.mail import MessageState
from service.domain.roles import Role
from service.operations import programme_figures
from service.operations.count_figures import FigureCounter
from service.operations.creation_jobs import NewCreationJob, add_creation_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import outbox
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console
from tests.programme import Programme

OVERVIEW = "customers/1/overview"


def fill(programme: Programme) -> None:
    """A customer with 1,200 coupons, of which two are dispatched and two are redeemed."""
    owner = programme.customer()
    programme.coupon_class(owner, spend_threshold=Decimal(10))
    programme.mint(owner, count=1200)
    dispatch_coupons(programme.call(), ["kim@example.com", "lee@example.com"], owner, "Spring")
    free = [row["code"] for row in programme.coupons(1) if row["sent_at"] is None]
    for code in free[:2]:
        account = programme.account(owner)
        redeem_coupon(programme.call(), account, code)
    programme.spend(account, "30")
    programme.clock.move(days=3)


@pytest.fixture
def filled(console: Console) -> Console:
    """The console of such a customer."""
    fill(console.programme)
    return console


def shares(page: str) -> dict[str, tuple[str, str]]:
    """Of each state in the funnels, how many coupons and their share; of money, what was drawn."""
    row = re.compile(
        r'<th scope="row">([^<]+)</th>\s*<td class="number">([^<]+)</td>\s*<td class="share">'
        r'.*?<span class="number">([^<]+)</span>',
        re.DOTALL,
    )
    return {title: (count, share) for title, count, share in row.findall(page)}


def test_the_overview_tells_how_the_programme_goes(filled: Console) -> None:
    rita = filled.signed_in(filled.user("Rita", Role.READ_ONLY, 1))
    page = rita.get(OVERVIEW).text
    assert shares(page) == {
        "Minted": ("1,200", "100.0 %"),
        "Dispatched": ("2", "0.2 %"),
        "Claimed": ("0", "0.0 %"),
        "Redeemed": ("2", "100.0 %"),
        "Waiting": ("1", "50.0 %"),
        "Active": ("1", "50.0 %"),
        "Depleted": ("0", "0.0 %"),
        "Expired": ("0", "0.0 %"),
        "100.00 USD": ("20.00 USD", "20.0 %"),
    }
    assert len(re.findall(r"<rect[^>]+><title>2026-0[23]-\d\d: \d</title>", page)) == 30
    assert "<title>2026-03-01: 2</title>" in page
    assert "As of <time" in page
    assert "Jobs at work" in page
    assert "How a programme begins" not in page
    for of_all in ("All customers", "Mails to send"):
        assert of_all not in page


def test_an_operator_sees_all_customers_together(filled: Console) -> None:
    programme = filled.programme
    other = programme.customer()
    programme.coupon_class(other)
    programme.mint(other, count=300)
    job = NewCreationJob(customer_id=other, class_name="Spring", number_of_coupons=30_000)
    add_creation_job(programme.call(), job)
    programme.change(outbox, outbox.c.message_id == 1, state=MessageState.FAILED.value)
    olga = filled.signed_in(filled.user("Olga"))
    assert "/console/programmes" in olga.get(OVERVIEW).text
    page = olga.get("programmes").text
    assert shares(page)["Minted"] == ("1,500", "100.0 %")
    for title, value in (
        ("Coupon classes", "2"),
        ("Jobs at work", "1"),
        ("Mails to send", "1"),
        ("Mails that failed", "1"),
    ):
        assert re.search(rf"{value}</span> <span[^>]*>{title}|{title}</dt><dd>{value}<", page)
    assert (
        filled.signed_in(filled.user("Rita", Role.SUPER_ADMIN, 1)).get("programmes").status_code
        == 403
    )


def next_step(client: httpx.Client) -> str:
    return client.get(OVERVIEW).text.partition('aria-current="step"')[2].partition("</li>")[0]


def test_an_empty_programme_tells_the_next_step(console: Console) -> None:
    programme = console.programme
    owner = programme.customer()
    olga = console.signed_in(console.user("Olga"))
    assert "No customer has a coupon class yet" in olga.get("programmes").text
    assert "customers/1/classes/new" in next_step(olga)
    programme.coupon_class(owner)
    assert "customers/1/minting/new" in next_step(olga)
    programme.mint(owner)
    assert "customers/1/coupons/dispatch" in next_step(olga)
    rita = console.signed_in(console.user("Rita", Role.READ_ONLY, owner))
    assert "Dispatch" in next_step(rita)
    assert "href" not in next_step(rita)
    redeem_coupon(programme.call(), programme.account(owner), programme.coupons(1)[0]["code"])
    assert next_step(olga) == ""


def test_what_is_not_counted_is_said_and_looked_at_again(
    browser: Browser, filled: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programme_figures, "COUNTED_AT_ONCE_MAX", 5)
    with window(browser, filled, viewport=NARROW) as page:
        enter(page, filled, filled.user("Olga"))
        page.goto(OVERVIEW)
        expect(page.get_by_text("Not counted yet.")).to_be_visible()
        expect(page.get_by_text("1,200")).to_be_visible()
        assert_accessible(page)
        page.clock.install()
        page.reload()
        counter = FigureCounter(filled.programme.database, filled.programme.clock)
        while counter.count_next():
            pass
        page.clock.run_for(6_000)
        expect(page.get_by_role("table", name="From minted to redeemed")).to_be_visible()
        expect(page.get_by_text("Not counted yet.")).to_have_count(0)
        assert_accessible(page)


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_overview_is_accessible(
    browser: Browser, filled: Console, viewport: dict[str, int], scheme: str
) -> None:
    filled.programme.customer()
    with window(browser, filled, viewport=viewport, color_scheme=scheme) as page:
        enter(page, filled, filled.user("Olga"))
        for path in (OVERVIEW, "customers/2/overview", "programmes"):
            page.goto(path)
            for summary in page.locator("main summary").all():
                summary.click()
            assert_accessible(page)
