"""Holding back who guesses: passwords, codes of coupons, numbers of accounts.

Failed attempts are counted in the database, for all processes and machines at once. Of as many
as may fail within a minute the next one is refused, whether it would have failed or not.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import Connection

from service.domain.errors import (
    CALL_RATE_EXCEEDED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_NOT_FOUND,
    NOT_AUTHORIZED,
)
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.storage import sliding_windows
from service.storage.transactions import Transactions

Result = TypeVar("Result")
SUBJECTS_KEPT_MAX = 1_024
GUESSES = frozenset({COUPON_CLAIMED_BY_ANOTHER_ACCOUNT, COUPON_NOT_FOUND, NOT_AUTHORIZED})
"""Why an attempt failed that may have been a guess: there is no such thing, or it is another's."""


# A digest takes longer than to find it again.
@lru_cache(maxsize=SUBJECTS_KEPT_MAX)
def subject_of(kind: str, name: object) -> bytes:
    """Whose attempts are counted together, as the database knows it."""
    return hashlib.sha256(f"{kind} {name}".encode(errors="surrogatepass")).digest()


def guesser_of(call: Call) -> bytes:
    """The caller as one who may guess codes and accounts."""
    return subject_of("guesses", call.caller.user_id)


def developer_guesser(user_id: int) -> bytes:
    """The user of a developer token as one who may guess passwords."""
    return subject_of("developer", user_id)


def held_back_from_sign_in(count_max: int) -> ServiceError:
    """The refusal of whoever showed too many wrong passwords."""
    return ServiceError(
        CALL_RATE_EXCEEDED, f"{count_max} attempts to sign in failed within a minute"
    )


def count_failures(
    database: Transactions, subjects: Sequence[bytes], count_max: int, now: datetime
) -> bool:
    """Count a failure of each subject, in a transaction of its own.

    Answers:
        Whether none of them was one too many.
    """

    def attempt(connection: Connection) -> bool:
        # In one order, so that two who do the same do not wait for each other.
        counted = [
            sliding_windows.count_one(connection, it, count_max, now) for it in sorted(subjects)
        ]
        sliding_windows.forget_old_windows(connection, subjects[0], now)
        return all(counted)

    return decide(database, attempt, is_small=True)


def guessing(call: Call, action: Callable[[], Result]) -> Result:
    """Do what tells whether a coupon or an account is there; that there is none counts.

    It counts although what the action did is undone. Operators see every coupon and account:
    nothing is counted of them.

    Raises:
        ServiceError: As the action does; ``CallRateExceeded`` in the place of a failure that
            is one too many.
    """
    try:
        return action()
    except ServiceError as error:
        if error.row not in GUESSES or call.caller.is_operator:
            raise
        if not count_failures(call.database, [guesser_of(call)], _count_max(call), call.now):
            raise _held_back(call) from error
        raise


def require_few_failures(connection: Connection, call: Call) -> None:
    """Refuse with ``CallRateExceeded`` a caller whose guesses failed too often."""
    if sliding_windows.is_window_full(connection, guesser_of(call), _count_max(call), call.now):
        raise _held_back(call)


def require_few(call: Call, failures: str | None) -> None:
    """As ``require_few_failures``, by what the window of ``guesser_of`` was found to have."""
    if sliding_windows.is_full(failures, _count_max(call), call.now):
        raise _held_back(call)


def count_among_others(connection: Connection, call: Call) -> None:
    """Count the failure of one item of a list, in the transaction of the whole call.

    Raises:
        ServiceError: ``CallRateExceeded``: it was one too many.
    """
    if call.caller.is_operator:
        return
    if not sliding_windows.count_one(connection, guesser_of(call), _count_max(call), call.now):
        raise _held_back(call)


def _count_max(call: Call) -> int:
    return call.limits.failures_per_minute


def _held_back(call: Call) -> ServiceError:
    text = f"{_count_max(call)} attempts to name a coupon or an account failed within a minute"
    return ServiceError(CALL_RATE_EXCEEDED, text)
