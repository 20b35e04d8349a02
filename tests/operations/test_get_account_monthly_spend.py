"""GetAccountMonthlySpend: what an account spent in a calendar month of UTC."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from service.domain.errors import ACCOUNT_ID_INVALID, NOT_AUTHORIZED, NULL_PARAMETER
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.get_account_monthly_spend import get_account_monthly_spend
from service.operations.record_spend import record_spend, reverse_spend
from tests.programme import START, Clock, Programme, member, utc

TICK = timedelta(microseconds=1)


def month_of(
    programme: Programme,
    account_id: int | None,
    instant: datetime | None = START,
    caller: Caller = COMMAND_LINE,
) -> Decimal:
    return get_account_monthly_spend(programme.call(caller), account_id, instant)


def refusal(
    programme: Programme,
    account_id: int | None,
    instant: datetime | None = START,
    caller: Caller = COMMAND_LINE,
) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        month_of(programme, account_id, instant, caller)
    return error.value


@pytest.mark.parametrize(
    ("first", "next_first"),
    [
        (utc(2026, 1, 1), utc(2026, 2, 1)),
        (utc(2026, 2, 1), utc(2026, 3, 1)),
        (utc(2024, 2, 1), utc(2024, 3, 1)),
        (utc(2026, 12, 1), utc(2027, 1, 1)),
        (utc(2026, 3, 1), utc(2026, 4, 1)),
        (utc(2026, 10, 1), utc(2026, 11, 1)),
    ],
)
def test_a_month_has_bounds_to_the_microsecond(
    programme: Programme, clock: Clock, account: int, first: datetime, next_first: datetime
) -> None:
    clock.now = utc(2028, 1, 1)
    for amount, at in [
        ("1", first - TICK),
        ("2", first),
        ("4", first + TICK),
        ("8", next_first - TICK),
        ("16", next_first),
    ]:
        programme.spend(account, amount, at)
    for instant in (first, first + TICK, next_first - TICK):
        assert month_of(programme, account, instant) == 14
    assert month_of(programme, account, first - TICK) == 1
    assert month_of(programme, account, next_first) == 16


@pytest.mark.parametrize(("year", "days"), [(2024, 29), (2026, 28), (2000, 29), (1900, 28)])
def test_february_has_all_of_its_days(
    programme: Programme, account: int, year: int, days: int
) -> None:
    for day in range(days):
        programme.spend(account, "1", utc(year, 2, 1) + timedelta(days=day))
    assert month_of(programme, account, utc(year, 2, 28)) == days
    assert month_of(programme, account, utc(year, 3, 1)) == 0


@pytest.mark.parametrize("instant", [utc(1, 1, 1), datetime.max.replace(tzinfo=timezone.utc)])
def test_the_calendar_has_ends(programme: Programme, account: int, instant: datetime) -> None:
    assert month_of(programme, account, instant) == 0


@pytest.mark.parametrize(
    ("instant", "amount"),
    [("2026-03-01T01:59:59.999999+02:00", 1), ("2026-02-28T19:00:00-05:00", 2)],
)
def test_the_month_is_that_of_utc(
    programme: Programme, account: int, instant: str, amount: int
) -> None:
    programme.spend(account, "1", utc(2026, 2, 28))
    programme.spend(account, "2", utc(2026, 3, 1))
    assert month_of(programme, account, datetime.fromisoformat(instant)) == amount


def test_spend_that_was_taken_back_does_not_count(programme: Programme, account: int) -> None:
    for reference, amount in [("A", "10.10"), ("B", "20.20"), ("C", "0.01")]:
        record_spend(programme.call(), account, Decimal(amount), reference)
    assert month_of(programme, account) == Decimal("30.31")
    reverse_spend(programme.call(), account, "B")
    assert month_of(programme, account) == Decimal("10.11")


def test_the_sum_is_exact(programme: Programme, account: int) -> None:
    for amount in ["0.10"] * 3 + ["999999999999.99"]:
        programme.spend(account, amount)
    assert month_of(programme, account) == Decimal("1000000000000.29")


def test_no_sum_is_too_large(programme: Programme, account: int) -> None:
    for _ in range(12):
        programme.spend(account, "999999999999.99")
    assert month_of(programme, account) == Decimal("11999999999999.88")


def test_each_account_has_its_own_sum(programme: Programme, owner: int, account: int) -> None:
    other = programme.account(owner, "JPY")
    programme.spend(account, "10.50")
    programme.spend(other, "7")
    assert month_of(programme, account) == Decimal("10.50")
    assert month_of(programme, other) == 7


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY])
def test_every_member_may_see_it(
    programme: Programme, owner: int, account: int, role: Role
) -> None:
    programme.spend(account, "5")
    assert month_of(programme, account, START, member(owner, role)) == 5


def test_a_foreign_account_looks_like_an_unknown_one(programme: Programme, account: int) -> None:
    caller = member(programme.customer(), Role.SUPER_ADMIN)
    foreign = refusal(programme, account, START, caller)
    unknown = refusal(programme, account + 1000, START, caller)
    assert foreign.row is unknown.row is NOT_AUTHORIZED
    assert unknown.details == foreign.details.replace(str(account), str(account + 1000))


@pytest.mark.parametrize("account_id", [None, 0, -1])
@pytest.mark.parametrize("is_operator", [True, False])
def test_an_account_is_a_positive_number(
    programme: Programme, owner: int, account_id: int | None, is_operator: bool
) -> None:
    caller = COMMAND_LINE if is_operator else member(owner)
    assert refusal(programme, account_id, START, caller).row is ACCOUNT_ID_INVALID


def test_an_operator_is_told_that_an_account_is_unknown(programme: Programme) -> None:
    assert refusal(programme, 1000).row is ACCOUNT_ID_INVALID


def test_a_month_is_needed(programme: Programme, account: int) -> None:
    error = refusal(programme, account, None)
    assert (error.row, error.details) == (NULL_PARAMETER, "MonthYear")
