"""DistributeCoupons: one coupon of the class for each account."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import Connection, update

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACCOUNT_DUPLICATE,
    ACCOUNT_ID_INVALID,
    ACCOUNT_WITHOUT_EMAIL,
    BATCH_TOO_LARGE,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_CLASS_AMBIGUOUS,
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    CURRENCY_MISMATCH,
    FEATURE_ALREADY_CLAIMED,
    INPUT_INVALID,
    LIST_EMPTY,
    NO_COUPON_AVAILABLE,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations import distribute_coupons as module
from service.operations.attempts import ATTEMPTS_MAX
from service.operations.classes import retire_class, update_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import audit, coupon, coupon_class, outbox
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Programme, member, terms

TICK = timedelta(microseconds=1)
FEATURE = 7
Errors = list[tuple[int, ErrorRow]]


def distribute(
    programme: Programme, *account_ids: int, caller: Caller = COMMAND_LINE, **request: Any
) -> Errors:
    """Distribute coupons of the class Spring; answers account and row of each error."""
    whole = {"account_ids": list(account_ids), "class_name": "Spring", **request}
    errors = distribute_coupons(programme.call(caller), Distribution(**whole))
    assert all(it.details.startswith(f"{it.account_id}: {it.row.symbol}") for it in errors)
    return [(error.account_id, error.row) for error in errors]


def refusal(programme: Programme, *account_ids: int, **request: Any) -> tuple[ErrorRow, str]:
    """Why a distribution is refused; whatever is refused leaves no trace."""
    before = [programme.rows(table) for table in (coupon, outbox, audit)]
    with pytest.raises(ServiceError) as error:
        distribute(programme, *account_ids, **request)
    assert [programme.rows(table) for table in (coupon, outbox, audit)] == before
    return error.value.row, error.value.details


def booked(programme: Programme, class_id: int) -> dict[int, int]:
    """The accounts that have coupons, by the coupon's place in its class."""
    rows = programme.coupons(class_id)
    return {row["place"]: row["claimed_account_id"] for row in rows if row["claimed_at"]}


@pytest.fixture
def spring(programme: Programme, owner: int) -> int:
    """A class of the feature with five coupons."""
    class_id = programme.coupon_class(owner, feature_id=FEATURE)
    programme.mint(owner, count=5)
    return class_id


@pytest.fixture
def accounts(programme: Programme, owner: int) -> list[int]:
    """Three accounts with addresses, the last of a customer of its own."""
    return [
        programme.account(customer_id, email=f"kim{place}@example.com")
        for place, customer_id in enumerate((owner, owner, programme.customer()))
    ]


def test_coupons_are_booked_in_the_order_of_their_places(
    programme: Programme, owner: int, spring: int, accounts: list[int]
) -> None:
    first, second, third = accounts
    assert distribute(programme, third, first) == []
    assert distribute(programme, second) == []
    assert booked(programme, spring) == {0: third, 1: first, 2: second}
    rows = programme.coupons(spring)[:3]
    assert {(row["claimed_at"], row["claimed_feature_id"]) for row in rows} == {(START, FEATURE)}
    assert programme.rows(outbox) == []


def test_only_the_account_redeems_its_coupon(
    programme: Programme, owner: int, spring: int, accounts: list[int]
) -> None:
    distribute(programme, accounts[0])
    code = programme.coupons(spring)[0]["code"]
    with pytest.raises(ServiceError) as error:
        redeem_coupon(programme.call(), accounts[1], code)
    assert error.value.row is COUPON_CLAIMED_BY_ANOTHER_ACCOUNT
    assert redeem_coupon(programme.call(), accounts[0], code) == START


def test_mail_and_audit_log_are_written_with_the_coupons(
    programme: Programme, owner: int, spring: int, accounts: list[int]
) -> None:
    call = programme.call(member(owner))
    request = Distribution(account_ids=accounts, class_name="Spring", send_notification=True)
    assert distribute_coupons(call, request) == []
    coupon_ids = [row["coupon_id"] for row in programme.coupons(spring)[:3]]
    assert [
        (row["kind"], row["recipient"], row["coupon_id"], row["created_at"])
        for row in programme.rows(outbox)
    ] == [
        ("distribute", f"kim{place}@example.com", coupon_id, START)
        for place, coupon_id in enumerate(coupon_ids)
    ]
    entries = [row for row in programme.rows(audit) if row["action"] == "distribute"]
    assert [(row["entity_id"], row["tracking_id"], row["after"]) for row in entries] == [
        (
            coupon_id,
            call.tracking_id,
            {
                "claimed_account_id": account_id,
                "claimed_at": START.isoformat(),
                "email": f"kim{place}@example.com",
            },
        )
        for place, (coupon_id, account_id) in enumerate(zip(coupon_ids, accounts, strict=True))
    ]


