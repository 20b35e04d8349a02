"""However many add a subscription at once, or end it, one does.

The control ends it as ours must not: without looking whether it runs.
"""

from collections import Counter

import pytest
from sqlalchemy import update

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    NAME_TAKEN,
)
from service.domain.programmes import Subscription
from service.operations.subscriptions import add_subscription, end_subscription
from service.storage import subscriptions
from service.storage.party_tables import subscription
from service.storage.tables import audit
from tests.concurrency.race import race
from tests.programme import Programme

THREADS_COUNT = 8


def add(programme: Programme, account_id: int) -> int:
    plan = {"product_id": "ads", "rate_plan_id": "monthly"}
    return add_subscription(programme.call(), account_id, "order", **plan)


def endings(programme: Programme) -> list[Subscription | ErrorRow]:
    """End one subscription in each thread."""
    add(programme, programme.account(programme.customer()))
    return race([lambda: end_subscription(programme.call(), "order")] * THREADS_COUNT)


def told_endings(programme: Programme) -> int:
    return len([row for row in programme.rows(audit) if row["action"] == "end"])


def test_a_reference_is_given_once(programme: Programme) -> None:
    owner = programme.customer()
    account_ids = [programme.account(owner) for _ in range(THREADS_COUNT)]
    answers = Counter(
        race([lambda it=it: add(programme, it) for it in account_ids])  # type: ignore[misc]
    )
    (stored,) = programme.rows(subscription)
    assert answers == {stored["subscription_id"]: 1, NAME_TAKEN: THREADS_COUNT - 1}
    (entry,) = [row for row in programme.rows(audit) if row["entity"] == "subscription"]
    assert entry["after"]["account_id"] == stored["account_id"]


def test_a_subscription_is_ended_once(programme: Programme) -> None:
    answers = endings(programme)
    (stored,) = programme.rows(subscription)
    assert answers == [Subscription(**stored)] * THREADS_COUNT
    assert told_endings(programme) == 1


def test_without_looking_it_would_be_ended_again(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_blindly(connection, reference, now):  # type: ignore[no-untyped-def]
        is_meant = subscription.c.reference == reference
        connection.execute(update(subscription).where(is_meant).values(ended_at=now))
        return True

    monkeypatch.setattr(subscriptions, "end_subscription", end_blindly)
    endings(programme)
    assert told_endings(programme) == THREADS_COUNT
