"""DispatchCoupons: one coupon of the class to each address."""

from datetime import timedelta
from typing import Any

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    BATCH_TOO_LARGE,
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    EMAIL_DUPLICATE,
    EMAIL_INVALID,
    LIST_EMPTY,
    NO_COUPON_AVAILABLE,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.classes import retire_class, update_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import audit, coupon, outbox
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Programme, member, terms

TICK = timedelta(microseconds=1)
Addresses = list[str | None]


def addresses(count: int) -> Addresses:
    """So many different addresses."""
    return [f"kim{number}@example.com" for number in range(count)]


def dispatch(programme: Programme, emails: Addresses, owner: int) -> list[tuple[ErrorRow, int]]:
    """Dispatch coupons of the class Spring; answers row and index of each error."""
    errors = dispatch_coupons(programme.call(), emails, owner, "Spring")
    return [(error.row, error.index) for error in errors]


def sent(programme: Programme, class_id: int) -> dict[int, str]:
    """The addresses that have coupons, by the coupon's place in its class."""
    rows = programme.coupons(class_id)
    return {row["place"]: row["sent_to_email"] for row in rows if row["sent_to_email"]}


def refusal(
    programme: Programme,
    emails: Addresses | None,
    customer_id: int | None,
    name: str | None = "Spring",
    caller: Caller = COMMAND_LINE,
) -> tuple[ErrorRow, str]:
    """Why a dispatch is refused; whatever is refused leaves no trace."""
    before = [programme.rows(table) for table in (coupon, outbox, audit)]
    with pytest.raises(ServiceError) as error:
        dispatch_coupons(programme.call(caller), emails, customer_id, name)
    assert [programme.rows(table) for table in (coupon, outbox, audit)] == before
    return error.value.row, error.value.details


@pytest.fixture
def spring(programme: Programme, owner: int) -> int:
    """A class with five coupons."""
    class_id = programme.coupon_class(owner)
    programme.mint(owner, count=5)
    return class_id


def test_coupons_go_out_in_the_order_of_their_places(
    programme: Programme, owner: int, spring: int
) -> None:
    assert dispatch(programme, addresses(2), owner) == []
    assert dispatch(programme, ["lee@example.com"], owner) == []
    assert sent(programme, spring) == {
        0: "kim0@example.com",
        1: "kim1@example.com",
        2: "lee@example.com",
    }
    assert {row["sent_at"] for row in programme.rows(coupon)} == {START, None}


def test_mail_and_audit_log_are_written_with_the_coupons(
    programme: Programme, owner: int, spring: int
) -> None:
    call = programme.call(member(owner))
    dispatch_coupons(call, addresses(2), owner, "Spring")
    coupon_ids = [row["coupon_id"] for row in programme.coupons(spring)[:2]]
    mails = [
        (row["kind"], row["recipient"], row["coupon_id"], row["created_at"], row["sent_at"])
        for row in programme.rows(outbox)
    ]
    assert mails == [
        ("dispatch", f"kim{place}@example.com", coupon_id, START, None)
        for place, coupon_id in enumerate(coupon_ids)
    ]
    entries = [row for row in programme.rows(audit) if row["action"] == "dispatch"]
    assert [(row["entity_id"], row["after"], row["tracking_id"]) for row in entries] == [
        (coupon_id, {"sent_to_email": f"kim{place}@example.com"}, call.tracking_id)
        for place, coupon_id in enumerate(coupon_ids)
    ]


