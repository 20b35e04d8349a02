"""Simple coupons on subscriptions: applied, listed, removed."""

from collections.abc import Callable
from typing import Any

import pytest

from service.domain.coupon_instances import InstanceTarget
from service.domain.discount_errors import (
    CLAIM_LIMIT_REACHED,
    COUPON_ALREADY_APPLIED,
    COUPON_NOT_APPLIED,
    COUPON_RETIRED,
    PARENT_CODE_NOT_REDEEMABLE,
    RATE_PLAN_MISMATCH,
    STATE_INVALID,
)
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_NOT_FOUND,
    CURRENCY_MISMATCH,
    ENTITY_NOT_EXISTENT,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PAGING_INVALID,
)
from service.domain.pages import PageWanted
from service.domain.parent_coupons import LimitScope, Scope
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.domain.traces import Trace
from service.operations.parent_coupons import get_coupon, retire_coupon
from service.operations.subscription_coupons import (
    apply_coupon,
    get_applicable_coupons,
    get_subscription_coupons,
    remove_coupon,
)
from service.operations.subscriptions import end_subscription
from service.operations.unique_codes import generate_unique_codes
from service.storage.discount_tables import (
    coupon_instance,
    unique_code,
)
from tests.operations.faults import require_all_or_nothing
from tests.operations.simple_coupons import new_coupon, subscription
from tests.operations.traces import last_entry, refusal
from tests.programme import START, Clock, Programme, member

ALL = PageWanted()
ONLY_ADS = Scope(product="ads")


@pytest.fixture
def reference(programme: Programme, account: int) -> str:
    """A subscription of the owner's account, to ads, monthly, in USD."""
    return subscription(programme, account)


def unique(programme: Programme, quantity: int = 1) -> list[str]:
    return generate_unique_codes(programme.call(), "SUMMER", quantity)


def test_a_parent_code_is_applied(programme: Programme, owner: int, reference: str) -> None:
    coupon = new_coupon(programme, owner, uses_max=3, coupons_max=2)
    claim = apply_coupon(programme.call(member(owner)), f" {reference}", " summer ")
    assert (claim.coupon_code, claim.parent_code) == ("SUMMER", "SUMMER")
    assert (claim.applies_to, claim.applies_to_id) == (InstanceTarget.SUBSCRIPTION, reference)
    assert (claim.remaining_uses, claim.used_count, claim.discount_value) == (3, 0, 0)
    assert (claim.valid_until, claim.is_deleted) == (None, False)
    assert claim.trace == Trace(START, 7)
    assert (claim.parent.discounts, claim.parent.claims_count) == (coupon.parent.discounts, 1)
    (stored,) = programme.rows(coupon_instance)
    said = {"code": "SUMMER", "subscription": reference}
    assert last_entry(programme) == ("claim", "instance", stored["instance_id"], said)
    assert get_subscription_coupons(programme.call(), reference, ALL).items == [claim]


def test_a_coupon_without_bounds_is_claimed_without_any(
    programme: Programme, owner: int, account: int
) -> None:
    new_coupon(programme, owner)
    for _ in range(3):
        claim = apply_coupon(programme.call(), subscription(programme, account), "SUMMER")
    assert (claim.remaining_uses, claim.parent.claims_count) == (None, 3)


