"""Which jobs may be asked for."""

from dataclasses import asdict
from typing import Any

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    PAGING_INVALID,
    PREDICATE_INVALID,
    PREDICATE_MISSING,
)
from service.domain.job_search import check_job_search
from service.domain.jobs import JobQuery, JobStatus
from service.domain.refusals import ServiceError
from service.domain.search import Paging, Predicate
from tests.programme import utc

OWNER = Predicate("CustomerId", "Equals", "17")
PAGE = Paging(2, 50)


def refusal(*predicates: Predicate | None, page: Paging | None = PAGE) -> tuple[ErrorRow, str]:
    with pytest.raises(ServiceError) as error:
        check_job_search([*predicates], page)
    return error.value.row, error.value.details


def test_only_the_customer_and_the_page_are_required() -> None:
    assert check_job_search([OWNER], PAGE) == JobQuery(customer_id=17, index=2, size=50)
    assert refusal(Predicate("Status", "Equals", "failed"))[0] is PREDICATE_MISSING
    assert refusal()[0] is PREDICATE_MISSING
    assert refusal(OWNER, page=None)[0] is PAGING_INVALID
    # What is unset counts as 0, which the operation refuses.
    assert check_job_search([OWNER], Paging()).size == 0


@pytest.mark.parametrize(
    ("predicates", "expected"),
    [
        ([("CouponClassName", "Equals", " Spring ")], {"class_name": "Spring"}),
        ([("Status", "Equals", "coupon pattern full")], {"status": JobStatus.PATTERN_FULL}),
        (
            [
                ("Created", "GreaterThanEquals", "2026-03-01T12:00:00Z"),
                ("Created", "LessThan", "2026-04-01"),
            ],
            {"created_from": utc(2026, 3, 1, 12), "created_before": utc(2026, 4, 1)},
        ),
    ],
)
def test_each_predicate_narrows_the_search(
    predicates: list[tuple[str, str, str]], expected: dict[str, Any]
) -> None:
    found = check_job_search([OWNER, *(Predicate(*it) for it in predicates)], PAGE)
    assert asdict(found) == {**asdict(check_job_search([OWNER], PAGE)), **expected}


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (None, "Predicates[1] has no Field"),
        (OWNER, "Predicates[1] repeats CustomerId"),
        (Predicate("IsRedeemed", "Equals", "true"), "Predicates[1].Field 'IsRedeemed' is not"),
        (Predicate("Status", "Equals", "running"), "Predicates[1].Value: 'running' is not one of"),
        (Predicate("Created", "LessThan", "soon"), "Predicates[1].Value: 'soon' is not a date"),
        (
            Predicate("Created", "Equals", "2026-03-01"),
            "Predicates[1].Operator for Created must be GreaterThanEquals or LessThan",
        ),
    ],
)
def test_other_predicates_are_refused(predicate: Predicate | None, expected: str) -> None:
    row, details = refusal(OWNER, predicate)
    assert row is PREDICATE_INVALID
    assert details.startswith(expected)


def test_a_bound_is_given_once() -> None:
    since = Predicate("Created", "GreaterThanEquals", "2026-03-01")
    assert refusal(OWNER, since, since) == (PREDICATE_INVALID, "Predicates[2] repeats Created")
