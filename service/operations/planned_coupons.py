"""Coupons that an estimate reckons with as if they were claimed or attached now."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from service.domain.billing import Candidate
from service.domain.codes import fold_code
from service.domain.coupon_instances import InstanceTarget
from service.domain.definitions import end_of_instance
from service.domain.discount_errors import (
    CLAIM_LIMIT_REACHED,
    COUPON_ALREADY_APPLIED,
    STATE_INVALID,
)
from service.domain.programmes import Subscription
from service.domain.refusals import ServiceError
from service.operations.attach_instance import require_stock
from service.operations.calls import Call
from service.operations.coupon_records import FoundCode, not_found
from service.operations.instance_effects import Target, require_effect
from service.operations.subscription_coupons import (
    claim_of,
    definition_beneath,
    find_of_customer,
    require_claimable,
)
from service.storage import coupon_books, definitions, discount_codes
from service.storage.coupon_instances import HAS_OWN_CODE, StoredInstance, find_instance
from service.storage.discount_tables import coupon_book, coupon_instance


def plan_coupons(
    connection: Connection,
    call: Call,
    subscription: Subscription,
    customer_id: int,
    codes: Iterable[str],
) -> list[Candidate]:
    """What codes would be on a subscription if they were claimed, or attached, now.

    Args:
        connection: The transaction; it need not write.
        call: Whose call it is.
        subscription: Whose bills they would discount.
        customer_id: Whom its account bills to.
        codes: Parent codes, unique codes, and codes of instances; each counts once.

    Raises:
        ServiceError: Why one of them could not be claimed or attached.
    """
    planned: dict[int, Candidate] = {}
    for code in dict.fromkeys(fold_code(code) for code in codes):
        stock = _find_stock(connection, code)
        if stock is not None:
            number = stock.keys.code or 0
            planned[number] = _attachment(connection, call, subscription, customer_id, stock)
            continue
        found = find_of_customer(connection, customer_id, code)
        if found.parent.number in planned:
            text = f"coupon {found.parent.coupon.coupon_code} is named twice"
            raise ServiceError(COUPON_ALREADY_APPLIED, text)
        planned[found.parent.number] = _claim(connection, call, subscription, found)
    return list(planned.values())


def _find_stock(connection: Connection, code: str) -> StoredInstance | None:
    """The instance that has the code as its own."""
    number = discount_codes.find_code(connection, code)
    if number is None:
        return None
    return find_instance(connection, coupon_instance.c.coupon_id == number, HAS_OWN_CODE)


def _claim(
    connection: Connection, call: Call, subscription: Subscription, found: FoundCode
) -> Candidate:
    require_claimable(connection, found, subscription)
    _require_left(found)
    definition = definition_beneath(connection, found)
    claim = claim_of(found, definition, subscription, call.now)
    return Candidate(instance=claim, definition=definition, number=None)


def _require_left(found: FoundCode) -> None:
    parent = found.parent.coupon
    if found.code is None:
        count, most = parent.claims_count, parent.coupons_max
    else:
        count, most = found.code.code.claims_count, parent.code_claims_max
    if most is not None and count >= most:
        text = f"coupon {found.coupon_code} has at most {most} claims"
        raise ServiceError(CLAIM_LIMIT_REACHED, text)


def _attachment(
    connection: Connection,
    call: Call,
    subscription: Subscription,
    customer_id: int,
    stock: StoredInstance,
) -> Candidate:
    instance = stock.instance
    if instance.customer_id != customer_id:
        raise not_found(instance.coupon_code)
    require_stock(call, instance)
    if subscription.ended_at is not None:
        text = f"subscription {subscription.reference} ended {subscription.ended_at.isoformat()}"
        raise ServiceError(STATE_INVALID, text)
    if stock.keys.book is not None:
        book = coupon_books.find_books(connection, coupon_book.c.book_id == stock.keys.book)[0].book
        kind = coupon_books.find_book_definition(connection, book.book_definition_id)
        if kind is not None:
            kind.book_definition.require_usable(call.now)
    number = stock.keys.definition
    definition = definitions.find_definitions(connection, [number])[number]
    target = Target(InstanceTarget.SUBSCRIPTION, subscription.account_id, subscription)
    require_effect(connection, call, definition, target)
    attached = replace(
        instance,
        target=InstanceTarget.SUBSCRIPTION,
        target_id=subscription.reference,
        initialised_at=call.now,
        valid_till=instance.valid_till or end_of_instance(definition, call.now),
    )
    return Candidate(instance=attached, definition=definition, number=None)
