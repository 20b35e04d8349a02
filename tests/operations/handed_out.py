"""Definitions, books and instances that tests add: sparse ones, but for the changes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from service.domain.coupon_books import BookDefinition, CouponBook
from service.domain.coupon_instances import CouponInstance, InstanceTarget
from service.domain.coupon_rules import (
    CouponRule,
    Preposition,
    RuleObject,
    Subject,
    ValidationStrategy,
)
from service.domain.definitions import CouponDefinition, Modifier, Operand
from tests.programme import START

HALF = Modifier(effect_amount=Decimal(50), operand=Operand.PERCENT)
NEW_CUSTOMERS = CouponRule(
    subject=Subject.USER,
    preposition=Preposition.LESS_THAN,
    parameter="1",
    object=RuleObject.SUBSCRIPTION,
    strategy=ValidationStrategy.ONLY_AT_INITIALISATION,
)


def definition(customer_id: int, **changes: Any) -> CouponDefinition:
    """Half the price in any currency, usable from ``START`` on."""
    sparse = CouponDefinition(
        customer_id=customer_id,
        name="Half",
        currency_code=None,
        valid_from=START,
        modifiers=(HALF,),
    )
    return replace(sparse, **changes)


def book_definition(customer_id: int, definition_id: str, **changes: Any) -> BookDefinition:
    """Books of 2, 4 or 6 coupons, usable from ``START`` on."""
    sparse = BookDefinition(
        customer_id=customer_id,
        definition_id=definition_id,
        name="Pairs",
        minimum=2,
        maximum=6,
        step=2,
        valid_from=START,
    )
    return replace(sparse, **changes)


def book(customer_id: int, book_definition_id: str, **changes: Any) -> CouponBook:
    """A book of two coupons with three uses each."""
    sparse = CouponBook(
        customer_id=customer_id,
        book_definition_id=book_definition_id,
        name="Two",
        max_remaining_coupons=2,
        remaining_coupons=2,
        maximum_coupon_uses=3,
    )
    return replace(sparse, **changes)


def stock(customer_id: int, definition_id: str, **changes: Any) -> CouponInstance:
    """An instance with three uses that is attached to nothing."""
    sparse = CouponInstance(
        customer_id=customer_id,
        definition_id=definition_id,
        target=InstanceTarget.NONE,
        initialised_at=START,
        max_remaining_uses=3,
        remaining_uses=3,
    )
    return replace(sparse, **changes)
