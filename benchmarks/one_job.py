"""A job that makes coupons, as a worker does it.

``python -m benchmarks.one_job URL CUSTOMER COUNT`` prints the seconds from the
call that creates the job to its end.
"""

import sys
import time
from datetime import datetime, timedelta

from benchmarks.own_service import CLASS_NAME, new_call
from service.domain.jobs import JobStatus
from service.operations.creation_jobs import NewCreationJob, add_creation_job
from service.operations.job_work import JobDesk
from service.operations.work_on_jobs import work_on_next_job
from service.storage.engine import Database

LEASE = timedelta(seconds=30)


def main() -> None:
    url, customer_id, count = sys.argv[1:]
    database = Database(url)
    start = time.perf_counter()
    make_coupons(database, int(customer_id), int(count))
    print(time.perf_counter() - start)
    database.close()


def make_coupons(
    database: Database,
    customer_id: int,
    count: int,
    start_date: datetime | None = None,
    class_name: str = CLASS_NAME,
) -> None:
    """Create a job and do all of it; it may make as few coupons as it likes."""
    new = NewCreationJob(
        customer_id=customer_id,
        class_name=class_name,
        number_of_coupons=count,
        start_date=start_date,
    )
    add_creation_job(new_call(database), new)
    done = work_on_next_job(JobDesk(database, LEASE, attempts_max=1))
    if done is None or done.status is not JobStatus.COMPLETED:
        raise RuntimeError(f"the job was not done: {done}")


if __name__ == "__main__":
    main()
