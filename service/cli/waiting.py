"""Waiting for a job, and doing it meanwhile when no worker does."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep
from typing import TypeVar

from service.cli.calls import read_settings
from service.cli.job_desk import create_job_desk
from service.cli.jobs import find_job
from service.domain.deletion import DeletionJob
from service.domain.jobs import CreationJob
from service.operations.calls import Call
from service.operations.work_on_jobs import JobsUnavailableError, work_on_next_job
from service.storage.engine import Database
from service.storage.watching import Watch

JobT = TypeVar("JobT", CreationJob, DeletionJob)
POLL_S = 0.2


def wait_for_job(call: Call, database: Database, job: JobT, watch: Watch) -> JobT:
    """Wait for the end of a job; answers it as it is then.

    Jobs that are due are done here, as a worker does: the wait ends although none runs.

    Args:
        call: Whose call it is.
        database: Where the job is.
        job: As it was.
        watch: Is told how far it is.
    """
    with _working(database):
        while True:
            found = find_job(call, job.job_id)
            assert isinstance(found, type(job))  # noqa: S101 - its number is not another kind's
            job = found
            if isinstance(job, CreationJob):
                watch(job.status.value, job.created_amount, job.number_of_coupons)
            else:
                watch(job.status.value, job.deleted_amount, 0)
            if job.ended_at is not None:
                return job
            sleep(POLL_S)


@contextmanager
def _working(database: Database) -> Iterator[None]:
    """Do jobs beside the block; the chunk at hand is finished at its end."""
    settings, stop = read_settings(), Event()
    desk = create_job_desk(settings, database, stop.is_set)

    def work() -> None:
        while not stop.is_set():
            try:
                is_idle = work_on_next_job(desk) is None
            except JobsUnavailableError:
                # Whoever waits meets the same trouble, and is told.
                is_idle = True
            if is_idle:
                stop.wait(POLL_S)

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
