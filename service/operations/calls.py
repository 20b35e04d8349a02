"""A call of an operation: who calls, when, under which TrackingId, on which database."""

from dataclasses import dataclass
from datetime import datetime, timezone

from service.domain.limits import FAILURES_PER_MINUTE
from service.domain.roles import Caller
from service.storage.audit import Author
from service.storage.transactions import Transactions


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """How much may be asked for, as the settings say.

    Attributes:
        creation_job_coupons_max: How many coupons one job makes at the most.
        job_chunk_coupons: How many of them one transaction makes.
        failures_per_minute: How many attempts of one caller may fail within a minute, of those
            by which codes, accounts and passwords can be guessed.
    """

    creation_job_coupons_max: int = 5_000_000
    job_chunk_coupons: int = 50_000
    failures_per_minute: int = FAILURES_PER_MINUTE


DEFAULT_LIMITS = OperationLimits()


@dataclass(frozen=True, slots=True)
class Call:
    """What every operation is given beside its request.

    Attributes:
        database: Where the operation runs its one transaction.
        caller: The user that calls, with its rights.
        now: The instant of the call, aware and in UTC.
        tracking_id: The GUID under which log, audit and reply name this call.
        limits: How much may be asked for.
    """

    database: Transactions
    caller: Caller
    now: datetime
    tracking_id: str
    limits: OperationLimits = DEFAULT_LIMITS

    @property
    def author(self) -> Author:
        """The call as the audit log names it."""
        return Author(self.caller.user_id, self.tracking_id, self.now)


def utc_now() -> datetime:
    """The clock of the service."""
    return datetime.now(timezone.utc)
