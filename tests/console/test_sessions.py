"""Signing in over HTTP: cookies, forged forms, sessions that end, and who is held back."""

import httpx
import pytest

from service.domain.roles import COMMAND_LINE, Role
from service.operations.signing_secrets import rotate_secret
from service.operations.users import disable_user, set_password
from tests.console.server import PASSWORD, Console, below, post, serving, sign_in, token
from tests.programme import Programme

COOKIE = "coupon_billing_console"


@pytest.fixture
def olga(console: Console) -> str:
    """An operator of a service with one customer."""
    console.programme.customer()
    return console.user("Olga")


def is_signed_in(client: httpx.Client) -> bool:
    status = client.get("customers").status_code
    assert status in {200, 303}
    return status == 200


def test_signing_in_leads_to_the_page_that_was_asked_for(console: Console, olga: str) -> None:
    client = console.client()
    asked = client.get("settings?a=%26&b=2")
    assert asked.status_code == 303
    reply = client.post(
        below(asked.headers["Location"]),
        data={"csrf_token": token(client), "user_name": olga, "password": PASSWORD},
    )
    assert (reply.status_code, reply.headers["Location"]) == (303, "/console/settings?a=%26&b=2")
    assert client.get("sign-in").headers["Location"] == "/console/"
    assert client.get("").headers["Location"] == "/console/customers/1/overview"


def test_signing_in_leads_nowhere_else(console: Console, olga: str) -> None:
    for elsewhere in ("//evil.example", "https://evil.example", "\\\\evil.example", "/\\evil"):
        client = console.client()
        reply = client.post(
            "sign-in",
            params={"next": elsewhere},
            data={"csrf_token": token(client), "user_name": olga, "password": PASSWORD},
        )
        assert reply.status_code == 303
        assert reply.headers["Location"].startswith("/console/")


def test_the_cookie_says_little_and_goes_nowhere_else(console: Console, olga: str) -> None:
    client = console.client()
    assert "Secure" not in sign_in(client, olga).headers["Set-Cookie"]
    (cookie,) = client.cookies.jar
    assert (cookie.name, cookie.path, cookie.expires) == (COOKIE, "/console", None)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Strict"


def test_over_tls_the_cookie_goes_over_tls_only(
    programme: Programme, closed_applications: None
) -> None:
    with serving(programme, public_url="https://billing.example/prefix/") as console:
        console.user("Olga")
        reply = console.client().get("sign-in")
    assert "; Secure;" in reply.headers["Set-Cookie"]
    assert "; Path=/prefix/console;" in reply.headers["Set-Cookie"] + ";"
    assert 'href="/prefix/console/static/' in reply.text


def test_a_form_of_another_site_is_refused(console: Console, olga: str) -> None:
    client, other = console.signed_in(olga), console.client()
    for data in ({}, {"csrf_token": "forged"}, {"csrf_token": token(other)}):
        reply = client.post("sign-out", data=data)
        assert reply.status_code == 400
        assert "was not sent from the console" in reply.text
    assert is_signed_in(client)
    refused = client.post("sign-in", data={"user_name": olga, "password": PASSWORD})
    assert refused.status_code == 400


def test_a_cookie_that_was_changed_is_none(console: Console, olga: str) -> None:
    value = console.signed_in(olga).cookies[COOKIE]
    content, _, signature = value.partition(".")
    for changed in (f"{content[:-2]}AA.{signature}", f"{value[:-3]}AAA", "nonsense", ""):
        client = console.client()
        client.cookies.set(COOKIE, changed, path="/console")
        assert not is_signed_in(client)


def test_a_cookie_is_worth_nothing_after_signing_out(console: Console, olga: str) -> None:
    client, thief = console.signed_in(olga), console.client()
    thief.cookies.update(client.cookies)
    assert is_signed_in(thief)
    assert post(client, "sign-out", form="customers").status_code == 303
    assert not is_signed_in(client)
    assert not is_signed_in(thief)


