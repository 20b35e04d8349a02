"""Coupon instances that are attached: out of stock, or out of a book."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from service.domain.codes import fold_code
from service.domain.coupon_instances import (
    CouponInstance,
    ExistingValue,
    InstanceTarget,
    require_valid_own_value,
    require_valid_values,
)
from service.domain.definitions import end_of_instance
from service.domain.discount_errors import COUPON_RETIRED, DISCOUNT_INVALID, STATE_INVALID
from service.domain.errors import COUPON_NOT_FOUND, NULL_PARAMETER
from service.domain.refusals import ServiceError
from service.domain.traces import Trace
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.coupon_books import draw_coupon, find_book_of_code
from service.operations.definitions import keep_definition
from service.operations.instance_effects import (
    is_attached_to,
    log,
    require_effect,
    require_free_values,
    require_instance,
    require_target,
    require_usable_kind,
)
from service.storage import coupon_books, coupon_instances
from service.storage.coupon_instances import HAS_OWN_CODE, InstanceKeys, StoredInstance
from service.storage.discount_tables import coupon_book
from service.storage.tables import coupon
from service.storage.trouble import LostRaceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What is to be attached to what.

    Attributes:
        instance_id, coupon_code, book_code: One of the three: an instance in stock, by its Id
            or its code, or the code of a book that a coupon is drawn of.
        target: A subscription or an account.
        target_id: The reference of the subscription, or the number of the account.
        instance_discount_value: The instance's own amount; None to leave it as it is.
        existing_values: What the subscription has already; none to leave them as they are.
    """

    target: InstanceTarget
    target_id: str
    instance_id: str | None = None
    coupon_code: str | None = None
    book_code: str | None = None
    instance_discount_value: Decimal | None = None
    existing_values: tuple[ExistingValue, ...] = ()

    def require_valid(self) -> None:
        """Refuse what cannot be attached; raises ``NullParameter`` or ``DiscountInvalid``."""
        given = [self.instance_id, self.coupon_code, self.book_code]
        count = sum(bool(name) for name in given)
        if not count:
            raise ServiceError(NULL_PARAMETER, "Id, CouponCode or BookCode")
        if count > 1:
            raise ServiceError(DISCOUNT_INVALID, "only one of Id, CouponCode and BookCode is given")
        if self.target is InstanceTarget.NONE or not self.target_id:
            raise ServiceError(DISCOUNT_INVALID, "Target must be subscription or account")
        require_valid_own_value(self.instance_discount_value)
        require_valid_values(self.existing_values)


def attach_instance(call: Call, attachment: Attachment) -> CouponInstance:
    """Put an instance into effect on a subscription or an account; answers it.

    Its effect begins now, and lasts as long as it says itself, else as its definition says. A
    coupon of a book is drawn anew for each call. An instance that is attached to the same
    target already is answered as it is.

    Raises:
        ServiceError: ``NullParameter`` or ``DiscountInvalid`` (what is to be attached),
            ``UserIsNotAuthorized``; for operators ``EntityNotExistent`` or
            ``AccountIdInvalid``. ``CouponNotFound``: no such code, or the target's account does
            not bill to the customer that owns the coupon. ``CouponRetired``: the instance or
            the book. ``StateInvalid``: attached to something else, used up, over, a subscription
            that has ended, or a definition or book definition that is not in production or
            outside its window. ``CurrencyMismatch``, ``CouponRuleBroken``, ``BookEmpty`` or
            ``NameTaken`` (the Id of an existing value).
    """
    attachment.require_valid()

    def attempt(connection: Connection) -> CouponInstance:
        if attachment.book_code:
            return _attach_out_of_book(connection, call, attachment, attachment.book_code)
        stored = _find_stock(connection, call, attachment)
        if _is_attached(call, stored.instance, attachment):
            return stored.instance
        return _attach_stock(connection, call, attachment, stored)

    return decide(call.database, attempt)


def _find_stock(connection: Connection, call: Call, attachment: Attachment) -> StoredInstance:
    if attachment.instance_id:
        return require_instance(connection, call, attachment.instance_id, is_change=True)
    return find_instance_of_code(connection, call, attachment.coupon_code or "", is_change=True)


