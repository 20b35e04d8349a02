"""Calls and the audit log on pages: found by what people paste, narrowed, and kept apart."""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.console.tracking_ids import tracking_id_in
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Role
from service.operations.calls import Call
from service.operations.redeem_coupon import redeem_coupon
from service.storage.calls import add_calls
from service.storage.tables import audit
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console
from tests.operations.traces import call_record
from tests.programme import Programme

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def record(programme: Programme, user_id: int | None, **changes: object) -> str:
    """Record a call; answers its TrackingId."""
    made = call_record(**{"at": programme.clock(), "user_id": user_id, **changes})
    with programme.database.writing() as connection:
        add_calls(connection, [made])
    return made.tracking_id


def redeem(programme: Programme, caller: Caller, account_id: int, code: str) -> str:
    """Redeem a coupon, and record that as a call; answers its TrackingId."""
    call: Call = programme.call(caller)
    outcome, number = "ok", None
    try:
        redeem_coupon(call, account_id, code)
    except ServiceError as error:
        outcome, number = error.row.symbol, error.row.code
    return record(
        programme,
        caller.user_id,
        tracking_id=call.tracking_id,
        operation="RedeemCoupon",
        outcome=outcome,
        code=number,
        http_status=200 if number is None else 500,
    )


@pytest.fixture
def olga(console: Console) -> httpx.Client:
    """An operator, who is user 1."""
    return console.signed_in(console.user("Olga"))


@pytest.mark.parametrize(
    "pasted",
    [
        GUID,
        GUID.upper(),
        GUID.replace("-", ""),
        f"{{{GUID}}}",
        f"  urn:uuid:{GUID}\n",
        f'"tracking_id": "{GUID}", "operation": null',
        f"Internal error. TrackingId={GUID}.",
    ],
)
def test_a_tracking_id_is_found_in_what_was_pasted(pasted: str) -> None:
    assert tracking_id_in(pasted) == UUID(GUID)


@pytest.mark.parametrize("pasted", ["", "none", GUID[:-1], "1234"])
def test_there_is_not_always_one(pasted: str) -> None:
    assert tracking_id_in(pasted) is None


def test_a_call_is_found_with_what_it_changed(console: Console, olga: httpx.Client) -> None:
    programme = console.programme
    customer_id = programme.customer()
    account_id, code = programme.account(customer_id), programme.coupon(customer_id)
    caller = Caller(1, "Olga", {}, is_operator=True)
    redeemed = redeem(programme, caller, account_id, code)
    pasted = quote(f"TrackingId {redeemed.upper()}")
    reply = olga.get(f"calls/find?pasted={pasted}")
    assert reply.headers["Location"] == f"/console/calls/{redeemed}"
    text = olga.get(f"calls/{redeemed}").text
    for told in ("RedeemCoupon", "Olga", "2.5 ms", "900 bytes", "1,200 bytes", "redeemed at"):
        assert told in text
    assert code not in text
    refused = redeem(programme, caller, programme.account(customer_id), code)
    text = olga.get(f"calls/{refused}").text
    assert "CouponAlreadyRedeemed" in text
    assert "number 90002" in text
    assert "nothing under this TrackingId" in text


def test_what_is_not_there_is_told(console: Console, olga: httpx.Client) -> None:
    assert "Point a SOAP client at the service" in olga.get("calls").text
    text = olga.get(f"calls/{GUID}").text
    assert "No call with this TrackingId is kept" in text
    by_page = str(console.programme.rows(audit)[-1]["tracking_id"])
    text = olga.get(f"calls/{by_page}").text
    assert "its changes follow" in text
    assert "add <a" in text
    assert olga.get("calls/find?pasted=nothing").status_code == 303
    assert "There is no TrackingId in it" in olga.get("calls").text
    assert olga.get("calls?outcome=nonsense").status_code == 422
    assert olga.get("calls?after=nonsense").status_code == 422


