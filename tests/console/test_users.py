"""Users and tokens on pages: added, disabled, issued once, revoked."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from service.domain.refusals import ServiceError
from service.domain.roles import Credentials, Role
from service.operations.authentication import Authenticator
from service.operations.calls import Call
from service.operations.users import list_tokens, list_users
from service.storage.tables import audit
from tests.console.browser import NARROW, WIDE, assert_accessible, enter, window
from tests.console.server import Console, below, post, sign_in, token

GOOD = "a password of mine"


@pytest.fixture
def olga(console: Console) -> httpx.Client:
    """An operator of a service with one customer."""
    console.programme.customer()
    return console.signed_in(console.user("Olga"))


def admitted(console: Console, **texts: str) -> Call:
    authenticator = Authenticator(console.programme.database, console.programme.clock)
    return authenticator(Credentials(**texts), "a call")


def issue(client: httpx.Client, user_id: int, kind: str, **values: str) -> httpx.Response:
    """Send the form for a token as a browser does, with the hidden field of its page."""
    path = f"users/{user_id}/tokens/new"
    text = client.get(path).text
    last = re.search(r'name="last_token_id"[^>]*value="(\d+)"', text)
    assert last is not None
    return post(client, path, **{"kind": kind, "last_token_id": last[1], **values})


def token_text(reply: httpx.Response) -> str:
    assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-store")
    found = re.search(r'id="token"[^>]*value="([^"]+)"', reply.text)
    assert found is not None
    return found[1]


def test_a_user_is_added_and_found_under_the_tracking_id(
    console: Console, olga: httpx.Client
) -> None:
    reply = post(
        olga, "users/new", name="Rita", role="ReadOnly", customer_id="1", password=GOOD, email=""
    )
    assert reply.status_code == 303
    shown = olga.get(below(reply.headers["Location"]))
    tracking_id = str(console.programme.rows(audit)[-1]["tracking_id"])
    assert f"The user was added. TrackingId {tracking_id}" in shown.text
    rita = next(it for it in list_users(console.programme.call()) if it.name == "Rita")
    assert (rita.role, rita.customer_id, rita.has_password) == ("ReadOnly", 1, True)
    assert sign_in(console.client(), "Rita", GOOD).status_code == 303
    assert "Rita" in olga.get("users?name=RIT").text
    assert "No user has that in its name" in olga.get("users?name=%25").text


def test_what_a_user_cannot_be_is_told_at_its_field(olga: httpx.Client) -> None:
    for values, complaint in (
        ({"name": "Olga", "role": "Operator"}, "The name is already in use: user Olga."),
        ({"name": "Rita", "role": "Operator", "customer_id": "1"}, "every role but Operator"),
        ({"name": "Rita", "role": "ReadOnly", "customer_id": "9"}, "customer 9."),
        ({"name": "Rita", "role": "Operator", "password": "short"}, "12 to 1000 characters"),
        ({"name": "Rita", "role": "Operator", "email": "nowhere"}, "nowhere"),
        ({"name": "", "role": "Operator"}, "Type a name."),
    ):
        reply = post(olga, "users/new", **values)
        assert (reply.status_code, complaint in reply.text) == (422, True), complaint


def test_a_token_is_shown_once_and_issued_once(console: Console, olga: httpx.Client) -> None:
    user_id = 1
    developer = token_text(issue(olga, user_id, "developer"))
    reply = issue(olga, user_id, "authentication", expires_at="2026-03-01T13:00")
    authentication = token_text(reply)
    texts = {"developer_token": developer, "authentication_token": authentication}
    assert admitted(console, **texts).caller.user_name == "Olga"
    again = olga.post(
        f"users/{user_id}/tokens/new",
        data={
            "csrf_token": token(olga, "users/new"),
            "kind": "authentication",
            "last_token_id": "1",
        },
    )
    assert again.status_code == 303
    told = olga.get(f"users/{user_id}").text
    assert "No second token was issued" in told
    assert developer not in told
    assert authentication not in told
    assert len(list_tokens(console.programme.call())) == 2
    console.programme.clock.move(hours=1)
    with pytest.raises(ServiceError, match="InvalidCredentials"):
        admitted(console, **texts)
    assert ">expired<" in olga.get(f"users/{user_id}").text
    refused = issue(olga, user_id, "developer", expires_at="2026-03-01T13:00")
    assert (refused.status_code, "has passed already" in refused.text) == (422, True)


def test_revoking_and_disabling_ask_first(console: Console, olga: httpx.Client) -> None:
    console.user("Rita", Role.READ_ONLY, 1)
    rita = console.signed_in("Rita")
    token_text(issue(olga, 2, "developer"))
    token_text(issue(olga, 2, "authentication"))
    assert "Revoke token 1 of Rita?" in olga.get("users/2/tokens/1/revoke").text
    assert post(olga, "users/2/tokens/1/revoke").status_code == 303
    assert post(olga, "users/2/tokens/1/revoke").status_code == 422
    assert [it.revoked_at is None for it in list_tokens(console.programme.call())] == [False, True]
    assert "It cannot be undone" in olga.get("users/2/disable").text
    assert post(olga, "users/2/disable").status_code == 303
    assert rita.get("").headers["Location"].startswith("/console/sign-in")
    assert all(it.revoked_at for it in list_tokens(console.programme.call()))
    assert ">disabled<" in olga.get("users").text
    assert post(olga, "users/2/email", email="rita@contoso.example").status_code == 422


def test_an_address_and_a_password_are_changed(console: Console, olga: httpx.Client) -> None:
    console.user("Rita", Role.READ_ONLY, 1)
    assert post(olga, "users/2/email", email="rita@contoso.example").status_code == 303
    assert "rita@contoso.example" in olga.get("users/2").text
    assert post(olga, "users/2/password", password=GOOD).status_code == 303
    assert sign_in(console.client(), "Rita", GOOD).status_code == 303


def test_people_change_their_own_password(console: Console) -> None:
    name = console.user("Rita", Role.READ_ONLY, console.programme.customer())
    client, other = console.signed_in(name), console.signed_in(name)
    old = "correct horse battery staple"
    wrong = post(client, "password", current="wrong", new=GOOD, again=GOOD)
    assert wrong.status_code == 422
    different = post(client, "password", current=old, new=GOOD, again=old)
    assert (different.status_code, "It is not the same." in different.text) == (422, True)
    assert post(client, "password", current=old, new=GOOD, again=GOOD).status_code == 303
    assert client.get("customers").status_code == 200
    assert other.get("customers").status_code == 303
    assert sign_in(console.client(), name, old).status_code == 422
    form = {"csrf_token": token(client, "password"), "current": "wrong", "new": GOOD, "again": GOOD}
    assert [client.post("password", data=form).status_code for _ in range(11)][-1] == 429


def test_only_operators_see_users(console: Console) -> None:
    client = console.signed_in(console.user("Sue", Role.SUPER_ADMIN, console.programme.customer()))
    for path in ("users", "users/new", "users/1", "users/1/disable", "users/1/tokens/new"):
        assert client.get(path).status_code == 403


def test_a_token_is_issued_in_a_browser(browser: Browser, console: Console) -> None:
    with window(browser, console, viewport=WIDE) as page:
        enter(page, console, console.user("Olga"))
        page.goto("users")
        page.get_by_role("link", name="Olga").last.click()
        page.get_by_role("link", name="Issue a token").first.click()
        assert_accessible(page)
        page.get_by_role("button", name="Issue").click()
        expect(page.get_by_label("Authentication token")).not_to_be_empty()
        assert_accessible(page)
        page.reload()
        expect(page.get_by_role("status")).to_contain_text("No second token was issued")
        expect(page.get_by_role("link", name="Revoke token 1")).to_be_visible()
        page.set_viewport_size(NARROW)
        assert_accessible(page)


@pytest.mark.prove
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_about_users_are_accessible(
    browser: Browser, console: Console, olga: httpx.Client, viewport: dict[str, int], scheme: str
) -> None:
    issue(olga, 1, "developer")
    with window(browser, console, viewport=viewport, color_scheme=scheme) as page:
        enter(page, console, "Olga")
        paths = ("", "/new", "/1", "/1/password", "/1/email", "/1/disable", "/1/tokens/1/revoke")
        for path in (*(f"users{it}" for it in paths), "password"):
            page.goto(path)
            assert_accessible(page)