def test_each_account_that_gets_none_is_told_why(
    programme: Programme, owner: int, spring: int, accounts: list[int]
) -> None:
    first, second, third = accounts
    silent, in_euro = programme.account(owner), programme.account(owner, "EUR", "lee@example.com")
    distribute(programme, second)
    asked = (first, 1000, second, first, silent, in_euro, 0, -1, third, 1000, silent)
    assert distribute(programme, *asked, send_notification=True) == [
        (1000, ACCOUNT_ID_INVALID),
        (second, FEATURE_ALREADY_CLAIMED),
        (first, ACCOUNT_DUPLICATE),
        (silent, ACCOUNT_WITHOUT_EMAIL),
        (in_euro, CURRENCY_MISMATCH),
        (0, ACCOUNT_ID_INVALID),
        (-1, ACCOUNT_ID_INVALID),
        (1000, ACCOUNT_ID_INVALID),
        (silent, ACCOUNT_DUPLICATE),
    ]
    assert booked(programme, spring) == {0: second, 1: first, 2: third}
    assert [row["recipient"] for row in programme.rows(outbox)] == [
        "kim0@example.com",
        "kim2@example.com",
    ]


def test_the_last_accounts_get_none_when_none_is_left(
    programme: Programme, owner: int, spring: int
) -> None:
    account_ids = [programme.account(owner) for _ in range(7)]
    assert distribute(programme, *account_ids) == [
        (account_id, NO_COUPON_AVAILABLE) for account_id in account_ids[5:]
    ]
    assert list(booked(programme, spring).values()) == account_ids[:5]


