"""Coupon classes in the console: listed, made, given other terms, retired."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from service.domain.roles import Role
from service.domain.terms import CouponType
from service.operations.classes import show_class, update_class
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import audit
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console, below, post, token
from tests.programme import START, terms

CLASSES = "customers/1/classes"
NEW = f"{CLASSES}/new"
TYPED = {
    "name": "Spring",
    "coupon_type": "Retention",
    "currency_code": "usd",
    "amount": "12.5",
    "code_pattern": "####-####",
    "code_alphabet": "ABCDEFGH",
    "language": "de-AT",
}


@pytest.fixture
def olga(console: Console) -> httpx.Client:
    """An operator of a service with one customer."""
    assert console.programme.customer() == 1
    return console.signed_in(console.user("Olga"))


def told(client: httpx.Client, reply: httpx.Response) -> str:
    """The page to which a change led."""
    assert reply.status_code == 303, reply.text
    return client.get(below(reply.headers["Location"])).text


def test_a_class_is_made_with_every_term(console: Console, olga: httpx.Client) -> None:
    typed = {
        **TYPED,
        "percent_off": "7.654321",
        "spend_threshold": "0.01",
        "active_duration": "90",
        "start_date": "2026-03-01T12:00",
        "end_date": "2026-03-02T12:00:01",
        "expiration_date": "2026-03-03T12:00",
        "is_reservation_mandatory": "y",
        "feature_id": "7",
    }
    page = told(olga, post(olga, NEW, **typed))
    change = console.programme.rows(audit)[-1]
    assert f"The class Spring is made. TrackingId {change['tracking_id']}" in page
    made = show_class(console.programme.call(), 1, "Spring")
    assert made.terms == terms(
        amount=Decimal("12.5"),
        percent_off=Decimal("7.654321"),
        spend_threshold=Decimal("0.01"),
        active_duration=90,
        start_date=START,
        end_date=START + timedelta(days=1, seconds=1),
        expiration_date=START + timedelta(days=2),
        is_reservation_mandatory=True,
    )
    assert (made.code_pattern, made.code_alphabet) == ("####-####", "ABCDEFGH")
    assert (made.language, made.feature_id) == ("de-AT", 7)
    for text in (
        "7.654321\N{NO-BREAK SPACE}%, at most 12.50\N{NO-BREAK SPACE}USD",
        "####-####",
        "2026-03-02 12:00 UTC",
        "de-AT",
    ):
        assert text in page


REFUSED = [
    ("name", " ", "Type a name."),
    ("name", "Taken", "class Taken of customer 1"),
    ("amount", "", "Amount above 0 or PercentOff is needed"),
    ("amount", "-1", "Amount must be 0 to"),
    ("amount", "sNaN", "Type a number."),
    ("spend_threshold", "Infinity", "Type a number."),
    ("amount", "1.001", "Amount must be a multiple of 0.01 USD"),
    ("amount", "x", "Not a valid decimal value."),
    ("percent_off", "101", "PercentOff must be above 0 and at most 100"),
    ("currency_code", "XQX", "CurrencyCode &#39;XQX&#39; is unknown"),
    ("active_duration", "0", "Number must be between 1 and 36500."),
    ("end_date", "2025-01-01T00:00", "EndDate must not be before StartDate"),
    ("end_date", "soon", "Not a valid datetime value."),
    ("code_pattern", "ABC", "#"),
    ("coupon_type", "Other", "Not a valid choice."),
]


def test_what_no_class_can_be_is_told_where_it_was_typed(
    console: Console, olga: httpx.Client
) -> None:
    console.programme.coupon_class(1, "Taken")
    changes = console.programme.rows(audit)
    form = {**TYPED, "start_date": "2026-01-01T00:00", "csrf_token": token(olga, NEW)}
    for field, typed, error in REFUSED:
        reply = olga.post(NEW, data={**form, field: typed})
        assert reply.status_code == 422, (field, typed)
        beneath = reply.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
        assert error in beneath, (field, typed)
    reply = olga.post(NEW, data={**form, "language": "German!"})
    assert "is not a language such as en" in reply.text.partition('role="alert"')[2]
    assert console.programme.rows(audit) == changes


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page)


def test_classes_are_listed_a_page_at_a_time_and_searched(
    console: Console, olga: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.console.pages.classes.PAGE_SIZE", 2)
    assert "No coupon class yet" in olga.get(CLASSES).text
    for name in ("A & B", "Autumn", "Winter", "<b>"):
        console.programme.coupon_class(1, name)
    console.programme.mint(1, "A & B", count=3)
    first = olga.get(CLASSES).text
    assert listed(first) == ["&lt;b&gt;", "A &amp; B"]
    next_url = first.partition('rel="next" href="')[2].partition('"')[0]
    second = olga.get(below(next_url.replace("&amp;", "&"))).text
    assert listed(second) == ["Autumn", "Winter"]
    assert 'rel="next"' not in second
    wanted = {"name": "AU", "state": "in-use", "type": "Retention"}
    assert listed(olga.get(CLASSES, params=wanted).text) == ["Autumn"]
    assert "No such class" in olga.get(CLASSES, params={"state": "retired"}).text
    assert olga.get(CLASSES, params={"state": "nonsense"}).status_code == 422


def hidden(client: httpx.Client, path: str, name: str) -> str:
    """The value of a hidden field of a page's form."""
    text = client.get(path).text.partition(f'name="{name}"')[2]
    return text.partition('value="')[2].partition('"')[0]


