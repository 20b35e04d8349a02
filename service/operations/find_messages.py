"""The outbox as people look through it: how many messages wait, and which."""

from datetime import datetime

from sqlalchemy import Connection

from service.domain.figures import MAILS_COUNTED_MAX
from service.domain.listings import (
    Listing,
    listing_before,
    listing_of,
    read_before,
    read_key,
    require_size,
)
from service.domain.mail import Message, MessageState, OutboxFigures
from service.operations.calls import Call
from service.storage import outbox, work_figures


def outbox_figures(call: Call) -> OutboxFigures:
    """How many messages are in which state.

    Those that were sent are not counted, as they may be millions: numbers that were given and
    belong to no other message are theirs.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only).
    """
    call.caller.require_operator()
    with call.database.reading() as connection:
        counted = work_figures.find_mail(connection, call.now)
        last_number = outbox.last_number(connection)
    others = (counted.queued, counted.failed)
    is_counted = max(others) < MAILS_COUNTED_MAX
    return OutboxFigures(
        queued=counted.queued,
        failed=counted.failed,
        sent=max(last_number - sum(others), 0) if is_counted else None,
        due_since=counted.due_since,
    )


def find_messages(
    call: Call, state: MessageState | None = None, after: str | None = None, size: int = 50
) -> Listing[Message]:
    """A page of messages, the newest first; those that are queued, the one that is due first.

    Args:
        call: Whose call it is.
        state: Only messages in this state; None for all.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``. Of those that were sent there may be fewer
            than that, though others follow, where few were sent of many.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or ``PagingInvalid``.
    """
    call.caller.require_operator()
    require_size(size)
    with call.database.reading() as connection:
        if state is MessageState.QUEUED:
            return _queued(connection, after, size)
        before = read_before(after)
        if state is MessageState.FAILED:
            failed = outbox.find_failed(connection, before, size + 1)
            return listing_of(failed, size, lambda it: (it.message_id,))
        found, next_before, searched_count = outbox.find_newest(connection, state, before, size)
    return listing_before(found, next_before, searched_count=searched_count, size=size)


def _queued(connection: Connection, after: str | None, size: int) -> Listing[Message]:
    found = outbox.find_queued(connection, read_key(after, datetime, int), size + 1)
    return listing_of(found, size, lambda it: (it.next_attempt_at, it.message_id))
