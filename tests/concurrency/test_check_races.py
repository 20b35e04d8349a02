"""While the service works, a check finds nothing: each change is seen whole or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.operations.check_database import check_database
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.record_spend import reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.storage.consistency import Findings
from service.storage.tables import coupon
from tests.programme import Programme

ROUNDS_COUNT = 30
CHECKS_COUNT_MIN = 3
CONTROLS_COUNT_MAX = 20


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer that has a class."""
    owner = programme.customer()
    programme.coupon_class(owner)
    return owner


@pytest.fixture
def account(programme: Programme, owner: int) -> int:
    """An account that bills to the owner."""
    return programme.account(owner)


def test_a_check_of_a_database_under_work_is_clean(
    programme: Programme, owner: int, account: int
) -> None:
    def work() -> None:
        for number in range(ROUNDS_COUNT):
            code, _ = programme.mint(owner, count=2)
            email = f"{number}@example.com"
            assert dispatch_coupons(programme.call(), [email], owner, "Spring") == []
            redeem_coupon(programme.call(), account, code)
            reference = programme.spend(account, "20").reference
            if number % 2:
                reverse_spend(programme.call(), account, reference)

    found = checks_during(programme, work)
    assert len(found) >= CHECKS_COUNT_MIN
    assert [it for it in found if not it.is_clean] == []


def test_a_change_in_two_transactions_is_found(
    programme: Programme, owner: int, account: int
) -> None:
    """The control: it is whole in the end, and was not while it was on its way."""

    def work() -> None:
        for _ in range(ROUNDS_COUNT * 2):
            (code,) = programme.mint(owner)
            programme.change(coupon, coupon.c.code == code, redeemed_at=programme.clock())
            programme.change(coupon, coupon.c.code == code, redeemed_at=None)
            redeem_coupon(programme.call(), account, code)

    # On a busy machine, the checks may all fall between two changes.
    found = (it for _ in range(CONTROLS_COUNT_MAX) for it in checks_during(programme, work))
    assert not all(it.is_clean for it in found)
    assert check_database(programme.call()).is_clean


def checks_during(programme: Programme, work: Callable[[], None]) -> list[Findings]:
    """What checks find, one after the other, until the work is done."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        working = threads.submit(work)
        found = []
        while not working.done():
            found.append(check_database(programme.call()))
        working.result()
    return found
