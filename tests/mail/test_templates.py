"""What mails say, in which language, and from whose templates."""

from datetime import datetime, timezone
from decimal import Decimal

import pytest

from service.domain.mail import MailContent, MailKind, TemplateBrokenError
from service.domain.terms import CouponType
from service.jobs.mail_templates import MailTemplates, folder_name
from tests.programme import terms, utc

LAST_INSTANT = datetime(2027, 1, 31, 23, 59, 59, 999999, tzinfo=timezone.utc)
DISPATCH = MailKind.DISPATCH


def content(language="en", class_name="Spring", customer_name="Contoso", account=None, **changes):
    return MailContent(
        code="ABCD-1234",
        class_name=class_name,
        customer_name=customer_name,
        terms=terms(**changes),
        language=language,
        account_number=account,
    )


FULL = {
    "coupon_type": CouponType.ACQUISITION,
    "amount": Decimal("1234.5"),
    "spend_threshold": Decimal(100),
    "active_duration": 30,
    "start_date": utc(2026, 3, 1),
    "end_date": LAST_INSTANT,
    "expiration_date": utc(2027, 12, 31, 12, 30),
}


def render(mail_content, kind=DISPATCH, folder=None):
    return MailTemplates(folder).render(kind, mail_content)


def test_an_english_mail_tells_everything():
    mail = render(content(**FULL))
    assert mail.subject == "Your coupon from Contoso"
    assert mail.language == "en"
    assert mail.text.replace("\u202f", " ") == (
        """\
Hello,

Contoso sends you a coupon.

Code:        ABCD-1234
Amount:      1,234.50 USD
Currency:    USD
Redeem from: March 1, 2026, 12:00:00 AM UTC
Redeem by:   January 31, 2027, 11:59:59 PM UTC
Use by:      December 31, 2027, 12:30:00 PM UTC

Conditions:
- The coupon is for new customers.
- It can be used after 100.00 USD have been spent from the day it is redeemed.
- It can be used for 30 days from the day it is redeemed.

Whoever has the code can redeem it: keep it to yourself.

Contoso"""
    )


def test_a_german_mail_tells_everything():
    mail = render(content("de", **FULL))
    assert mail.subject == "Ihr Gutschein von Contoso"
    assert mail.language == "de"
    assert mail.text == (
        """\
Guten Tag,

Contoso schickt Ihnen einen Gutschein.

Code:           ABCD-1234
Betrag:         1.234,50 USD
Währung:        USD
Einlösbar ab:   1. März 2026, 00:00:00 UTC
Einlösbar bis:  31. Januar 2027, 23:59:59 UTC
Verwendbar bis: 31. Dezember 2027, 12:30:00 UTC

Bedingungen:
- Der Gutschein ist für neue Kunden.
- Er ist verwendbar, wenn nach der Einlösung 100,00 USD ausgegeben wurden.
- Er ist nach der Einlösung 30 Tage lang verwendbar.

Wer den Code kennt, kann ihn einlösen: Behalten Sie ihn für sich.

Contoso"""
    )


def test_what_a_coupon_has_not_is_not_told():
    mail = render(content())
    for body in (mail.text, mail.html):
        assert "50.00 USD" in body
        assert "ABCD-1234" in body
        for word in ("Redeem", "Use by", "Conditions", "None", "Discount", "<ul>"):
            assert word not in body.replace("can redeem", "")


