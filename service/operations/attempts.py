"""Where every change is made: in one transaction, run again when it lost a race."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from service.domain.errors import SERVICE_BUSY
from service.domain.refusals import ServiceTroubleError
from service.storage.transactions import Transactions
from service.storage.trouble import LostRaceError

Result = TypeVar("Result")
ATTEMPTS_MAX = 10
"""Each attempt but the last lost a race; the next one sees the winner's work."""
PAUSE_S = 0.01
"""How long an attempt waits at most, times the attempts before it: two that met
in a deadlock shall not meet again."""


def decide(
    database: Transactions, attempt: Callable[[Connection], Result], *, is_small: bool = False
) -> Result:
    """Decide and write in one transaction, until it loses no race; answers what it answers.

    An attempt loses one when it raises ``LostRaceError``, by a serialisation failure or
    a deadlock, and when another transaction was first to insert what is unique. It must
    have no effect outside its transaction.

    Args:
        database: Where.
        attempt: What decides and writes.
        is_small: Whether it takes a moment only, as what concerns one coupon or one account
            does: it may then share a transaction with others, which are answered together.

    Raises:
        ServiceTroubleError: ``ServiceBusy`` when ``ATTEMPTS_MAX`` attempts lost one.
    """
    lost: LostRaceError | None = None
    for number in range(ATTEMPTS_MAX):
        if number:
            time.sleep(random.uniform(0, number * PAUSE_S))  # noqa: S311 - no secret
        try:
            if is_small:
                return database.write(attempt)
            with database.writing() as connection:
                return attempt(connection)
        except LostRaceError as error:
            lost = error
    raise ServiceTroubleError(SERVICE_BUSY, f"{ATTEMPTS_MAX} attempts lost a race: {lost}")
