"""Coupons on pages: found, looked at, redeemed, claimed, dispatched, deleted."""

import re
from decimal import Decimal

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.domain.deletion import DeletionFilters
from service.domain.roles import Role
from service.operations.deletion_jobs import create_deletion_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage.party_tables import account
from service.storage.tables import audit, coupon, job, outbox
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console, below, post, token
from tests.operations.jobs import work
from tests.operations.simple_coupons import new_coupon

COUPONS = "customers/1/coupons"
KIM = "kim@example.com"


@pytest.fixture
def codes(console: Console) -> list[str]:
    """Codes of a class, each with its number's place; the customer has account 1."""
    programme = console.programme
    customer_id = programme.customer()
    programme.account(customer_id)
    programme.coupon_class(
        customer_id, pattern="SPRING-####", spend_threshold=Decimal(100), feature_id=5
    )
    programme.mint(customer_id, count=4)
    return [str(row["code"]) for row in programme.rows(coupon)]


@pytest.fixture
def olga(console: Console, codes: list[str]) -> httpx.Client:
    """An operator."""
    return console.signed_in(console.user("Olga"))


def listed(client: httpx.Client, codes: list[str], **query: str) -> list[int]:
    """Which of the coupons, by number, the list has; the query is that of its form."""
    reply = client.get(COUPONS, params={"match": "part", "stage": "", **query})
    assert reply.status_code == 200, reply.text
    return [number for number, code in enumerate(codes, 1) if f">{code}<" in reply.text]


def typed(reply: httpx.Response) -> dict[str, str]:
    """The fields of a form that hold text, as they would be sent."""
    inputs = [it for it in re.findall("<input [^>]*>", reply.text) if "checkbox" not in it]
    found = (re.search(r'name="(\w+)".*value="(.*?)"', it) for it in inputs)
    return {it[1]: it[2] for it in found if it is not None}


def followed(client: httpx.Client, reply: httpx.Response) -> str:
    assert reply.status_code == 303, reply.text
    return client.get(below(reply.headers["Location"])).text


def test_coupons_are_found_by_what_is_known(
    console: Console, olga: httpx.Client, codes: list[str]
) -> None:
    programme = console.programme
    dispatch_coupons(programme.call(), [KIM], 1, "Spring")
    (sent,) = (row["coupon_id"] for row in programme.rows(coupon) if row["sent_at"])
    used = next(number for number in (1, 2, 3, 4) if number != sent)
    redeem_coupon(programme.call(), 1, codes[used - 1])
    number = next(row["number"] for row in programme.rows(account))
    everything = [1, 2, 3, 4]
    assert listed(olga, codes) == everything
    assert listed(olga, codes, code=codes[1].lower(), match="all") == [2]
    assert listed(olga, codes, code="spring-", match="start") == everything
    assert listed(olga, codes, code=codes[2][-4:]) == [3]
    assert listed(olga, codes, class_name="Spring") == everything
    assert listed(olga, codes, email="kim@Example.com") == [sent]
    assert listed(olga, codes, account=number.lower()) == [used]
    assert listed(olga, codes, account="1") == [used]
    assert listed(olga, codes, stage="redeemed") == [used]
    for query, told in (
        ({"code": "AUTUMN"}, "No coupon is like that"),
        ({"class_name": "Autumn"}, "There is no class of this name."),
        ({"account": "Z9999999"}, "There is no account of this number."),
        ({"stage": "lost"}, "Not a valid choice"),
        ({"after": "nonsense"}, "this is no place in the list"),
    ):
        assert told in olga.get(COUPONS, params={"match": "part", "stage": "", **query}).text


def test_a_coupon_tells_its_whole_story(
    console: Console, olga: httpx.Client, codes: list[str]
) -> None:
    shown = olga.get(f"{COUPONS}/1").text
    assert codes[0] in shown
    assert shown.count("not yet") == 3
    console.programme.clock.move(hours=1)
    text = followed(olga, post(olga, f"{COUPONS}/1/redeem", account="1"))
    tracking_id = console.programme.rows(audit)[-1]["tracking_id"]
    assert f"TrackingId {tracking_id}" in text
    console.programme.spend(1, "60")
    text = olga.get(f"{COUPONS}/1").text
    assert re.findall(r'<th scope="row">(mint|redeem|spend)</th>', text) == [
        *("mint", "redeem", "spend")
    ]
    assert "60.00 USD of 100.00 USD" in text
    assert "waiting" in text
    assert "Delete</a>" not in text


