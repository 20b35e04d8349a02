"""Jobs that delete coupons, through CouponManagementService."""

import time
from datetime import datetime, timezone
from typing import Any

from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    COUPON_NOT_FOUND,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PREDICATE_MISSING,
)
from service.domain.roles import Role
from tests.clients.callers import Caller, check_fault
from tests.clients.conftest import Connect, Customer, NewKeys
from tests.clients.management import add_class, refusal

WAIT_S_MAX = 100
FILTERS = {
    "CreatedBefore": datetime(2099, 1, 1, tzinfo=timezone.utc),
    "CreatedAfter": datetime(2020, 1, 1, tzinfo=timezone.utc),
    "StartsBefore": datetime(2099, 1, 1, tzinfo=timezone.utc),
    "StartsAfter": datetime(2020, 1, 1, tzinfo=timezone.utc),
    "ExpiresBefore": datetime(2099, 1, 1, tzinfo=timezone.utc),
    "ExpiresAfter": datetime(2020, 1, 1, tzinfo=timezone.utc),
    "Valid": "validNow",
    "Usable": True,
    "ExactMatch": True,
}


def mint(manager: Caller, customer: Customer, count: int) -> tuple[int, list[str]]:
    minted = manager.call_all(
        "MintCoupons",
        CustomerId=customer.customer_id,
        ClassName="Spring",
        CouponsCount=count,
        ReturnCodes=True,
    )
    return minted.BatchId, list(minted.Codes.string)


def delete(manager: Caller, customer: Customer, **wanted: Any) -> Any:
    asked = {"CustomerId": customer.customer_id, "ClassName": "Spring", **wanted}
    given = {name: value for name, value in asked.items() if value is not None}
    return manager.call("CreateCouponDeletionJob", **given)


def ended(manager: Caller, job_id: int) -> Any:
    """The job at its end."""
    deadline = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < deadline:
        (job,) = manager.call("GetCouponDeletionJobs", JobId=job_id).CouponDeletionJob
        if job.Status != "pending":
            return job
        time.sleep(0.1)
    raise AssertionError(f"job {job_id} did not end")


def test_what_the_filters_let_through_is_deleted(
    manager: Caller, customer: Customer, connect_bing_ads: Connect
) -> None:
    class_id = add_class(manager, customer, SpendThreshold=None)
    batch_id, codes = mint(manager, customer, 4)
    mint(manager, customer, 2)
    redeemer = connect_bing_ads(customer.keys)
    redeemer.redeem(customer.account_id, codes[0])

    filters = {**FILTERS, "BatchId": batch_id}
    asked = delete(manager, customer, Filters=filters)
    assert {name: getattr(asked.Filters, name) for name in filters} == filters
    assert (asked.Filters.Value, asked.Filters.RecipientAccountId) == (None, None)
    assert (asked.CampaignId, asked.ClassName) == (class_id, "Spring")
    assert (asked.ApplicationId, asked.AccountId) == (customer.customer_id, customer.customer_id)
    assert (asked.Status, asked.DeletedAmount, asked.FailCount) == ("pending", 0, 0)
    assert asked.CreatedBy > 0

    job = ended(manager, asked.Id)
    assert (job.Status, job.DeletedAmount, job.FailCount) == ("completed", 3, 0)
    assert job.EndedAt >= job.Created
    assert job.ChunkExecutionCount >= 1
    assert not (job.Errors and job.Errors.string)
    shown = manager.call("GetCouponClass", CustomerId=customer.customer_id, ClassName="Spring")
    assert shown.CouponsCount == 3
    gone = refusal(redeemer, "RedeemCoupon", AccountId=customer.account_id, CouponCode=codes[1])
    check_fault(gone, COUPON_NOT_FOUND)


def test_a_coupon_of_any_class_is_deleted_by_its_code(manager: Caller, customer: Customer) -> None:
    add_class(manager, customer)
    _, codes = mint(manager, customer, 2)
    by_code = {"Value": codes[0].lower().replace("-", " ")}
    job = ended(manager, delete(manager, customer, ClassName=None, Filters=by_code).Id)
    assert (job.DeletedAmount, job.CampaignId, job.ClassName) == (1, None, None)


def test_deletion_jobs_are_found_and_hidden(
    manager: Caller, customer: Customer, connect_manager: Connect, new_keys: NewKeys, programme: Any
) -> None:
    add_class(manager, customer)
    batch_id, _ = mint(manager, customer, 1)
    job = delete(manager, customer, Filters={"BatchId": batch_id})
    owner = {"Field": "CustomerId", "Operator": "Equals", "Value": customer.customer_id}
    asked = {"Predicates": {"Predicate": [owner]}, "PageInfo": {"Index": 0, "Size": 9}}
    for wanted in ({"JobId": job.Id}, {"BatchId": batch_id}, asked):
        (found,) = manager.call("GetCouponDeletionJobs", **wanted).CouponDeletionJob
        assert found.Id == job.Id

    stranger = connect_manager(new_keys(Role.STANDARD, programme.customer()))
    hidden = stranger.call("GetCouponDeletionJobs", JobId=job.Id)
    assert not (hidden and hidden.CouponDeletionJob)
    check_fault(refusal(stranger, "GetCouponDeletionJobs", **asked), NOT_AUTHORIZED)
    new = {"CustomerId": customer.customer_id, "Filters": {"BatchId": batch_id}}
    check_fault(refusal(stranger, "CreateCouponDeletionJob", **new), NOT_AUTHORIZED)


def test_deletions_that_mean_nothing_are_refused(manager: Caller, customer: Customer) -> None:
    owner = {"CustomerId": customer.customer_id}
    for asked, row in (
        ({"Filters": {"BatchId": 1}}, NULL_PARAMETER),
        (owner, NULL_PARAMETER),
        (owner | {"Filters": {"Value": "- -"}}, INPUT_INVALID),
        (owner | {"Filters": {"BatchId": 2**60}}, ENTITY_NOT_EXISTENT),
        (owner | {"ClassName": "Winter", "Filters": {"BatchId": 1}}, COUPON_CLASS_NOT_FOUND),
    ):
        check_fault(refusal(manager, "CreateCouponDeletionJob", **asked), row)
    check_fault(refusal(manager, "GetCouponDeletionJobs"), PREDICATE_MISSING)