@pytest.mark.parametrize(
    ("language", "changes", "expected"),
    [
        ("en", {"percent_off": Decimal("12.5"), "amount": Decimal(0)}, "12.5%"),
        ("de", {"percent_off": Decimal("12.5"), "amount": Decimal(0)}, "12,5\xa0%"),
        ("en", {"percent_off": Decimal("0.000001")}, "0.000001%, up to 50.00 USD"),
        ("de", {"percent_off": Decimal(100)}, "100\xa0%, höchstens 50,00 USD"),
        ("en", {"currency_code": "JPY", "amount": Decimal(5000)}, "5,000 JPY"),
        ("en", {"currency_code": "KWD", "amount": Decimal("0.5")}, "0.500 KWD"),
        # Babel's table gives Iraqi dinars no decimals, ISO 4217 gives them three.
        ("en", {"currency_code": "IQD", "amount": Decimal("0.5")}, "0.500 IQD"),
        ("en", {"active_duration": 1}, "for 1 day from"),
        ("de", {"active_duration": 1}, "1 Tag lang"),
    ],
)
def test_worth_and_time_are_told_in_words(language, changes, expected):
    mail = render(content(language, **changes))
    assert expected in mail.text
    assert expected in mail.html


@pytest.mark.parametrize(
    ("language", "booked", "only"),
    [
        ("en", "for your account X0000001.", "Only your account X0000001 can redeem"),
        ("de", "für Ihr Konto X0000001 einen", "Nur Ihr Konto X0000001 kann"),
    ],
)
def test_a_distributed_coupon_names_its_account(language, booked, only):
    mail = render(content(language, account="X0000001"), MailKind.DISTRIBUTE)
    for body in (mail.text, mail.html):
        assert booked in body
        assert only in body
        assert "ABCD-1234" in body


@pytest.mark.parametrize(
    ("wanted", "found", "date"),
    [
        ("de-AT", "de", "31. Jänner 2027"),
        ("DE-ch", "de", "31. Januar 2027"),
        ("en-GB", "en", "31 January 2027"),
        # There is no French template: nothing in the mail is French then.
        ("fr", "en", "January 31, 2027"),
        ("zh-Hant-TW", "en", "January 31, 2027"),
        ("de-XX", "de", "January 31, 2027"),
    ],
)
def test_the_nearest_language_is_taken(wanted, found, date):
    mail = render(content(wanted, end_date=LAST_INSTANT))
    assert mail.language == found
    assert date in mail.text


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "templates"


def write(folder, name, text="Subject: Own\n\nOwn {{ code }}"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["dispatch.en.txt"], "dispatch.en.txt"),
        (["dispatch.en.txt", "spring-sale/dispatch.en.txt"], "spring-sale/dispatch.en.txt"),
        (["summer/dispatch.en.txt", "distribute.en.txt"], None),
        # The language weighs more than the place.
        (["dispatch.de.txt", "spring-sale/dispatch.en.txt"], "dispatch.de.txt"),
        (["dispatch.de.txt", "dispatch.de-at.txt"], "dispatch.de-at.txt"),
        (["spring-sale/dispatch.de.txt", "dispatch.de-at.txt"], "dispatch.de-at.txt"),
        (["spring-sale/dispatch.en.txt", "dispatch.en.txt"], None),
    ],
)
def test_the_operators_templates_come_first(folder, names, taken):
    language = "de-AT" if any(".de" in name for name in names) or taken is None else "en"
    for name in names:
        write(folder, name, f"Subject: {name}\n\n{{{{ code }}}}")
    mail = render(content(language, "Spring  Sale!"), folder=folder)
    assert mail.subject == (taken or "Ihr Gutschein von Contoso")


def test_text_and_html_are_of_one_origin(folder):
    write(folder, "dispatch.en.txt")
    assert render(content(), folder=folder).html is None
    write(folder, "dispatch.en.html", "<p>Own {{ code }}</p>")
    mail = render(content(), folder=folder)
    assert (mail.subject, mail.text) == ("Own", "Own ABCD-1234")
    assert mail.html == "<p>Own ABCD-1234</p>"


def test_own_templates_may_build_upon_the_packaged_ones(folder):
    text = "{% extends 'packaged/dispatch.en.txt' %}{% block introduction %}Hurray!\n{% endblock %}"
    write(folder, "spring/dispatch.en.txt", text)
    mail = render(content(), folder=folder)
    assert mail.subject == "Your coupon from Contoso"
    assert "Hurray!" in mail.text
    assert "sends you" not in mail.text


