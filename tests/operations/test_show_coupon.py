"""One coupon with everything that happened to it."""

from datetime import timedelta

import pytest

from service.domain.errors import COUPON_NOT_FOUND, NOT_AUTHORIZED
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.show_coupon import show_coupon
from tests.programme import START, Clock, Programme, member


def test_a_coupon_is_shown_with_its_history(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    programme.coupon_class(owner)
    code, _ = programme.mint(owner, count=2)
    for _ in range(2):
        clock.move(days=1)
        dispatch_coupons(programme.call(), ["kim@example.com"], owner, "Spring")
    clock.move(days=1)
    redeem_coupon(programme.call(), account, code)
    record = show_coupon(programme.call(), f" {code.lower()} ")
    assert (record.customer_id, record.coupon.coupon_code) == (owner, code)
    assert record.coupon.send_to_email == "kim@example.com"
    assert record.coupon.redemption_info is not None
    assert record.coupon.redemption_info.redemption_date == START + timedelta(days=3)
    assert [event.action for event in record.history] == [
        *("mint", "dispatch", "redeem", "activate")
    ]
    assert record.history[0].at == START
    assert record.history[-1].at == START + timedelta(days=3)


def test_only_operators_look_coupons_up(programme: Programme, owner: int) -> None:
    code = programme.coupon(owner)
    with pytest.raises(ServiceError) as refusal:
        show_coupon(programme.call(member(owner, Role.SUPER_ADMIN)), code)
    assert refusal.value.row is NOT_AUTHORIZED


@pytest.mark.parametrize("code", ["", "NO-SUCH-CODE"])
def test_an_unknown_code_is_refused(programme: Programme, code: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        show_coupon(programme.call(), code)
    assert refusal.value.row is COUPON_NOT_FOUND