def find_instance_of_code(
    connection: Connection, call: Call, coupon_code: str, *, is_change: bool
) -> StoredInstance:
    """An instance by its own code; a code of a simple coupon is none.

    Raises:
        ServiceError: ``CouponNotFound``, the same whether it is of others or does not exist.
    """
    code = fold_code(coupon_code)
    stored = coupon_instances.find_instance(connection, HAS_OWN_CODE, coupon.c.code == code)
    allows = call.caller.may_write if is_change else call.caller.may_read
    if stored is None or not allows(stored.instance.customer_id):
        raise ServiceError(COUPON_NOT_FOUND, f"code {code}")
    return stored


def _is_attached(call: Call, instance: CouponInstance, attachment: Attachment) -> bool:
    """Whether it is attached to the target already; refuses what cannot be attached at all."""
    is_attached = is_attached_to(instance, attachment.target, attachment.target_id)
    if is_attached and instance.retired_at is None:
        return True
    require_stock(call, instance)
    return False


def require_stock(call: Call, instance: CouponInstance) -> None:
    """Refuse an instance that cannot be attached to anything.

    Raises:
        ServiceError: ``CouponRetired``, or ``StateInvalid``: attached, used up, or over.
    """
    what = f"instance {instance.instance_id}"
    if instance.retired_at is not None:
        raise ServiceError(COUPON_RETIRED, what)
    if instance.target is not InstanceTarget.NONE:
        raise ServiceError(STATE_INVALID, f"{what} is attached already")
    if not instance.is_attachable:
        raise ServiceError(STATE_INVALID, f"{what} has no uses left")
    if instance.valid_till is not None and instance.valid_till < call.now:
        text = f"{what} was valid till {instance.valid_till.isoformat()}"
        raise ServiceError(STATE_INVALID, text)


def _attach_stock(
    connection: Connection, call: Call, attachment: Attachment, stored: StoredInstance
) -> CouponInstance:
    before = stored.instance
    definition = keep_definition(connection, call, before.definition_id).definition
    if stored.keys.book is not None:
        is_meant = coupon_book.c.book_id == stored.keys.book
        book = coupon_books.find_books(connection, is_meant)[0].book
        require_usable_kind(connection, call, book.book_definition_id)
    wanted = attachment.target, attachment.target_id
    target = require_target(connection, call, *wanted, owner=before.customer_id)
    require_effect(connection, call, definition, target)
    columns: dict[str, Any] = {**target.columns}
    if attachment.instance_discount_value is not None:
        columns["instance_discount_value"] = attachment.instance_discount_value
    author = Trace(call.now, call.caller.user_id)
    ends_at = end_of_instance(definition, call.now)
    if not coupon_instances.attach_instance(connection, stored.number, columns, ends_at, author):
        raise LostRaceError(f"somebody else changed instance {before.instance_id}")
    values = attachment.existing_values
    if values:
        require_free_values(connection, values, before.existing_values)
        coupon_instances.replace_existing_values(connection, stored.number, values, author)
    return log(connection, call, "attach", stored.number, before)


def _attach_out_of_book(
    connection: Connection, call: Call, attachment: Attachment, book_code: str
) -> CouponInstance:
    stored = find_book_of_code(connection, call, book_code, is_change=True)
    book = stored.book
    definition = keep_definition(connection, call, stored.definition_id)
    require_usable_kind(connection, call, book.book_definition_id)
    wanted = attachment.target, attachment.target_id
    target = require_target(connection, call, *wanted, owner=book.customer_id)
    require_effect(connection, call, definition.definition, target)
    require_free_values(connection, attachment.existing_values)
    draw_coupon(connection, call, stored)
    # What the drawing locked: a change of the book before it is seen.
    is_meant = coupon_book.c.book_id == stored.number
    uses = coupon_books.find_books(connection, is_meant)[0].book.maximum_coupon_uses
    instance = CouponInstance(
        customer_id=book.customer_id,
        definition_id=stored.definition_id,
        book_id=book.book_id,
        target=target.kind,
        target_id=attachment.target_id,
        initialised_at=call.now,
        valid_till=end_of_instance(definition.definition, call.now),
        max_remaining_uses=uses,
        remaining_uses=uses,
        instance_discount_value=attachment.instance_discount_value,
        existing_values=attachment.existing_values,
    )
    keys = target.on(InstanceKeys(definition=definition.number, book=stored.number))
    user_id = call.caller.user_id
    number = coupon_instances.add_instance(connection, instance, keys, user_id, call.now)
    return log(connection, call, "add", number, None)