@pytest.mark.parametrize(
    ("coupon", "bought", "expected"),
    [
        ({"scope": ONLY_ADS}, {}, None),
        ({"scope": ONLY_ADS}, {"product_id": "mail"}, RATE_PLAN_MISMATCH),
        ({"scope": Scope(product="Ads", product_id="ads")}, {}, None),
        ({"scope": Scope(product_name="ads", rate_plan_name="monthly")}, {}, None),
        ({"scope": Scope(product="ads", rate_plan="yearly")}, {}, RATE_PLAN_MISMATCH),
        ({"scope": Scope(rate_plan_id="monthly")}, {}, None),
        ({"scope": Scope(rate_plan_id="monthly")}, {"product_id": "mail"}, None),
        ({}, {"currency_code": "EUR"}, CURRENCY_MISMATCH),
        ({"currency_code": "EUR"}, {"currency_code": "EUR"}, None),
        ({"currency_code": None, "scope": Scope(rate_plan="monthly")}, {}, None),
        (
            {"currency_code": None, "scope": Scope(rate_plan="monthly")},
            {"currency_code": "EUR"},
            None,
        ),
        ({"is_redeemable": False}, {}, PARENT_CODE_NOT_REDEEMABLE),
    ],
)
def test_a_coupon_is_applicable_where_it_can_be_applied(
    programme: Programme,
    owner: int,
    coupon: dict[str, Any],
    bought: dict[str, Any],
    expected: ErrorRow | None,
) -> None:
    new_coupon(programme, owner, **coupon)
    reference = subscription(programme, programme.account(owner), **bought)
    applicable = get_applicable_coupons(programme.call(), reference, ALL).items
    assert [it.coupon_code for it in applicable] == ([] if expected else ["SUMMER"])
    if expected:
        action = lambda: apply_coupon(programme.call(), reference, "SUMMER")  # noqa: E731
        assert refusal(programme, action) is expected
    else:
        apply_coupon(programme.call(), reference, "SUMMER")
        assert get_applicable_coupons(programme.call(), reference, ALL).items == []


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (lambda programme, _: retire_coupon(programme.call(), "SUMMER"), COUPON_RETIRED),
        (lambda programme, it: end_subscription(programme.call(), it), STATE_INVALID),
        (
            lambda programme, it: apply_coupon(programme.call(), it, "SUMMER"),
            COUPON_ALREADY_APPLIED,
        ),
        (lambda programme, _: unique(programme, 1), CLAIM_LIMIT_REACHED),
    ],
)
def test_what_happened_before_stops_a_claim(
    programme: Programme, owner: int, reference: str, happens: Any, expected: ErrorRow
) -> None:
    new_coupon(programme, owner, coupons_max=1)
    happens(programme, reference)
    assert get_applicable_coupons(programme.call(), reference, ALL).items == []
    row = refusal(programme, lambda: apply_coupon(programme.call(), reference, "SUMMER"))
    assert row is expected


def test_a_unique_code_is_claimed_once(
    programme: Programme, owner: int, account: int, reference: str
) -> None:
    new_coupon(programme, owner, is_redeemable=False, coupons_max=1)
    (code,) = unique(programme)
    claim = apply_coupon(programme.call(), reference, code.lower())
    assert (claim.coupon_code, claim.parent_code) == (code, "SUMMER")
    assert claim.parent.claims_count == 1
    another = subscription(programme, account)
    for _ in range(2):
        row = refusal(programme, lambda: apply_coupon(programme.call(), another, code))
        assert row is CLAIM_LIMIT_REACHED
        remove_coupon(programme.call(), reference, code)
    assert programme.rows(unique_code)[0]["claims_count"] == 1


def test_each_code_has_a_limit_of_its_own_where_the_coupon_says_so(
    programme: Programme, owner: int, account: int
) -> None:
    new_coupon(programme, owner, coupons_max=2, limit_scope=LimitScope.CODE)
    for code in [*unique(programme, 2), "SUMMER"]:
        for _ in range(2):
            apply_coupon(programme.call(), subscription(programme, account), code)
        another = subscription(programme, account)
        row = refusal(programme, lambda: apply_coupon(programme.call(), another, code))  # noqa: B023
        assert row is CLAIM_LIMIT_REACHED


def test_a_retired_unique_code_is_not_claimed(
    programme: Programme, owner: int, reference: str
) -> None:
    new_coupon(programme, owner)
    code, another = unique(programme, 2)
    retire_coupon(programme.call(), code)
    row = refusal(programme, lambda: apply_coupon(programme.call(), reference, code))
    assert row is COUPON_RETIRED
    apply_coupon(programme.call(), reference, another)


def test_claims_of_a_retired_parent_go_on(programme: Programme, owner: int, reference: str) -> None:
    new_coupon(programme, owner)
    apply_coupon(programme.call(), reference, "SUMMER")
    retire_coupon(programme.call(), "SUMMER")
    (claim,) = get_subscription_coupons(programme.call(), reference, ALL).items
    assert (claim.valid_until, claim.is_deleted) == (None, True)


def test_a_removed_claim_keeps_its_history(
    programme: Programme, clock: Clock, owner: int, reference: str
) -> None:
    new_coupon(programme, owner, coupons_max=2)
    apply_coupon(programme.call(), reference, "SUMMER")
    clock.move(days=1)
    removed = remove_coupon(programme.call(member(owner)), reference, " summer")
    assert removed.valid_until == clock.now
    assert removed.trace == Trace(START, 7, clock.now)
    assert last_entry(programme)[:2] == ("remove", "instance")
    clock.move(days=1)
    entry = last_entry(programme)
    assert remove_coupon(programme.call(), reference, "SUMMER") == removed
    assert last_entry(programme) == entry
    assert get_subscription_coupons(programme.call(), reference, ALL).items == []
    again = apply_coupon(programme.call(), reference, "SUMMER")
    assert again.parent.claims_count == 2
    whole = get_subscription_coupons(programme.call(), reference, ALL, includes_removed=True)
    assert [it.valid_until for it in whole.items] == [removed.valid_until, None]
    last = remove_coupon(programme.call(), reference, "SUMMER")
    assert last.valid_until == clock.now
    row = refusal(programme, lambda: apply_coupon(programme.call(), reference, "SUMMER"))
    assert row is CLAIM_LIMIT_REACHED


