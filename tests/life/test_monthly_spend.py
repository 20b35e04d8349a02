"""GetAccountMonthlySpend as clients read it: a double, of the months of UTC."""

from datetime import datetime

import pytest

from tests.clients.callers import RefusedError
from tests.life.scripted import Life
from tests.programme import utc


def month(life: Life, instant: datetime, account_id: int | None = None) -> object:
    return life.caller.call(
        "GetAccountMonthlySpend", AccountId=account_id or life.account_id, MonthYear=instant
    )


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([], 0.0),
        # As doubles they would be 0.30000000000000004.
        (["0.1", "0.2"], 0.3),
        (["0.01"] * 10, 0.1),
        (["999999999999.99"], 999999999999.99),
        (["1000000"], 1e6),
    ],
)
def test_the_sum_arrives_as_the_nearest_double(
    life: Life, amounts: list[str], expected: float
) -> None:
    for amount in amounts:
        life.spend(amount)
    answer = month(life, utc(2026, 3, 1))
    assert (type(answer), answer) == (float, expected)


def test_an_offset_is_part_of_the_month_asked_for(life: Life) -> None:
    life.at("2024-02-29T23:59:59.999999Z")
    life.spend("1.25")
    life.at("2024-03-01T00:00:00Z")
    life.spend("2")
    texts = ["2024-03-01T00:59:59+01:00", "2024-02-29T23:00:00-01:00"]
    assert [month(life, datetime.fromisoformat(text)) for text in texts] == [1.25, 2]


def test_an_account_of_others_is_refused(life: Life) -> None:
    stranger = life.programme.account(life.programme.customer())
    with pytest.raises(RefusedError) as refusal:
        month(life, utc(2026, 3, 1), stranger)
    assert (refusal.value.kind, refusal.value.code) == ("ApiFault", 1001)
