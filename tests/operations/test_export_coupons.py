"""Exports: every coupon once, in the order in which they are handed out."""

import csv
from decimal import Decimal
from typing import Any

import pytest

from service.domain import errors
from service.domain.error_rows import ErrorRow
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.domain.search import Paging, Predicate, SearchRequest
from service.operations import export_coupons as exporting
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.export_coupons import export_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from tests.programme import Programme, member, utc

INSTANT = "2026-03-01T12:00:00Z"


@pytest.fixture(params=[2, 5_000])
def piece_length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many coupons are read at a time."""
    monkeypatch.setattr(exporting, "PIECE_LENGTH", request.param)
    return int(request.param)


def exported(programme: Programme, owner: int, **choice: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(export_coupons(programme.call(), owner, **choice)))


def codes_of(programme: Programme, owner: int, **choice: Any) -> list[str]:
    return [row["code"] for row in exported(programme, owner, **choice)]


def in_order(programme: Programme, owner: int) -> list[str]:
    request = SearchRequest([Predicate("CustomerId", "Equals", str(owner))], [], Paging(0, 100))
    return [it.coupon_code for it in search_coupons(programme.call(), request)]


def test_all_columns(programme: Programme, owner: int) -> None:
    programme.coupon_class(
        owner,
        "=1+1",
        pattern="-####",
        percent_off=Decimal("12.5"),
        spend_threshold=Decimal(3),
        active_duration=30,
        start_date=utc(2026, 1, 1),
        end_date=utc(2026, 12, 31, 12),
        expiration_date=utc(2027, 1, 1),
        is_reservation_mandatory=True,
    )
    (code,) = programme.mint(owner, "=1+1")
    assert exported(programme, owner) == [
        {
            "code": f"'{code}",
            "class": "'=1+1",
            "coupon_type": "Retention",
            "currency_code": "USD",
            "amount": "50",
            "percent_off": "12.5",
            "spend_threshold": "3",
            "active_duration": "30",
            "start_date": "2026-01-01T00:00:00Z",
            "end_date": "2026-12-31T12:00:00Z",
            "expiration_date": "2027-01-01T00:00:00Z",
            "is_reservation_mandatory": "true",
            "sent_to_email": "",
            "sent_at": "",
            "claimed_account_id": "",
            "claimed_at": "",
            "redeemed_account_id": "",
            "redeemed_at": "",
            "batch_id": "1",
        }
    ]


def test_what_has_happened(programme: Programme, owner: int, account: int) -> None:
    programme.coupon_class(owner)
    stranger = programme.account(programme.customer())
    ours, theirs, claimed = programme.mint(owner, count=3)
    redeem_coupon(programme.call(), account, ours)
    redeem_coupon(programme.call(), stranger, theirs)
    programme.claim(claimed, stranger)
    programme.mint(owner)
    dispatch_coupons(programme.call(), ["+kim@example.com"], owner, "Spring")
    uses = {
        row["code"]: (row["claimed_account_id"], row["redeemed_account_id"], row["redeemed_at"])
        for row in exported(programme, owner)
    }
    assert uses[ours] == ("", str(account), INSTANT)
    # Whose account it is that bills to somebody else is not the owner's to know.
    assert uses[theirs] == ("", "", INSTANT)
    assert uses[claimed] == (str(stranger), "", "")
    sent = [row for row in exported(programme, owner) if row["sent_at"]]
    assert [(row["sent_to_email"], row["sent_at"]) for row in sent] == [
        ("'+kim@example.com", INSTANT)
    ]


@pytest.mark.usefixtures("piece_length")
def test_the_order_is_that_of_handing_out(programme: Programme, owner: int) -> None:
    for name in ("Summer", "Spring"):
        programme.coupon_class(owner, name)
    for name, count in (("Summer", 5), ("Spring", 3), ("Summer", 4), ("Spring", 1)):
        programme.mint(owner, name, count)
    programme.coupon(programme.customer())
    order = in_order(programme, owner)
    assert len(order) == 13
    assert codes_of(programme, owner) == order
    assert codes_of(programme, owner, codes_only=True) == order
    assert codes_of(programme, owner, class_name="Spring") == order[:4]
    assert codes_of(programme, owner, batch_id=3) == order[9:]
    for first, count in ((0, 3), (2, 3), (3, 6), (8, 2), (12, 5), (13, 1), (99, None), (4, 0)):
        end = None if count is None else first + count
        assert codes_of(programme, owner, first=first, count=count) == order[first:end]
    assert codes_of(programme, owner, class_name="Summer", first=4, count=2) == order[8:10]


def test_the_header_is_always_there(programme: Programme, owner: int) -> None:
    assert list(export_coupons(programme.call(), owner, codes_only=True)) == ["code\n"]
    assert len(list(export_coupons(programme.call(), owner))) == 1


def test_coupons_are_read_while_they_are_asked_for(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    programme.mint(owner, count=3)
    lines = export_coupons(programme.call(), owner)
    next(lines)
    programme.database.close()
    assert len(list(lines)) == 3


def test_how_far_it_is_is_told(programme: Programme, owner: int, piece_length: int) -> None:
    programme.coupon_class(owner)
    programme.mint(owner, count=5)
    told: list[tuple[int, int]] = []
    list(export_coupons(programme.call(), owner, watch=lambda *it: told.append(it[1:])))
    assert told == ([(2, 5), (4, 5), (5, 5)] if piece_length == 2 else [(5, 5)])


@pytest.mark.parametrize(
    ("choice", "caller", "row"),
    [
        ({}, member(2), errors.NOT_AUTHORIZED),
        ({"class_name": "Winter"}, COMMAND_LINE, errors.COUPON_CLASS_NOT_FOUND),
        ({"batch_id": 2}, COMMAND_LINE, errors.ENTITY_NOT_EXISTENT),
        ({"class_name": "Empty", "batch_id": 1}, COMMAND_LINE, errors.ENTITY_NOT_EXISTENT),
        ({"first": -1}, COMMAND_LINE, errors.PAGING_INVALID),
        ({"count": -1}, COMMAND_LINE, errors.PAGING_INVALID),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(
    programme: Programme, owner: int, choice: dict[str, Any], caller: Caller, row: ErrorRow
) -> None:
    programme.coupon_class(owner, "Empty")
    programme.coupon(owner)
    with pytest.raises(ServiceError) as refused:
        export_coupons(programme.call(caller), owner, **choice)
    assert refused.value.row is row


def test_who_may_read_may_export(programme: Programme, owner: int) -> None:
    programme.coupon(owner)
    reader = member(owner, Role.READ_ONLY)
    assert len(list(export_coupons(programme.call(reader), owner))) == 2