def test_a_session_ends_with_the_user_the_password_and_the_day(console: Console, olga: str) -> None:
    programme = console.programme
    console.user("Rita")
    console.user("Sam")
    disabled, changed, idle, busy = map(console.signed_in, (olga, "Rita", "Sam", "Sam"))
    disable_user(programme.call(), olga)
    set_password(programme.call(), "Rita", "another")
    assert not is_signed_in(disabled)
    assert not is_signed_in(changed)
    for _ in range(9):
        programme.clock.move(hours=1)
        assert is_signed_in(busy)
    assert not is_signed_in(idle)
    assert "session has ended" in idle.get("sign-in").text


def test_without_a_session_part_of_a_page_sends_the_whole_page_to_sign_in(
    console: Console,
) -> None:
    client = console.client()
    reply = client.get("customers", headers={"HX-Request": "true"})
    assert (reply.status_code, reply.headers["HX-Redirect"]) == (204, "/console/sign-in")


def test_the_answer_does_not_tell_a_name_from_a_password(console: Console, olga: str) -> None:
    answers = []
    for name, password in ((olga, "wrong"), ("nobody", PASSWORD)):
        reply = sign_in(console.client(), name, password)
        told = reply.text.partition("<main")[2].replace(name, "NAME")
        answers.append((reply.status_code, "The user name or the password is wrong." in told))
        assert f'value="{password}"' not in told
    assert answers == [(422, True)] * 2


def test_who_guesses_is_held_back_for_a_minute(console: Console, olga: str) -> None:
    client = console.client()
    form = {"csrf_token": token(client), "user_name": "nobody", "password": "wrong"}
    statuses = [client.post("sign-in", data=form).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    held_back = sign_in(client, olga)
    assert "Wait a minute" in held_back.text
    assert held_back.headers["Retry-After"] == "60"
    console.programme.clock.move(minutes=1)
    assert sign_in(client, olga).status_code == 303


def test_behind_a_proxy_guesses_are_counted_by_the_address_that_it_tells(
    programme: Programme, closed_applications: None
) -> None:
    with serving(programme, trusted_proxies="127.0.0.1") as console:
        console.user("Olga")
        client = console.client()
        form = {"csrf_token": token(client), "password": "wrong"}

        def status(address: str, name: str) -> int:
            headers = {"X-Forwarded-For": f"192.0.2.99, {address}"}
            return client.post(
                "sign-in", data={**form, "user_name": name}, headers=headers
            ).status_code

        assert [status(f"2001:db8::{n:x}", f"user {n}") for n in range(11)][-1] == 429
        assert status("2001:db8:0:1::1", "somebody") == 422
        assert status("192.0.2.1", "somebody") == 422


def test_a_member_finds_nothing_of_the_whole_service(console: Console) -> None:
    own, _other = console.programme.customer(), console.programme.customer()
    client = console.signed_in(console.user("Rita", Role.READ_ONLY, own))
    page = client.get("", follow_redirects=True)
    assert page.url.path == f"/console/customers/{own}/overview"
    assert "Settings" not in page.text
    assert "Customer 2" not in client.get("customers").text


def test_the_console_can_be_left_out(programme: Programme, closed_applications: None) -> None:
    with serving(programme, console=False) as console:
        assert console.client().get("sign-in").status_code == 404


def test_another_secret_signs_nobody_out(console: Console, olga: str) -> None:
    client = console.signed_in(olga)
    form = {"csrf_token": token(client, "users/1/tokens/new")}
    rotate_secret(console.programme.call(COMMAND_LINE))
    for _ in range(10):
        console.programme.clock.move(minutes=1)
        assert is_signed_in(client)
    assert client.post("users/1/tokens/new", data=form).status_code == 422
    # The old one has ended: the cookie was signed anew meanwhile.
    for _ in range(2):
        console.programme.clock.move(hours=7)
        assert is_signed_in(client)
    rotate_secret(console.programme.call(COMMAND_LINE), at_once=True)
    console.programme.clock.move(minutes=1)
    assert not is_signed_in(client)
