"""However a value is spelled, it is one value or refused: codes in disguise, and odd numbers."""

from collections.abc import Callable
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest

from service.operations import redeem_coupon
from service.soap.namespaces import MANAGEMENT
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption
from tests.programme import Programme
from tests.security.door import Application, why_wrong
from tests.security.people import CLASS_NAME, FIRST_PAGE, Shop, open_shop

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
FULL_WIDTH[ord("-")] = ord("-")
Disguise = Callable[[str], str]

SAME: dict[str, Disguise] = {
    "as it is": str,
    "comment inside": lambda code: f"{code[:3]}<!-- AND -->{code[3:]}",
    "section": lambda code: f"<![CDATA[{code}]]>",
    "section inside": lambda code: f"{code[:2]}<![CDATA[{code[2:4]}]]>{code[4:]}",
    "character references": lambda code: "".join(f"&#x{ord(it):x};" for it in code),
    "lower case": str.lower,
    "full width": lambda code: code.translate(FULL_WIDTH),
    "white space around": lambda code: f"&#13;&#10;\u00a0 {code}\t\u3000",
}
"""Spellings of one code."""
OTHER: dict[str, tuple[Disguise, str]] = {
    "zero width joiner": (lambda code: f"{code[:2]}\u200d{code[2:]}", "CouponNotFound"),
    "soft hyphen": (lambda code: f"{code[:2]}\u00ad{code[2:]}", "CouponNotFound"),
    "text turned round": (lambda code: f"\u202e{code}", "CouponNotFound"),
    "Cyrillic": (lambda code: code.replace("S", "\u0405"), "CouponNotFound"),
    "combined": (lambda code: f"{code}\u0301", "CouponNotFound"),
    "carriage return inside": (lambda code: f"{code[:2]}&#13;{code[2:]}", "CouponNotFound"),
    "more behind": (lambda code: f"{code}<!-- -->X", "CouponNotFound"),
    "percent": (lambda code: f"{code[:-1]}%", "CouponNotFound"),
    "NUL": (lambda code: f"{code}\x00", "XmlMalformed"),
    "NUL by reference": (lambda code: f"{code}&#0;", "XmlMalformed"),
    "no character": (lambda code: f"{code}&#xFFFE;", "XmlMalformed"),
    "half a character": (lambda code: f"{code}&#xD800;", "XmlMalformed"),
    "element inside": (lambda code: f"{code}<b/>", "SchemaInvalid"),
}
"""What looks like the code and is not, and why it is refused."""


def test_a_code_is_one_however_it_is_spelled(shop: Shop) -> None:
    told = {
        shop.redeem(disguise(shop.code)).content.partition(b"<s:Body>")[2]
        for disguise in SAME.values()
    }
    assert len(told) == 1
    assert b"RedemptionDate" in told.pop()
    redeemed = [it for it in shop.programme.rows(redemption) if it["account_id"] == shop.account_id]
    assert len(redeemed) == 1


def test_what_only_looks_like_a_code_is_refused(shop: Shop) -> None:
    for name, (disguise, symbol) in OTHER.items():
        reply = shop.redeem(disguise(shop.code))
        assert why_wrong(reply) is None, name
        assert reply.symbol == symbol, name
    assert shop.redeem(shop.code).symbol == ""


def test_no_second_coupon_has_the_code(shop: Shop) -> None:
    before = len(shop.programme.rows(coupon))
    for spelled in (shop.code.lower(), shop.code.translate(FULL_WIDTH), f" {shop.code}\u3000"):
        reply = shop.manage(
            "ImportCoupons",
            f"<CustomerId>{shop.customer_id}</CustomerId>"
            f"<ClassName>{escape(CLASS_NAME)}</ClassName><Csv>Code\n{spelled}\n</Csv>",
        )
        assert why_wrong(reply) is None
        assert b"<CreatedCount>0<" in reply.content
    assert len(shop.programme.rows(coupon)) == before