def test_an_account_without_an_address_gets_one_when_no_mail_is_wanted(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    assert distribute(programme, account) == []
    assert booked(programme, spring) == {0: account}


def test_a_class_without_a_feature_is_distributed_again(
    programme: Programme, owner: int, account: int
) -> None:
    class_id = programme.coupon_class(owner)
    programme.mint(owner, count=2)
    for _ in range(2):
        assert distribute(programme, account) == []
    assert booked(programme, class_id) == {0: account, 1: account}
    assert {row["claimed_feature_id"] for row in programme.rows(coupon)} == {None}


def test_coupons_that_somebody_has_are_passed_over(
    programme: Programme, owner: int, spring: int, accounts: list[int]
) -> None:
    codes = [row["code"] for row in programme.coupons(spring)]
    dispatch_coupons(programme.call(), ["first@example.com"], owner, "Spring")
    redeem_coupon(programme.call(), accounts[0], codes[1])
    programme.claim(codes[3], accounts[0])
    assert distribute(programme, *accounts) == [(accounts[2], NO_COUPON_AVAILABLE)]
    assert booked(programme, spring) == {2: accounts[0], 3: accounts[0], 4: accounts[1]}


@pytest.mark.parametrize(
    ("changes", "is_booked"),
    [
        ({"end_date": START - TICK}, False),
        ({"end_date": START}, True),
        ({"expiration_date": START - TICK}, False),
        ({"expiration_date": START}, True),
        ({"start_date": START + TICK}, True),
    ],
)
def test_coupons_of_no_more_use_are_passed_over(
    programme: Programme, owner: int, changes: dict[str, Any], is_booked: bool
) -> None:
    account = programme.account(owner)
    programme.coupon_class(owner, **changes)
    programme.mint(owner)
    expected = [] if is_booked else [(account, NO_COUPON_AVAILABLE)]
    assert distribute(programme, account) == expected


def test_each_account_gets_a_coupon_in_its_currency(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    in_euro, late = programme.account(owner, "EUR"), programme.account(owner, "EUR")
    update_class(programme.call(), owner, "Spring", lambda _: terms(currency_code="EUR"))
    (code,) = programme.mint(owner)
    assert distribute(programme, in_euro, account, late) == [(late, NO_COUPON_AVAILABLE)]
    by_code = {row["code"]: row["claimed_account_id"] for row in programme.coupons(spring)}
    assert by_code[code] == in_euro
    assert sorted(filter(None, by_code.values())) == sorted([account, in_euro])


def test_nothing_is_written_when_no_account_is_served(programme: Programme, spring: int) -> None:
    before = len(programme.rows(audit))
    assert distribute(programme, 1000) == [(1000, ACCOUNT_ID_INVALID)]
    assert booked(programme, spring) == {}
    assert len(programme.rows(audit)) == before


def test_the_feature_may_be_named(programme: Programme, spring: int, accounts: list[int]) -> None:
    assert distribute(programme, accounts[0], feature_id=FEATURE) == []
    row, details = refusal(programme, accounts[1], feature_id=FEATURE + 1)
    assert row is INPUT_INVALID
    assert details == "FeatureId is 8, class Spring has feature 7"


def test_a_class_without_a_feature_has_not_the_one_that_is_named(
    programme: Programme, owner: int, account: int
) -> None:
    programme.coupon_class(owner)
    row, details = refusal(programme, account, feature_id=0)
    assert (row, details) == (INPUT_INVALID, "FeatureId is 0, class Spring has no feature")


def test_the_class_is_looked_for_where_the_caller_may_write(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    other = programme.customer()
    programme.coupon_class(other)
    reader_there = Caller(7, "Kim", {owner: Role.STANDARD, other: Role.READ_ONLY})
    assert distribute(programme, account, caller=reader_there) == []
    assert list(booked(programme, spring).values()) == [account]


def test_a_class_of_two_customers_is_ambiguous(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    other = programme.customer()
    programme.coupon_class(other)
    both = Caller(7, "Kim", {owner: Role.STANDARD, other: Role.SUPER_ADMIN})
    for caller in (both, COMMAND_LINE):
        row, details = refusal(programme, account, caller=caller)
        assert row is COUPON_CLASS_AMBIGUOUS
        assert details == f"class Spring of customer {owner} and of customer {other}"
    assert distribute(programme, account, customer_id=owner) == []
    assert list(booked(programme, spring).values()) == [account]


def test_a_class_that_is_nowhere_is_not_found(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    caller = member(programme.customer())
    assert refusal(programme, account, caller=caller)[0] is COUPON_CLASS_NOT_FOUND
    for name in ("spring", "Sprin", "Spring%"):
        assert refusal(programme, account, class_name=name)[0] is COUPON_CLASS_NOT_FOUND
    assert distribute(programme, account, class_name=" Spring ") == []


@pytest.mark.parametrize(
    ("role", "may_distribute"),
    [(Role.SUPER_ADMIN, True), (Role.STANDARD, True), (Role.READ_ONLY, False)],
)
@pytest.mark.parametrize("names_customer", [True, False])
def test_the_role_decides(
    programme: Programme, spring: int, role: Role, may_distribute: bool, names_customer: bool
) -> None:
    owner = programme.rows(coupon_class)[0]["customer_id"]
    account, caller = programme.account(owner), member(owner, role)
    request = {"customer_id": owner if names_customer else None, "caller": caller}
    if may_distribute:
        assert distribute(programme, account, **request) == []
    else:
        assert refusal(programme, account, **request)[0] is NOT_AUTHORIZED


def test_a_foreign_customer_looks_like_an_unknown_one(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    stranger = member(programme.customer())
    for customer_id in (owner, 1000):
        row, details = refusal(programme, account, customer_id=customer_id, caller=stranger)
        assert (row, details) == (NOT_AUTHORIZED, f"customer {customer_id}")


def test_a_retired_class_is_not_distributed(
    programme: Programme, owner: int, account: int, spring: int
) -> None:
    retire_class(programme.call(), owner, "Spring")
    assert refusal(programme, account)[0] is COUPON_CLASS_RETIRED


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_class_is_required(programme: Programme, account: int, name: str | None) -> None:
    assert refusal(programme, account, class_name=name) == (NULL_PARAMETER, "ClassName")


@pytest.mark.parametrize("account_ids", [None, []])
def test_accounts_are_required(
    programme: Programme, spring: int, account_ids: list[int] | None
) -> None:
    assert refusal(programme, account_ids=account_ids) == (LIST_EMPTY, "AccountIds")


def test_a_thousand_and_one_accounts_are_too_many(
    programme: Programme, account: int, spring: int
) -> None:
    row, details = refusal(programme, *[account] * 1001)
    assert row is BATCH_TOO_LARGE
    assert "1001" in details


def test_a_thousand_are_not(programme: Programme, owner: int, account: int, spring: int) -> None:
    errors = distribute(programme, *range(1000, 1999), account)
    assert errors == [(account_id, ACCOUNT_ID_INVALID) for account_id in range(1000, 1999)]
    assert booked(programme, spring) == {0: account}


def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, spring: int, accounts: list[int], engine_name: str
) -> None:
    statements_count = require_all_or_nothing(
        programme, lambda: distribute(programme, *accounts, send_notification=True)
    )
    # The beginning, owner, class, a lock on PostgreSQL, class, two for the accounts, features,
    # batches, places, unused coupons; then claims, mails, audit.
    assert statements_count == (13 if engine_name == "sqlite" else 14)
    assert len(booked(programme, spring)) == 3


@pytest.fixture
def lost_races(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the next distributions find their class retired between reading and writing."""

    def lose(count: int) -> None:
        take, left = module.take_unused, iter(range(count))

        def overtaken(connection: Connection, *arguments: Any) -> object:
            found = take(connection, *arguments)
            for _ in islice(left, 1):
                connection.execute(update(coupon_class).values(retired_at=START))
            return found

        monkeypatch.setattr(module, "take_unused", overtaken)

    return lose


def test_whoever_loses_a_race_decides_again(
    programme: Programme, account: int, spring: int, lost_races: Callable[[int], None]
) -> None:
    lost_races(ATTEMPTS_MAX - 1)
    assert distribute(programme, account) == []
    assert booked(programme, spring) == {0: account}


def test_nobody_decides_for_ever(
    programme: Programme, account: int, spring: int, lost_races: Callable[[int], None]
) -> None:
    lost_races(ATTEMPTS_MAX)
    with pytest.raises(ServiceTroubleError, match="ServiceBusy"):
        distribute(programme, account)
    assert booked(programme, spring) == {}