def test_calls_are_narrowed_and_paged(console: Console, olga: httpx.Client) -> None:
    programme = console.programme
    old = record(programme, 1, at=programme.clock() - timedelta(hours=2))
    fault = record(programme, None, operation=None, outcome="InvalidCredentials", code=105)
    many = [record(programme, 1, is_replay=True) for _ in range(50)]

    def shown(query: str) -> set[str]:
        text = olga.get(f"calls?{query}").text
        return {it for it in (old, fault, *many) if it in text}

    assert shown("outcome=faults") == shown("outcome=InvalidCredentials") == {fault}
    assert shown("") == set(many)
    assert fault not in shown("user=Olga&period=60")
    first = olga.get("calls").text
    after = first.partition('rel="next" href="')[2].partition('"')[0].partition("?")[2]
    assert shown(after.replace("&amp;", "&")) == {old, fault}
    assert shown("operation=RedeemCoupon") == set()
    assert shown("customer=1") == set()


def test_members_see_their_own_calls_and_no_audit_log(console: Console, olga: httpx.Client) -> None:
    programme = console.programme
    own, other = programme.customer(), programme.customer()
    console.user("Sue", Role.SUPER_ADMIN, own)
    console.user("Rita", Role.READ_ONLY, own)
    console.user("Ola", Role.SUPER_ADMIN, other)
    by_user = {user_id: record(programme, user_id) for user_id in (1, 2, 3, 4)}
    for name, seen in (("Sue", {2, 3}), ("Rita", {3}), ("Ola", {4})):
        client = console.signed_in(name)
        text = client.get("calls").text
        assert {user_id for user_id, it in by_user.items() if it in text} == seen
        for user_id, tracking_id in by_user.items():
            is_shown = "SearchCoupons" in client.get(f"calls/{tracking_id}").text
            assert is_shown == (user_id in seen)
        assert "What it changed" not in client.get(f"calls/{by_user[1]}").text
        assert client.get("audit").status_code == 403


def test_changes_are_narrowed(console: Console, olga: httpx.Client) -> None:
    programme = console.programme
    programme.coupon_class(programme.customer(), "Spring")
    assert "Spring" in olga.get("audit").text
    rows = programme.rows(audit)
    spring = next(it for it in rows if it["entity"] == "coupon_class")
    for query, is_found in (
        ("entity=coupon_class", True),
        (f"entity=coupon_class&entity_id={spring['entity_id']}", True),
        ("entity=coupon_class&entity_id=99", False),
        ("action=retire", False),
        ("user=command+line", True),
        ("user=Olga", False),
        (f"tracking_id={str(spring['tracking_id']).upper()}", True),
        (f"tracking_id={GUID}", False),
        ("since=2026-03-01T12%3A00&before=2026-03-01T12%3A01", True),
        ("since=2026-03-01T12%3A01", False),
    ):
        text = olga.get(f"audit?{query}").text
        assert ("Spring" in text) is is_found, query
        assert ("No change is like that" in text) is not is_found, query
    for query in ("entity_id=1", "tracking_id=x", "since=yesterday", "after=x", "entity_id=-1"):
        assert olga.get(f"audit?{query}").status_code == 422, query


def test_a_call_is_found_in_a_browser(browser: Browser, console: Console) -> None:
    programme = console.programme
    customer_id = programme.customer()
    caller = Caller(1, console.user("Olga"), {}, is_operator=True)
    redeemed = redeem(
        programme, caller, programme.account(customer_id), programme.coupon(customer_id)
    )
    with window(browser, console, viewport=NARROW) as page:
        enter(page, console, "Olga")
        page.goto("calls")
        assert_accessible(page)
        page.get_by_role("textbox", name="TrackingId").fill(f"{{{redeemed}}}")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("RedeemCoupon")
        assert_accessible(page)
        page.get_by_role("link", name="coupon 1").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
        assert_accessible(page)


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_about_calls_are_accessible(
    browser: Browser, console: Console, viewport: dict[str, int], scheme: str
) -> None:
    programme = console.programme
    customer_id = programme.customer()
    caller = Caller(1, console.user("Olga"), {}, is_operator=True)
    code = programme.coupon(customer_id)
    made = [redeem(programme, caller, programme.account(customer_id), code) for _ in range(2)]
    with window(browser, console, viewport=viewport, color_scheme=scheme) as page:
        enter(page, console, "Olga")
        calls = [f"calls/{it}" for it in (*made, GUID)]
        queries = ["audit?action=x", "audit?entity_id=1", "calls?user=x", "calls?outcome=x"]
        for path in ("calls", "audit", *calls, *queries):
            page.goto(path)
            assert_accessible(page)
