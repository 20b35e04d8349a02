"""A worker that does one job, as a process that a test can kill: URL LEASE_S [apart].

With `apart` it is wrong on purpose: it counts the coupons of a chunk in a transaction of
its own. What does not notice that, proves nothing about the right worker.
"""

import sys
import time
from datetime import timedelta
from typing import Any

from service.operations.attempts import decide
from service.operations.job_work import JobDesk
from service.operations.work_on_jobs import work_on_next_job
from service.storage import jobs
from service.storage.engine import Database

ATTEMPTS_MAX = 3
POLL_S = 0.02
WINDOW_S = 0.02
"""How long the wrong worker has not counted yet what it has made."""


def count_apart(database: Database) -> None:
    """Let the number of coupons be committed after the coupons."""
    right_note, right_chunk = jobs.note_created, JobDesk.do_chunk
    uncounted: list[Any] = []

    def do_chunk(*arguments: Any, **more: Any) -> Any:
        uncounted.clear()
        result = right_chunk(*arguments, **more)
        if uncounted:
            time.sleep(WINDOW_S)
            note = uncounted[-1]
            decide(database, lambda connection: right_note(connection, *note))
        return result

    jobs.note_created = lambda _connection, *note: uncounted.append(note)
    JobDesk.do_chunk = do_chunk  # type: ignore[method-assign]


def main(url: str, lease_s: str, *faults: str) -> None:
    """Wait for the job, do it, and end."""
    database = Database(url)
    if faults:
        count_apart(database)
    print("started", flush=True)  # noqa: T201
    desk = JobDesk(database, timedelta(seconds=float(lease_s)), ATTEMPTS_MAX)
    while work_on_next_job(desk) is None:
        time.sleep(POLL_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
