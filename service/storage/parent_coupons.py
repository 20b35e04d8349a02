"""Simple coupons: parents and their unique codes. Each conditional statement here is a verdict.

What they discount, and in which currency, is kept by the definition beneath them; who claimed
them, by coupon instances.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from service.domain.definitions import CouponDefinition
from service.domain.parent_coupons import (
    LimitScope,
    ParentCoupon,
    Scope,
    UniqueCode,
    discount_of,
)
from service.domain.programmes import Subscription
from service.domain.traces import Trace
from service.storage.coupon_instances import StoredInstance, find_instances
from service.storage.definitions import find_definitions
from service.storage.discount_tables import (
    coupon_definition,
    coupon_instance,
    parent_coupon,
    unique_code,
)
from service.storage.party_tables import subscription
from service.storage.tables import coupon
from service.storage.traces import trace_of, trace_values

_SCOPE = (
    parent_coupon.c.product,
    parent_coupon.c.product_id,
    parent_coupon.c.product_name,
    parent_coupon.c.rate_plan,
    parent_coupon.c.rate_plan_id,
    parent_coupon.c.rate_plan_name,
)
_PARENTS = (
    select(parent_coupon, coupon.c.code)
    .join(coupon, coupon.c.coupon_id == parent_coupon.c.coupon_id)
    .join(coupon_definition, coupon_definition.c.definition_id == parent_coupon.c.definition_id)
    .order_by(parent_coupon.c.coupon_id)
)
_CODES = (
    select(unique_code, coupon.c.code)
    .join(coupon, coupon.c.coupon_id == unique_code.c.coupon_id)
    .order_by(unique_code.c.coupon_id)
)


IS_LASTING_CLAIM = and_(
    coupon_instance.c.parent_coupon_id.is_not(None), coupon_instance.c.removed_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class StoredParent:
    """A parent, and the numbers of its code and of the definition beneath it."""

    number: int
    definition: int
    coupon: ParentCoupon


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A unique code, its number, and that of its parent."""

    number: int
    parent: int
    code: UniqueCode


def add_parent(
    connection: Connection,
    number: int,
    definition: int,
    new: ParentCoupon,
    trace: Trace,
) -> None:
    """Insert a parent.

    Args:
        connection: The transaction.
        number: Of its code.
        definition: The number of the definition that has its currency and its discounts.
        new: The parent.
        trace: When it is made, and by whom.
    """
    values = {
        "coupon_id": number,
        "customer_id": new.customer_id,
        "definition_id": definition,
        "name": new.name,
        "coupons_max": new.coupons_max,
        "uses_max": new.uses_max,
        **asdict(new.scope),
        "is_redeemable": new.is_redeemable,
        "limit_scope": new.limit_scope.value,
        **trace_values(trace),
    }
    connection.execute(insert(parent_coupon).values(values))


def find_parents(
    connection: Connection,
    *conditions: ColumnElement[bool],
    offset: int = 0,
    limit: int | None = None,
) -> list[StoredParent]:
    """The parents for which the conditions hold, oldest first.

    These are on ``parent_coupon``, ``coupon`` (its code) and ``coupon_definition``.
    """
    rows = connection.execute(_some(_PARENTS, conditions, offset, limit)).all()
    definitions = find_definitions(connection, [row.definition_id for row in rows])
    return [_parent_of(row, definitions[row.definition_id]) for row in rows]


def find_parent(connection: Connection, number: int) -> StoredParent | None:
    """The parent whose code has this number."""
    found = find_parents(connection, parent_coupon.c.coupon_id == number)
    return found[0] if found else None


def find_unique_codes(
    connection: Connection,
    *conditions: ColumnElement[bool],
    offset: int = 0,
    limit: int | None = None,
) -> list[StoredCode]:
    """The unique codes for which the conditions hold, oldest first."""
    rows = connection.execute(_some(_CODES, conditions, offset, limit))
    return [_code_of(row) for row in rows]


def find_unique_code(connection: Connection, number: int) -> StoredCode | None:
    """The unique code with this number."""
    found = find_unique_codes(connection, unique_code.c.coupon_id == number)
    return found[0] if found else None


def find_claim(connection: Connection, *conditions: ColumnElement[bool]) -> StoredInstance | None:
    """Of the claims for which the conditions hold one that lasts, else the newest of them."""
    newest = (
        select(coupon_instance.c.instance_id)
        .where(coupon_instance.c.parent_coupon_id.is_not(None), *conditions)
        .order_by(coupon_instance.c.removed_at.is_not(None), coupon_instance.c.instance_id.desc())
        .limit(1)
    )
    number = connection.execute(newest).scalar_one_or_none()
    if number is None:
        return None
    return find_instances(connection, coupon_instance.c.instance_id == number)[0]


def find_claimants(
    connection: Connection, number: int, *, offset: int, limit: int
) -> list[Subscription]:
    """The subscriptions that have a claim by a code, or by any code of a parent; oldest first."""
    statement = (
        select(subscription)
        .join(coupon_instance, coupon_instance.c.subscription_id == subscription.c.subscription_id)
        .where(IS_LASTING_CLAIM, is_claim_of(number))
        .order_by(subscription.c.subscription_id)
    )
    rows = connection.execute(statement.offset(offset).limit(limit)).mappings()
    return [Subscription(**row) for row in rows]


def is_claim_of(number: int) -> ColumnElement[bool]:
    """Whether an instance is a claim by this unique code, or by any code of this parent."""
    claim = coupon_instance.c
    return or_(
        claim.parent_coupon_id == number,
        and_(claim.parent_coupon_id.is_not(None), claim.coupon_id == number),
    )


