"""Subscriptions of accounts."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from service.domain.programmes import Subscription
from service.storage.party_tables import subscription
from service.storage.prepared import Prepared
from service.storage.statements import new_id

_SUBSCRIPTIONS = select(
    subscription.c.subscription_id,
    subscription.c.account_id,
    subscription.c.reference,
    subscription.c.product_id,
    subscription.c.rate_plan_id,
    subscription.c.currency_code,
    subscription.c.created_at,
    subscription.c.ended_at,
)
_REFERRED = _SUBSCRIPTIONS.where(subscription.c.reference == bindparam("reference"))
_FIND = Prepared(_REFERRED)
_LOCK = Prepared(_REFERRED.with_for_update(key_share=True))
_OF_ACCOUNT = Prepared(
    _SUBSCRIPTIONS.where(subscription.c.account_id == bindparam("account_id")).order_by(
        subscription.c.subscription_id
    )
)


def add_subscription(
    connection: Connection,
    account_id: int,
    reference: str,
    *,
    product_id: str,
    rate_plan_id: str,
    currency_code: str,
    now: datetime,
) -> int:
    """Insert a subscription; answers its number."""
    values = {
        "account_id": account_id,
        "reference": reference,
        "product_id": product_id,
        "rate_plan_id": rate_plan_id,
        "currency_code": currency_code,
        "created_at": now,
    }
    return new_id(connection.execute(insert(subscription).values(values)))


def find_subscription(
    connection: Connection, reference: str, *, lock: bool = False
) -> Subscription | None:
    """A subscription by its reference; ``lock`` keeps it as it is until the commit."""
    statement = _LOCK if lock else _FIND
    row = statement.row(connection, {"reference": reference})
    return None if row is None else Subscription(*row)


def list_subscriptions(connection: Connection, account_id: int) -> list[Subscription]:
    """The subscriptions of an account, oldest first."""
    rows = _OF_ACCOUNT.rows(connection, {"account_id": account_id})
    return [Subscription(*row) for row in rows]


def find_subscriptions_of(
    connection: Connection, account_id: int, before: int | None, count_max: int
) -> list[Subscription]:
    """The subscriptions of an account with numbers below ``before``, the newest first."""
    wanted = _SUBSCRIPTIONS.where(subscription.c.account_id == account_id)
    if before is not None:
        wanted = wanted.where(subscription.c.subscription_id < before)
    in_order = wanted.order_by(subscription.c.subscription_id.desc()).limit(count_max)
    return [Subscription(*row) for row in connection.execute(in_order)]


def find_subscription_numbered(connection: Connection, subscription_id: int) -> Subscription | None:
    """A subscription by its number."""
    found = _SUBSCRIPTIONS.where(subscription.c.subscription_id == subscription_id)
    row = connection.execute(found).one_or_none()
    return None if row is None else Subscription(*row)


def end_subscription(connection: Connection, reference: str, now: datetime) -> bool:
    """End a subscription that runs; whether there was one."""
    statement = (
        update(subscription)
        .where(subscription.c.reference == reference, subscription.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    return connection.execute(statement).rowcount == 1
