"""The operations on discounts that change something, each with a call that changes much."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from service.domain.definitions import LifeState
from service.operations.bills import apply_coupons_to_bill, rollback_bill
from service.operations.coupon_books import (
    add_book,
    add_book_definition,
    get_book,
    get_book_definition,
    retire_book,
    retire_book_definition,
    update_book,
    update_book_definition,
)
from service.operations.coupon_instances import (
    add_instance,
    attach_instance,
    get_instance,
    retire_instance,
    update_instance,
)
from service.operations.definitions import (
    add_definition,
    retire_definition,
    update_definition,
)
from service.operations.parent_coupons import retire_coupon
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.operations.unique_codes import generate_unique_codes
from tests.operations.discounted import MODIFIERS, RULES, Discounted
from tests.operations.handed_out import book, book_definition, definition, stock
from tests.operations.simple_coupons import new_coupon
from tests.programme import Programme

MODULES = {
    "attach_instance",
    "bills",
    "book_definitions",
    "coupon_books",
    "coupon_instances",
    "definitions",
    "parent_coupons",
    "subscription_coupons",
    "unique_codes",
}
"""Where these operations are."""


def discount_changes(programme: Programme, owner: int) -> dict[str, Callable[[], object]]:
    """A call of each operation on a programme in which everything has happened."""
    scene = Discounted(programme, owner)
    scene.build()
    return {**_simple(scene), **_handed_out(scene), **_books(scene)}


def _simple(scene: Discounted) -> dict[str, Callable[[], object]]:
    call, owner = scene.programme.call, scene.owner
    return {
        "parent_coupons.add_coupon": lambda: new_coupon(
            scene.programme, owner, coupon_code="AUTUMN"
        ),
        "parent_coupons.retire_coupon": lambda: retire_coupon(call(), scene.apart_code),
        "unique_codes.generate_unique_codes": lambda: generate_unique_codes(call(), "SUMMER", 2),
        "subscription_coupons.apply_coupon": lambda: apply_coupon(
            call(), scene.other, scene.codes[-1]
        ),
        "subscription_coupons.remove_coupon": lambda: remove_coupon(
            call(), scene.subscription, "SUMMER"
        ),
        "bills.apply_coupons_to_bill": lambda: apply_coupons_to_bill(
            call(), scene.request("another")
        ),
        "bills.rollback_bill": lambda: rollback_bill(call(), scene.subscription, "standing"),
    }


def _handed_out(scene: Discounted) -> dict[str, Callable[[], object]]:
    call, owner = scene.programme.call, scene.owner
    new = definition(owner, modifiers=MODIFIERS, rules=RULES)
    unused = add_definition(call(), new)
    spare = get_instance(call(), instance_id="spare")
    return {
        "definitions.add_definition": lambda: add_definition(call(), new),
        "definitions.update_definition": lambda: update_definition(
            call(), replace(unused, modifiers=MODIFIERS[:1], rules=())
        ),
        "definitions.retire_definition": lambda: retire_definition(call(), "CDF-1"),
        "coupon_instances.add_instance": lambda: add_instance(
            call(), stock(owner, "CDF-1", coupon_code="NEW")
        ),
        "coupon_instances.update_instance": lambda: update_instance(
            call(), replace(spare, coupon_code="RENEWED", remaining_uses=1)
        ),
        "attach_instance.attach_instance": lambda: attach_instance(
            call(), scene.attachment(book_code="PACK")
        ),
        "coupon_instances.retire_instance": lambda: retire_instance(call(), "spare"),
    }


def _books(scene: Discounted) -> dict[str, Callable[[], object]]:
    call, owner = scene.programme.call, scene.owner
    kind = get_book_definition(call(), "CBD-1")
    pack = get_book(call(), book_id="CBK-1")
    return {
        "book_definitions.add_book_definition": lambda: add_book_definition(
            call(), book_definition(owner, "CDF-1")
        ),
        "book_definitions.update_book_definition": lambda: update_book_definition(
            call(), replace(kind, state=LifeState.DEVELOPMENT)
        ),
        "book_definitions.retire_book_definition": lambda: retire_book_definition(call(), "CBD-1"),
        "coupon_books.add_book": lambda: add_book(call(), book(owner, "CBD-1", book_code="NEW")),
        "coupon_books.update_book": lambda: update_book(
            call(), replace(pack, book_code="RENEWED", cost=Decimal(10))
        ),
        "coupon_books.retire_book": lambda: retire_book(call(), "CBK-1"),
    }
