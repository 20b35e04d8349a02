"""One coupon, as it is told to those who run its programme."""

from decimal import Decimal

import pytest

from service.domain.errors import ENTITY_NOT_EXISTENT, NOT_AUTHORIZED
from service.domain.found_coupons import CouponStage
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations import look_at_coupon as module
from service.operations.look_at_coupon import CouponView, look_at_coupon
from service.operations.redeem_coupon import redeem_coupon
from service.storage.tables import coupon
from tests.operations.simple_coupons import new_coupon
from tests.programme import Clock, Programme, member


def number_of(programme: Programme, code: str) -> int:
    (number,) = (row["coupon_id"] for row in programme.rows(coupon) if row["code"] == code)
    return int(number)


def look(programme: Programme, owner: int, code: str) -> CouponView:
    return look_at_coupon(programme.call(), owner, number_of(programme, code))


def test_operators_see_what_happened(
    programme: Programme,
    clock: Clock,
    owner: int,
    account: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = programme.coupon(owner, spend_threshold=Decimal(10), active_duration=30)
    assert look(programme, owner, code).found.stage is CouponStage.UNUSED
    assert look(programme, owner, code).use == ""
    uses = []
    redeem_coupon(programme.call(), account, code)
    for amount in ("9", "1", "50"):
        uses.append(look(programme, owner, code).use)
        programme.spend(account, amount)
    view = look(programme, owner, code)
    assert [*uses, view.use] == ["waiting", "waiting", "active", "used up"]
    assert view.history is not None
    assert [event.action for event in view.history] == ["mint", "redeem", *["spend"] * 3]
    monkeypatch.setattr(module, "EVENTS_COUNT_MAX", 2)
    assert look(programme, owner, code).history == view.history[-2:]


def test_a_coupon_expires(programme: Programme, clock: Clock, owner: int, account: int) -> None:
    code = programme.coupon(owner, active_duration=30)
    redeem_coupon(programme.call(), account, code)
    clock.move(days=30)
    assert look(programme, owner, code).use == "active"
    clock.move(seconds=1)
    assert look(programme, owner, code).use == "expired"


def test_members_see_no_history_and_no_accounts_of_others(
    programme: Programme, owner: int, account: int
) -> None:
    other = programme.customer()
    own, foreign = programme.coupon(owner), programme.coupon(owner)
    redeem_coupon(programme.call(), account, own)
    redeem_coupon(programme.call(), programme.account(other), foreign)
    call = programme.call(member(owner, Role.READ_ONLY))
    shown = look_at_coupon(call, owner, number_of(programme, own))
    assert (shown.history, shown.found.account_id) == (None, account)
    assert shown.coupon is not None
    assert shown.coupon.redemption_info is not None
    shown = look_at_coupon(call, owner, number_of(programme, foreign))
    assert (shown.found.stage, shown.found.account_id) == (CouponStage.REDEEMED, None)
    assert shown.coupon is not None
    assert (shown.coupon.redemption_info, shown.coupon.claim_info) == (None, None)


def test_a_coupon_of_another_customer_is_not_there(programme: Programme, owner: int) -> None:
    other = programme.customer()
    number = number_of(programme, programme.coupon(owner))
    for customer_id, coupon_id, caller, row in (
        (other, number, None, ENTITY_NOT_EXISTENT),
        (owner, number + 1, None, ENTITY_NOT_EXISTENT),
        (other, number, member(other), ENTITY_NOT_EXISTENT),
        (owner, number, member(other), NOT_AUTHORIZED),
    ):
        call = programme.call(caller) if caller else programme.call()
        with pytest.raises(ServiceError) as refusal:
            look_at_coupon(call, customer_id, coupon_id)
        assert refusal.value.row is row


def test_a_code_that_discounts_bills_has_no_terms(programme: Programme, owner: int) -> None:
    new_coupon(programme, owner)
    view = look(programme, owner, "SUMMER")
    assert (view.found.name, view.found.stage, view.coupon) == ("Summer", None, None)
