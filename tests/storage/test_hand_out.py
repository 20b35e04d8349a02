"""Unused coupons are found batch by batch, by their places, whatever was used before them."""

from datetime import timedelta

import pytest

from service.operations.check_database import check_database
from service.operations.classes import update_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.update_coupons import update_coupons
from service.storage import coupons
from service.storage.tables import coupon_batch
from tests.programme import START, Programme, terms

BATCHES_COUNT, BATCH_LENGTH = 3, 14


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer with a class whose coupons anybody redeems."""
    owner = programme.customer()
    programme.coupon_class(owner, "Spring")
    return owner


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few coupons take as many windows as otherwise thousands do."""
    monkeypatch.setattr(coupons, "WINDOW_LENGTH_MIN", 1)
    monkeypatch.setattr(coupons, "WINDOW_LENGTH_MAX", 4)
    monkeypatch.setattr(coupons, "PASSED_COUNT_MAX", 3)


def codes_in_order(programme: Programme, class_id: int) -> list[str]:
    return [row["code"] for row in programme.coupons(class_id)]


def dispatched(programme: Programme, owner: int, count: int) -> set[str]:
    """The codes that so many new addresses are given."""
    before = sent(programme)
    emails: list[str | None] = [f"kim{len(before) + it}@example.com" for it in range(count)]
    dispatch_coupons(programme.call(), emails, owner, "Spring")
    return sent(programme) - before


def sent(programme: Programme) -> set[str]:
    return {row["code"] for row in programme.coupons(1) if row["sent_at"]}


def begun_at(programme: Programme) -> list[int]:
    return [row["unused_from"] for row in programme.rows(coupon_batch)]


def test_all_unused_ones_are_handed_out_in_their_order(programme: Programme, owner: int) -> None:
    for _ in range(BATCHES_COUNT):
        programme.mint(owner, "Spring", BATCH_LENGTH)
    codes = codes_in_order(programme, 1)
    account_id = programme.account(owner)
    for code in codes[1:20]:
        redeem_coupon(programme.call(), account_id, code)
    unused = [codes[0], *codes[20:]]
    for count in (1, 2, 9, 30):
        assert dispatched(programme, owner, count) == set(unused[:count])
        unused = unused[count:]
    assert unused == []
    assert check_database(programme.call()).breaches == []


def test_used_ones_are_not_passed_over_for_ever(programme: Programme, owner: int) -> None:
    programme.mint(owner, "Spring", BATCH_LENGTH)
    dispatched(programme, owner, 4)
    assert begun_at(programme) == [0]
    dispatched(programme, owner, 1)
    assert begun_at(programme) == [4]
    dispatched(programme, owner, 1)
    assert begun_at(programme) == [4]


def test_unused_ones_that_have_ended_may_last_again(programme: Programme, owner: int) -> None:
    ended = terms(end_date=START - timedelta(days=1))
    update_class(programme.call(), owner, "Spring", lambda _: ended)
    programme.mint(owner, "Spring", BATCH_LENGTH)
    update_class(programme.call(), owner, "Spring", lambda _: terms())
    programme.mint(owner, "Spring", BATCH_LENGTH)
    codes = codes_in_order(programme, 1)
    for code in codes[BATCH_LENGTH:]:
        assert dispatched(programme, owner, 1) == {code}
    assert dispatched(programme, owner, 1) == set()
    assert begun_at(programme)[0] == 0
    update_coupons(programme.call(), owner, terms(), batch_id=1)
    assert dispatched(programme, owner, 2) == set(codes[:2])
