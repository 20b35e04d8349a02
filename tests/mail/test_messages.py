"""Mails on the wire: headers that nobody can add to, and parts that every server passes on."""

from email import message_from_bytes
from email.headerregistry import Address
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.mail import MailKind, Message, MessageState, RenderedMail
from service.jobs.mail_message import compose
from service.jobs.mail_templates import MailTemplates
from tests.mail.test_templates import content
from tests.programme import START

# Jinja compiles a template once for each of them.
TEMPLATES = MailTemplates()
MAIL_ID = "<3fa85f64-5717-4562-b3fc-2c963f66afa6@coupon-billing.invalid>"
HEADERS = {
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "auto-submitted",
    "mime-version",
    "content-type",
    "content-language",
}


def message(recipient="anna@example.com"):
    return Message(
        message_id=1,
        mail_id=MAIL_ID,
        kind=MailKind.DISPATCH,
        recipient=recipient,
        coupon_id=1,
        job_id=None,
        state=MessageState.QUEUED,
        attempts_count=1,
        next_attempt_at=START,
        last_error=None,
        created_at=START,
        sent_at=None,
    )


def received(name="Contoso", recipient="anna@example.com", sender="Contoso"):
    """A mail as its reader's program has it."""
    rendered = TEMPLATES.render(MailKind.DISPATCH, content(customer_name=name))
    mail = compose(message(recipient), rendered, Address(sender, addr_spec="coupons@example.com"))
    return message_from_bytes(mail.as_bytes(), policy=SMTP)


def test_headers_and_parts():
    mail = received()
    assert {name.lower() for name in mail} == HEADERS
    assert mail["From"] == "Contoso <coupons@example.com>"
    assert mail["To"] == "anna@example.com"
    assert mail["Message-ID"] == MAIL_ID
    assert mail["Date"].datetime == START
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    for part in mail.iter_parts():
        assert "ABCD-1234" in part.get_content()


def test_without_html_a_mail_has_one_part():
    rendered = RenderedMail("Own", "Grüße", None, "de")
    mail = compose(message(), rendered, Address("Contoso", addr_spec="coupons@example.com"))
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content() == "Grüße\n"
    assert {name.lower() for name in mail} == HEADERS | {"content-transfer-encoding"}


@given(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255),
        st.lists(
            st.sampled_from(["\r\n", "\r", "\n", "Bcc: x@example.com", " ", "ü", "\0", "\u2028"]),
            min_size=1,
        ).map("".join),
    )
)
def test_no_name_adds_a_header_or_a_part(name):
    mail = received(name)
    assert {header.lower() for header in mail} == HEADERS
    assert len(list(mail.walk())) == 3
    assert mail["To"] == "anna@example.com"
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    raw = mail.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("name", ["Contoso\r\nBcc: x@example.com", "Contoso\nx", "Contoso\rx"])
def test_a_sender_with_line_breaks_is_refused(name):
    with pytest.raises(ValueError, match="CR or LF"):
        received(sender=name)


@pytest.mark.parametrize("recipient", ["a@example.com\r\nBcc: x@example.com", "a\n@example.com"])
def test_a_recipient_with_line_breaks_is_refused(recipient):
    with pytest.raises(ValueError, match=r"CR or LF|label|[Cc]odepoint"):
        received(recipient=recipient)


def test_long_and_strange_names_survive():
    sender = "Großhandel “Übersee” \U0001f381"
    name = "Ünïcödé \U0001f381 " * 12
    recipient = "x" * 64 + "@" + ".".join(["long"] * 30) + ".example.com"
    mail = received(name, recipient, sender)
    assert mail["From"].addresses[0].display_name == sender
    assert mail["From"].addresses[0].addr_spec == "coupons@example.com"
    assert mail["To"].addresses[0].addr_spec == recipient
    # Python loses a space where it folds a long header between two encoded words.
    assert mail["Subject"].replace(" ", "") == f"Yourcouponfrom{name.replace(' ', '')}"
