"""The outbox: mails that are still to be sent, written in the transaction that causes them."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from service.domain.mail import MailContent, MailKind, Message, MessageState
from service.storage import newest_first
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.party_tables import account, customer
from service.storage.tables import coupon, coupon_class, coupon_terms, outbox

_INSERT = insert(outbox)
_IS_DUE = (
    outbox.c.state == MessageState.QUEUED.value,
    outbox.c.next_attempt_at <= bindparam("now"),
)
_OLDEST_DUE = (
    select(outbox.c.message_id)
    .where(*_IS_DUE)
    .order_by(outbox.c.next_attempt_at, outbox.c.message_id)
    .limit(1)
    # Two workers take different messages instead of waiting for one another.
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(outbox)
    .where(outbox.c.message_id == _OLDEST_DUE.scalar_subquery(), *_IS_DUE)
    .values(attempts_count=outbox.c.attempts_count + 1, next_attempt_at=bindparam("lease_ends_at"))
    .returning(outbox)
)
_SETTLE = update(outbox).where(
    outbox.c.message_id == bindparam("settled_message_id"),
    outbox.c.state == MessageState.QUEUED.value,
    # Still leased to whoever settles it: the end of a lease is that of one attempt.
    outbox.c.next_attempt_at == bindparam("lease_ends_at"),
)
_REQUEUE = update(outbox).values(
    state=MessageState.QUEUED.value,
    attempts_count=0,
    next_attempt_at=bindparam("now"),
    last_error=None,
    sent_at=None,
)
_REQUEUE_ONE = _REQUEUE.where(
    outbox.c.message_id == bindparam("requeued_message_id"),
    outbox.c.state != MessageState.QUEUED.value,
)
_IN_STATE = outbox.c.state == bindparam("requeued_state")
_NEXT_IN_STATE = (
    select(outbox.c.message_id)
    .where(_IN_STATE, outbox.c.message_id > bindparam("after_message_id"))
    .order_by(outbox.c.message_id)
    .limit(bindparam("count_max"))
)
_REQUEUE_MANY = _REQUEUE.where(outbox.c.message_id.in_(_NEXT_IN_STATE), _IN_STATE).returning(outbox)
# Two statements, as SQLite looks at every row to tell both at once.
_FIRST_NUMBER = select(func.min(outbox.c.message_id))
_LAST_NUMBER = select(func.max(outbox.c.message_id))
_CONTENT: Select[Any] = (
    select(
        coupon.c.code,
        coupon.c.deleted_at,
        coupon_class.c.name.label("class_name"),
        coupon_class.c.language,
        customer.c.name.label("customer_name"),
        account.c.number.label("account_number"),
        *TERMS_COLUMNS,
    )
    .select_from(coupon)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(customer, customer.c.customer_id == coupon_class.c.customer_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .join(account, account.c.account_id == coupon.c.claimed_account_id, isouter=True)
    .where(coupon.c.coupon_id == bindparam("coupon_id"))
)


def queue_mails(
    connection: Connection, kind: MailKind, emails_by_coupon: dict[int, str], now: datetime
) -> None:
    """Queue a mail about each coupon; each gets the Message-ID that all its attempts have."""
    connection.execute(
        _INSERT,
        [
            {**_new_mail(kind, email, now), "coupon_id": coupon_id}
            for coupon_id, email in emails_by_coupon.items()
        ],
    )


def queue_report(connection: Connection, job_id: int, email: str, now: datetime) -> None:
    """Queue the mail about the end of a job; once for each job, also when it ends again."""
    again = _REQUEUE.where(outbox.c.job_id == job_id).values(recipient=email, created_at=now)
    if not connection.execute(again, {"now": now}).rowcount:
        new = {**_new_mail(MailKind.JOB, email, now), "job_id": job_id}
        connection.execute(_INSERT, new)


def _new_mail(kind: MailKind, email: str, now: datetime) -> dict[str, Any]:
    return {
        "mail_id": f"<{uuid4()}@coupon-billing.invalid>",
        "kind": kind.value,
        "recipient": email,
        "next_attempt_at": now,
        "created_at": now,
    }


def take_due(connection: Connection, now: datetime, lease_ends_at: datetime) -> Message | None:
    """Begin an attempt of the message that is due longest; None when none is.

    The message is due again at the end of the lease, unless it is settled before.
    """
    values = {"now": now, "lease_ends_at": lease_ends_at}
    row = connection.execute(_TAKE, values).one_or_none()
    return None if row is None else _message_of(row)


def settle(connection: Connection, message: Message, **values: Any) -> bool:
    """Change a message that was taken; answers whether it is still leased as it was."""
    found = {
        "settled_message_id": message.message_id,
        "lease_ends_at": message.next_attempt_at,
    }
    return connection.execute(_SETTLE.values(values), found).rowcount == 1


def requeue(connection: Connection, message_id: int, now: datetime) -> bool:
    """Queue a message that was sent or failed; answers whether it was one of these."""
    values = {"requeued_message_id": message_id, "now": now}
    return connection.execute(_REQUEUE_ONE, values).rowcount == 1


def requeue_next(
    connection: Connection,
    state: MessageState,
    after_message_id: int,
    count_max: int,
    now: datetime,
) -> list[Message]:
    """Queue the messages of a state that follow a number, lowest numbers first.

    Args:
        connection: A transaction that writes.
        state: Which messages.
        after_message_id: Only those with higher numbers; 0 for all.
        count_max: How many at most.
        now: When they are due.

    Returns:
        They, as they are now, in order.
    """
    values = {
        "requeued_state": state.value,
        "after_message_id": after_message_id,
        "count_max": count_max,
        "now": now,
    }
    messages = [_message_of(row) for row in connection.execute(_REQUEUE_MANY, values)]
    return sorted(messages, key=lambda message: message.message_id)


def find_message(connection: Connection, message_id: int) -> Message | None:
    """A message by its number."""
    statement = select(outbox).where(outbox.c.message_id == message_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _message_of(row)


def list_messages(
    connection: Connection, state: MessageState | None, count_max: int
) -> list[Message]:
    """The newest messages, of one state or of all."""
    statement = select(outbox).order_by(outbox.c.message_id.desc()).limit(count_max)
    if state is not None:
        statement = statement.where(outbox.c.state == state.value)
    return [_message_of(row) for row in connection.execute(statement)]


def find_queued(
    connection: Connection, after: tuple[datetime, int] | None, count_max: int
) -> list[Message]:
    """Queued messages in the order in which they are due.

    Args:
        connection: The transaction.
        after: Only those behind this instant and number; None for all.
        count_max: How many at most.
    """
    wanted = select(outbox).where(outbox.c.state == MessageState.QUEUED.value)
    if after is not None:
        instant, number = after
        is_due_with_it = (outbox.c.next_attempt_at == instant) & (outbox.c.message_id > number)
        wanted = wanted.where(
            outbox.c.next_attempt_at >= instant,
            (outbox.c.next_attempt_at > instant) | is_due_with_it,
        )
    in_order = wanted.order_by(outbox.c.next_attempt_at, outbox.c.message_id).limit(count_max)
    return [_message_of(row) for row in connection.execute(in_order)]


def find_failed(connection: Connection, before: int | None, count_max: int) -> list[Message]:
    """Messages that failed, with numbers below ``before``, the newest first."""
    wanted = select(outbox).where(outbox.c.state == MessageState.FAILED.value)
    if before is not None:
        wanted = wanted.where(outbox.c.message_id < before)
    in_order = wanted.order_by(outbox.c.message_id.desc()).limit(count_max)
    return [_message_of(row) for row in connection.execute(in_order)]


def find_newest(
    connection: Connection, state: MessageState | None, before: int | None, size: int
) -> tuple[list[Message], int | None, int]:
    """The newest messages with numbers below ``before``, of one state or of all.

    No index has the state: where few are in it, the search ends before the page is full.

    Returns:
        The messages; below which number to go on, None at the end; how many were looked at.
    """
    high = last_number(connection)
    wanted = select(outbox)
    if state is not None:
        wanted = wanted.where(outbox.c.state == state.value)
    found = newest_first.search(
        connection,
        wanted,
        outbox.c.message_id,
        first=connection.execute(_FIRST_NUMBER).scalar_one() or high,
        before=high + 1 if before is None else before,
        size=size,
    )
    return [_message_of(row) for row in found.rows], found.before, found.searched_count


def last_number(connection: Connection) -> int:
    """The highest number that a message has; 0 when there is none."""
    return connection.execute(_LAST_NUMBER).scalar_one() or 0


def find_content(connection: Connection, coupon_id: int) -> MailContent:
    """What a mail about the coupon tells."""
    row = connection.execute(_CONTENT, {"coupon_id": coupon_id}).one()
    return MailContent(
        code=row.code,
        class_name=row.class_name,
        customer_name=row.customer_name,
        terms=terms_of(row),
        language=row.language,
        account_number=row.account_number,
        is_deleted=row.deleted_at is not None,
    )


def _message_of(row: Row[Any]) -> Message:
    values = dict(row._mapping)  # noqa: SLF001 - the name under which SQLAlchemy publishes it
    return Message(
        **{**values, "kind": MailKind(row.kind), "state": MessageState(row.state)},
    )
