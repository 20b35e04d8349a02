"""What the mail worker asks of whatever takes its messages."""

from email.message import EmailMessage
from typing import Protocol


class DeliveryError(Exception):
    """The message was not taken, or nobody knows whether it was.

    Args:
        text: What was said, for whoever reads the outbox.
        is_permanent: Whether another attempt would end the same.
        reason: The same for the log: it quotes nobody, as replies name recipients.
    """

    def __init__(self, text: str, *, is_permanent: bool = False, reason: str) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent
        self.reason = reason


class ServerUnavailableError(DeliveryError):
    """No message would be taken now: the trouble is not this one's."""


class Transport(Protocol):
    """Takes messages, one after the other."""

    def send(self, mail: EmailMessage) -> None:
        """Hand a message over; afterwards it is the receiver's.

        Raises:
            DeliveryError: It is not handed over.
        """

    def close(self) -> None:
        """Let go of whatever is open; the next message opens it again."""
