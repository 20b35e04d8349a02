"""What people type is text: to the database, to spreadsheets, to whoever signs a request."""

import csv
import io
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from service.domain.limits import WINDOW
from service.domain.roles import Role
from service.operations import export_coupons
from service.operations.guesses import subject_of
from service.storage.all_tables import metadata
from service.storage.console_tables import SPELLED_LENGTH
from service.storage.party_tables import membership
from service.storage.tables import coupon
from tests.programme import Programme
from tests.security.door import Campaign
from tests.security.messages import Names, numbered, requests, valid
from tests.security.people import CLASS_NAME, FIRST_PAGE, Shop, new_keys

SQL = (
    *(
        "' OR '1'='1",
        "'; DROP TABLE coupon; --",
        '" OR ""="',
        "') OR 1=1 --",
        "1; DELETE FROM spend",
    ),
    *(
        "%",
        "_",
        "\\",
        "||(SELECT code FROM coupon LIMIT 1)||",
        "' UNION SELECT code FROM coupon --",
    ),
    *("$1", ":code", "%(code)s", "?", "{0}", "' or count(//*) > 0 or '", "../*", "]|//*|a["),
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0")
ROUNDS = 3

Rows = dict[str, dict[Any, dict[str, Any]]]


def rows_of(programme: Programme) -> Rows:
    """Every row of every table, by its key."""
    return {
        name: {
            # When a token was used last is written beside the calls.
            tuple(row[key.name] for key in table.primary_key.columns): row | {"last_used_at": None}
            for row in programme.rows(table)
        }
        for name, table in metadata.tables.items()
        if table.primary_key.columns
    }


def test_text_is_never_a_statement(shop: Shop, names: Names) -> None:
    """A member puts SQL and XPath into each text of each operation; nothing of others changes."""
    before = rows_of(shop.programme)
    typed = {"": SQL, "CustomerId": [str(shop.customer_id)], "AccountId": [str(shop.account_id)]}
    campaign = Campaign(shop.application)
    campaign.run(numbered(valid, shop.keys, typed, ROUNDS * len(requests())))
    assert campaign.wrong == {}
    now = rows_of(shop.programme)
    # What it tried in vain is counted.
    members = shop.programme.rows(membership)
    users = [row["user_id"] for row in members if row["customer_id"] == shop.customer_id]
    for user_id in users:
        before["sliding_window"].pop((subject_of("guesses", user_id),), None)
    # What others did is forgotten when it is out of every window.
    since = (shop.programme.clock() - WINDOW).timestamp() * 1_000_000
    before["sliding_window"] = {
        key: row
        for key, row in before["sliding_window"].items()
        if int(row["instants"][-SPELLED_LENGTH:]) > since
    }
    for name, rows in before.items():
        changed = {key: (row, now[name].get(key)) for key, row in rows.items()}
        assert {key: pair for key, pair in changed.items() if pair[0] != pair[1]} == {}, name


def test_a_search_finds_nothing_by_a_statement(shop: Shop) -> None:
    for text, is_found in {**dict.fromkeys(SQL, False), CLASS_NAME[:5]: True}.items():
        reply = shop.manage(
            "SearchCouponClasses",
            f"<CustomerId>{shop.customer_id}</CustomerId><Name>{escape(text)}</Name>{FIRST_PAGE}",
        )
        assert reply.fault_code == "", text
        assert (b"Sun &amp; Fun" in reply.content) == is_found, text


def exported(shop: Shop) -> Iterator[str]:
    """Each cell of the coupons as CSV."""
    reply = shop.manage("ExportCoupons", f"<CustomerId>{shop.customer_id}</CustomerId>{FIRST_PAGE}")
    assert reply.fault_code == ""
    text = etree.fromstring(reply.content).findtext(".//{*}Csv")
    assert text is not None
    for line in csv.reader(io.StringIO(text)):
        yield from line


def type_formulas(shop: Shop) -> None:
    """A coupon for each formula, which is its code."""
    for place, formula in enumerate(FORMULAS):
        (code,) = shop.programme.mint(shop.customer_id, CLASS_NAME)
        typed = f"{formula} {place}".upper()
        shop.programme.change(coupon, coupon.c.code == code, code=typed)


def test_no_cell_is_a_formula(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    type_formulas(shop)
    starts = ("=", "+", "-", "@", "\t", "\r")
    cells = list(exported(shop))
    assert sum("CALC" in cell for cell in cells) == 1
    assert [cell for cell in cells if cell.startswith(starts)] == []
    # The control: what is not protected is a formula.
    monkeypatch.setattr(export_coupons, "protected", lambda text: text)
    assert [cell for cell in exported(shop) if cell.startswith(starts)] != []


# Whose right counts, and for which operation.


def test_the_body_decides_what_is_called_and_who_may(shop: Shop) -> None:
    reader = new_keys(
        shop.programme, f"Reader {shop.customer_id}", Role.READ_ONLY, shop.customer_id
    )
    body = (
        f"<b:RedeemCouponRequest><b:AccountId>{shop.account_id}</b:AccountId>"
        f"<b:CouponCode>{shop.code}</b:CouponCode></b:RedeemCouponRequest>"
    )
    for action in ("SearchCoupons", '"SearchCoupons"', "", "GetCouponInfo"):
        reply = shop.call(body, reader, HTTP_SOAPACTION=action)
        assert (reply.fault_code, reply.symbol) == ("Server", "UserIsNotAuthorized")
    assert shop.call(body, HTTP_SOAPACTION="SearchCoupons").fault_code == ""


def test_a_captured_request_is_answered_the_same_again(shop: Shop) -> None:
    first, again = shop.redeem(shop.code), shop.redeem(shop.code)
    assert first.fault_code == ""
    body = b"<s:Body>"
    assert first.content.partition(body)[2] == again.content.partition(body)[2]


def test_who_calls_is_told_by_the_original_s_numbers(shop: Shop, programme: Programme) -> None:
    keys = dict(shop.keys)
    other = new_keys(programme, f"Other {shop.customer_id}", Role.STANDARD, programme.customer())
    shown = {
        "no token": ({}, b">116<"),
        "half of them": ({"DeveloperToken": keys["DeveloperToken"]}, b">116<"),
        "a wrong one": ({**keys, "AuthenticationToken": "wrong"}, b">105<"),
        "the other kind": ({**keys, "AuthenticationToken": keys["DeveloperToken"]}, b">105<"),
        "another customer's": (other, b">1001<"),
        "a token and a wrong password": ({**keys, "UserName": "Kim", "Password": "wrong"}, b""),
    }
    for name, (headers, number) in shown.items():
        reply = shop.call(
            f"<b:RedeemCouponRequest><b:AccountId>{shop.account_id}</b:AccountId>"
            f"<b:CouponCode>{shop.code}</b:CouponCode></b:RedeemCouponRequest>",
            headers,
        )
        assert number in reply.content, name
        assert bool(reply.fault_code) == bool(number), name