def test_codes_compared_as_they_were_sent_would_be_noticed(
    make_application: Callable[..., Application],
    programme: Programme,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control."""
    monkeypatch.setattr(redeem_coupon, "fold_code", lambda text: text)
    shop = open_shop(make_application(), programme)
    refused = {name for name, it in SAME.items() if shop.redeem(it(shop.code)).symbol}
    assert refused == {"lower case", "full width", "white space around"}


NUMBERS = {
    "NaN": "SchemaInvalid",
    "INF": "SchemaInvalid",
    "1e2": "SchemaInvalid",
    "1e400": "SchemaInvalid",
    "": "SchemaInvalid",
    "-5": "TermsInvalid",
    "-0.01": "TermsInvalid",
    "0.001": "TermsInvalid",
    "9" * 20: "TermsInvalid",
    "1000000000000": "TermsInvalid",
    "0." + "0" * 30 + "1": "TermsInvalid",
    "-0": "TermsInvalid",
    "0": "TermsInvalid",
    "0.01": "",
    "+50.10": "",
    "0050": "",
    "999999999999.99": "",
}
"""Amounts of a class in USD, and why they are refused; those that are not are kept exactly."""
PERCENTS = {
    "100.0001": "TermsInvalid",
    "100.000001": "TermsInvalid",
    "-1": "TermsInvalid",
    "0": "TermsInvalid",
    "-0": "TermsInvalid",
    "0.0000001": "TermsInvalid",
    "NaN": "SchemaInvalid",
    "100": "",
    "100.000000000": "",
    "0.000001": "",
}


def add_class(shop: Shop, name: str, term: str, text: str) -> str:
    """Why a class with this term is refused; nothing if it is added."""
    terms = (
        "<e:CouponType>Retention</e:CouponType><e:CurrencyCode>USD</e:CurrencyCode>"
        f"<e:{term}>{text}</e:{term}>"
    )
    reply = shop.manage(
        "AddCouponClass",
        f'<CouponClass xmlns:e="{MANAGEMENT}:entities"><e:CustomerId>{shop.customer_id}'
        f"</e:CustomerId><e:Name>{name}</e:Name><e:Terms>{terms}</e:Terms></CouponClass>",
    )
    assert why_wrong(reply) is None
    return reply.symbol


@pytest.mark.parametrize(
    ("term", "column", "texts"),
    [("Amount", "amount", NUMBERS), ("PercentOff", "percent_off", PERCENTS)],
)
def test_a_number_is_kept_exactly_or_refused(
    shop: Shop, term: str, column: str, texts: dict[str, str]
) -> None:
    told = {text: add_class(shop, f"{term} {text[:30]}", term, text) for text in texts}
    assert told == texts
    kept = {
        row["name"]: row["terms_id"]
        for row in shop.programme.rows(coupon_class)
        if row["customer_id"] == shop.customer_id
    }
    terms = {row["terms_id"]: row[column] for row in shop.programme.rows(coupon_terms)}
    for text in (text for text, symbol in texts.items() if not symbol):
        assert terms[kept[f"{term} {text[:30]}"]] == Decimal(text)


@pytest.mark.parametrize("number", [2**31, 2**63 - 1, -(2**63)])
def test_a_number_beyond_all_names_nothing(shop: Shop, number: int) -> None:
    """On PostgreSQL a number with more than 32 bits is more than some columns hold."""
    predicate = (
        f'<Predicates xmlns:e="{MANAGEMENT}:entities"><e:Predicate><e:Field>CustomerId</e:Field>'
        f"<e:Operator>Equals</e:Operator><e:Value>{shop.customer_id}</e:Value></e:Predicate>"
        f"</Predicates>{FIRST_PAGE}"
    )
    reply = shop.manage("GetCouponDeletionJobs", f"<BatchId>{number}</BatchId>{predicate}")
    assert (reply.fault_code, reply.symbol) == ("", "")
    assert b"JobId" not in reply.content
