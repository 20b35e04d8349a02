"""Bills, and what instances gave for them. Each conditional statement here is a verdict."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, case, insert, or_, select, update

from service.domain.discounted_bills import DiscountedBill, ListedBill
from service.storage.coupon_instances import INSTANCES, StoredInstance, stored_instances
from service.storage.discount_tables import bill, coupon_instance, coupon_use
from service.storage.prepared import Prepared
from service.storage.prepared_lists import PreparedList
from service.storage.tables import coupon
from service.storage.types import Instant, Money

_ANSWERS: TypeAdapter[DiscountedBill] = TypeAdapter(DiscountedBill)
_amount = bindparam("amount", type_=Money())
_TAKE_USE = Prepared(
    update(coupon_instance)
    .where(
        coupon_instance.c.instance_id == bindparam("number"),
        or_(coupon_instance.c.remaining_uses.is_(None), coupon_instance.c.remaining_uses > 0),
    )
    .values(
        # Uses without a bound stay so: NULL less one is NULL.
        remaining_uses=coupon_instance.c.remaining_uses - 1,
        used_count=coupon_instance.c.used_count + 1,
        discount_value=coupon_instance.c.discount_value + _amount,
    )
)
_GIVE_BACK = (
    update(coupon_instance)
    .where(coupon_instance.c.instance_id == bindparam("number"))
    .values(
        # An operator may have set it to its most meanwhile.
        remaining_uses=case(
            (
                coupon_instance.c.remaining_uses < coupon_instance.c.max_remaining_uses,
                coupon_instance.c.remaining_uses + 1,
            ),
            else_=coupon_instance.c.remaining_uses,
        ),
        used_count=coupon_instance.c.used_count - 1,
        discount_value=coupon_instance.c.discount_value - _amount,
    )
)
_LISTED = select(
    bill.c.bill_id.label("number"),
    bill.c.reference,
    bill.c.currency_code,
    bill.c.cost,
    bill.c.discount,
    bill.c.drawn,
    bill.c.billed_at,
    bill.c.rolled_back_at,
)
_FIND = Prepared(
    select(bill).where(
        bill.c.customer_id == bindparam("customer_id"), bill.c.reference == bindparam("reference")
    )
)
_ADD = Prepared(
    insert(bill).returning(bill.c.bill_id),
    keys=(
        "customer_id",
        "subscription_id",
        "reference",
        "currency_code",
        "digest",
        "cost",
        "discount",
        "drawn",
        "answer",
        "spend_id",
        "billed_at",
        "created_at",
    ),
)
_ADD_USE = Prepared(insert(coupon_use), keys=("bill_id", "instance_id", "amount"))
_billed_at = bindparam("billed_at", type_=Instant())
_ATTACHED = Prepared(
    INSTANCES.where(
        or_(
            coupon_instance.c.subscription_id == bindparam("subscription_id"),
            coupon_instance.c.account_id == bindparam("account_id"),
        ),
        or_(coupon_instance.c.removed_at.is_(None), coupon_instance.c.removed_at > _billed_at),
        or_(coupon_instance.c.retired_at.is_(None), coupon_instance.c.retired_at > _billed_at),
    )
)
_CODES = PreparedList(
    lambda numbers: select(coupon.c.coupon_id, coupon.c.code).where(coupon.c.coupon_id.in_(numbers))
)
_ROLL_BACK = (
    update(bill)
    .where(bill.c.bill_id == bindparam("number"), bill.c.rolled_back_at.is_(None))
    .values(rolled_back_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class StoredBill:
    """A bill as it was answered, whether it stands or not.

    Attributes:
        number: Of its row.
        digest: Of what was asked.
        spend_id: The spend by which redeemed coupons paid; None for a bill without one.
    """

    number: int
    subscription_id: int
    digest: bytes
    spend_id: int | None
    answer: DiscountedBill


def add_bill(
    connection: Connection,
    customer_id: int,
    subscription_id: int,
    *,
    answer: DiscountedBill,
    digest: bytes,
    spend_id: int | None,
    now: datetime,
) -> int:
    """Insert a bill; answers its number. The customer has no other of its reference."""
    values = {
        "customer_id": customer_id,
        "subscription_id": subscription_id,
        "reference": answer.reference,
        "currency_code": answer.currency_code,
        "digest": digest,
        "cost": answer.cost,
        "discount": answer.discount,
        "drawn": answer.drawn,
        "answer": _ANSWERS.dump_python(answer, mode="json"),
        "spend_id": spend_id,
        "billed_at": answer.billed_at,
        "created_at": now,
    }
    return int(_ADD.row(connection, values).bill_id)


def find_bill(connection: Connection, customer_id: int, reference: str) -> StoredBill | None:
    """The customer's bill of this reference."""
    row = _FIND.row(connection, {"customer_id": customer_id, "reference": reference})
    return None if row is None else _stored(row)


