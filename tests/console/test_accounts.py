"""Accounts in the console: what they have and spend, what they buy, and what that was billed."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.domain.roles import Role
from service.operations.parties import add_account, list_accounts, list_customers
from service.storage.discount_tables import bill
from service.storage.tables import audit, spend
from tests.console.billed import SUBSCRIPTION, Billed
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console, below, post
from tests.operations.simple_coupons import subscription
from tests.programme import START

ACCOUNTS = "customers/1/accounts"
ORDER = f"{ACCOUNTS}/subscriptions/1"
CHANGES = (
    f"{ACCOUNTS}/new",
    f"{ACCOUNTS}/1/spend/new",
    f"{ACCOUNTS}/1/spend/1/reverse",
    f"{ACCOUNTS}/1/subscriptions/new",
    f"{ORDER}/apply?code=WINTER",
    f"{ORDER}/remove?code=SUMMER",
    f"{ORDER}/end",
    f"{ORDER}/bills/1/roll-back",
)
PAGES = (
    "customers",
    "customers/new",
    ACCOUNTS,
    f"{ACCOUNTS}?number=ZZ",
    "customers/2/accounts",
    *(f"{ACCOUNTS}/{account}{rest}" for account in (1, 2) for rest in ("", "/spend")),
    *(f"{ACCOUNTS}/{account}/subscriptions" for account in (1, 2)),
    f"{ACCOUNTS}/1/spend/3",
    *(f"{ACCOUNTS}/subscriptions/{order}" for order in (1, 2)),
    *(f"{ACCOUNTS}/subscriptions/{order}/instances" for order in (1, 2)),
    *(f"{ACCOUNTS}/subscriptions/{order}/bills" for order in (1, 2)),
    f"{ORDER}/bills/1",
    f"{ORDER}/bills/2",
    f"{ORDER}/apply",
    f"{ORDER}/apply?code=NONSENSE",
    *CHANGES,
)


@pytest.fixture
def olga(console: Console) -> httpx.Client:
    """An operator of a service with one customer."""
    assert console.programme.customer() == 1
    return console.signed_in(console.user("Olga"))


@pytest.fixture
def billed(console: Console) -> Console:
    """A customer with an account that has lived, and an operator, Olga."""
    Billed(console.programme).fill()
    console.user("Olga")
    return console


def told(client: httpx.Client, reply: httpx.Response) -> str:
    """The page to which a change led."""
    assert reply.status_code == 303, reply.text
    return client.get(below(reply.headers["Location"])).text


def tracking_id(console: Console) -> str:
    return str(console.programme.rows(audit)[-1]["tracking_id"])


def numbers(page: str) -> list[str]:
    return re.findall(r'class="code" href="[^"]+">([^<]+)</a>', page)


def test_a_customer_and_its_account_are_added(console: Console, olga: httpx.Client) -> None:
    added = told(olga, post(olga, "customers/new", name=" Contoso & Co "))
    assert f"Customer 2 is added. TrackingId {tracking_id(console)}" in added
    assert "Contoso &amp; Co" in olga.get("customers").text
    assert list_customers(console.programme.call())[1].name == "Contoso & Co"
    assert post(olga, "customers/new", name=" ").status_code == 422
    path = "customers/2/accounts"
    assert "No accounts yet" in olga.get(path).text
    typed = {"number": " x0000009", "currency_code": "eur", "email": "Anna@example.com"}
    page = told(olga, post(olga, f"{path}/new", **typed))
    assert f"Account X0000009 is added. TrackingId {tracking_id(console)}" in page
    (made,) = list_accounts(console.programme.call(), 2)
    assert (made.number, made.currency_code, made.email) == ("X0000009", "EUR", "Anna@example.com")
    assert "This account has no coupons yet" in page
    taken = post(olga, f"{ACCOUNTS}/new", **typed)
    assert taken.status_code == 422
    assert "account number X0000009" in taken.text.partition('id="number-error">')[2]
    for wrong in ({"number": "X1"}, {"currency_code": "XXX"}, {"email": "nobody"}):
        reply = post(olga, f"{ACCOUNTS}/new", **{**typed, "number": "X0000001", **wrong})
        assert (reply.status_code, 'role="alert"' in reply.text) == (422, True)


def test_accounts_are_found_by_their_numbers_a_page_at_a_time(
    console: Console, olga: httpx.Client
) -> None:
    call = console.programme.call()
    for number in range(60):
        add_account(call, 1, f"AB0000{number:02}", "USD")
    first = olga.get(ACCOUNTS).text
    next_url = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = olga.get(below(next_url)).text
    assert len(numbers(first)) == 50
    assert numbers(first) + numbers(second) == [f"AB0000{number:02}" for number in range(60)]
    assert numbers(olga.get(ACCOUNTS, params={"number": "ab00005"}).text) == [
        f"AB0000{number}" for number in range(50, 60)
    ]
    assert "No account of this customer has such a number" in olga.get(f"{ACCOUNTS}?number=B").text
    assert olga.get(f"{ACCOUNTS}?number=123456789").status_code == 422
    assert olga.get(f"{ACCOUNTS}?after=x").status_code == 422


def test_an_account_shows_its_coupons_and_spend(billed: Console) -> None:
    olga = billed.signed_in("Olga")
    page = olga.get(f"{ACCOUNTS}/1").text
    rows = [it.partition("</tr>")[0] for it in page.split("<tr>")[2:]]
    states = [re.findall(r'class="badge[^"]*">([^<]+)', row) for row in rows]
    assert states == [["claimed"], ["expired"], ["waiting"], ["active"], ["expired"], ["used up"]]
    assert "customers/2/coupons/" in rows[0]
    assert "200.00 USD of 200.00 USD" in rows[2]
    assert "0.00 USD" in rows[5]
    page = olga.get(f"{ACCOUNTS}/1/spend").text
    # In March 2026 two spends, of 18 and 27; in October one of 21 stands, and a bill's.
    for shown in ("2026-03: 45</title>", "2026-10: 45.2</title>", "invoice 2026-08-2"):
        assert shown in page
    assert page.count("taken back</span>") == 2
    assert "18.00 USD" in olga.get(f"{ACCOUNTS}/1/spend/1").text
    # The spend of a bill is taken back with the bill only.
    number = len(billed.programme.rows(spend)) - 1
    path = f"{ACCOUNTS}/1/spend/{number}"
    page = olga.get(path).text
    assert "It is taken back with the bill" in page
    assert "What it did to coupons" in page
    assert "/reverse" not in page
    assert post(olga, f"{path}/reverse").status_code == 422


def record(client: httpx.Client, **typed: str) -> httpx.Response:
    given = {"amount": "30", "reference": "invoice 1", "spent_at": "", **typed}
    return post(client, f"{ACCOUNTS}/1/spend/new", **given)


def test_spend_is_recorded_and_taken_back_once(console: Console, olga: httpx.Client) -> None:
    console.programme.account(1)
    assert "No spend is recorded" in olga.get(f"{ACCOUNTS}/1/spend").text
    page = told(olga, record(olga, amount="123456789012.34", spent_at="2026-02-28T10:00"))
    assert "123,456,789,012.34 USD" in page
    assert f"The spend is recorded. TrackingId {tracking_id(console)}" in page
    assert "2026-02-28 10:00 UTC" in page
    taken = record(olga, amount="31")
    assert "names another spend" in taken.text.partition('id="reference-error">')[2]
    for wrong in ("0", "-1", "1.001", "NaN", "1E+99", "x", ""):
        assert record(olga, amount=wrong, reference="invoice 2").status_code == 422, wrong
    assert record(olga, reference="invoice 2", spent_at="2026-03-02T10:00").status_code == 422
    assert record(olga, reference="bill:1").status_code == 422
    path = f"{ACCOUNTS}/1/spend/1"
    assert "Take spend invoice 1 back?" in olga.get(f"{path}/reverse").text
    assert console.programme.rows(spend)[0]["reversed_at"] is None
    assert "The spend is taken back. TrackingId" in told(olga, post(olga, f"{path}/reverse"))
    assert [row["reversed_at"] for row in console.programme.rows(spend)] == [START]
    assert "Take it back" not in olga.get(path).text


def test_a_subscription_is_added_and_ended(console: Console, olga: httpx.Client) -> None:
    console.programme.account(1)
    path = f"{ACCOUNTS}/1/subscriptions"
    assert "No subscriptions" in olga.get(path).text
    typed = {"reference": "order/../1 ?", "product_id": "Ads", "rate_plan_id": "monthly"}
    page = told(olga, post(olga, f"{path}/new", **typed))
    assert f"The subscription is added. TrackingId {tracking_id(console)}" in page
    assert "Subscription order/../1 ?" in page
    assert "USD" in page
    taken = post(olga, f"{path}/new", **typed)
    assert "subscription order/../1 ?" in taken.text.partition('id="reference-error">')[2]
    assert post(olga, f"{path}/new", **{**typed, "product_id": ""}).status_code == 422
    assert "End subscription" in olga.get(f"{ORDER}/end").text
    assert "The subscription has ended." in told(olga, post(olga, f"{ORDER}/end"))
    page = olga.get(ORDER).text
    assert "ended</span>" in page
    assert "Apply a coupon" not in page


def test_a_simple_coupon_is_applied_and_removed(billed: Console) -> None:
    olga = billed.signed_in("Olga")
    assert "Coupons that fit" in olga.get(ORDER).text
    path = f"{ORDER}/apply"
    assert 'role="alert"' not in olga.get(path).text
    unknown = olga.get(path, params={"code": "nonsense"})
    assert unknown.status_code == 422
    assert "coupon NONSENSE" in unknown.text.partition('id="code-error">')[2]
    asked = olga.get(path, params={"code": "winter"}).text
    assert "Apply coupon WINTER?" in asked
    assert "50 % of the whole bill" in asked
    page = told(olga, post(olga, f"{path}?code=winter"))
    assert "Coupon WINTER discounts the bills from now on. TrackingId" in page
    again = post(olga, f"{path}?code=winter")
    assert (again.status_code, "order 7" in again.text) == (422, True)
    path = f"{ORDER}/remove"
    assert "Remove coupon WINTER from order 7?" in olga.get(f"{path}?code=WINTER").text
    page = told(olga, post(olga, f"{path}?code=WINTER"))
    assert "Coupon WINTER discounts the bills no more. TrackingId" in page
    assert post(olga, f"{path}?code=nonsense").status_code == 422
    assert post(olga, path).status_code == 422
    page = olga.get(f"{ORDER}/instances").text
    rows = [it.partition("</tr>")[0] for it in page.split("<tr>")[2:]]
    states = [re.findall(r'class="badge[^"]*">([^<]+)', row)[0] for row in rows]
    assert states == ["in effect", "in effect", "removed", "in effect", "removed"]
    assert "of simple coupon <code>SUMMER</code>" in rows[0]
    assert "of <code>CDF-" in rows[3]


def test_a_bill_says_what_was_taken_off_and_why(billed: Console) -> None:
    olga = billed.signed_in("Olga")
    page = olga.get(f"{ORDER}/bills").text
    assert [page.count(f"{state}</span>") for state in ("stands", "rolled back")] == [1, 1]
    path = f"{ORDER}/bills/1"
    page = olga.get(path).text
    for shown in (
        "98.00 USD",
        "100 % of 15.00 USD (users: the first 3 units) is 15.00 USD.",
        "50 % of 98.00 USD (the whole bill) is 49.00 USD.",
        "12.5 % of what was left at its turn is 3.03 USD.",
        "21.17 USD",
    ):
        assert shown in page
    assert "Roll bill 2026-10 back?" in olga.get(f"{path}/roll-back").text
    assert billed.programme.rows(bill)[0]["rolled_back_at"] is None
    page = told(olga, post(olga, f"{path}/roll-back"))
    assert f"The bill is rolled back. TrackingId {tracking_id(billed)}" in page
    assert "/roll-back" not in page
    assert billed.programme.rows(bill)[0]["rolled_back_at"] is not None


def test_who_only_reads_is_shown_no_way_to_change(billed: Console) -> None:
    rita = billed.signed_in(billed.user("Rita", Role.READ_ONLY, 1))
    for path in PAGES:
        if path in CHANGES or path.startswith(("customers/2", "customers/new", f"{ORDER}/apply")):
            assert rita.get(path).status_code == 403, path
            continue
        page = rita.get(path)
        assert page.status_code == 200, path
        for text in ("Add a", "Add the", "Record spend", "Take it", "/apply", "Remove<", "End it"):
            assert text not in page.text, path
    before = billed.programme.rows(audit)
    for path in (*CHANGES, "customers/new"):
        assert post(rita, path, form="customers").status_code == 403, path
    assert billed.programme.rows(audit) == before


def test_who_may_change_what_the_customer_has_applies_coupons(billed: Console) -> None:
    kim = billed.signed_in(billed.user("Kim", Role.STANDARD, 1))
    assert "Apply a coupon" in kim.get(ORDER).text
    assert "discounts the bills from now on" in told(kim, post(kim, f"{ORDER}/apply?code=WINTER"))
    for path in CHANGES:
        is_theirs = "/apply" in path or "/remove" in path
        assert kim.get(path).status_code == (200 if is_theirs else 403), path
    # A coupon of a customer that Kim may not see is shown, as the account has it, without a link.
    assert "customers/2/" not in kim.get(f"{ACCOUNTS}/1").text


@pytest.mark.prove
def test_nothing_is_found_beneath_another_customer(billed: Console) -> None:
    programme = billed.programme
    foreign = programme.account(2)
    subscription(programme, foreign)
    olga, kim = billed.signed_in("Olga"), billed.signed_in(billed.user("Kim", Role.STANDARD, 2))
    for path in PAGES:
        other = path.replace("customers/1/", "customers/2/")
        if path in {other, ACCOUNTS} or path.startswith((f"{ACCOUNTS}?", f"{ACCOUNTS}/new")):
            continue
        assert olga.get(other).status_code == 404, other
        assert kim.get(other).status_code == 403, other
        assert SUBSCRIPTION not in kim.get(other).text
    # Nor beneath another account, or subscription.
    for path in (f"{ACCOUNTS}/2/spend/1", f"{ACCOUNTS}/subscriptions/2/bills/1"):
        assert olga.get(path).status_code == 404


def test_an_account_is_looked_through_in_a_browser(browser: Browser, billed: Console) -> None:
    with window(browser, billed, viewport=NARROW, color_scheme="dark") as page:
        enter(page, billed, "Olga")
        page.goto(ACCOUNTS)
        page.get_by_role("link", name="X0000001").click()
        expect(page.get_by_role("link", name="Coupons", exact=True).last).to_have_attribute(
            "aria-current", "page"
        )
        assert_accessible(page)
        page.get_by_role("link", name="Subscriptions", exact=True).click()
        page.get_by_role("link", name=SUBSCRIPTION).click()
        page.get_by_role("link", name="Remove coupon SEATS").click()
        page.get_by_role("button", name="Remove it").click()
        expect(page.get_by_role("status")).to_contain_text("Coupon SEATS discounts the bills no")
        page.get_by_role("link", name="Bills", exact=True).click()
        page.get_by_role("link", name="2026-10").click()
        expect(page.get_by_text("50 % of 98.00 USD (the whole bill)")).to_be_visible()
        assert_accessible(page)


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_accounts_is_accessible(
    browser: Browser, billed: Console, viewport: dict[str, int], scheme: str
) -> None:
    with window(browser, billed, viewport=viewport, color_scheme=scheme) as page:
        enter(page, billed, "Olga")
        titles = set()
        for path in PAGES:
            page.goto(path)
            titles.add(page.title())
            assert_accessible(page)
        assert len(titles) > len(PAGES) / 2
