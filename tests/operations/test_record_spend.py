"""Spend is recorded once and taken back once, and coupons count it and draw on it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    SPEND_REFERENCE_TAKEN,
)
from service.domain.ledger import Spend
from service.domain.roles import Caller, Role
from service.operations.check_database import check_database
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.show_coupon import show_coupon
from service.storage.naming import metadata
from service.storage.tables import audit, redemption, spend
from tests.operations.faults import require_all_or_nothing
from tests.operations.traces import refused
from tests.programme import START, Clock, Programme, member, utc

TICK = timedelta(microseconds=1)
TEN = Decimal(10)
MEMBER_ROLES = [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY]
OPERATOR = Caller(user_id=9, user_name="Olga", roles={}, is_operator=True)


def record(
    programme: Programme,
    account_id: int,
    amount: str = "10",
    reference: str = "invoice",
    at: datetime | None = None,
) -> Spend:
    return record_spend(programme.call(), account_id, Decimal(amount), reference, at)


def reverse(programme: Programme, account_id: int, reference: str = "invoice") -> Spend:
    return reverse_spend(programme.call(), account_id, reference)


def redeemed(programme: Programme, owner: int, account_id: int, **changes: Any) -> str:
    """The code of a new coupon of 50 USD that the account has redeemed."""
    code = programme.coupon(owner, **changes)
    redeem_coupon(programme.call(), account_id, code)
    return code


def figures(programme: Programme, code: str) -> tuple[str, str, datetime | None]:
    """What is shown of a redeemed coupon: counted, balance, and when it became active."""
    shown = show_coupon(programme.call(), code).coupon.redemption_info
    assert shown is not None
    return f"{shown.spend_to_threshold:f}", f"{shown.balance:f}", shown.activation_date


def lines(recorded: Spend) -> list[tuple[str, str, str]]:
    """What a spend did: code, counted, drawn."""
    return [
        (line.coupon_code, f"{line.towards_threshold:f}", f"{line.drawn:f}")
        for line in recorded.lines
    ]


def active_codes(programme: Programme) -> list[str]:
    """Whose coupons draw now; at most one of an account, or the database would object."""
    ids = {row["coupon_id"] for row in programme.rows(redemption) if row["is_active"]}
    return [code for code, coupon_id in codes(programme).items() if coupon_id in ids]


def codes(programme: Programme) -> dict[str, int]:
    table = metadata.tables["coupon"]
    return {row["code"]: row["coupon_id"] for row in programme.rows(table)}


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


# What is taken back.


def test_a_reversal_restores_exactly_once(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account)
    recorded = record(programme, account, "30")
    assert figures(programme, code) == ("0", "20", START)
    clock.move(days=1)
    first = reverse(programme, account)
    assert (first.reversed_at, first.lines) == (START + timedelta(days=1), recorded.lines)
    assert figures(programme, code) == ("0", "50", START)
    clock.move(days=1)
    before = programme.all_rows()
    assert reverse(programme, account) == first
    assert programme.all_rows() == before


def test_a_spend_is_not_reversed_through_another_account(
    programme: Programme, owner: int, account: int
) -> None:
    record(programme, account)
    for other in (programme.account(owner), programme.account(programme.customer())):
        error = refused(programme, lambda other=other: reverse(programme, other))
        assert error.row is ENTITY_NOT_EXISTENT


def test_an_unknown_reference_is_not_reversed(programme: Programme, account: int) -> None:
    error = refused(programme, lambda: reverse(programme, account, "unknown"))
    assert (error.row, error.details) == (ENTITY_NOT_EXISTENT, "spend unknown")


def test_a_reversal_in_the_middle_leaves_later_spends_as_they_are(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account, spend_threshold=Decimal(25))
    day = timedelta(days=1)
    for reference, amount, shown in [
        ("A", "30", ("25", "45", START + day)),
        ("B", "40", ("25", "5", START + day)),
    ]:
        clock.move(days=1)
        record(programme, account, amount, reference)
        assert figures(programme, code) == shown
    reverse(programme, account, "A")
    # The 5 that A drew are back; the 40 of B stay drawn, though 25 are missing to the threshold.
    assert figures(programme, code) == ("0", "10", None)
    clock.move(days=1)
    assert lines(record(programme, account, "10", "C")) == [(code, "10", "0")]
    assert lines(record(programme, account, "20", "D")) == [(code, "15", "5")]
    assert figures(programme, code) == ("25", "5", START + 3 * day)
    reverse(programme, account, "B")
    assert figures(programme, code) == ("25", "45", START + 3 * day)
    assert check_database(programme.call()).is_clean


def test_a_correction_draws_on_the_coupons_that_the_mistake_drew_on(
    programme: Programme, owner: int, account: int
) -> None:
    first, second = (redeemed(programme, owner, account, amount=Decimal(50)) for _ in range(2))
    record(programme, account, "80", "A")
    assert active_codes(programme) == [second]
    reverse(programme, account, "A")
    assert active_codes(programme) == [first]
    assert figures(programme, second) == ("0", "50", None)
    assert lines(record(programme, account, "30", "B")) == [(first, "0", "30")]


def test_a_correction_may_have_the_date_of_the_mistake(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account)
    clock.move(days=5)
    mistaken_at = clock()
    record(programme, account, "50", "A")
    clock.move(days=1)
    reverse(programme, account, "A")
    record(programme, account, "10", "B")
    corrected = record(programme, account, "20", "C", mistaken_at)
    assert lines(corrected) == [(code, "0", "20")]
    assert figures(programme, code) == ("0", "20", START)


def test_what_a_reversal_restores_is_drawn_again_in_its_turn(
    programme: Programme, owner: int, account: int
) -> None:
    first, second = (redeemed(programme, owner, account, amount=Decimal(20)) for _ in range(2))
    record(programme, account, "20", "A")
    record(programme, account, "5", "later")
    reverse(programme, account, "A")
    # A later spend drew on the second, which stays active; the first follows.
    assert active_codes(programme) == [second]
    assert sorted(lines(record(programme, account, "30", "B"))) == sorted(
        [(second, "0", "15"), (first, "0", "15")]
    )
    assert figures(programme, first)[1] == "5"


def test_a_spend_that_did_nothing_to_coupons_is_reversed(
    programme: Programme, account: int
) -> None:
    record(programme, account)
    assert reverse(programme, account).reversed_at == START


# Which coupon draws.


def test_a_coupon_without_threshold_is_active_from_its_redemption(
    programme: Programme, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account)
    assert figures(programme, code) == ("0", "50", START)
    assert active_codes(programme) == [code]


def test_a_coupon_waits_while_another_is_active(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    first = redeemed(programme, owner, account)
    clock.move(days=1)
    second = redeemed(programme, owner, account)
    third = redeemed(programme, owner, account, spend_threshold=TEN)
    assert active_codes(programme) == [first]
    assert figures(programme, second) == ("0", "50", None)
    recorded = record(programme, account, "60")
    assert sorted(lines(recorded)) == sorted(
        [(first, "0", "50"), (second, "0", "10"), (third, "10", "0")]
    )
    assert active_codes(programme) == [second]
    assert figures(programme, second) == ("0", "40", clock.now)
    assert figures(programme, third) == ("10", "50", None)


def test_a_coupon_that_is_used_up_to_the_cent_makes_room(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    first, second = (redeemed(programme, owner, account) for _ in range(2))
    clock.move(days=1)
    assert lines(record(programme, account, "50")) == [(first, "0", "50"), (second, "0", "0")]
    assert active_codes(programme) == [second]
    assert figures(programme, second) == ("0", "50", clock.now)


def test_a_redemption_makes_the_expired_make_room(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    first = redeemed(programme, owner, account, active_duration=1)
    clock.move(days=1)
    second = redeemed(programme, owner, account)
    assert active_codes(programme) == [first]
    clock.now += TICK
    third = redeemed(programme, owner, account)
    assert active_codes(programme) == [second]
    assert figures(programme, second)[2] == clock.now
    assert figures(programme, third)[2] is None


def test_accounts_of_one_customer_draw_on_their_own_coupons(
    programme: Programme, owner: int, account: int
) -> None:
    other = programme.account(owner)
    mine, others = redeemed(programme, owner, account), redeemed(programme, owner, other)
    record(programme, account)
    assert sorted(active_codes(programme)) == sorted([mine, others])
    assert figures(programme, mine)[1] == "40"
    assert figures(programme, others)[1] == "50"


def test_a_percentage_without_bound_gives_for_ever(
    programme: Programme, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account, amount=Decimal(0), percent_off=Decimal("12.5"))
    drawn = [record(programme, account, "99.99", name).drawn for name in ("A", "B")]
    assert drawn == [Decimal("12.50")] * 2
    assert figures(programme, code) == ("0", "0", START)
    assert reverse(programme, account, "A").drawn == Decimal("12.50")
    assert figures(programme, code) == ("0", "0", START)
    assert active_codes(programme) == [code]


def test_a_retired_class_does_not_take_back_what_is_redeemed(
    programme: Programme, owner: int, account: int
) -> None:
    code = redeemed(programme, owner, account)
    table = metadata.tables["coupon_class"]
    programme.change(table, table.c.customer_id == owner, retired_at=START)
    record(programme, account)
    assert figures(programme, code)[1] == "40"


# What is told of it afterwards, and what a fault leaves.


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


@pytest.fixture
def queue(programme: Programme, owner: int, account: int) -> list[str]:
    """Three coupons of an account: active, ready, and below its threshold."""
    thresholds = (0, 0, 100)
    return [redeemed(programme, owner, account, spend_threshold=Decimal(it)) for it in thresholds]


@pytest.mark.usefixtures("queue")
def test_a_fault_at_any_statement_leaves_nothing_of_a_spend(
    programme: Programme, account: int
) -> None:
    statements_count = require_all_or_nothing(programme, lambda: record(programme, account, "60"))
    # The beginning, the account, the reference; then the spend, the coupons, the lines, the
    # coupons moved, audit of the spend and of the coupons; the spend and its lines again.
    assert statements_count == 12
    assert check_database(programme.call()).is_clean


@pytest.mark.usefixtures("queue")
def test_a_fault_at_any_statement_leaves_nothing_of_a_reversal(
    programme: Programme, account: int
) -> None:
    record(programme, account, "60")
    statements_count = require_all_or_nothing(programme, lambda: reverse(programme, account))
    # The beginning, the account, the spend, its lines; then the verdict, the coupons, other
    # draws on them, who else is active, the lines, audit, the coupons moved, their audit;
    # the spend and its lines again.
    assert statements_count == 15
    assert check_database(programme.call()).is_clean


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
