"""Transactions that several share, as they must not be: each is answered before the commit."""

import time
from typing import Any

from service.storage.writers_turn import SharedTransactions, _Candidate

COMMIT_S = 0.005
"""How long the disk takes at least: that of a test may be a fast one."""


class EarlyAnswers(SharedTransactions):
    """Tells each attempt what it came to as soon as it has been made."""

    def _lead(self, own: "_Candidate[Any]") -> None:
        with self._writing() as connection:
            for candidate in [own, *self._take()]:
                candidate.make(connection, is_alone=False)
                candidate.is_decided = True
                candidate.woken.release()
            time.sleep(COMMIT_S)