def test_coupons_that_somebody_has_are_passed_over(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    codes = [row["code"] for row in programme.coupons(spring)]
    dispatch(programme, ["first@example.com"], owner)
    redeem_coupon(programme.call(), account, codes[1])
    programme.claim(codes[3], account)
    assert dispatch(programme, addresses(3), owner) == [(NO_COUPON_AVAILABLE, 2)]
    expected = {0: "first@example.com", 2: "kim0@example.com", 4: "kim1@example.com"}
    assert sent(programme, spring) == expected


@pytest.mark.parametrize(
    ("changes", "is_sent"),
    [
        ({"end_date": START - TICK}, False),
        ({"end_date": START}, True),
        ({"expiration_date": START - TICK}, False),
        ({"expiration_date": START}, True),
        ({"start_date": START + timedelta(days=1)}, True),
    ],
)
def test_coupons_of_no_more_use_are_passed_over(
    programme: Programme, owner: int, changes: dict[str, Any], is_sent: bool
) -> None:
    class_id = programme.coupon_class(owner, **changes)
    programme.mint(owner)
    update_class(programme.call(), owner, "Spring", lambda _: terms())
    programme.mint(owner)
    assert dispatch(programme, ["kim@example.com"], owner) == []
    assert sent(programme, class_id) == {0 if is_sent else 1: "kim@example.com"}


def test_each_address_that_cannot_be_served_is_told_why(
    programme: Programme, owner: int, spring: int
) -> None:
    emails = [
        "kim@example.com",
        None,
        "",
        "kim@EXAMPLE.com ",
        "nobody",
        "Kim@example.com",
        "kim@example.com\nBcc: lee@example.com",
        "lee@example.com",
        "nobody",
    ]
    assert dispatch(programme, emails, owner) == [
        (EMAIL_INVALID, 1),
        (EMAIL_INVALID, 2),
        (EMAIL_DUPLICATE, 3),
        (EMAIL_INVALID, 4),
        (EMAIL_INVALID, 6),
        (EMAIL_INVALID, 8),
    ]
    assert sent(programme, spring) == {
        0: "kim@example.com",
        1: "Kim@example.com",
        2: "lee@example.com",
    }


def test_errors_stand_in_the_order_of_the_request(
    programme: Programme, owner: int, spring: int
) -> None:
    emails: Addresses = [*addresses(5), "late@example.com", "nobody", "late@example.com"]
    assert dispatch(programme, emails, owner) == [
        (NO_COUPON_AVAILABLE, 5),
        (EMAIL_INVALID, 6),
        (EMAIL_DUPLICATE, 7),
    ]
    assert len(sent(programme, spring)) == 5


def test_nothing_is_written_when_no_address_is_served(
    programme: Programme, owner: int, spring: int
) -> None:
    before = len(programme.rows(audit))
    assert dispatch(programme, ["nobody"], owner) == [(EMAIL_INVALID, 0)]
    assert sent(programme, spring) == {}
    assert programme.rows(outbox) == []
    assert len(programme.rows(audit)) == before


def test_the_same_address_is_served_again_in_another_request(
    programme: Programme, owner: int, spring: int
) -> None:
    for _ in range(2):
        assert dispatch(programme, ["kim@example.com"], owner) == []
    assert sent(programme, spring) == {0: "kim@example.com", 1: "kim@example.com"}


def test_a_thousand_addresses_are_served(programme: Programme, owner: int) -> None:
    class_id = programme.coupon_class(owner)
    programme.mint(owner, count=1000)
    assert dispatch(programme, addresses(1000), owner) == []
    assert list(sent(programme, class_id).values()) == addresses(1000)
    assert len(programme.rows(outbox)) == 1000


def test_a_thousand_and_one_are_not(programme: Programme, owner: int, spring: int) -> None:
    row, details = refusal(programme, addresses(1001), owner)
    assert row is BATCH_TOO_LARGE
    assert "1001" in details


@pytest.mark.parametrize("emails", [None, []])
def test_addresses_are_required(programme: Programme, owner: int, emails: Addresses | None) -> None:
    assert refusal(programme, emails, owner) == (LIST_EMPTY, "SendToEmails")


@pytest.mark.parametrize("customer_id", [None, 0])
def test_a_customer_is_required(programme: Programme, customer_id: int | None) -> None:
    assert refusal(programme, addresses(1), customer_id) == (NULL_PARAMETER, "CustomerId")


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_class_is_required(programme: Programme, owner: int, name: str | None) -> None:
    assert refusal(programme, addresses(1), owner, name) == (NULL_PARAMETER, "CouponClassName")


@pytest.mark.parametrize(
    ("role", "may_dispatch"),
    [(Role.SUPER_ADMIN, True), (Role.STANDARD, True), (Role.READ_ONLY, False)],
)
def test_the_role_decides(
    programme: Programme, owner: int, spring: int, role: Role, may_dispatch: bool
) -> None:
    caller = member(owner, role)
    if may_dispatch:
        assert dispatch_coupons(programme.call(caller), addresses(1), owner, "Spring") == []
    else:
        assert refusal(programme, addresses(1), owner, caller=caller)[0] is NOT_AUTHORIZED


def test_a_foreign_customer_looks_like_an_unknown_one(
    programme: Programme, owner: int, spring: int
) -> None:
    stranger = member(programme.customer())
    for customer_id in (owner, 1000):
        row, details = refusal(programme, addresses(1), customer_id, caller=stranger)
        assert (row, details) == (NOT_AUTHORIZED, f"customer {customer_id}")


def test_a_class_is_found_by_its_exact_name(programme: Programme, owner: int, spring: int) -> None:
    assert dispatch_coupons(programme.call(), addresses(1), owner, " Spring ") == []
    for name in ("spring", "Sprin", "Spring%"):
        assert refusal(programme, addresses(1), owner, name)[0] is COUPON_CLASS_NOT_FOUND


def test_a_class_of_another_customer_is_not_found(programme: Programme, spring: int) -> None:
    other = programme.customer()
    assert refusal(programme, addresses(1), other)[0] is COUPON_CLASS_NOT_FOUND


def test_a_retired_class_is_not_dispatched(programme: Programme, owner: int, spring: int) -> None:
    retire_class(programme.call(), owner, "Spring")
    assert refusal(programme, addresses(1), owner)[0] is COUPON_CLASS_RETIRED


def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, spring: int, engine_name: str
) -> None:
    statements_count = require_all_or_nothing(
        programme, lambda: dispatch(programme, addresses(2), owner)
    )
    # The beginning, the class, a lock on PostgreSQL, the class, batches, places, unused; then
    # coupons, mails, audit.
    assert statements_count == (9 if engine_name == "sqlite" else 10)
    assert len(sent(programme, spring)) == 2
