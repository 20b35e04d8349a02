"""Which coupons count spend and draw on it, one at a time, and what a reversal gives back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain.errors import ENTITY_NOT_EXISTENT
from service.operations.check_database import check_database
from service.storage.naming import metadata
from tests.operations.faults import require_all_or_nothing
from tests.operations.spends import (
    TEN,
    TICK,
    active_codes,
    figures,
    lines,
    record,
    redeemed,
    reverse,
)
from tests.operations.traces import refused
from tests.programme import START, Clock, Programme

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


# What a fault leaves.


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
    assert statements_count == 11
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
    assert statements_count == 14
    assert check_database(programme.call()).is_clean
