"""The whole story of a programme, in a real Chromium, against the service as users run it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zeep
from playwright.sync_api import Browser, Page, expect

from service.addresses import CUSTOMER_BILLING_PATH
from service.domain.roles import COMMAND_LINE, Role
from service.operations.calls import Call, utc_now
from service.operations.parties import add_account, add_customer
from service.operations.users import add_user
from service.storage.engine import Database
from tests.console.browser import NARROW, WIDE, assert_accessible, watched
from tests.console.served import served

PASSWORD = "correct horse battery staple"
SETTINGS = {"JOB_CHUNK_COUPONS": "5000", "JOB_POLL_S": "0.1", "MAIL_POLL_S": "0.1"}
"""Small chunks, so that the bar moves often; and a worker that hardly rests."""
COUPONS_COUNT = 100_000
"""So many that they are not made before the page of their job is there."""
FORGET_S_MAX = 30
"""After so long no process knows a token any more that was revoked: it is known for 2 s."""
LOOKS_COUNT = 600
"""How often a page is looked at again, ten times a second, for what the worker does."""


@dataclass
class Story:
    """Somebody at a browser, and a shop that calls over SOAP.

    Attributes:
        page: The browser.
        url: Of the service.
        is_whole: Whether each page is looked at for accessibility, at both widths.
    """

    page: Page
    url: str
    is_whole: bool

    def look(self) -> None:
        """Hold that the page is accessible."""
        if self.is_whole:
            for size in (NARROW, WIDE):
                self.page.set_viewport_size(size)
                assert_accessible(self.page)

    def go(self, subject: str) -> None:
        """Follow a link of the navigation."""
        self.page.get_by_role("navigation", name="Main").get_by_role(
            "link", name=subject, exact=True
        ).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        self.look()

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link in the page."""
        self.page.get_by_role("main").get_by_role("link", name=name).first.click()

    def sign_in(self) -> None:
        self.page.goto(f"{self.url}/console/")
        self.look()
        self.page.get_by_label("User name").fill("Olga")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Sign in")
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Overview")
        self.look()

    def make_class(self) -> None:
        self.go("Classes")
        self.follow("New class")
        self.look()
        self.page.get_by_label("Name").fill("Spring")
        self.page.get_by_label("Currency").fill("USD")
        self.page.get_by_label("Amount").fill("50")
        self.press("Make the class")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Spring")
        self.look()

    def mint(self) -> None:
        """Mint by a job, and see the bar move until its end."""
        self.follow("Mint")
        self.page.get_by_label("How many").fill(str(COUPONS_COUNT))
        self.look()
        self.press("Mint")
        bar = self.page.locator("progress")
        seen: list[float] = []
        while not seen or seen[-1] < COUPONS_COUNT:
            value = float(bar.get_attribute("value") or 0)
            if value not in seen:
                seen.append(value)
            self.page.wait_for_timeout(100)
        assert seen == sorted(seen)
        assert len(seen) > 1, "the bar did not move"
        expect(self.page.get_by_text("completed")).to_be_visible()
        self.look()

    def dispatch(self) -> None:
        self.go("Coupons")
        self.follow("Dispatch")
        self.look()
        self.page.get_by_label("Class").fill("Spring")
        self.page.get_by_label("E-mail addresses").fill("anna@example.com\nbela@example.com")
        self.press("Dispatch")
        expect(self.page.get_by_role("status").first).to_contain_text("TrackingId")
        self.look()

    def see_mails(self) -> None:
        """The worker sends both."""
        self.go("Mail")
        sent = self.page.get_by_text("sent", exact=True)
        rows = self.page.locator("tbody tr").filter(has=sent)
        for _ in range(LOOKS_COUNT):
            if rows.count() == 2:
                break
            self.page.wait_for_timeout(100)
            self.page.reload()
        expect(rows).to_have_count(2)
        expect(rows.filter(has_text="anna@example.com")).to_have_count(1)
        self.look()
        self.page.get_by_role("link", name="Mail 1").click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("@example.com")
        self.look()

    def find_coupon(self) -> str:
        """The code of the coupon that was sent to Anna."""
        self.go("Coupons")
        self.page.get_by_label("Sent to").fill("anna@example.com")
        self.press("Search")
        self.look()
        code = self.page.get_by_role("rowheader").first.inner_text()
        self.follow(code)
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(code)
        expect(self.page.get_by_role("main")).to_contain_text("anna@example.com")
        self.look()
        return code

    def issue_token(self, kind: str) -> str:
        """The text of a new token of Olga."""
        self.go("Users")
        self.follow("Olga")
        self.look()
        self.follow("Issue a token")
        self.look()
        self.page.get_by_label("Kind").select_option(kind)
        self.press("Issue")
        self.look()
        return self.page.get_by_label(f"{kind.capitalize()} token").input_value()

    def see_redemption(self) -> None:
        """The funnel changes as soon as the worker has counted."""
        self.go("Overview")
        row = self.page.get_by_role("row").filter(
            has=self.page.get_by_role("rowheader", name="Redeemed", exact=True)
        )
        for _ in range(LOOKS_COUNT):
            if row.count() and row.first.get_by_role("cell").first.inner_text() == "1":
                break
            self.page.wait_for_timeout(100)
            self.page.reload()
        expect(row.first.get_by_role("cell").first).to_have_text("1")
        expect(self.page.get_by_role("row").filter(has_text="Minted").first).to_contain_text(
            f"{COUPONS_COUNT:,}"
        )
        self.look()

    def find_call(self, tracking_id: str) -> None:
        """The call is in the journal, with what it changed."""
        for _ in range(LOOKS_COUNT):
            self.go("Calls")
            self.page.get_by_role("textbox", name="TrackingId").fill(f" {tracking_id.upper()} ")
            self.press("Find the call")
            if self.page.get_by_role("heading", level=1).inner_text() == "RedeemCoupon":
                break
            self.page.wait_for_timeout(100)
        expect(self.page.get_by_role("table", name="Changes")).to_contain_text("redeem")
        self.look()

    def revoke_token(self) -> None:
        """The second token of Olga, which names her."""
        self.go("Users")
        self.follow("Olga")
        self.page.get_by_role("link", name="Revoke token 2").click()
        expect(self.page.get_by_role("button", name="Revoke", exact=True)).to_be_visible()
        self.look()
        self.press("Revoke")
        expect(self.page.get_by_text("revoked", exact=True)).to_have_count(1)


