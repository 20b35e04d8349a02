"""What coupon instances are put into effect on, and whether they may be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from service.domain.coupon_instances import CouponInstance, ExistingValue, InstanceTarget
from service.domain.definitions import CouponDefinition
from service.domain.discount_errors import DISCOUNT_INVALID, STATE_INVALID
from service.domain.errors import (
    COUPON_NOT_FOUND,
    CURRENCY_MISMATCH,
    ENTITY_NOT_EXISTENT,
    NAME_TAKEN,
)
from service.domain.names import normal_spelling
from service.domain.programmes import Subscription
from service.domain.refusals import ServiceError
from service.operations.book_definitions import keep_book_definition
from service.operations.calls import Call
from service.operations.coupon_rules import require_rules
from service.operations.object_changes import change_of
from service.operations.owned import require_account, require_owned
from service.operations.subscriptions import require_subscription
from service.storage import audit, coupon_instances
from service.storage.coupon_instances import InstanceKeys, StoredInstance
from service.storage.discount_tables import coupon_existing_value, coupon_instance
from service.storage.references import find_references

ENTITY = "instance"
_ACCOUNT_NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """What an instance is put into effect on.

    Attributes:
        kind: A subscription, or an account with all its subscriptions.
        account_id: The account; of a subscription, the one that it belongs to.
        subscription: None for an account.
    """

    kind: InstanceTarget
    account_id: int
    subscription: Subscription | None

    def on(self, keys: InstanceKeys) -> InstanceKeys:
        """The keys of an instance that is attached to it."""
        if self.subscription is not None:
            return replace(keys, subscription=self.subscription.subscription_id, account=None)
        return replace(keys, subscription=None, account=self.account_id)

    @property
    def columns(self) -> dict[str, int | str | None]:
        """The columns that tell it of an instance."""
        keys = self.on(InstanceKeys(definition=0))
        return {
            "target": self.kind.value,
            "subscription_id": keys.subscription,
            "account_id": keys.account,
        }


def require_target(
    connection: Connection, call: Call, kind: InstanceTarget, target_id: str, owner: int
) -> Target:
    """The subscription or account that is meant; a subscription stays as it is to the commit.

    Args:
        connection: A transaction that writes.
        call: Who asks.
        kind: Which of the two it is.
        target_id: The reference of the subscription, or the number of the account.
        owner: The customer that the coupon belongs to.

    Raises:
        ServiceError: ``DiscountInvalid`` (no number), ``UserIsNotAuthorized``; for operators
            ``EntityNotExistent`` or ``AccountIdInvalid``. ``CouponNotFound``: the account does
            not bill to the owner. ``StateInvalid``: the subscription has ended.
    """
    if kind is InstanceTarget.SUBSCRIPTION:
        found, account = require_subscription(connection, call, target_id, is_change=True)
        target = Target(kind, found.account_id, found)
    else:
        account_id = parse_account_id(target_id)
        if account_id is None:
            raise ServiceError(DISCOUNT_INVALID, "TargetID of an account must be its number")
        account = require_account(connection, call, account_id)
        target = Target(kind, account.account_id, None)
    if account.customer_id != owner:
        raise ServiceError(COUPON_NOT_FOUND, f"no such coupon is for {kind.value} {target_id}")
    subscription = target.subscription
    if subscription is not None and subscription.ended_at is not None:
        text = f"subscription {target_id} ended {subscription.ended_at.isoformat()}"
        raise ServiceError(STATE_INVALID, text)
    return target


def parse_account_id(text: str) -> int | None:
    """The number of an account as it is written; None for what is no such number."""
    return int(text) if _ACCOUNT_NUMBER.fullmatch(text) else None


def require_effect(
    connection: Connection, call: Call, definition: CouponDefinition, target: Target
) -> None:
    """Let an instance be put into effect on the target only when its definition allows it.

    Raises:
        ServiceError: ``StateInvalid`` (not in production, or outside its window),
            ``CurrencyMismatch`` or ``CouponRuleBroken``.
    """
    definition.require_usable(call.now)
    theirs = target.subscription.currency_code if target.subscription else None
    if theirs is not None and definition.currency_code not in {None, theirs}:
        text = f"the definition is in {definition.currency_code}, the subscription in {theirs}"
        raise ServiceError(CURRENCY_MISMATCH, text)
    require_rules(connection, definition, target.account_id, target.subscription)


def require_usable_kind(connection: Connection, call: Call, book_definition_id: str) -> None:
    """Let coupons of books of this kind be put into effect only while it allows it.

    Raises:
        ServiceError: ``StateInvalid``.
    """
    kind = keep_book_definition(connection, call, book_definition_id).book_definition
    kind.require_usable(call.now)


def require_instance(
    connection: Connection, call: Call, instance_id: str, *, is_change: bool
) -> StoredInstance:
    """An instance that the caller may know of, or change.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or, for operators, ``EntityNotExistent``.
    """
    is_meant = coupon_instance.c.reference == instance_id
    stored = coupon_instances.find_instance(connection, is_meant)
    owner = stored.instance.customer_id if stored else None
    require_owned(call, owner, f"instance {instance_id}", is_change=is_change)
    if stored is None:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"instance {instance_id}")
    return stored


def is_attached_to(instance: CouponInstance, kind: InstanceTarget, target_id: str | None) -> bool:
    """Whether the instance is attached to what is so called."""
    said = None if target_id is None else normal_spelling(target_id)
    return (instance.target, instance.target_id) == (kind, said)


def require_free_values(
    connection: Connection,
    values: Iterable[ExistingValue],
    own: Iterable[ExistingValue] = (),
) -> None:
    """Refuse an Id of an existing value that another has; raises ``NameTaken``.

    Args:
        connection: The transaction.
        values: What is said.
        own: What the instance has already: their Ids are its own.
    """
    said = [value.existing_value_id for value in values if value.existing_value_id]
    others = set(said) - {value.existing_value_id for value in own}
    taken = sorted(find_references(connection, coupon_existing_value, others))
    taken.extend(reference for reference in said if said.count(reference) > 1)
    if taken:
        raise ServiceError(NAME_TAKEN, f"Id {taken[0]}")


def log(
    connection: Connection, call: Call, action: str, number: int, before: CouponInstance | None
) -> CouponInstance:
    """The instance as it is now, after an entry in the audit log that tells of the change."""
    is_meant = coupon_instance.c.instance_id == number
    after = coupon_instances.find_instances(connection, is_meant)[0].instance
    audit.append(connection, call.author, [change_of(action, ENTITY, number, before, after)])
    return after