def applicable_to(wanted: Subscription) -> ColumnElement[bool]:
    """For ``find_parents``: whether the parent code could be claimed for a subscription.

    It says in SQL what ``ParentCoupon.require_claimable`` says of one coupon, and looks at the
    claims.
    """
    column, currency_code = parent_coupon.c, coupon_definition.c.currency_code
    is_claimed = exists().where(
        coupon_instance.c.parent_coupon_id == column.coupon_id,
        coupon_instance.c.subscription_id == wanted.subscription_id,
        coupon_instance.c.removed_at.is_(None),
    )
    return and_(
        column.retired_at.is_(None),
        column.is_redeemable,
        or_(column.coupons_max.is_(None), column.claims_count < column.coupons_max),
        or_(currency_code.is_(None), currency_code == wanted.currency_code),
        _is_for(_SCOPE[:3], wanted.product_id),
        _is_for(_SCOPE[3:], wanted.rate_plan_id),
        ~is_claimed,
    )


def take_claims(connection: Connection, number: int, count: int) -> bool:
    """Count claims of a parent that is not retired, if so many are left; whether they are.

    Who takes claims of a parent, or retires it, waits for others who do.
    """
    column = parent_coupon.c
    statement = (
        update(parent_coupon)
        .where(
            column.coupon_id == number,
            column.retired_at.is_(None),
            or_(column.coupons_max.is_(None), column.claims_count + count <= column.coupons_max),
        )
        .values(claims_count=column.claims_count + count)
    )
    return connection.execute(statement).rowcount == 1


def take_code_claim(connection: Connection, number: int, claims_max: int | None) -> bool:
    """Count a claim of a unique code that is not retired, if one is left; whether it is."""
    column = unique_code.c
    statement = (
        update(unique_code)
        .where(
            column.coupon_id == number,
            column.retired_at.is_(None),
            *(() if claims_max is None else (column.claims_count < claims_max,)),
        )
        .values(claims_count=column.claims_count + 1)
    )
    return connection.execute(statement).rowcount == 1


def keep_parent_in_use(connection: Connection, number: int) -> bool:
    """Let nobody retire a parent before the commit; whether it is not retired."""
    statement = select(parent_coupon.c.coupon_id).where(
        parent_coupon.c.coupon_id == number, parent_coupon.c.retired_at.is_(None)
    )
    return connection.execute(statement.with_for_update(read=True)).one_or_none() is not None


def add_unique_codes(
    connection: Connection, parent: int, numbers: Collection[int], now: datetime
) -> None:
    """Insert unique codes of a parent; there must be some."""
    rows = [{"coupon_id": number, "parent_coupon_id": parent} for number in numbers]
    connection.execute(insert(unique_code).values(created_at=now), rows)


def count_unique_codes(connection: Connection, parent: int) -> int:
    """How many unique codes were made of a parent, those that are retired included."""
    statement = select(func.count()).where(unique_code.c.parent_coupon_id == parent)
    return connection.execute(statement).scalar_one()


def retire_parent(connection: Connection, number: int, changed_by: int, now: datetime) -> bool:
    """Retire a parent that is not retired; whether it was not."""
    statement = (
        update(parent_coupon)
        .where(parent_coupon.c.coupon_id == number, parent_coupon.c.retired_at.is_(None))
        .values(retired_at=now, changed_by=changed_by, updated_at=now)
    )
    return connection.execute(statement).rowcount == 1


def retire_unique_code(connection: Connection, number: int, now: datetime) -> bool:
    """Retire a unique code that is not retired; whether it was not."""
    statement = (
        update(unique_code)
        .where(unique_code.c.coupon_id == number, unique_code.c.retired_at.is_(None))
        .values(retired_at=now)
    )
    return connection.execute(statement).rowcount == 1


def _some(
    statement: Select[Any],
    conditions: tuple[ColumnElement[bool], ...],
    offset: int,
    limit: int | None,
) -> Select[Any]:
    return statement.where(*conditions).offset(offset).limit(limit)


def _is_for(columns: tuple[ColumnElement[Any], ...], wanted: str) -> ColumnElement[bool]:
    """Whether no column names anything, or one names what is wanted."""
    names_nothing = and_(*(column.is_(None) for column in columns))
    return or_(names_nothing, *(column == wanted for column in columns))


def _parent_of(row: Row[Any], definition: CouponDefinition) -> StoredParent:
    scope = Scope(**{column.name: getattr(row, column.name) for column in _SCOPE})
    modifiers = (modifier for modifier in definition.modifiers if not modifier.is_deleted)
    found = ParentCoupon(
        customer_id=row.customer_id,
        coupon_code=row.code,
        name=row.name,
        discounts=tuple(discount_of(modifier) for modifier in modifiers),
        coupons_max=row.coupons_max,
        uses_max=row.uses_max,
        currency_code=definition.currency_code,
        scope=scope,
        is_redeemable=row.is_redeemable,
        limit_scope=LimitScope(row.limit_scope),
        claims_count=row.claims_count,
        retired_at=row.retired_at,
        trace=trace_of(row),
    )
    return StoredParent(row.coupon_id, row.definition_id, found)


def _code_of(row: Row[Any]) -> StoredCode:
    found = UniqueCode(row.code, row.claims_count, row.created_at, row.retired_at)
    return StoredCode(row.coupon_id, row.parent_coupon_id, found)