@dataclass
class Shop:
    """A program that redeems over SOAP."""

    client: zeep.Client
    headers: dict[str, str]

    def redeem(self, code: str) -> str:
        """Redeem a coupon; answers the TrackingId."""
        reply = self.client.service.RedeemCoupon(
            AccountId=1, CouponCode=code, _soapheaders=self.headers
        )
        return str(reply.header.TrackingId)

    def refusal(self, code: str) -> int | None:
        """The number of the fault that answers; None when there is none."""
        try:
            self.redeem(code)
        except zeep.exceptions.Fault as fault:
            detail: Any = self.client.wsdl.types.deserialize(fault.detail[0])
            return int(detail.Errors.AdApiError[0].Code)
        return None


@pytest.fixture
def olga(database_url: str) -> str:
    """A service with a customer, its account, and an operator; answers the operator's name."""
    database = Database(database_url)
    call = Call(database, COMMAND_LINE, utc_now(), "story")
    customer_id = add_customer(call, "Contoso")
    add_account(call, customer_id, "X0000001", "USD", None)
    add_user(call, "Olga", Role.OPERATOR, None, PASSWORD)
    database.close()
    return "Olga"


@pytest.fixture
def running(database_url: str, olga: str, tmp_path: Path) -> Iterator[str]:
    """The service, with its worker."""
    with served(database_url, tmp_path, **SETTINGS) as url:
        yield url


@pytest.mark.parametrize(
    "is_whole",
    [
        pytest.param(False, id="short"),
        pytest.param(True, id="whole", marks=pytest.mark.prove),
    ],
)
def test_the_story_of_a_programme(browser: Browser, running: str, is_whole: bool) -> None:
    with watched(browser) as page:
        story = Story(page, running, is_whole)
        story.sign_in()
        story.make_class()
        story.mint()
        story.dispatch()
        story.see_mails()
        code = story.find_coupon()
        headers = {
            "DeveloperToken": story.issue_token("developer"),
            "AuthenticationToken": story.issue_token("authentication"),
        }
        shop = Shop(zeep.Client(f"{running}{CUSTOMER_BILLING_PATH}?wsdl"), headers)
        tracking_id = shop.redeem(code)
        story.see_redemption()
        story.find_call(tracking_id)
        story.revoke_token()
        deadline = time.monotonic() + FORGET_S_MAX
        while shop.refusal(code) is None:
            assert time.monotonic() < deadline, "the revoked token is still known"
            time.sleep(0.1)
        assert shop.refusal(code) == 105
