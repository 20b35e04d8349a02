"""E-mail addresses that coupons can be sent to, and those that are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.emails import normal_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kim@example.com", "kim@example.com"),
        ("  kim@example.com\t\n", "kim@example.com"),
        ("Kim@EXAMPLE.Com", "Kim@example.com"),
        ("kim+spring@example.com", "kim+spring@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("kim@b\u00fccher.example", "kim@b\u00fccher.example"),
        ("kim@xn--bcher-kva.example", "kim@b\u00fccher.example"),
        ("e\u0301va@example.com", "\u00e9va@example.com"),
        ("\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a", "\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a"),
    ],
)
def test_an_address_has_one_spelling(text: str, expected: str) -> None:
    assert normal_address(text) == expected
    assert normal_address(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "kim", "@example.com", "kim@", "kim@@example.com", "kim@localhost"),
        *("kim@example", "kim@.com", "kim@example..com", "kim..b@example.com", ".kim@example.com"),
        *("kim@[127.0.0.1]", "kim b@example.com", "Kim <kim@example.com>", '"kim"@example.com'),
        *("kim@example.com,lee@example.com", "kim@example.com;lee@example.com"),
        *("kim@-example.com", "kim@exam_ple.com", f"kim@{'b' * 64}.com", f"{'k' * 250}@b.com"),
        # What would add a header or a recipient to a mail.
        *("kim@example.com\r\nBcc: lee@example.com", "kim\r\n@example.com", "kim\n@example.com"),
        *("kim@exam\rple.com", "kim@example.com\x00", "kim\x00@example.com", "kim\x0b@example.com"),
        *("kim\u2028@example.com", "kim\u202e@example.com", "kim@example.com\u2028Bcc: lee"),
    ],
    ids=ascii,
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        normal_address(text)


@given(st.text(), st.text())
def test_no_text_becomes_an_unsafe_address(local: str, domain: str) -> None:
    try:
        address = normal_address(f"{local}@{domain}.com")
    except ValueError:
        return
    assert address.count("@") == 1
    assert not any(character.isspace() or not character.isprintable() for character in address)