def test_a_claim_by_a_unique_code_is_removed_by_the_parent_code_too(
    programme: Programme, owner: int, reference: str
) -> None:
    new_coupon(programme, owner)
    code, another = unique(programme, 2)
    apply_coupon(programme.call(), reference, code)
    row = refusal(programme, lambda: apply_coupon(programme.call(), reference, another))
    assert row is COUPON_ALREADY_APPLIED
    row = refusal(programme, lambda: remove_coupon(programme.call(), reference, another))
    assert row is COUPON_NOT_APPLIED
    assert remove_coupon(programme.call(), reference, "SUMMER").coupon_code == code
    assert get_coupon(programme.call(), code).valid_until == START


def test_coupons_of_others_are_not_there(programme: Programme, owner: int, reference: str) -> None:
    new_coupon(programme, programme.customer())
    for action in (apply_coupon, remove_coupon):
        for code, expected in (
            ("SUMMER", COUPON_NOT_FOUND),
            ("WINTER", COUPON_NOT_FOUND),
            (" ", NULL_PARAMETER),
        ):
            row = refusal(programme, lambda: action(programme.call(), reference, code))  # noqa: B023
            assert row is expected
    assert get_applicable_coupons(programme.call(), reference, ALL).items == []


ACTIONS: dict[str, Callable[..., object]] = {
    "apply": lambda call, reference: apply_coupon(call, reference, "SUMMER"),
    "remove": lambda call, reference: remove_coupon(call, reference, "SUMMER"),
    "list": lambda call, reference: get_subscription_coupons(call, reference, ALL),
    "applicable": lambda call, reference: get_applicable_coupons(call, reference, ALL),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_subscriptions_are_for_those_who_may(
    programme: Programme, owner: int, reference: str, name: str
) -> None:
    new_coupon(programme, owner)
    action = ACTIONS[name]
    stranger = programme.call(member(programme.customer()))
    for call, asked, expected in (
        (stranger, reference, NOT_AUTHORIZED),
        (stranger, "nothing", NOT_AUTHORIZED),
        (programme.call(), "nothing", ENTITY_NOT_EXISTENT),
    ):
        assert refusal(programme, lambda: action(call, asked)) is expected  # noqa: B023
    reader = programme.call(member(owner, Role.READ_ONLY))
    if name in {"list", "applicable"}:
        action(reader, reference)
    else:
        assert refusal(programme, lambda: action(reader, reference)) is NOT_AUTHORIZED


def test_lists_come_in_pages(programme: Programme, owner: int, reference: str) -> None:
    codes = ["CCC", "AAA", "BBB"]
    for code in codes:
        new_coupon(programme, owner, coupon_code=code)

    def listed(operation: Any, page: PageWanted) -> tuple[list[str], bool]:
        found = operation(programme.call(), reference, page)
        return [record.coupon_code for record in found.items], found.has_more

    assert listed(get_applicable_coupons, PageWanted(0, 2)) == (codes[:2], True)
    assert listed(get_applicable_coupons, PageWanted(1, 2)) == (codes[2:], False)
    for code in codes:
        apply_coupon(programme.call(), reference, code)
    assert listed(get_subscription_coupons, PageWanted(0, 2)) == (codes[:2], True)
    assert listed(get_subscription_coupons, PageWanted(1, 2)) == (codes[2:], False)
    for operation in (get_applicable_coupons, get_subscription_coupons):
        with pytest.raises(ServiceError) as error:
            listed(operation, PageWanted(0, 0))
        assert error.value.row is PAGING_INVALID


@pytest.mark.parametrize("by_unique_code", [False, True])
@pytest.mark.parametrize("name", ["apply", "remove"])
def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, reference: str, name: str, by_unique_code: bool
) -> None:
    new_coupon(programme, owner)
    code = unique(programme)[0] if by_unique_code else "SUMMER"
    if name == "remove":
        apply_coupon(programme.call(), reference, code)
    operation = {"apply": apply_coupon, "remove": remove_coupon}[name]
    require_all_or_nothing(programme, lambda: operation(programme.call(), reference, code))
