"""Retiring a class waits for those who redeem or claim its coupons, and they wait for it."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError

import pytest

from service.domain.errors import COUPON_CLASS_RETIRED
from service.domain.refusals import ServiceError
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class
from service.operations.redeem_coupon import redeem_coupon
from service.storage import classes
from tests.programme import Programme

SOON_S, PATIENCE_S = 0.3, 60
FEATURE = 7


@pytest.fixture
def owner(programme):
    return programme.customer()


@pytest.fixture
def class_id(programme, owner):
    return programme.coupon_class(owner, feature_id=FEATURE)


@pytest.fixture
def code(programme, owner, class_id):
    return programme.mint(owner)[0]


@pytest.fixture
def threads():
    with ThreadPoolExecutor(1) as threads:
        yield threads


def require_waiting(task: "Future[object]") -> None:
    with pytest.raises(NotYetError):
        task.result(SOON_S)


def test_retiring_waits_for_who_uses_the_class(programme: Programme, owner, code, threads):
    with programme.database.writing() as connection:
        classes.keep_in_use(connection, [code])
        retiring = threads.submit(retire_class, programme.call(), owner, "Spring")
        require_waiting(retiring)
    retiring.result(PATIENCE_S)


def test_redeeming_waits_for_who_retires_the_class(
    programme: Programme, owner, class_id, code, threads
):
    account_id = programme.account(owner)
    with programme.database.writing() as connection:
        classes.wait_for_users(connection, class_id)
        classes.update_class(connection, class_id, retired_at=programme.clock())
        redeeming = threads.submit(redeem_coupon, programme.call(), account_id, code)
        require_waiting(redeeming)
    with pytest.raises(ServiceError) as refused:
        redeeming.result(PATIENCE_S)
    assert refused.value.row is COUPON_CLASS_RETIRED


def test_claiming_waits_for_who_retires_the_class(
    programme: Programme, owner, class_id, code, threads
):
    pairs = [AccountCoupon(programme.account(owner), code)]
    with programme.database.writing() as connection:
        classes.wait_for_users(connection, class_id)
        classes.update_class(connection, class_id, retired_at=programme.clock())
        claiming = threads.submit(claim_coupons, programme.call(), pairs)
        require_waiting(claiming)
    (error,) = claiming.result(PATIENCE_S).errors
    assert error.row is COUPON_CLASS_RETIRED


def test_many_use_a_class_at_once(programme: Programme, owner, code):
    if programme.database.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite a writer is alone")
    account_id = programme.account(owner)
    with programme.database.writing() as connection:
        classes.keep_in_use(connection, [code])
        assert redeem_coupon(programme.call(), account_id, code) == programme.clock()
