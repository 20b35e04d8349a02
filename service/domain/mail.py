"""Mails about coupons: what they tell, the states of a message, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from service.domain.terms import CouponTerms

BACK_OFF_MIN = timedelta(minutes=1)
"""How long the second attempt waits after the first one failed."""
BACK_OFF_MAX = timedelta(hours=6)
"""The longest wait between two attempts."""
DEFAULT_LANGUAGE = "en"
"""Of mails when nothing says another, or no template is in the one that is said."""


class MessageState(str, Enum):
    """Where a message is: queued, then sent or failed; resending queues it again."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class MailKind(str, Enum):
    """What a mail is about: a coupon handed to an address or booked for an account, or a job."""

    DISPATCH = "dispatch"
    DISTRIBUTE = "distribute"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailContent:
    """What a mail tells of its coupon.

    Attributes:
        customer_name: Whom the coupon is from.
        language: Of the class, as BCP 47 names it.
        account_number: The account that the coupon is booked for; None for none.
        is_deleted: Whether the coupon is deleted since: it is mailed to nobody then.
    """

    code: str
    class_name: str
    customer_name: str
    terms: CouponTerms
    language: str
    account_number: str | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail to one recipient, in the outbox.

    Attributes:
        mail_id: Its Message-ID, the same for each attempt.
        coupon_id: The coupon that it is about; None when it is about a job.
        job_id: The job that it tells the end of.
        attempts_count: How many attempts were begun.
        next_attempt_at: When a queued message is due; while a worker has it, the
            end of its lease.
        last_error: Why the last attempt failed; None when none did.
    """

    message_id: int
    mail_id: str
    kind: MailKind
    recipient: str
    coupon_id: int | None
    job_id: int | None
    state: MessageState
    attempts_count: int
    next_attempt_at: datetime
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """What came out of a mail's templates.

    Attributes:
        subject: One line.
        html: None when no HTML template stands beside that of the text.
        language: That of the templates, as BCP 47 names it.
    """

    subject: str
    text: str
    html: str | None
    language: str


class TemplateBrokenError(Exception):
    """A template gives no mail; the text names its file, the line and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxFigures:
    """How many messages are in which state.

    Attributes:
        queued, failed: Counted up to ``figures.MAILS_COUNTED_MAX``.
        sent: About how many: the others of all numbers that were given. None where the others
            are too many to be counted.
        due_since: Since when the message that is due longest is due; None when none is.
    """

    queued: int
    failed: int
    sent: int | None
    due_since: datetime | None


def back_off(attempts_count: int) -> timedelta:
    """How long to wait after so many failed attempts: doubled each time, up to a bound.

    Args:
        attempts_count: From 1 up.
    """
    # The exponent is bounded, as a timedelta is.
    doublings = min(attempts_count - 1, 16)
    return min(BACK_OFF_MIN * (1 << doublings), BACK_OFF_MAX)
