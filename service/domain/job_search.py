"""Which jobs may be asked for: by number, by batch, or by predicates."""

from service.domain.errors import PAGING_INVALID
from service.domain.instants import parse_instant
from service.domain.jobs import JobQuery, JobStatus
from service.domain.refusals import ServiceError
from service.domain.search import (
    Paging,
    Predicate,
    PredicateRule,
    read_id,
    read_name,
    read_predicates,
)


def check_job_search(predicates: list[Predicate | None], page: Paging | None) -> JobQuery:
    """Turn what was asked into a query, or refuse it. The page's bounds are the operation's.

    Raises:
        ServiceError: ``PredicateInvalid``, ``RequiredPredicateMissing`` or
            ``PagingInvalid`` (none at all), in this order.
    """
    values = read_predicates(predicates, _RULES)
    if page is None:
        raise ServiceError(PAGING_INVALID, "PageInfo is required")
    return JobQuery(**values, index=page.index or 0, size=page.size or 0)


def _read_status(text: str) -> JobStatus:
    if text not in {status.value for status in JobStatus}:
        names = ", ".join(status.value for status in JobStatus)
        raise ValueError(f"{text[:40]!r} is not one of {names}")
    return JobStatus(text)


_RULES = (
    PredicateRule("CustomerId", "Equals", "customer_id", read_id),
    PredicateRule("CouponClassName", "Equals", "class_name", read_name),
    PredicateRule("Status", "Equals", "status", _read_status),
    PredicateRule("Created", "GreaterThanEquals", "created_from", parse_instant),
    PredicateRule("Created", "LessThan", "created_before", parse_instant),
)
