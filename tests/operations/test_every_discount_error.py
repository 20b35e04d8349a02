"""Every row of the errors of discounts is produced, by the smallest scenario that has it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.domain import discount_errors as errors
from service.domain.bills import BillLine
from service.domain.coupon_instances import InstanceTarget
from service.domain.coupon_rules import Preposition, RuleObject
from service.domain.definitions import LifeState
from service.domain.discounted_bills import BillRequest
from service.domain.error_rows import ErrorRow
from service.domain.parent_coupons import Scope
from service.domain.refusals import ServiceError
from service.operations.bills import apply_coupons_to_bill
from service.operations.coupon_books import add_book, add_book_definition
from service.operations.coupon_instances import Attachment, add_instance, attach_instance
from service.operations.definitions import add_definition
from service.operations.parent_coupons import retire_coupon
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.operations.unique_codes import generate_unique_codes
from tests.operations.handed_out import NEW_CUSTOMERS, book, book_definition, definition, stock
from tests.operations.simple_coupons import new_coupon, subscription
from tests.programme import Programme

Scenario = Callable[[Programme, int], object]

SCENARIOS: dict[ErrorRow, Scenario] = {}
ROWS = [row for row in vars(errors).values() if isinstance(row, ErrorRow)]
"""Those that ``test_every_error`` leaves to this module."""


def scenario(row: ErrorRow) -> Callable[[Scenario], Scenario]:
    """Declare what produces a row, for a customer that is new to the programme."""

    def declare(produce: Scenario) -> Scenario:
        assert SCENARIOS.setdefault(row, produce) is produce, f"two scenarios for {row.symbol}"
        return produce

    return declare


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.symbol)
def test_an_operation_produces_it(programme: Programme, row: ErrorRow) -> None:
    assert row in SCENARIOS, f"no scenario produces {row.symbol}"
    owner = programme.customer()
    with pytest.raises(ServiceError) as refusal:
        SCENARIOS[row](programme, owner)
    assert refusal.value.row is row


# Simple coupons.


def applied(programme: Programme, owner: int, **changes: object) -> str:
    """Apply a new coupon, but for the changes the same, to a new subscription: its reference."""
    new_coupon(programme, owner, **changes)
    reference = subscription(programme, programme.account(owner))
    apply_coupon(programme.call(), reference, "SUMMER")
    return reference


@scenario(errors.COUPON_RETIRED)
def _(programme: Programme, owner: int) -> object:
    new_coupon(programme, owner)
    retire_coupon(programme.call(), "SUMMER")
    return generate_unique_codes(programme.call(), "SUMMER", 1)


@scenario(errors.PARENT_CODE_NOT_REDEEMABLE)
def _(programme: Programme, owner: int) -> object:
    return applied(programme, owner, is_redeemable=False)


@scenario(errors.CLAIM_LIMIT_REACHED)
def _(programme: Programme, owner: int) -> object:
    new_coupon(programme, owner, coupons_max=1)
    return generate_unique_codes(programme.call(), "SUMMER", 2)


@scenario(errors.RATE_PLAN_MISMATCH)
def _(programme: Programme, owner: int) -> object:
    return applied(programme, owner, scope=Scope(rate_plan="yearly"))


@scenario(errors.COUPON_ALREADY_APPLIED)
def _(programme: Programme, owner: int) -> object:
    return apply_coupon(programme.call(), applied(programme, owner), "SUMMER")


@scenario(errors.COUPON_NOT_APPLIED)
def _(programme: Programme, owner: int) -> object:
    new_coupon(programme, owner)
    reference = subscription(programme, programme.account(owner))
    return remove_coupon(programme.call(), reference, "SUMMER")


@scenario(errors.COUPON_CODE_TAKEN)
def _(programme: Programme, owner: int) -> object:
    new_coupon(programme, owner)
    return new_coupon(programme, owner)


@scenario(errors.DISCOUNT_INVALID)
def _(programme: Programme, owner: int) -> object:
    return new_coupon(programme, owner, discounts=())


# Bills.


def billed(programme: Programme, owner: int, cost: str) -> str:
    """Bill a new subscription under one reference: its own."""
    reference = subscription(programme, programme.account(owner))
    line = BillLine(component_id="support", given_cost=Decimal(cost))
    request = BillRequest(
        subscription_reference=reference, currency_code="USD", lines=(line,), reference="january"
    )
    apply_coupons_to_bill(programme.call(), request)
    return reference


@scenario(errors.BILL_INVALID)
def _(programme: Programme, owner: int) -> object:
    return billed(programme, owner, "-1")


@scenario(errors.BILL_REFERENCE_TAKEN)
def _(programme: Programme, owner: int) -> object:
    return [billed(programme, owner, "1") for _ in range(2)]


# Definitions, books and instances.


def attached(programme: Programme, owner: int, **changes: Any) -> object:
    """Add an attached instance of a new definition, but for the changes the same."""
    account = str(programme.account(owner))
    add_definition(programme.call(), definition(owner, definition_id="D", **changes))
    attached_to = {"target": InstanceTarget.ACCOUNT, "target_id": account}
    return add_instance(programme.call(), stock(owner, "D", **attached_to))


def pack(programme: Programme, owner: int, **changes: Any) -> object:
    """Add a book, but for the changes the same, of a new definition."""
    add_definition(programme.call(), definition(owner, definition_id="D"))
    kind = book_definition(owner, "D", book_definition_id="K")
    add_book_definition(programme.call(), kind)
    return add_book(programme.call(), book(owner, "K", **changes))


@scenario(errors.STATE_INVALID)
def _(programme: Programme, owner: int) -> object:
    return attached(programme, owner, state=LifeState.DEVELOPMENT)


@scenario(errors.COUPON_RULE_BROKEN)
def _(programme: Programme, owner: int) -> object:
    needs_ads = replace(
        NEW_CUSTOMERS,
        preposition=Preposition.EQUAL_TO,
        parameter="ads",
        object=RuleObject.PRODUCT,
    )
    return attached(programme, owner, rules=(needs_ads,))


@scenario(errors.BOOK_SIZE_INVALID)
def _(programme: Programme, owner: int) -> object:
    return pack(programme, owner, max_remaining_coupons=3)


@scenario(errors.BOOK_EMPTY)
def _(programme: Programme, owner: int) -> object:
    pack(programme, owner, book_code="PACK", remaining_coupons=0)
    account = str(programme.account(owner))
    wanted = Attachment(target=InstanceTarget.ACCOUNT, target_id=account, book_code="PACK")
    return attach_instance(programme.call(), wanted)
