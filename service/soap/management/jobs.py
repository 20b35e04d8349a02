"""Jobs: asked for, shown, stopped, tried again. A worker carries them out."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from service.domain.deletion import DeletionFilters, DeletionJob
from service.domain.errors import PATTERN_INVALID
from service.domain.job_search import check_job_search
from service.domain.jobs import CreationJob, JobQuery
from service.domain.refusals import ServiceError
from service.domain.search import Paging, Predicate
from service.operations import creation_jobs, deletion_jobs
from service.operations.calls import Call
from service.soap.declaration import ContractService
from service.soap.management.elements import (
    given,
    operation,
    read_attributes,
    write_attributes,
)

__all__ = ["JobOperations"]


class JobOperations(ContractService):
    """What an operator does with more coupons than one call makes or deletes."""

    @operation(changes=True)
    def CreateCouponCreationJob(call: Call, job: Any) -> SimpleNamespace:
        """Ask for a job that makes coupons."""
        element = given(job, "Job")
        pattern, alphabet = _read_settings(element.coupon_settings)
        usage_limit = 1 if element.usage_limit is None else element.usage_limit
        new = creation_jobs.NewCreationJob(
            customer_id=given(element.customer_id, "CustomerId"),
            class_name=element.class_name or "",
            number_of_coupons=given(element.number_of_coupons, "NumberOfCoupons"),
            usage_limit=usage_limit,
            discount_limit=element.discount_limit,
            reservation_limit=element.reservation_limit,
            start_date=element.start_date,
            expiry_date=element.expiry_date,
            code_pattern=pattern,
            code_alphabet=alphabet,
            attributes=read_attributes(element.attributes),
            is_reservation_mandatory=bool(element.is_reservation_mandatory),
        )
        return _write_creation_job(creation_jobs.create_creation_job(call, new))

    @operation()
    def GetCouponCreationJobs(
        call: Call,
        job_id: int | None,
        batch_id: int | None,
        predicates: list[Predicate | None] | None,
        page_info: Paging | None,
    ) -> list[SimpleNamespace]:
        """Show jobs that make coupons, the newest first."""
        query = _read_query(job_id, batch_id, predicates, page_info)
        return [_write_creation_job(it) for it in creation_jobs.get_creation_jobs(call, query)]

    @operation(changes=True)
    def CancelCouponCreationJob(call: Call, job_id: int | None) -> SimpleNamespace:
        """Stop a job; the coupons that it has made stay."""
        job = creation_jobs.cancel_creation_job(call, given(job_id, "JobId"))
        return _write_creation_job(job)

    @operation(changes=True)
    def RetryCouponCreationJob(call: Call, job_id: int | None) -> SimpleNamespace:
        """Let a job that failed go on."""
        job = creation_jobs.retry_creation_job(call, given(job_id, "JobId"))
        return _write_creation_job(job)

    @operation(changes=True)
    def CreateCouponDeletionJob(
        call: Call, customer_id: int | None, class_name: str | None, filters: Any
    ) -> SimpleNamespace:
        """Ask for a job that deletes coupons."""
        wanted = vars(given(filters, "Filters")).copy()
        wanted["exact_match"] = bool(wanted["exact_match"])
        job = deletion_jobs.create_deletion_job(
            call, given(customer_id, "CustomerId"), class_name or None, DeletionFilters(**wanted)
        )
        return _write_deletion_job(job)

    @operation()
    def GetCouponDeletionJobs(
        call: Call,
        job_id: int | None,
        batch_id: int | None,
        predicates: list[Predicate | None] | None,
        page_info: Paging | None,
    ) -> list[SimpleNamespace]:
        """Show jobs that delete coupons, the newest first."""
        query = _read_query(job_id, batch_id, predicates, page_info)
        return [_write_deletion_job(it) for it in deletion_jobs.get_deletion_jobs(call, query)]


def _read_query(
    job_id: int | None,
    batch_id: int | None,
    predicates: list[Predicate | None] | None,
    page_info: Paging | None,
) -> JobQuery:
    if job_id is None and batch_id is None:
        return check_job_search(predicates or [], page_info)
    return JobQuery(job_id=job_id, batch_id=batch_id)


def _read_settings(settings: Any) -> tuple[str | None, str | None]:
    """Pattern and alphabet; None for those of the class."""
    if settings is None:
        return None, None
    characters = settings.valid_characters or []
    for place, character in enumerate(characters):
        if character is None or len(character) != 1:
            text = f"ValidCharacters[{place}] is {character!r}, it must be one character"
            raise ServiceError(PATTERN_INVALID, text[:200])
    return settings.coupon_pattern or None, "".join(characters) or None


def _write_creation_job(job: CreationJob) -> SimpleNamespace:
    """A job under the names of the wire, those of the best peer first."""
    settings = SimpleNamespace(
        valid_characters=list(job.code_alphabet), coupon_pattern=job.code_pattern
    )
    return SimpleNamespace(
        id=job.job_id,
        created=job.created_at,
        campaign_id=job.class_id,
        application_id=job.customer_id,
        account_id=job.customer_id,
        usage_limit=job.usage_limit,
        discount_limit=job.discount_limit,
        reservation_limit=job.reservation_limit,
        start_date=job.start_date,
        expiry_date=job.expiry_date,
        number_of_coupons=job.number_of_coupons,
        coupon_settings=settings,
        attributes=write_attributes(job.attributes),
        is_reservation_mandatory=job.is_reservation_mandatory,
        batch_id=job.batch_id,
        status=job.status.value,
        created_amount=job.created_amount,
        fail_count=job.fail_count,
        errors=job.errors,
        created_by=job.created_by,
        communicated=job.communicated,
        chunk_execution_count=job.chunk_execution_count,
        chunk_size=job.chunk_size,
        class_name=job.class_name,
        cancel_requested_at=job.cancel_requested_at,
        ended_at=job.ended_at,
        density=Decimal(job.density),
        is_guessable=job.is_guessable,
    )


def _write_deletion_job(job: DeletionJob) -> SimpleNamespace:
    return SimpleNamespace(
        id=job.job_id,
        created=job.created_at,
        campaign_id=job.class_id,
        application_id=job.customer_id,
        account_id=job.customer_id,
        filters=job.filters,
        status=job.status.value,
        deleted_amount=job.deleted_amount,
        fail_count=job.fail_count,
        errors=job.errors,
        created_by=job.created_by,
        communicated=job.communicated,
        chunk_execution_count=job.chunk_execution_count,
        class_name=job.class_name,
        ended_at=job.ended_at,
    )