def test_a_folder_of_the_prefixs_name_replaces_no_packaged_template(folder):
    write(folder, "packaged/dispatch.en.txt", "Subject: stolen")
    write(folder, "dispatch.de.txt", "{% extends 'packaged/dispatch.de.txt' %}")
    write(folder, "packaged/dispatch.de.txt", "Subject: stolen")
    assert render(content("en"), folder=folder).subject == "Your coupon from Contoso"
    assert render(content("de"), folder=folder).subject == "Ihr Gutschein von Contoso"


def test_a_template_that_is_repaired_is_read_again(folder):
    templates = MailTemplates(folder)
    write(folder, "dispatch.en.txt", "Subject: {{ nonsense }}")
    with pytest.raises(TemplateBrokenError):
        templates.render(DISPATCH, content())
    write(folder, "dispatch.en.txt", "Subject: Repaired, and of another length")
    assert templates.render(DISPATCH, content()).subject.startswith("Repaired")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Spring", "spring"),
        ("  Spring & Summer 2027! ", "spring-summer-2027"),
        ("../../etc/passwd", "etc-passwd"),
        ("ＧＲＯẞ", "gross"),
        ("Frühling_夏", "frühling-夏"),
        ("***", ""),
        ("a\r\nb", "a-b"),
    ],
)
def test_a_class_name_is_folded_to_a_safe_folder(name, expected):
    assert folder_name(name) == expected


def test_a_class_cannot_reach_out_of_the_folder(folder, tmp_path):
    write(tmp_path, "dispatch.en.txt", "Subject: stolen")
    folder.mkdir()
    for name in ("..", "../", "packaged", "."):
        assert render(content(class_name=name), folder=folder).subject.startswith("Your coupon")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("Subject: x\n\n{{ nonsense }}", 3, "UndefinedError: 'nonsense' is undefined"),
        ("Subject: x\n{% if %}", 2, "TemplateSyntaxError"),
        ("Subject: x\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
        ("Subject: x\n{{ code.nonsense }}", 2, "UndefinedError"),
        ("Subject: x\n{{ code.__class__.__mro__ }}", 2, "SecurityError"),
        ("Subject: x\n\n\n{% include 'missing.txt' %}", 4, "TemplateNotFound"),
        ("Subject: x\n{{ code + 1 }}", 2, "TypeError"),
        ("Hello {{ code }}", 1, "does not start with 'Subject:'"),
        ("", 1, "does not start with 'Subject:'"),
    ],
)
def test_a_broken_template_is_named_with_its_line(folder, text, line, reason):
    write(folder, "dispatch.en.txt", text)
    with pytest.raises(TemplateBrokenError) as broken:
        render(content(), folder=folder)
    assert str(broken.value).startswith(f"{folder / 'dispatch.en.txt'}, line {line}: ")
    assert reason in str(broken.value)


def test_a_template_in_another_encoding_is_broken(folder):
    folder.mkdir()
    (folder / "dispatch.en.txt").write_bytes("Subject: Grüße".encode("latin-1"))
    with pytest.raises(TemplateBrokenError, match="UnicodeDecodeError"):
        render(content(), folder=folder)


def test_names_are_text_in_html_and_not_markup():
    evil = "<script>alert('x')</script> & \"Sons\""
    mail = render(content(customer_name=evil, account="X0000001"), MailKind.DISTRIBUTE)
    assert "<script" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert evil in mail.text


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\0"])
def test_no_name_makes_a_line_of_its_own(separator):
    mail = render(content(customer_name=f"Contoso{separator}Code: STOLEN"))
    assert mail.subject == "Your coupon from Contoso Code: STOLEN"
    assert not any(line.startswith("Code: STOLEN") for line in mail.text.splitlines())
