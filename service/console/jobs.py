"""The jobs of the customer whose pages are shown: a page of them, and one of them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from flask import abort

from service.console.routing import number_argument
from service.console.visits import this_call, this_customer
from service.domain.deletion import DeletionJob
from service.domain.jobs import CreationJob, JobQuery
from service.operations.calls import Call

Job = TypeVar("Job", CreationJob, DeletionJob)
GetJobs = Callable[[Call, JobQuery], list[Job]]

JOBS_COUNT = 50
"""Jobs in one page of the list."""


def page_of_jobs(get_jobs: GetJobs[Job]) -> tuple[list[Job], int | None]:
    """A page of jobs, the newest first, and the last one's number if there are others."""
    query = JobQuery(
        customer_id=this_customer().customer_id,
        before_job_id=number_argument("after"),
        size=JOBS_COUNT + 1,
    )
    jobs = get_jobs(this_call(), query)
    after = jobs[JOBS_COUNT - 1].job_id if len(jobs) > JOBS_COUNT else None
    return jobs[:JOBS_COUNT], after


def require_job(get_jobs: GetJobs[Job], job_id: int) -> Job:
    """The job of this number; the page is not found if the customer has none."""
    query = JobQuery(customer_id=this_customer().customer_id, job_id=job_id)
    jobs = get_jobs(this_call(), query)
    if not jobs:
        abort(HTTPStatus.NOT_FOUND)
    return jobs[0]
