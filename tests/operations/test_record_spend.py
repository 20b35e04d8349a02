"""Spend is recorded once, whole, and told of afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    INPUT_INVALID,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    SPEND_REFERENCE_TAKEN,
)
from service.domain.roles import Caller, Role
from service.operations.record_spend import record_spend, reverse_spend
from service.storage.tables import audit, spend
from tests.operations.spends import TEN, TICK, codes, figures, lines, record, redeemed, reverse
from tests.operations.traces import refused
from tests.programme import START, Clock, Programme, member, utc

MEMBER_ROLES = [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY]
OPERATOR = Caller(user_id=9, user_name="Olga", roles={}, is_operator=True)


# Who may, and what is accepted.


@pytest.mark.parametrize("role", MEMBER_ROLES)
@pytest.mark.parametrize("account_exists", [True, False])
def test_only_operators_record_and_reverse(
    programme: Programme, owner: int, account: int, role: Role, account_exists: bool
) -> None:
    record(programme, account)
    call = programme.call(member(owner, role))
    account_id = account if account_exists else account + 1000
    actions: list[Callable[[], object]] = [
        lambda: record_spend(call, account_id, TEN, "invoice"),
        lambda: record_spend(call, account_id, TEN, ""),
        lambda: reverse_spend(call, account_id, "invoice"),
        lambda: reverse_spend(call, account_id, "unknown"),
    ]
    told = {(error.row, error.details) for error in (refused(programme, it) for it in actions)}
    assert told == {(NOT_AUTHORIZED, "only operators do this")}


def test_an_unknown_account_is_refused(programme: Programme, account: int) -> None:
    record(programme, account)
    for action in (record, reverse):
        error = refused(programme, lambda action=action: action(programme, 1000))
        assert (error.row, error.details) == (ACCOUNT_ID_INVALID, "account 1000")


@pytest.mark.parametrize(
    ("currency_code", "amount"),
    [
        ("USD", "0"),
        ("USD", "-0.01"),
        ("USD", "0.001"),
        ("USD", "10.005"),
        ("USD", "1000000000000"),
        ("USD", "1E+40"),
        ("USD", "NaN"),
        ("USD", "sNaN"),
        ("USD", "Infinity"),
        ("USD", "-Infinity"),
        ("JPY", "0.5"),
        ("KWD", "0.0001"),
    ],
)
def test_an_amount_that_no_account_spends_is_refused(
    programme: Programme, owner: int, currency_code: str, amount: str
) -> None:
    account_id = programme.account(owner, currency_code)
    error = refused(programme, lambda: record(programme, account_id, amount))
    assert error.row is INPUT_INVALID
    assert error.details.startswith(f"amount {amount} is not a multiple of ")


@pytest.mark.parametrize(
    ("currency_code", "amount"),
    [
        ("USD", "0.01"),
        ("USD", "10.000"),
        ("USD", "1E+3"),
        ("USD", "999999999999.99"),
        ("JPY", "1"),
        ("KWD", "0.001"),
    ],
)
def test_an_amount_is_kept_exactly(
    programme: Programme, owner: int, currency_code: str, amount: str
) -> None:
    account_id = programme.account(owner, currency_code)
    assert record(programme, account_id, amount).amount == Decimal(amount)


@pytest.mark.parametrize("reference", ["", " ", "\t\n\u3000"])
def test_a_reference_is_needed(programme: Programme, account: int, reference: str) -> None:
    record(programme, account)
    actions: list[Callable[[], object]] = [
        lambda: record(programme, account, reference=reference),
        lambda: reverse(programme, account, reference),
    ]
    for action in actions:
        error = refused(programme, action)
        assert (error.row, error.details) == (NULL_PARAMETER, "reference")


def test_a_reference_has_a_bound(programme: Programme, account: int) -> None:
    longest = "é" * 255
    assert record(programme, account, reference=f" {longest}\n").reference == longest
    actions: list[Callable[[], object]] = [
        lambda: record(programme, account, reference=longest + "é"),
        lambda: reverse(programme, account, longest + "é"),
    ]
    for action in actions:
        error = refused(programme, action)
        assert (error.row, error.details) == (
            INPUT_INVALID,
            "a reference has at most 255 characters",
        )


def test_white_space_around_a_reference_does_not_count(programme: Programme, account: int) -> None:
    first = record(programme, account, reference="invoice 1")
    assert record(programme, account, reference="  invoice 1\n") == first
    assert reverse(programme, account, "\tinvoice 1 ").spend_id == first.spend_id


def test_a_reference_is_compared_letter_by_letter(programme: Programme, account: int) -> None:
    for reference in ("invoice", "Invoice", "invoice ß", "invoice ss", "' OR 1=1 --"):
        record(programme, account, reference=reference)
    assert len(programme.rows(spend)) == 5


def test_nobody_has_spent_in_the_future(programme: Programme, account: int) -> None:
    error = refused(programme, lambda: record(programme, account, at=START + TICK))
    text = "2026-03-01T12:00:00.000001+00:00 is in the future"
    assert (error.row, error.details) == (INPUT_INVALID, text)
    assert record(programme, account, at=START).spent_at == START


# What is stored, and what a repeat answers.


def test_a_spend_is_answered_and_stored_whole(
    programme: Programme, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account, spend_threshold=TEN)
    spent_at = START
    programme.clock.move(hours=1)
    recorded = record(programme, account, "25", at=spent_at)
    assert (recorded.account_id, recorded.reference, recorded.amount) == (account, "invoice", 25)
    assert (recorded.spent_at, recorded.recorded_at) == (START, START + timedelta(hours=1))
    assert recorded.reversed_at is None
    assert lines(recorded) == [(code, "10", "15")]
    assert recorded.drawn == 15
    assert programme.rows(spend) == [
        {
            "spend_id": recorded.spend_id,
            "customer_id": owner,
            "account_id": account,
            "reference": "invoice",
            "amount": Decimal(25),
            "spent_at": START,
            "recorded_at": START + timedelta(hours=1),
            "reversed_at": None,
        }
    ]


def test_a_spend_without_a_date_is_of_now(programme: Programme, account: int) -> None:
    assert record(programme, account).spent_at == START


YESTERDAY = START - timedelta(days=1)


@pytest.mark.parametrize("is_reversed", [True, False])
@pytest.mark.parametrize(
    "dates", [(None, None), (None, START), (YESTERDAY, None), (YESTERDAY, YESTERDAY)]
)
def test_the_same_spend_is_answered_the_first_result_again(
    programme: Programme,
    owner: int,
    account: int,
    dates: tuple[datetime | None, datetime | None],
    is_reversed: bool,
) -> None:
    redeemed(programme, owner, account)
    first = record(programme, account, at=dates[0])
    if is_reversed:
        first = reverse(programme, account)
        assert first.reversed_at == START
    programme.clock.move(days=400)
    before = programme.all_rows()
    assert record(programme, account, "10.00", at=dates[1]) == first
    assert programme.all_rows() == before


@pytest.mark.parametrize("is_reversed", [True, False])
@pytest.mark.parametrize(
    ("amount", "at"),
    [("10.01", None), ("10", START - TICK), ("10", YESTERDAY)],
)
def test_a_reference_does_not_name_two_spends(
    programme: Programme, account: int, is_reversed: bool, amount: str, at: datetime | None
) -> None:
    record(programme, account)
    if is_reversed:
        reverse(programme, account)
    error = refused(programme, lambda: record(programme, account, amount, at=at))
    assert (error.row, error.row.code) == (SPEND_REFERENCE_TAKEN, 90106)
    assert error.details == f"invoice: account {account}, 10 at {START.isoformat()}"


def test_a_reference_does_not_name_spends_of_two_accounts_of_a_customer(
    programme: Programme, owner: int, account: int
) -> None:
    record(programme, account)
    other = programme.account(owner)
    assert refused(programme, lambda: record(programme, other)).row is SPEND_REFERENCE_TAKEN


def test_references_of_two_customers_are_independent(
    programme: Programme, owner: int, account: int
) -> None:
    other = programme.account(programme.customer())
    first, second = record(programme, account), record(programme, other, "20")
    assert first.spend_id != second.spend_id
    assert reverse(programme, other).reversed_at == START
    assert record(programme, account) == first


# What is told of it afterwards.


def test_a_spend_and_its_reversal_are_in_the_audit_log(
    programme: Programme, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account, spend_threshold=TEN)
    known = len(programme.rows(audit))
    calls = [programme.call(OPERATOR) for _ in range(2)]
    recorded = record_spend(calls[0], account, Decimal(25), "invoice")
    reverse_spend(calls[1], account, "invoice")
    entries = programme.rows(audit)[known:]
    before = {
        "spend_to_threshold": "0",
        "balance": "50",
        "is_active": False,
        "activated_at": None,
    }
    after = {
        "spend_to_threshold": "10",
        "balance": "35",
        "is_active": True,
        "activated_at": START.isoformat(),
    }
    drawn = {"drawn": "15", "reference": "invoice"}
    restored = {"drawn": "-15", "reference": "invoice"}
    spent = {
        "account_id": account,
        "reference": "invoice",
        "amount": "25",
        "spent_at": START.isoformat(),
    }
    spend_id, coupon_id = recorded.spend_id, codes(programme)[code]
    assert [
        (row["action"], row["entity"], row["entity_id"], row["before"], row["after"])
        for row in entries
    ] == [
        ("record", "spend", spend_id, None, spent),
        ("spend", "coupon", coupon_id, before, {**after, **drawn}),
        ("reverse", "spend", spend_id, None, {"reversed_at": START.isoformat()}),
        ("reverse spend", "coupon", coupon_id, after, {**before, **restored}),
    ]
    assert [row["tracking_id"] for row in entries] == [
        call.tracking_id for call in calls for _ in range(2)
    ]
    assert {(row["user_id"], row["at"]) for row in entries} == {(OPERATOR.user_id, START)}


def test_an_old_spend_is_recorded_late(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account, spend_threshold=TEN)
    clock.now = utc(2026, 3, 20)
    record(programme, account, "15", "A")
    assert figures(programme, code) == ("10", "45", utc(2026, 3, 20))
    # It is older than the activation, and older than the redemption.
    for reference, at in [("B", utc(2026, 3, 19)), ("C", utc(2026, 2, 28))]:
        assert lines(record(programme, account, "5", reference, at)) == []
    assert figures(programme, code) == ("10", "45", utc(2026, 3, 20))
