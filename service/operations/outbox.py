"""The outbox: messages delivered, listed, shown and sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.domain.errors import ENTITY_NOT_EXISTENT, INPUT_INVALID
from service.domain.jobs import JobReport
from service.domain.mail import MailContent, Message, MessageState, back_off
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.operations.attempts import decide
from service.operations.calls import Call, utc_now
from service.storage import audit, jobs, outbox
from service.storage.engine import Database

Result = TypeVar("Result")
LIST_COUNT_MAX = 10_000
RESEND_BATCH_COUNT_MAX = 1_000
"""How many messages one transaction queues again: others wait for it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that a worker has taken, and what it tells."""

    message: Message
    content: MailContent | JobReport


class OutboxUnavailableError(Exception):
    """The database cannot be used just now; its cause is the database's own error."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The outbox as workers see it; each method is one transaction.

    Each raises ``OutboxUnavailableError`` when the database cannot be used.

    A message that is taken is leased: it comes up again by itself when its worker
    dies, and no other worker has it before.

    Attributes:
        lease: How long a worker may take for one message.
        attempts_max: After how many attempts a message has failed.
        clock: What the time is; workers on several machines must agree on it.
    """

    database: Database
    lease: timedelta
    attempts_max: int
    clock: Callable[[], datetime] = utc_now

    def _decide(self, attempt: Callable[[Connection], Result]) -> Result:
        try:
            return decide(self.database, attempt)
        except (SQLAlchemyError, ServiceTroubleError) as error:
            raise OutboxUnavailableError from error

    def take(self) -> Delivery | None:
        """Begin an attempt of the message that is due longest; None when none is."""
        now = self.clock()

        def attempt(connection: Connection) -> Delivery | None:
            message = outbox.take_due(connection, now, now + self.lease)
            if message is None:
                return None
            return Delivery(message, _find_content(connection, message))

        return self._decide(attempt)

    def is_spent(self, message: Message) -> bool:
        """Whether the message had all its attempts before this one: their workers died."""
        return message.attempts_count > self.attempts_max

    def is_leased(self, message: Message) -> bool:
        """Whether the message, as it was taken, is still this worker's alone."""
        return self.clock() < message.next_attempt_at

    def mark_sent(self, message: Message) -> None:
        """The mail server has the message; who created a job is told of its end by it."""
        values = {"state": MessageState.SENT.value, "sent_at": self.clock(), "last_error": None}

        def attempt(connection: Connection) -> None:
            if outbox.settle(connection, message, **values) and message.job_id is not None:
                jobs.note_communicated(connection, message.job_id)

        self._decide(attempt)

    def mark_failed(self, message: Message, error: str) -> None:
        """No attempt will be better than this one."""
        self._settle(message, state=MessageState.FAILED.value, last_error=error)

    def put_off(self, message: Message, error: str) -> MessageState:
        """Try again later; after the last attempt, fail. Answers the message's state."""
        if message.attempts_count >= self.attempts_max:
            self.mark_failed(message, error)
            return MessageState.FAILED
        due = self.clock() + back_off(message.attempts_count)
        self._settle(message, next_attempt_at=due, last_error=error)
        return MessageState.QUEUED

    def _settle(self, message: Message, **values: Any) -> None:
        self._decide(lambda connection: outbox.settle(connection, message, **values))


def _find_content(connection: Connection, message: Message) -> MailContent | JobReport:
    if message.job_id is not None:
        return jobs.find_report(connection, message.job_id)
    return outbox.find_content(connection, _number_of(message.coupon_id))


def _number_of(coupon_id: int | None) -> int:
    assert coupon_id is not None  # noqa: S101 - the table has it so
    return coupon_id


def list_messages(call: Call, state: MessageState | None, count_max: int) -> list[Message]:
    """The newest messages, newest first.

    Args:
        call: Whose call it is.
        state: Only messages in this state; None for all.
        count_max: How many, 1 to ``LIST_COUNT_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or
            ``ApiInputValidationError`` (count).
    """
    call.caller.require_operator()
    if not 1 <= count_max <= LIST_COUNT_MAX:
        raise ServiceError(INPUT_INVALID, f"a list has 1 to {LIST_COUNT_MAX} messages")
    with call.database.reading() as connection:
        return outbox.list_messages(connection, state, count_max)


def show_message(call: Call, message_id: int) -> Delivery:
    """A message and what it tells.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or
            ``EntityNotExistent``.
    """
    call.caller.require_operator()
    with call.database.reading() as connection:
        message = outbox.find_message(connection, message_id)
        if message is None:
            raise ServiceError(ENTITY_NOT_EXISTENT, f"message {message_id}")
        return Delivery(message, _find_content(connection, message))


def resend_message(call: Call, message_id: int) -> None:
    """Queue a message that was sent or failed once more, under the same Message-ID.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only),
            ``EntityNotExistent``, or ``ApiInputValidationError``: it is queued.
    """
    call.caller.require_operator()

    def attempt(connection: Connection) -> None:
        before = outbox.find_message(connection, message_id)
        if before is None:
            raise ServiceError(ENTITY_NOT_EXISTENT, f"message {message_id}")
        if not outbox.requeue(connection, message_id, call.now):
            raise ServiceError(INPUT_INVALID, f"message {message_id} is queued already")
        audit.append(connection, call.author, [_resent(before)])

    decide(call.database, attempt)


def resend_messages(call: Call, state: MessageState) -> int:
    """Queue all messages of a state once more; answers how many they were.

    Each batch of ``RESEND_BATCH_COUNT_MAX`` is a transaction of its own: called again
    after trouble, this goes on where it stopped.

    Args:
        call: Whose call it is.
        state: ``sent`` or ``failed``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only), or
            ``ApiInputValidationError``: the state is ``queued``.
    """
    call.caller.require_operator()
    if state is MessageState.QUEUED:
        raise ServiceError(INPUT_INVALID, "messages that are queued already")
    count, last_message_id = 0, 0
    # A message that fails again meanwhile is behind the last one, and stays there.
    while batch := _resend_next(call, state, last_message_id):
        count, last_message_id = count + len(batch), batch[-1].message_id
    return count


def _resend_next(call: Call, state: MessageState, after_message_id: int) -> list[Message]:

    def attempt(connection: Connection) -> list[Message]:
        batch = outbox.requeue_next(
            connection, state, after_message_id, RESEND_BATCH_COUNT_MAX, call.now
        )
        if batch:
            audit.append(connection, call.author, map(_resent, batch))
        return batch

    return decide(call.database, attempt)


def _resent(message: Message) -> audit.Change:
    after = {"message_id": message.message_id, "recipient": message.recipient}
    if message.job_id is not None:
        return audit.Change("resend", "job", message.job_id, after=after)
    return audit.Change("resend", "coupon", _number_of(message.coupon_id), after=after)
