"""The worker that delivers what is in the outbox."""

from collections import Counter
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from threading import Event
from time import sleep

import structlog

from service.domain.mail import MailContent, Message, MessageState, TemplateBrokenError
from service.jobs.mail_message import compose
from service.jobs.mail_templates import MailTemplates
from service.jobs.transport import DeliveryError, ServerUnavailableError, Transport
from service.operations.outbox import Delivery, Outbox, OutboxUnavailableError

MARK_RETRY_INTERVAL_S = 1
"""How long to wait before it is noted again that a message was sent."""

NoteAttempt = Callable[[str], None]

_log = structlog.get_logger("service.mail")


class MailWorker:
    """Takes messages from the outbox, one after the other, and hands them over.

    Any number of workers may run at once. One that is killed at any moment loses
    no message: that which it had comes up again when its lease ends, and is sent
    a second time, under the same Message-ID, if the receiver had it already.

    Args:
        outbox: Where the messages are.
        templates: What they are made from.
        transport: What takes them.
        sender: Whom they are from.
        note: Is told of each attempt: the state that it left the message in.
    """

    def __init__(
        self,
        outbox: Outbox,
        templates: MailTemplates,
        transport: Transport,
        sender: Address,
        note: NoteAttempt | None = None,
    ) -> None:
        self._outbox = outbox
        self._templates = templates
        self._transport = transport
        self._sender = sender
        self._note = note
        self.outcomes: Counter[MessageState] = Counter()
        """How many attempts ended in which state; ``queued`` means another one follows."""

    def drain(self, stop: Event) -> None:
        """Deliver what is due until nothing is, no message would be taken, or ``stop`` is set."""
        try:
            while not stop.is_set() and (delivery := self._outbox.take()):
                if not self._deliver(delivery):
                    break
        finally:
            self._transport.close()

    def run(self, stop: Event, poll_s: float) -> None:
        """Deliver what becomes due, until ``stop`` is set, whatever ails the database.

        Args:
            stop: Ends the work after the message at hand.
            poll_s: How long to rest when nothing is due, or the database fails.
        """
        while not stop.is_set():
            try:
                self.drain(stop)
            except OutboxUnavailableError:
                _log.exception("database")
            stop.wait(poll_s)

    def _deliver(self, delivery: Delivery) -> bool:
        """Make one attempt; answers whether to go on with the next message."""
        message = delivery.message
        try:
            self._transport.send(self._make_mail(delivery))
        except DeliveryError as error:
            self._settle_failure(delivery, error)
            return not isinstance(error, ServerUnavailableError)
        while not self._mark_sent(message):
            sleep(MARK_RETRY_INTERVAL_S)
        self._tell(delivery, MessageState.SENT)
        return True

    def _mark_sent(self, message: Message) -> bool:
        """Note it; answers False when that failed, and nobody else sends the message yet."""
        try:
            self._outbox.mark_sent(message)
        except OutboxUnavailableError:
            if self._outbox.is_leased(message):
                return False
            raise
        return True

    def _make_mail(self, delivery: Delivery) -> EmailMessage:
        message = delivery.message
        if self._outbox.is_spent(message):
            text = "the last attempt did not come to its end"
            raise DeliveryError(text, is_permanent=True, reason="AttemptsSpent")
        content = delivery.content
        if isinstance(content, MailContent) and content.is_deleted:
            raise DeliveryError("the coupon was deleted", is_permanent=True, reason="CouponDeleted")
        try:
            rendered = self._templates.render(message.kind, content)
            return compose(message, rendered, self._sender)
        except (TemplateBrokenError, ValueError) as error:
            # Templates are repaired, addresses stay as they are.
            is_permanent = isinstance(error, ValueError)
            reason = type(error).__name__
            raise DeliveryError(str(error), is_permanent=is_permanent, reason=reason) from error

    def _settle_failure(self, delivery: Delivery, error: DeliveryError) -> None:
        if error.is_permanent:
            self._outbox.mark_failed(delivery.message, str(error))
            state = MessageState.FAILED
        else:
            state = self._outbox.put_off(delivery.message, str(error))
        self._tell(delivery, state, error=type(error).__name__, reason=error.reason)

    def _tell(self, delivery: Delivery, state: MessageState, **more: str) -> None:
        """Log the outcome: never the code, nor the part of the address that names a person."""
        message = delivery.message
        self.outcomes[state] += 1
        if self._note is not None:
            self._note(state.value)
        _log.info(
            "mail",
            message_id=message.message_id,
            mail_id=message.mail_id,
            recipient_domain=message.recipient.rpartition("@")[2],
            attempt=message.attempts_count,
            state=state.value,
            **more,
        )