def test_a_coupon_is_redeemed_once_and_claimed_once(
    console: Console, olga: httpx.Client, codes: list[str]
) -> None:
    for path in ("1/redeem", "1/claim"):
        for wrong in ("99", "nobody", str(2**63), ""):
            reply = post(olga, f"{COUPONS}/{path}", account=wrong)
            assert (reply.status_code, "account-error" in reply.text) == (422, True), wrong
    assert "is claimed for account 1" in followed(
        olga, post(olga, f"{COUPONS}/2/claim", account="1")
    )
    redeem_coupon(console.programme.call(), 1, codes[2])
    other = console.programme.account(1)
    for path in ("2/claim", "3/claim", "2/redeem", "3/redeem"):
        reply = post(olga, f"{COUPONS}/{path}", account=str(other))
        assert (reply.status_code, 'role="alert"' in reply.text) == (422, True), path
    redeemed = [row["coupon_id"] for row in console.programme.rows(coupon) if row["redeemed_at"]]
    assert redeemed == [3]


def test_a_coupon_gets_other_terms(console: Console, olga: httpx.Client, codes: list[str]) -> None:
    path = f"{COUPONS}/1/terms"
    fields = typed(olga.get(path))
    assert (fields["amount"], fields["currency_code"]) == ("50", "USD")
    new = {**fields, "coupon_type": "Retention", "amount": "75.5"}
    shown = followed(olga, olga.post(path, data=new))
    assert "The coupon has new terms. TrackingId" in shown
    assert "75.50 USD" in shown
    assert "75.50 USD" not in olga.get(f"{COUPONS}/2").text
    stale = olga.post(path, data={**new, "amount": "80"})
    assert (stale.status_code, "75.5" in stale.text) == (409, True)
    fields = typed(stale)
    refused = olga.post(path, data={**fields, "coupon_type": "Retention", "amount": "0.001"})
    assert (refused.status_code, "amount-error" in refused.text) == (422, True)
    redeem_coupon(console.programme.call(), 1, codes[0])
    late = olga.post(path, data={**fields, "coupon_type": "Retention", "amount": "1"})
    assert (late.status_code, "keeps its terms" in late.text) == (422, True)


def test_coupons_go_to_addresses(console: Console, olga: httpx.Client) -> None:
    path = f"{COUPONS}/dispatch?class_name=Spring"
    assert 'value="Spring"' in olga.get(path).text
    for emails, told in (
        (" ,; ", "Type 1 to 1,000 addresses."),
        (f"{KIM}\nnobody", "nobody: "),
        (f"{KIM}\nkim@EXAMPLE.com", "kim@EXAMPLE.com is there twice."),
        ("\n".join(f"{n}@example.com" for n in range(1001)), "Type 1 to 1,000 addresses."),
        ("<script>", "&lt;script&gt;: "),
    ):
        reply = post(olga, path, class_name="Spring", emails=emails)
        assert (reply.status_code, told in reply.text) == (422, True), reply.text
    reply = post(olga, path, class_name="Autumn", emails=KIM)
    assert (reply.status_code, "class_name-error" in reply.text) == (422, True)
    assert console.programme.rows(outbox) == []
    emails = f"{KIM}, anna@example.com\r\n\r\n bob@example.com;"
    text = followed(olga, post(olga, path, class_name="Spring", emails=emails))
    assert "Coupons go to 3 addresses. TrackingId" in text
    assert text.count(KIM) == 1
    text = followed(olga, post(olga, path, class_name="Spring", emails=f"c@{KIM[4:]}\nd@{KIM[4:]}"))
    assert "There was none for the other 1, from d@example.com on: mint more." in text
    assert len(console.programme.rows(outbox)) == 4


def test_coupons_are_deleted_after_a_question(
    console: Console, olga: httpx.Client, codes: list[str]
) -> None:
    redeem_coupon(console.programme.call(), 1, codes[1])
    assert f"Delete coupon {codes[0]}?" in olga.get(f"{COUPONS}/1/delete").text
    text = followed(olga, post(olga, f"{COUPONS}/1/delete"))
    assert "waiting" in text
    work(console.programme)
    ended = olga.get(f"{COUPONS}/deletions/1", headers={"HX-Request": "true"})
    assert ended.headers["HX-Refresh"] == "true"
    assert "completed" in ended.text
    assert listed(olga, codes) == [2, 3, 4]
    assert listed(olga, codes, stage="deleted") == [1]
    gone = olga.get(f"{COUPONS}/1").text
    assert "Deleted" in gone
    assert olga.get(f"{COUPONS}/1/redeem").status_code == 404
    path = f"{COUPONS}/delete?class_name=Spring&valid=validNow&batch_id=1"
    assert "Deleted are those that can be redeemed now in batch 1." in olga.get(path).text
    assert len(console.programme.rows(job)) == 1
    followed(olga, post(olga, path))
    work(console.programme)
    assert listed(olga, codes) == [2]
    assert ">Job 2<" in olga.get(f"{COUPONS}/deletions").text
    for query, told in (
        ("", "asked again before anything is deleted"),
        ("?class_name=&valid=", "Name the class."),
        ("?class_name=Spring&valid=lost", "Not a valid choice"),
    ):
        assert told in olga.get(f"{COUPONS}/delete{query}").text
    path = f"{COUPONS}/delete?class_name=Autumn&valid=&batch_id="
    reply = post(olga, path)
    assert (reply.status_code, "Autumn" in reply.text) == (422, True)


