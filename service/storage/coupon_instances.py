"""Coupon instances: those of definitions and books, and the claims of simple coupons."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from service.domain.coupon_instances import CouponInstance, ExistingValue, InstanceTarget
from service.domain.traces import Trace
from service.storage import references
from service.storage.discount_tables import (
    coupon_book,
    coupon_definition,
    coupon_existing_value,
    coupon_instance,
)
from service.storage.party_tables import subscription
from service.storage.prepared_lists import PreparedList
from service.storage.statements import new_id
from service.storage.tables import coupon
from service.storage.traces import trace_of, trace_of_part, trace_values
from service.storage.types import Instant

parent_code = coupon.alias("parent_code")
"""The code of the simple coupon that an instance is a claim of."""

INSTANCES: Select[Any] = (
    select(
        coupon_instance,
        coupon_definition.c.reference.label("definition_reference"),
        coupon_book.c.reference.label("book_reference"),
        coupon.c.code,
        parent_code.c.code.label("parent_code"),
        subscription.c.reference.label("subscription_reference"),
    )
    .join(coupon_definition, coupon_definition.c.definition_id == coupon_instance.c.definition_id)
    .outerjoin(coupon_book, coupon_book.c.book_id == coupon_instance.c.book_id)
    .outerjoin(coupon, coupon.c.coupon_id == coupon_instance.c.coupon_id)
    .outerjoin(parent_code, parent_code.c.coupon_id == coupon_instance.c.parent_coupon_id)
    .outerjoin(subscription, subscription.c.subscription_id == coupon_instance.c.subscription_id)
    .order_by(coupon_instance.c.initialised_at, coupon_instance.c.instance_id)
)
"""Finds instances, in the order in which they were put into effect, for ``stored_instances``."""
_EXISTING_VALUES = PreparedList(
    lambda numbers: (
        select(coupon_existing_value)
        .where(coupon_existing_value.c.instance_id.in_(numbers))
        .order_by(coupon_existing_value.c.existing_value_id)
    )
)
HAS_OWN_CODE = coupon_instance.c.coupon_id.is_not(None) & (
    coupon_instance.c.parent_coupon_id.is_(None)
)
"""Whether its code is its own, not one by which a simple coupon was claimed."""
IS_ATTACHABLE = (
    (coupon_instance.c.target == InstanceTarget.NONE.value)
    & coupon_instance.c.retired_at.is_(None)
    & or_(coupon_instance.c.remaining_uses.is_(None), coupon_instance.c.remaining_uses > 0)
)
"""As ``CouponInstance.is_attachable``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceKeys:
    """The numbers of the rows that an instance points to.

    Attributes:
        code: Of its own code, or the code that was claimed.
        parent: Of the simple coupon that it is a claim of.
    """

    definition: int
    subscription: int | None = None
    account: int | None = None
    code: int | None = None
    parent: int | None = None
    book: int | None = None


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance, the number of its row, and those of the rows that it points to."""

    number: int
    keys: InstanceKeys
    instance: CouponInstance


def add_instance(
    connection: Connection,
    instance: CouponInstance,
    keys: InstanceKeys,
    changed_by: int,
    now: datetime,
) -> int:
    """Insert an instance with its existing values; answers its number.

    References that are not given are drawn; those that are given must be free. What only
    bills and removals tell is that of a new one: nothing was used, nothing has ended.
    """
    trace = Trace(now, changed_by)
    values = {
        "reference": references.given_or_drawn(instance.instance_id, references.INSTANCE),
        "customer_id": instance.customer_id,
        "parent_coupon_id": keys.parent,
        "used_count": 0,
        "discount_value": Decimal(0),
        **_values(instance, keys),
        **trace_values(trace),
    }
    number = new_id(connection.execute(insert(coupon_instance).values(values)))
    _add_existing_values(connection, number, instance.existing_values, {}, trace)
    return number


def find_instances(
    connection: Connection,
    *conditions: ColumnElement[bool],
    offset: int = 0,
    limit: int | None = None,
) -> list[StoredInstance]:
    """Instances in the order in which they were put into effect.

    Args:
        connection: The transaction.
        conditions: On ``coupon_instance``, and on what it points to: ``coupon_definition``,
            ``coupon_book``, ``coupon`` (its code), ``parent_code`` and ``subscription``.
        offset: How many are skipped.
        limit: How many are answered at most; None for all.
    """
    statement = INSTANCES.where(*conditions).offset(offset).limit(limit)
    return stored_instances(connection, connection.execute(statement).all())


def stored_instances(connection: Connection, rows: Sequence[Any]) -> list[StoredInstance]:
    """The instances in rows of ``INSTANCES``."""
    values = _existing_values(connection, [row.instance_id for row in rows])
    return [
        StoredInstance(
            row.instance_id, _keys_of(row), _instance_of(row, tuple(values[row.instance_id]))
        )
        for row in rows
    ]


def find_instance(
    connection: Connection, *conditions: ColumnElement[bool]
) -> StoredInstance | None:
    """The one instance of which the conditions hold, if there is one."""
    found = find_instances(connection, *conditions, limit=1)
    return found[0] if found else None


def lock_instance(connection: Connection, number: int) -> StoredInstance:
    """An instance that exists, as it stays until the commit but for what is done here."""
    is_meant = coupon_instance.c.instance_id == number
    # Joined rows are read as they were before the wait: so lock first, then read.
    statement = select(coupon_instance.c.instance_id).where(is_meant)
    connection.execute(statement.with_for_update(key_share=True))
    return find_instances(connection, is_meant)[0]


def replace_instance(
    connection: Connection, new: StoredInstance, changed_by: int, now: datetime
) -> None:
    """Give an instance, which is locked, all of what is said.

    Its owner, its reference and what only bills and removals tell stay as they are.
    """
    values = {**_values(new.instance, new.keys), "changed_by": changed_by, "updated_at": now}
    is_meant = coupon_instance.c.instance_id == new.number
    connection.execute(update(coupon_instance).where(is_meant).values(values))
    author = Trace(now, changed_by)
    replace_existing_values(connection, new.number, new.instance.existing_values, author)


def attach_instance(
    connection: Connection,
    number: int,
    columns: Mapping[str, Any],
    ends_at: datetime | None,
    author: Trace,
) -> bool:
    """Attach an instance that can be; whether this was who did it.

    Args:
        connection: A transaction that writes.
        number: Of the instance.
        columns: The target's, and others that change with it.
        ends_at: When its effect ends, unless it has an end of its own; None for no end.
        author: Who attaches it, and when: a trace as of something new.
    """
    now = author.created_at
    has_ended = coupon_instance.c.valid_till < now
    ends = (
        {}
        if ends_at is None
        else {"valid_till": func.coalesce(coupon_instance.c.valid_till, literal(ends_at, Instant))}
    )
    statement = (
        update(coupon_instance)
        .where(coupon_instance.c.instance_id == number, IS_ATTACHABLE, has_ended.is_not(True))
        .values(
            {
                **columns,
                **ends,
                "initialised_at": now,
                "changed_by": author.changed_by,
                "updated_at": now,
            }
        )
    )
    return connection.execute(statement).rowcount == 1


def replace_existing_values(
    connection: Connection, number: int, values: Iterable[ExistingValue], author: Trace
) -> None:
    """Give an instance other existing values; what is said again keeps its trace."""
    stored = _existing_values(connection, [number])[number]
    of_instance = coupon_existing_value.c.instance_id == number
    connection.execute(delete(coupon_existing_value).where(of_instance))
    old = {value.existing_value_id: value for value in stored}
    _add_existing_values(connection, number, values, old, author)


def retire_instance(connection: Connection, number: int, changed_by: int, now: datetime) -> bool:
    """Retire an instance; whether it was not retired already."""
    statement = (
        update(coupon_instance)
        .where(coupon_instance.c.instance_id == number, coupon_instance.c.retired_at.is_(None))
        .values(retired_at=now, changed_by=changed_by, updated_at=now)
    )
    return connection.execute(statement).rowcount == 1


def end_claim(connection: Connection, number: int, changed_by: int, now: datetime) -> bool:
    """Remove a claim from its subscription; whether it was not removed already."""
    statement = (
        update(coupon_instance)
        .where(
            coupon_instance.c.instance_id == number,
            coupon_instance.c.parent_coupon_id.is_not(None),
            coupon_instance.c.removed_at.is_(None),
        )
        .values(removed_at=now, changed_by=changed_by, updated_at=now)
    )
    return connection.execute(statement).rowcount == 1


def is_attached_definition(connection: Connection, definition: int) -> bool:
    """Whether an instance of the definition is attached to anything, or was."""
    statement = select(coupon_instance.c.instance_id).where(
        coupon_instance.c.definition_id == definition,
        coupon_instance.c.target != InstanceTarget.NONE.value,
    )
    return connection.execute(statement.limit(1)).first() is not None


def _values(instance: CouponInstance, keys: InstanceKeys) -> dict[str, Any]:
    """The columns that are said of an instance, be it new or changed."""
    return {
        "definition_id": keys.definition,
        "book_id": keys.book,
        "coupon_id": keys.code,
        "target": instance.target.value,
        "subscription_id": keys.subscription,
        "account_id": keys.account,
        "crm_id": instance.crm_id,
        "initialised_at": instance.initialised_at,
        "valid_till": instance.valid_till,
        "periods_valid_for": instance.periods_valid_for,
        "total_periods": instance.total_periods,
        "max_remaining_uses": instance.max_remaining_uses,
        "remaining_uses": instance.remaining_uses,
        "instance_discount_value": instance.instance_discount_value,
    }


def _keys_of(row: Row[Any]) -> InstanceKeys:
    return InstanceKeys(
        definition=row.definition_id,
        subscription=row.subscription_id,
        account=row.account_id,
        code=row.coupon_id,
        parent=row.parent_coupon_id,
        book=row.book_id,
    )


def _instance_of(row: Row[Any], existing_values: tuple[ExistingValue, ...]) -> CouponInstance:
    account_number = None if row.account_id is None else str(row.account_id)
    return CouponInstance(
        instance_id=row.reference,
        customer_id=row.customer_id,
        definition_id=row.definition_reference,
        book_id=row.book_reference,
        coupon_code=row.code,
        parent_code=row.parent_code,
        target=InstanceTarget(row.target),
        target_id=row.subscription_reference or account_number,
        crm_id=row.crm_id,
        initialised_at=row.initialised_at,
        valid_till=row.valid_till,
        removed_at=row.removed_at,
        retired_at=row.retired_at,
        periods_valid_for=row.periods_valid_for,
        total_periods=row.total_periods,
        max_remaining_uses=row.max_remaining_uses,
        remaining_uses=row.remaining_uses,
        used_count=row.used_count,
        discount_value=row.discount_value,
        instance_discount_value=row.instance_discount_value,
        existing_values=existing_values,
        trace=trace_of(row),
    )


def _existing_values(
    connection: Connection, numbers: Collection[int]
) -> dict[int, list[ExistingValue]]:
    """The existing values of instances, in the order in which they were given."""
    values = defaultdict(list)
    for row in _EXISTING_VALUES.rows(connection, numbers):
        value = ExistingValue(
            component_id=row.component_id,
            units=row.units,
            existing_value_id=row.reference,
            trace=trace_of(row),
        )
        values[row.instance_id].append(value)
    return values


def _add_existing_values(
    connection: Connection,
    number: int,
    values: Iterable[ExistingValue],
    old: dict[str | None, ExistingValue],
    trace: Trace,
) -> None:
    rows = [
        {
            "reference": references.given_or_drawn(
                value.existing_value_id, references.EXISTING_VALUE
            ),
            "instance_id": number,
            "component_id": value.component_id,
            "units": value.units,
            **trace_values(_trace_after(value, old.get(value.existing_value_id), trace)),
        }
        for value in values
    ]
    if rows:
        connection.execute(insert(coupon_existing_value), rows)


def _trace_after(new: ExistingValue, old: ExistingValue | None, trace: Trace) -> Trace:
    is_same = old is not None and replace(new, trace=old.trace) == old
    return trace_of_part(old.trace if old else None, trace, is_same=is_same)