def change_terms(client: httpx.Client, class_id: int, **typed: str) -> httpx.Response:
    path = f"{CLASSES}/{class_id}/terms"
    given = {"coupon_type": "Retention", "currency_code": "USD", "amount": "50"}
    values = {**given, "terms_id": hidden(client, path, "terms_id"), **typed}
    return post(client, path, **values)


def test_new_terms_keep_what_a_field_cannot_show(console: Console, olga: httpx.Client) -> None:
    precise = START + timedelta(microseconds=5)
    class_id = console.programme.coupon_class(1, expiration_date=precise)
    console.programme.mint(1)
    shown = olga.get(f"{CLASSES}/{class_id}/terms").text
    assert "1 coupon that is minted already keeps its terms" in shown
    assert 'value="2026-03-01T12:00:00"' in shown
    typed = {"coupon_type": "Acquisition", "amount": "60", "expiration_date": "2026-03-01T12:00:00"}
    page = told(olga, change_terms(olga, class_id, **typed))
    assert "minted already keep the terms" in page
    changed = show_class(console.programme.call(), 1, "Spring").terms
    assert changed == terms(
        coupon_type=CouponType.ACQUISITION, amount=Decimal(60), expiration_date=precise
    )


def test_a_form_of_old_terms_changes_nothing(console: Console, olga: httpx.Client) -> None:
    class_id = console.programme.coupon_class(1)
    old = hidden(olga, f"{CLASSES}/{class_id}/terms", "terms_id")
    update_class(
        console.programme.call(), 1, "Spring", lambda it: replace(it, spend_threshold=Decimal(7))
    )
    reply = change_terms(olga, class_id, amount="60", terms_id=old)
    assert reply.status_code == 409
    assert "Somebody has changed the terms meanwhile" in reply.text
    assert 'value="7"' in reply.text
    assert show_class(console.programme.call(), 1, "Spring").terms.amount == 50
    for amount in ("0", "sNaN"):
        assert change_terms(olga, class_id, amount=amount).status_code == 422
    changes = console.programme.rows(audit)
    page = told(olga, change_terms(olga, class_id, spend_threshold="7.00"))
    assert "Nothing was changed" in page
    assert console.programme.rows(audit) == changes


def test_a_class_is_retired_by_who_says_so(console: Console, olga: httpx.Client) -> None:
    class_id = console.programme.coupon_class(1)
    page = f"{CLASSES}/{class_id}"
    asked = olga.get(f"{page}/retire").text
    assert "Retire the class Spring?" in asked
    assert show_class(console.programme.call(), 1, "Spring").retired_at is None
    assert "The class Spring is retired. TrackingId" in told(olga, post(olga, f"{page}/retire"))
    assert show_class(console.programme.call(), 1, "Spring").retired_at == START
    assert "Change terms" not in olga.get(page).text
    for path in ("retire", "terms"):
        reply = post(olga, f"{page}/{path}", form="customers", terms_id="1", **TYPED)
        assert reply.status_code in {409, 422}
    assert "The coupon class is retired." in post(olga, f"{page}/retire").text