def test_who_may_only_read_changes_nothing(
    console: Console, olga: httpx.Client, codes: list[str]
) -> None:
    redeem_coupon(console.programme.call(), 1, codes[0])
    before = console.programme.rows(coupon)
    rita = console.signed_in(console.user("Rita", Role.READ_ONLY, 1))
    text = rita.get(f"{COUPONS}/1").text
    assert "Redeemed" in text
    assert "command line" not in text, "whoever redeems is of any customer"
    assert not re.search("Dispatch|Mint<|Redeem<", rita.get(COUPONS).text)
    csrf_token = token(rita, COUPONS)
    for path in (
        "2/redeem",
        "2/claim",
        "2/terms",
        "2/delete",
        "dispatch",
        "delete?class_name=Spring&valid=",
    ):
        assert rita.get(f"{COUPONS}/{path}").status_code == 403, path
        data = {"csrf_token": csrf_token, "account": "1", "class_name": "Spring", "emails": KIM}
        assert rita.post(f"{COUPONS}/{path}", data=data).status_code == 403, path
    assert console.programme.rows(coupon) == before
    assert console.programme.rows(job) == []


@pytest.mark.prove
def test_coupons_of_others_are_not_there(
    console: Console, olga: httpx.Client, codes: list[str]
) -> None:
    programme = console.programme
    other = programme.customer()
    programme.coupon_class(other, "Other")
    redeem_coupon(programme.call(), programme.account(other), codes[0])
    for path in ("1", "1/redeem", "1/delete", "99", "deletions/1"):
        assert olga.get(f"customers/{other}/coupons/{path}").status_code == 404, path
    rita = console.signed_in(console.user("Rita", Role.STANDARD, 1))
    text = rita.get(f"{COUPONS}/1").text
    assert "Redeemed" in text
    assert "X000000" not in text


def test_a_code_that_discounts_bills_says_what_it_is(console: Console, olga: httpx.Client) -> None:
    new_coupon(console.programme, 1, name="<b>Half</b>")
    text = olga.get(f"{COUPONS}?code=summer&match=all").text
    assert "parent coupon" in text
    found = re.search(rf"{COUPONS}/(\d+)", text)
    assert found is not None
    shown = olga.get(f"{COUPONS}/{found[1]}").text
    assert "&lt;b&gt;Half&lt;/b&gt;, which discounts bills" in shown
    assert "Redeem" not in shown


def test_coupons_in_a_browser(browser: Browser, console: Console, codes: list[str]) -> None:
    with window(browser, console) as page:
        enter(page, console, console.user("Olga"))
        page.goto(COUPONS)
        page.get_by_label("Code", exact=True).fill(codes[0].lower())
        page.keyboard.press("Enter")
        page.get_by_role("link", name=codes[0]).click()
        assert_accessible(page)
        page.get_by_role("link", name="Redeem").click()
        expect(page.get_by_label("Account")).to_be_focused()
        page.keyboard.type("1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Account 1 has redeemed the coupon.")
        expect(page.get_by_label("Spend towards the threshold")).to_have_attribute("value", "0")


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_coupons_are_accessible(
    browser: Browser, console: Console, codes: list[str], viewport: dict[str, int], scheme: str
) -> None:
    programme = console.programme
    name = console.user("Olga")
    dispatch_coupons(programme.call(), [f"{'long.' * 12}{KIM}"], 1, "Spring")
    redeem_coupon(programme.call(), 1, codes[0])
    programme.clock.move(hours=1)
    programme.spend(1, "150")
    filters = DeletionFilters(batch_id=1, valid="expired")
    create_deletion_job(programme.call(), 1, "Spring", filters)
    with window(browser, console, viewport=viewport, color_scheme=scheme) as page:
        enter(page, console, name)
        for path in (
            *(
                "",
                "?code=none",
                "?class_name=none",
                "/1",
                "/2",
                "/2/redeem",
                "/2/claim",
                "/2/delete",
            ),
            *("/dispatch", "/delete", "/delete?class_name=Spring&valid=", "/deletions"),
            "/deletions/1",
        ):
            page.goto(f"{COUPONS}{path}")
            assert_accessible(page)
        work(programme)
        expect(page.get_by_text("completed")).to_be_visible()
