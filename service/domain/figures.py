"""Figures of a coupon programme: how many coupons came how far, and what they gave."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

DAYS_COUNT = 30
"""How many days redemptions are told of, the current day in UTC included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How many coupons came how far.

    ``waiting``, ``active``, ``depleted`` and ``expired`` add up to ``redeemed``.

    Attributes:
        minted: Made ever, imported ones too; those of a job count when it has ended.
        deleted: Of these, how many are deleted since.
        dispatched: Sent to an address.
        claimed: Booked for an account, which may have redeemed it since.
        redeemed: Redeemed ever.
        waiting: Redeemed and below the spend threshold, or behind another coupon.
        active: Drawing on spend.
        depleted: With nothing left to draw.
        expired: Redeemed, and past the last instant at which the rest could be drawn.
    """

    minted: int = 0
    deleted: int = 0
    dispatched: int = 0
    claimed: int = 0
    redeemed: int = 0
    waiting: int = 0
    active: int = 0
    depleted: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class MoneyFigures:
    """What redeemed coupons give in one currency.

    Attributes:
        granted: The most that they give; a percentage without bound adds nothing to it.
        drawn: What they gave, those without bound too.
    """

    currency_code: str
    granted: Decimal
    drawn: Decimal


@dataclass(frozen=True, slots=True)
class DayFigure:
    """How many coupons were redeemed on a day in UTC."""

    day: date
    redeemed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a class, or of many.

    ``minted`` and ``deleted`` of the funnel are always those of now.

    Attributes:
        funnel: How many coupons came how far.
        money: By currency, in the order of their codes.
        days: The last ``DAYS_COUNT`` days, the oldest first; a day without any is there too.
        as_of: When the oldest of the counts was made: the instant of the call when all is
            counted at once, else one of the worker's. None when nothing is counted yet.
        uncounted_classes: How many classes are not in the counts, as they are large and the
            worker has not come to them.
    """

    funnel: Funnel
    money: tuple[MoneyFigures, ...]
    days: tuple[DayFigure, ...]
    as_of: datetime | None
    uncounted_classes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFigures:
    """Jobs by status.

    Attributes:
        counts: How many jobs have each status; one that none has is left out.
        oldest_pending_at: When the oldest of those that have not ended was created.
    """

    counts: dict[str, int]
    oldest_pending_at: datetime | None


MAILS_COUNTED_MAX = 100_000
"""How many mails of a state are counted; a count of so many means: as many, or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFigures:
    """Mails that are not sent.

    Attributes:
        queued: How many are to be sent, at most ``MAILS_COUNTED_MAX``.
        failed: How many have failed for good, at most ``MAILS_COUNTED_MAX``.
        due_since: Since when the mail that is due longest is due; None when none is.
    """

    queued: int
    failed: int
    due_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeFigures:
    """What the overview shows.

    Attributes:
        classes_count: How many classes there are, retired ones too.
        mail: None for who is no operator: mails are of all customers.
    """

    figures: Figures
    classes_count: int
    jobs: JobFigures
    mail: MailFigures | None