def test_who_only_reads_is_shown_no_way_to_change(console: Console) -> None:
    own, other = console.programme.customer(), console.programme.customer()
    class_id = console.programme.coupon_class(own)
    foreign = console.programme.coupon_class(other, "Secret")
    rita = console.signed_in(console.user("Rita", Role.READ_ONLY, own))
    for path in (CLASSES, f"{CLASSES}/{class_id}"):
        page = rita.get(path)
        assert page.status_code == 200
        assert "Spring" in page.text
        for text in ("New class", "Change terms", "Retire<", "Mint<", "Dispatch<"):
            assert text not in page.text
    for path in ("new", f"{class_id}/terms", f"{class_id}/retire"):
        assert rita.get(f"{CLASSES}/{path}").status_code == 403
        assert post(rita, f"{CLASSES}/{path}", form="customers", **TYPED).status_code == 403
    for path in (f"{foreign}", f"{foreign}/terms", f"{foreign}/retire"):
        reply = console.signed_in(console.user(f"Olga {path}")).get(f"{CLASSES}/{path}")
        assert reply.status_code == 404
        assert "Secret" not in reply.text


def test_a_class_shows_what_became_of_its_coupons(console: Console, olga: httpx.Client) -> None:
    programme = console.programme
    class_id = programme.coupon_class(1, "<script>alert(1)</script>")
    page = f"{CLASSES}/{class_id}"
    assert "Nothing was minted yet" in olga.get(page).text
    codes = programme.mint(1, "<script>alert(1)</script>", count=2000)
    account = programme.account(1)
    redeem_coupon(programme.call(), account, codes[0])
    programme.spend(account, "20")
    text = olga.get(page).text
    assert "<script>alert" not in text
    for shown in ("2,000", "50.00 USD", "20.00 USD", "2026-03-01: 1</title>"):
        assert shown in text


PAGES = ("", "?name=x&state=retired", "/new", "/1", "/2", "/1/terms", "/1/retire")


def look_around(page: Page) -> None:
    for path in PAGES:
        page.goto(f"{CLASSES}{path}")
        assert_accessible(page)


@pytest.fixture
def stocked(console: Console) -> Console:
    """A class of which a coupon is redeemed, and one without coupons; an operator, Olga."""
    programme = console.programme
    customer_id = programme.customer()
    programme.coupon_class(customer_id, percent_off=Decimal("12.5"), end_date=START)
    programme.coupon_class(customer_id, "W" * 255)
    programme.mint(customer_id, count=5)
    redeem_coupon(programme.call(), programme.account(customer_id), programme.coupons(1)[0]["code"])
    console.user("Olga")
    return console


def test_a_class_is_made_in_a_browser(browser: Browser, stocked: Console) -> None:
    with window(browser, stocked, viewport=NARROW, color_scheme="dark") as page:
        enter(page, stocked, "Olga")
        page.goto(CLASSES)
        assert_accessible(page)
        page.get_by_role("link", name="New class").click()
        page.get_by_label("Name").fill("Summer")
        page.get_by_label("Currency").fill("eur")
        page.get_by_role("button", name="Make the class").click()
        expect(page.get_by_role("alert")).to_be_focused()
        assert_accessible(page)
        page.get_by_role("link", name="Amount").click()
        expect(page.get_by_label("Amount", exact=True)).to_be_focused()
        page.keyboard.type("12.50")
        page.get_by_label("End date").fill("2026-12-31T23:59:59")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("The class Summer is made.")
        expect(page.get_by_role("heading", level=1)).to_have_text("Summer")
        expect(page.get_by_text("12.50 EUR")).to_be_visible()
        assert_accessible(page)


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_classes_is_accessible(
    browser: Browser, stocked: Console, viewport: dict[str, int], scheme: str
) -> None:
    with window(browser, stocked, viewport=viewport, color_scheme=scheme) as page:
        enter(page, stocked, "Olga")
        look_around(page)
