"""Jobs: work on many coupons that is done in chunks, what it is asked for and how far it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from service.domain.codes import DENSITY_MIN

BACK_OFF_MIN = timedelta(seconds=1)
"""How long a job rests after its first failure."""
BACK_OFF_MAX = timedelta(minutes=5)
"""The longest rest between two tries."""
ERRORS_COUNT_MAX = 20
"""How many of its latest errors a job tells."""
ERROR_LENGTH_MAX = 500


class JobStatus(str, Enum):
    """Where a job is: ``pending`` from its creation to its end.

    ``pending verification`` and ``not_ready`` are never entered: nothing has to be
    confirmed before a job starts.
    """

    PENDING_VERIFICATION = "pending verification"
    NOT_READY = "not_ready"
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    PATTERN_FULL = "coupon pattern full"
    CANCELLED = "cancelled"


class JobKind(str, Enum):
    """What a job does with coupons."""

    CREATION = "creation"
    DELETION = "deletion"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedJob:
    """A job as the worker knows it that has it.

    Attributes:
        class_id: None for a job in all classes of its customer.
        fail_count: How many tries have failed so far.
        lease_number: By which the worker shows that it still has the job.
        cancel_requested_at: None while nobody wants it to end early.
    """

    job_id: int
    kind: JobKind
    customer_id: int
    class_id: int | None
    created_by: int
    fail_count: int
    lease_number: int
    cancel_requested_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationJob:
    """A job that makes coupons of a class, with codes drawn from a pattern.

    Attributes:
        usage_limit: How often a coupon may be redeemed: 1.
        discount_limit: What a coupon is worth; None for what the class says.
        reservation_limit: How many accounts may claim a coupon; None for one.
        number_of_coupons: How many were asked for.
        created_amount: How many are made so far.
        chunk_execution_count: How many chunks were tried; ``fail_count`` of them failed.
        errors: Why, the latest last.
        created_by: The user's number; 0 for the command line.
        communicated: Whether the creator's mail about the end was sent.
        density: Codes of the pattern for each coupon asked for.
    """

    job_id: int
    created_at: datetime
    customer_id: int
    class_id: int
    class_name: str
    batch_id: int
    usage_limit: int
    discount_limit: Decimal | None
    reservation_limit: int | None
    start_date: datetime | None
    expiry_date: datetime | None
    number_of_coupons: int
    code_pattern: str
    code_alphabet: str
    attributes: dict[str, Any] | None
    is_reservation_mandatory: bool
    status: JobStatus
    created_amount: int
    fail_count: int
    errors: list[str]
    created_by: int
    communicated: bool
    chunk_execution_count: int
    chunk_size: int
    cancel_requested_at: datetime | None
    ended_at: datetime | None
    density: int

    @property
    def is_guessable(self) -> bool:
        """Whether the pattern hides the coupons badly."""
        return self.density < DENSITY_MIN


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """Which jobs are asked for; what is None does not matter. They come newest first.

    Attributes:
        customer_id: Whose; None for a job of any, which is named by its number or batch.
        created_from: Created then or later.
        created_before: Created earlier.
        before_job_id: Older than this job: what follows the last one of a page.
        index: The page, from 0.
        size: Of the page, 1 to 100.
    """

    customer_id: int | None = None
    job_id: int | None = None
    batch_id: int | None = None
    class_name: str | None = None
    status: JobStatus | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    before_job_id: int | None = None
    index: int = 0
    size: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """What the mail about the end of a job tells.

    Attributes:
        amount: How many coupons it made or deleted.
        number_of_coupons: How many were asked for; None for a deletion.
        class_name: None for a job in all classes.
        last_error: None when nothing failed.
        language: That of the class, as BCP 47 names it.
    """

    job_id: int
    kind: JobKind
    status: JobStatus
    amount: int
    number_of_coupons: int | None
    class_name: str | None
    customer_name: str
    batch_id: int | None
    last_error: str | None
    language: str


def job_back_off(fail_count: int) -> timedelta:
    """How long a job rests after so many failures: doubled each time, up to a bound.

    Args:
        fail_count: From 1 up.
    """
    # The exponent is bounded, as a timedelta is.
    doublings = min(fail_count - 1, 16)
    return min(BACK_OFF_MIN * (1 << doublings), BACK_OFF_MAX)


def with_error(errors: list[str], error: str) -> list[str]:
    """The errors of a job after another one, the oldest of too many left out."""
    return [*errors, error[:ERROR_LENGTH_MAX]][-ERRORS_COUNT_MAX:]