def find_bill_numbered(connection: Connection, number: int) -> StoredBill | None:
    """The bill of this number."""
    row = connection.execute(select(bill).where(bill.c.bill_id == number)).one_or_none()
    return None if row is None else _stored(row)


def find_bills_of(
    connection: Connection, subscription_id: int, before: int | None, count_max: int
) -> list[ListedBill]:
    """The bills of a subscription with numbers below ``before``, the newest first."""
    wanted = _LISTED.where(bill.c.subscription_id == subscription_id)
    if before is not None:
        wanted = wanted.where(bill.c.bill_id < before)
    rows = connection.execute(wanted.order_by(bill.c.bill_id.desc()).limit(count_max))
    return [ListedBill(**row) for row in rows.mappings()]


def _stored(row: Row[Any]) -> StoredBill:
    answer = replace(
        _ANSWERS.validate_python(row.answer),
        billed_at=row.billed_at,
        rolled_back_at=row.rolled_back_at,
    )
    return StoredBill(row.bill_id, row.subscription_id, row.digest, row.spend_id, answer)


def attached_instances(
    connection: Connection, subscription_id: int, account_id: int, billed_at: datetime
) -> list[StoredInstance]:
    """The instances of a subscription and of its account, in the order they were put into effect.

    Those that were removed or retired by then are left out.
    """
    values = {
        "subscription_id": subscription_id,
        "account_id": account_id,
        "billed_at": billed_at,
    }
    return stored_instances(connection, _ATTACHED.rows(connection, values))


def take_use(connection: Connection, number: int, amount: Decimal) -> bool:
    """Let an instance give an amount above 0, which is a use; whether it had one left."""
    return _TAKE_USE.count(connection, {"number": number, "amount": amount}) == 1


def add_uses(connection: Connection, bill_number: int, given: Mapping[int, Decimal]) -> None:
    """Keep what instances, by their numbers, gave for a bill."""
    rows: list[dict[str, Any]] = [
        {"bill_id": bill_number, "instance_id": number, "amount": amount}
        for number, amount in given.items()
    ]
    _ADD_USE.run_each(connection, rows)


def roll_back(connection: Connection, bill_number: int, now: datetime) -> bool:
    """Mark a bill as rolled back; whether it stood until now."""
    return connection.execute(_ROLL_BACK, {"number": bill_number, "now": now}).rowcount == 1


def give_back_uses(connection: Connection, bill_number: int) -> dict[int, Decimal]:
    """Give back the uses of a bill that is rolled back; answers what the instances had given."""
    uses = (
        select(coupon_use.c.instance_id, coupon_use.c.amount)
        .where(coupon_use.c.bill_id == bill_number)
        # In one order for all, as when they were taken.
        .order_by(coupon_use.c.instance_id)
    )
    given = {row.instance_id: row.amount for row in connection.execute(uses)}
    for number, amount in given.items():
        connection.execute(_GIVE_BACK, {"number": number, "amount": amount})
    return given


def codes_of(connection: Connection, coupon_ids: Collection[int]) -> dict[int, str]:
    """The codes of coupons, by their numbers."""
    return {row.coupon_id: row.code for row in _CODES.rows(connection, coupon_ids)}
