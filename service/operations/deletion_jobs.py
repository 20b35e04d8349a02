"""Jobs that delete coupons: created and found. A worker does them."""

from sqlalchemy import Connection

from service.domain.deletion import DeletionFilters, DeletionJob
from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.jobs import JobKind, JobQuery
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import require_class
from service.operations.find_jobs import find_jobs
from service.storage import accounts, audit, coupon_updates, deletions, jobs


def create_deletion_job(
    call: Call, customer_id: int, class_name: str | None, filters: DeletionFilters
) -> DeletionJob:
    """Create a job that deletes coupons of a class, or of all classes of a customer.

    A coupon that is redeemed stays; one that is dispatched or claimed goes, and a mail
    about it that has not been sent yet is not sent. The code of a coupon that was deleted
    is never used again. Whether a coupon is redeemed, and who has claimed it, is seen
    when the worker comes to it.

    Args:
        call: Whose call it is.
        customer_id: Whose coupons they are.
        class_name: Of which class, retired or not; None for all.
        filters: Which of them; those with nothing set mean every coupon.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``ApiInputValidationError``,
            ``CouponClassNotFound``, or ``EntityNotExistent`` (customer or batch).
    """
    call.caller.require_write(customer_id)
    filters.require_valid()

    def attempt(connection: Connection) -> DeletionJob:
        class_id = _require_meant(connection, customer_id, class_name, filters)
        job_id = jobs.add_job(
            connection,
            JobKind.DELETION,
            customer_id=customer_id,
            class_id=class_id,
            created_by=call.caller.user_id,
            now=call.now,
        )
        deletions.add_deletion_job(connection, job_id, filters)
        after = {"class_id": class_id, "filters": filters.as_json()}
        change = audit.Change("create", "job", job_id, after=after)
        audit.append(connection, call.author, [change])
        query = JobQuery(customer_id=customer_id, job_id=job_id)
        return deletions.find_deletion_jobs(connection, query)[0]

    return decide(call.database, attempt)


def get_deletion_jobs(call: Call, query: JobQuery) -> list[DeletionJob]:
    """Deletion jobs, newest first: a customer's, or the one that a number names.

    One of a customer that the caller may not see is left out, as if there were none. Those
    of a batch are those whose filters name it.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, or ``PagingInvalid``.
    """
    return find_jobs(call, query, deletions.find_deletion_jobs)


def _require_meant(
    connection: Connection, customer_id: int, class_name: str | None, filters: DeletionFilters
) -> int | None:
    """The number of the class; what is asked for by name or number must be there."""
    if not accounts.customer_exists(connection, customer_id):
        raise ServiceError(ENTITY_NOT_EXISTENT, f"customer {customer_id}")
    class_id = None
    if class_name is not None:
        class_id = require_class(connection, customer_id, class_name).class_id
    if filters.batch_id is not None:
        batch = coupon_updates.find_batch(connection, customer_id, filters.batch_id)
        if batch is None or class_id not in {None, batch.class_id}:
            text = f"batch {filters.batch_id} of customer {customer_id}"
            raise ServiceError(ENTITY_NOT_EXISTENT, text)
    return class_id
