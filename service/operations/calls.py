"""A call of an operation: who calls, when, under which TrackingId, on which database."""

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from secrets import randbits
from uuid import UUID

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


def new_tracking_id() -> str:
    """A new TrackingId: a GUID of version 7 (RFC 9562, section 5.7).

    It begins with the millisecond, so that those of calls at about the same time stand together
    in the indexes of the database. Of others, each would make one more page to be written.
    """
    millisecond = time.time_ns() // 1_000_000
    version, variant = 7, 0b10
    number = millisecond << 80 | version << 76 | randbits(12) << 64 | variant << 62 | randbits(62)
    return str(UUID(int=number))
