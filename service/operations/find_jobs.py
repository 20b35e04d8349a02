"""Jobs of any kind as callers look for them, a page at a time."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from service.domain.deletion import DeletionJob
from service.domain.errors import PAGING_INVALID
from service.domain.jobs import CreationJob, JobQuery
from service.domain.refusals import ServiceError
from service.operations.calls import Call

Job = TypeVar("Job", CreationJob, DeletionJob)

PAGE_SIZE_MAX = 100


def find_jobs(
    call: Call, query: JobQuery, find: Callable[[Connection, JobQuery], list[Job]]
) -> list[Job]:
    """Jobs, newest first: a customer's, or the one that a number or batch names.

    One of a customer that the caller may not see is left out, as if there were none.

    Args:
        call: Whose call it is.
        query: Which jobs.
        find: Finds those of a kind.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, or ``PagingInvalid``.
    """
    if query.customer_id is not None:
        call.caller.require_read(query.customer_id)
    if query.index < 0 or not 1 <= query.size <= PAGE_SIZE_MAX:
        text = f"Size must be 1 to {PAGE_SIZE_MAX}, and Index 0 or more"
        raise ServiceError(PAGING_INVALID, text)
    with call.database.reading() as connection:
        found = find(connection, query)
    return [job for job in found if call.caller.may_read(job.customer_id)]
