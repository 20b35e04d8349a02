"""Jobs that make coupons: created, found, cancelled, retried. A worker does them."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from service.domain.codes import CodePattern, check_pattern
from service.domain.errors import (
    ENTITY_NOT_EXISTENT,
    JOB_ENDED,
    JOB_NOT_FAILED,
    NOT_AUTHORIZED,
    PATTERN_FULL,
    QUANTITY_OUT_OF_RANGE,
    RESERVATION_LIMIT_UNSUPPORTED,
    USAGE_LIMIT_UNSUPPORTED,
)
from service.domain.jobs import CreationJob, JobKind, JobQuery, JobStatus
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import require_class_in_use
from service.operations.find_jobs import find_jobs
from service.operations.mint_coupons import COUPONS_COUNT_MAX
from service.storage import audit, classes, coupons, jobs

RESERVATION_LIMIT_MAX = 999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCreationJob:
    """Coupons to be made by a job; what is None is as the class has it.

    Attributes:
        usage_limit: How often a coupon may be redeemed: 1.
        discount_limit: The most that a coupon gives: its amount.
        reservation_limit: How many accounts may claim a coupon: at least 1, though a
            coupon is claimed by one; 0 for coupons that nobody is to claim.
        start_date: First instant of redemption.
        expiry_date: Last instant of redemption.
        attributes: What the operator notes about the coupons; JSON values by name.
        is_reservation_mandatory: Whether a coupon must be claimed before it is redeemed.
    """

    customer_id: int
    class_name: str
    number_of_coupons: int
    usage_limit: int = 1
    discount_limit: Decimal | None = None
    reservation_limit: int | None = None
    start_date: datetime | None = None
    expiry_date: datetime | None = None
    code_pattern: str | None = None
    code_alphabet: str | None = None
    attributes: dict[str, Any] | None = None
    is_reservation_mandatory: bool = False


def create_creation_job(call: Call, new: NewCreationJob) -> CreationJob:
    """Create a job that makes more coupons than one call can mint.

    Raises:
        ServiceError: ``QuantityOutOfRange``, ``UsageLimitUnsupported``,
            ``ReservationLimitUnsupported``, ``UserIsNotAuthorized``,
            ``CouponClassNotFound``, ``CouponClassRetired``, ``TermsInvalid``,
            ``PatternInvalid``, or ``PatternFull``: the pattern has fewer codes.
    """
    least, most = COUPONS_COUNT_MAX + 1, call.limits.creation_job_coupons_max
    if not least <= new.number_of_coupons <= most:
        text = f"{new.number_of_coupons} is not {least} to {most}"
        raise ServiceError(QUANTITY_OUT_OF_RANGE, text)
    return add_creation_job(call, new, require_room=True)


def add_creation_job(call: Call, new: NewCreationJob, *, require_room: bool = False) -> CreationJob:
    """As ``create_creation_job``, for any number of coupons.

    Args:
        call: Whose call it is.
        new: What is to be made.
        require_room: Whether to refuse more coupons than the pattern has codes; else all
            its codes are used.
    """
    _require_limits(new)
    call.caller.require_write(new.customer_id)

    def attempt(connection: Connection) -> CreationJob:
        coupon_class = require_class_in_use(connection, new.customer_id, new.class_name, lock=True)
        pattern = check_pattern(
            new.code_pattern or coupon_class.code_pattern,
            new.code_alphabet or coupon_class.code_alphabet,
        )
        if require_room and new.number_of_coupons > pattern.capacity:
            text = f"pattern {pattern.text}, capacity {pattern.capacity}"
            raise ServiceError(PATTERN_FULL, text)
        job_id = _add(connection, call, new, coupon_class, pattern)
        return _find(connection, new.customer_id, job_id)

    return decide(call.database, attempt)


def get_creation_jobs(call: Call, query: JobQuery) -> list[CreationJob]:
    """Creation jobs, newest first: a customer's, or the one that a number or batch names.

    One of a customer that the caller may not see is left out, as if there were none.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, or ``PagingInvalid``.
    """
    return find_jobs(call, query, jobs.find_creation_jobs)


def cancel_creation_job(call: Call, job_id: int) -> CreationJob:
    """Ask for the early end of a job: no more coupons are made, those that are made stay.

    Asked again, it answers the same.

    Raises:
        ServiceError: ``EntityNotExistent``, ``UserIsNotAuthorized`` or ``JobEnded``.
    """

    def attempt(connection: Connection) -> CreationJob:
        row = _lock(connection, call, job_id)
        if row.ended_at is not None:
            raise ServiceError(JOB_ENDED, f"job {job_id}: {row.status}")
        if row.cancel_requested_at is None:
            jobs.request_cancel(connection, job_id, call.now)
            audit.append(connection, call.author, [audit.Change("cancel", "job", job_id)])
        return _find(connection, row.customer_id, job_id)

    return decide(call.database, attempt)


def retry_creation_job(call: Call, job_id: int) -> CreationJob:
    """Let a job that has failed go on where it stopped.

    What has failed so far is forgotten, but for the audit log. The coupons that it has
    made were never handed out, so that none can be twice.

    Raises:
        ServiceError: ``EntityNotExistent``, ``UserIsNotAuthorized`` or ``JobNotFailed``.
    """

    def attempt(connection: Connection) -> CreationJob:
        row = _lock(connection, call, job_id)
        if row.status != JobStatus.FAILED.value:
            raise ServiceError(JOB_NOT_FAILED, f"job {job_id}: {row.status}")
        jobs.reopen(connection, job_id, call.now)
        before = {"fail_count": row.fail_count, "errors": row.errors}
        change = audit.Change("retry", "job", job_id, before=before)
        audit.append(connection, call.author, [change])
        return _find(connection, row.customer_id, job_id)

    return decide(call.database, attempt)


def _require_limits(new: NewCreationJob) -> None:
    if new.usage_limit != 1:
        raise ServiceError(USAGE_LIMIT_UNSUPPORTED, f"UsageLimit {new.usage_limit}")
    limit = new.reservation_limit
    least = 1 if new.is_reservation_mandatory else 0
    if limit is not None and not least <= limit <= RESERVATION_LIMIT_MAX:
        text = f"ReservationLimit {limit} is not {least} to {RESERVATION_LIMIT_MAX}"
        raise ServiceError(RESERVATION_LIMIT_UNSUPPORTED, text)


def _add(
    connection: Connection,
    call: Call,
    new: NewCreationJob,
    coupon_class: CouponClass,
    pattern: CodePattern,
) -> int:
    terms = _terms_of(new, coupon_class.terms)
    terms.require_valid()
    is_own = terms != coupon_class.terms
    terms_id = classes.add_terms(connection, terms) if is_own else coupon_class.terms_id
    batch_id = coupons.add_batch(
        connection,
        coupon_class.class_id,
        new.number_of_coupons,
        call.now,
        start_date=terms.start_date,
        attributes=new.attributes,
    )
    job_id = jobs.add_job(
        connection,
        JobKind.CREATION,
        customer_id=new.customer_id,
        class_id=coupon_class.class_id,
        created_by=call.caller.user_id,
        now=call.now,
    )
    row = jobs.CreationJobRow(
        batch_id=batch_id,
        terms_id=terms_id,
        number_of_coupons=new.number_of_coupons,
        code_pattern=pattern.text,
        code_alphabet=pattern.alphabet,
        usage_limit=new.usage_limit,
        discount_limit=new.discount_limit,
        reservation_limit=new.reservation_limit,
        start_date=new.start_date,
        expiry_date=new.expiry_date,
        is_reservation_mandatory=new.is_reservation_mandatory,
        chunk_size=call.limits.job_chunk_coupons,
    )
    jobs.add_creation_job(connection, job_id, row)
    after = {"batch_id": batch_id, "number_of_coupons": new.number_of_coupons}
    change = audit.Change("create", "job", job_id, after=after)
    audit.append(connection, call.author, [change])
    return job_id


def _terms_of(new: NewCreationJob, terms: CouponTerms) -> CouponTerms:
    """The terms of the job's coupons: those of the class, but for what the job says itself."""
    return replace(
        terms,
        amount=terms.amount if new.discount_limit is None else new.discount_limit,
        start_date=new.start_date or terms.start_date,
        end_date=new.expiry_date or terms.end_date,
        is_reservation_mandatory=new.is_reservation_mandatory or terms.is_reservation_mandatory,
    )


def _find(connection: Connection, customer_id: int, job_id: int) -> CreationJob:
    query = JobQuery(customer_id=customer_id, job_id=job_id)
    return jobs.find_creation_jobs(connection, query)[0]


def _lock(connection: Connection, call: Call, job_id: int) -> Any:
    """The row of a creation job, for those who may change it; to others, none exists."""
    row = jobs.lock_job(connection, job_id, JobKind.CREATION)
    writable = call.caller.writable_customers
    if row is not None and (writable is None or row.customer_id in writable):
        return row
    refused = ENTITY_NOT_EXISTENT if call.caller.is_operator else NOT_AUTHORIZED
    raise ServiceError(refused, f"job {job_id}")
