"""Jobs through CouponManagementService, from their creation to the redemption of a coupon."""

import time
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import zeep
from zeep.transports import Transport

from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    INPUT_INVALID,
    JOB_ENDED,
    JOB_NOT_FAILED,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PAGING_INVALID,
    PATTERN_FULL,
    PATTERN_INVALID,
    PREDICATE_INVALID,
    PREDICATE_MISSING,
    QUANTITY_OUT_OF_RANGE,
    RESERVATION_LIMIT_UNSUPPORTED,
    USAGE_LIMIT_UNSUPPORTED,
)
from service.domain.roles import Role
from service.soap.declared import members_of
from service.soap.types.management_entities import CouponCreationJob
from tests.clients.callers import Caller, ElementKeys, Keys, ZeepCaller, check_fault
from tests.clients.conftest import Connect, Customer, NewKeys
from tests.clients.management import TERMS, add_class, refusal
from tests.clients.server import running
from tests.databases import Databases

COUNT = 20_001
WAIT_S_MAX = 100
CHARACTERS = list("ABCDEFGHJKLMNPQRSTUVWXYZ")
STARTS = datetime(2026, 2, 1, tzinfo=timezone.utc)
ENDS = datetime(2045, 2, 1, tzinfo=timezone.utc)
PAGE = {"Index": 0, "Size": 10}


def new_job(customer: Customer, **changes: Any) -> dict[str, Any]:
    """A job whose codes are like no other's."""
    job = {
        "CustomerId": customer.customer_id,
        "ClassName": "Spring",
        "NumberOfCoupons": COUNT,
        "CouponSettings": {"CouponPattern": f"J{uuid4().hex[:8]}-######"},
    }
    return {name: value for name, value in {**job, **changes}.items() if value is not None}


def create(caller: Caller, customer: Customer, **changes: Any) -> Any:
    return caller.call("CreateCouponCreationJob", Job=new_job(customer, **changes))


def find(caller: Caller, **wanted: Any) -> list[int]:
    """The numbers of the jobs that are found."""
    jobs = caller.call("GetCouponCreationJobs", **wanted)
    return [it.Id for it in jobs.CouponCreationJob] if jobs else []


def predicates(*wanted: tuple[str, str, Any]) -> dict[str, Any]:
    names = ("Field", "Operator", "Value")
    return {"Predicate": [dict(zip(names, it, strict=True)) for it in wanted]}


def ended(caller: Caller, job_id: int, *, is_told: bool = False) -> Any:
    """The job at its end, when its creator is told of it if that is wanted."""
    deadline = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < deadline:
        (job,) = caller.call("GetCouponCreationJobs", JobId=job_id).CouponCreationJob
        if job.Status != "pending" and job.Communicated >= is_told:
            return job
        time.sleep(0.1)
    raise AssertionError(f"job {job_id} did not end: {job}")


def test_a_job_tells_what_it_was_asked_for(manager: Caller, customer: Customer) -> None:
    class_id = add_class(manager, customer, SpendThreshold=None)
    asked = {
        "UsageLimit": 1,
        "DiscountLimit": Decimal("7.50"),
        "ReservationLimit": 5,
        "StartDate": STARTS,
        "ExpiryDate": ENDS,
        "IsReservationMandatory": True,
    }
    pattern = f"J{uuid4().hex[:8].upper()}-####"
    job = create(
        manager,
        customer,
        CouponSettings={"ValidCharacters": {"string": CHARACTERS}, "CouponPattern": pattern},
        Attributes={"CouponAttribute": [{"Name": "Shop", "Value": "A & B"}, {"Name": "Floor"}]},
        **asked,
    )
    assert {name: getattr(job, name) for name in asked} == asked
    assert (job.CampaignId, job.ClassName) == (class_id, "Spring")
    assert (job.ApplicationId, job.AccountId) == (customer.customer_id, customer.customer_id)
    assert (job.NumberOfCoupons, job.Status) == (COUNT, "pending")
    assert job.CouponSettings.CouponPattern == pattern
    assert sorted(job.CouponSettings.ValidCharacters.string) == CHARACTERS
    assert {it.Name: it.Value for it in job.Attributes.CouponAttribute} == {
        "Shop": "A & B",
        "Floor": None,
    }
    assert (job.Density, job.IsGuessable) == (24**4 // COUNT, True)
    assert job.BatchId > 0
    assert job.Created is not None
    assert job.CreatedBy > 0
    assert job.ChunkSize > 0
    assert (job.CreatedAmount, job.FailCount, job.ChunkExecutionCount) == (0, 0, 0)
    assert not (job.Errors and job.Errors.string)
    assert (job.Communicated, job.CancelRequestedAt, job.EndedAt) == (False, None, None)


def test_jobs_are_found_by_number_batch_and_predicates(
    manager: Caller, customer: Customer, connect_manager: Connect, operator_keys: Any
) -> None:
    add_class(manager, customer)
    add_class(manager, customer, "Autumn")
    jobs = [create(manager, customer, ClassName=name) for name in ("Spring", "Autumn", "Spring")]
    first, second, third = (it.Id for it in jobs)
    assert find(manager, JobId=second) == [second]
    assert find(manager, BatchId=jobs[2].BatchId) == [third]
    assert find(manager, BatchId=2**60) == []

    owner = ("CustomerId", "Equals", customer.customer_id)
    assert find(manager, Predicates=predicates(owner), PageInfo=PAGE) == [third, second, first]
    page = {"Index": 1, "Size": 2}
    assert find(manager, Predicates=predicates(owner), PageInfo=page) == [first]
    of_class = predicates(owner, ("CouponClassName", "Equals", "Spring"))
    assert find(manager, Predicates=of_class, PageInfo=PAGE) == [third, first]
    failed = predicates(owner, ("Status", "Equals", "failed"))
    assert find(manager, Predicates=failed, PageInfo=PAGE) == []
    earlier = predicates(owner, ("Created", "LessThan", jobs[1].Created.isoformat()))
    assert find(manager, Predicates=earlier, PageInfo=PAGE) == [first]
    later = predicates(owner, ("Created", "GreaterThanEquals", jobs[1].Created.isoformat()))
    assert find(manager, Predicates=later, PageInfo=PAGE) == [third, second]


def test_jobs_of_others_are_hidden(
    manager: Caller, customer: Customer, connect_manager: Connect, new_keys: NewKeys, programme: Any
) -> None:
    add_class(manager, customer)
    job = create(manager, customer)
    stranger = connect_manager(new_keys(Role.STANDARD, programme.customer()))
    assert find(stranger, JobId=job.Id) == find(stranger, BatchId=job.BatchId) == []
    owner = predicates(("CustomerId", "Equals", customer.customer_id))
    hidden = refusal(stranger, "GetCouponCreationJobs", Predicates=owner, PageInfo=PAGE)
    check_fault(hidden, NOT_AUTHORIZED)
    for operation in ("CancelCouponCreationJob", "RetryCouponCreationJob"):
        check_fault(refusal(stranger, operation, JobId=job.Id), NOT_AUTHORIZED)
    check_fault(refusal(stranger, "CreateCouponCreationJob", Job=new_job(customer)), NOT_AUTHORIZED)


def test_a_job_that_cannot_be_done_is_refused(manager: Caller, customer: Customer) -> None:
    add_class(manager, customer)
    two_in_one = {"ValidCharacters": {"string": ["A", "BC"]}, "CouponPattern": "JOB-######"}
    narrow = {"ValidCharacters": {"string": ["A", "B"]}, "CouponPattern": "JOB-######"}
    twice = {"CouponAttribute": [{"Name": "Shop"}, {"Name": "Shop"}]}
    for changes, row in (
        ({"NumberOfCoupons": None}, NULL_PARAMETER),
        ({"NumberOfCoupons": 20_000}, QUANTITY_OUT_OF_RANGE),
        ({"NumberOfCoupons": 5_000_001}, QUANTITY_OUT_OF_RANGE),
        ({"CustomerId": None}, NULL_PARAMETER),
        ({"ClassName": None}, NULL_PARAMETER),
        ({"ClassName": "Winter"}, COUPON_CLASS_NOT_FOUND),
        ({"UsageLimit": 2}, USAGE_LIMIT_UNSUPPORTED),
        ({"UsageLimit": 0}, USAGE_LIMIT_UNSUPPORTED),
        (
            {"ReservationLimit": 0, "IsReservationMandatory": True},
            RESERVATION_LIMIT_UNSUPPORTED,
        ),
        ({"CouponSettings": two_in_one}, PATTERN_INVALID),
        ({"CouponSettings": {"CouponPattern": "##"}}, PATTERN_INVALID),
        ({"CouponSettings": narrow}, PATTERN_FULL),
        ({"Attributes": twice}, INPUT_INVALID),
        ({"Attributes": {"CouponAttribute": [{"Value": "x"}]}}, NULL_PARAMETER),
    ):
        job = new_job(customer, **changes)
        check_fault(refusal(manager, "CreateCouponCreationJob", Job=job), row)
    check_fault(refusal(manager, "CreateCouponCreationJob"), NULL_PARAMETER)
    owner = ("CustomerId", "Equals", customer.customer_id)
    for wanted, row in (
        ((), PREDICATE_MISSING),
        ((owner, ("Status", "Equals", "running")), PREDICATE_INVALID),
        ((owner, ("Created", "Equals", "2026-01-01")), PREDICATE_INVALID),
    ):
        asked = {"Predicates": predicates(*wanted), "PageInfo": PAGE}
        check_fault(refusal(manager, "GetCouponCreationJobs", **asked), row)
    for page in ({"Index": 0, "Size": 101}, {"Index": -1, "Size": 1}, None):
        asked = {"Predicates": predicates(owner), "PageInfo": page}
        given = {name: value for name, value in asked.items() if value is not None}
        check_fault(refusal(manager, "GetCouponCreationJobs", **given), PAGING_INVALID)
    for operation in ("CancelCouponCreationJob", "RetryCouponCreationJob"):
        check_fault(refusal(manager, operation), NULL_PARAMETER)
        check_fault(refusal(manager, operation, JobId=2**60), NOT_AUTHORIZED)


def test_a_job_makes_what_was_asked_for(
    manager: Caller, customer: Customer, connect_bing_ads: Connect
) -> None:
    add_class(manager, customer, SpendThreshold=None)
    prefix = f"J{uuid4().hex[:8].upper()}-"
    settings = {"CouponPattern": f"{prefix}######"}
    asked = create(manager, customer, NumberOfCoupons=25_000, CouponSettings=settings)
    job = ended(manager, asked.Id)
    assert (job.Status, job.CreatedAmount, job.NumberOfCoupons) == ("completed", 25_000, 25_000)
    assert (job.FailCount, job.ChunkExecutionCount >= 1) == (0, True)
    assert job.EndedAt >= job.Created
    assert not (job.Errors and job.Errors.string)
    # Nobody could be told: the user has no address.
    assert job.Communicated is False

    # Whatever was asked for is told as it was.
    counts = {"Status", "CreatedAmount", "ChunkExecutionCount", "EndedAt"}
    names = [member.name for member in members_of(CouponCreationJob) if member.name not in counts]
    assert {name: str(getattr(job, name)) for name in names} == {
        name: str(getattr(asked, name)) for name in names
    }

    pages = [
        manager.call_all(
            "ExportCoupons",
            CustomerId=customer.customer_id,
            BatchId=job.BatchId,
            CodesOnly=True,
            PageInfo={"Index": index, "Size": 20_000},
        )
        for index in (0, 1)
    ]
    assert [page.HasMore for page in pages] == [True, False]
    codes = [line for page in pages for line in page.Csv.splitlines()[1:]]
    assert (len(codes), len(set(codes))) == (25_000, 25_000)

    searcher = connect_bing_ads(customer.keys)
    found = searcher.search(("CustomerId", "Equals", str(customer.customer_id)))
    assert len(found) == 100
    # Both show them in the order in which they are handed out, which is not that of the codes.
    assert [it.CouponCode for it in found] == codes[:100] != sorted(codes[:100])
    assert all(code.startswith(prefix) for code in codes)
    assert searcher.redeem(customer.account_id, codes[-1])
    for operation, row in (
        ("CancelCouponCreationJob", JOB_ENDED),
        ("RetryCouponCreationJob", JOB_NOT_FAILED),
    ):
        check_fault(refusal(manager, operation, JobId=job.Id), row)


def test_a_full_pattern_ends_a_job(manager: Caller, customer: Customer) -> None:
    add_class(manager, customer)
    prefix = f"J{uuid4().hex[:8].upper()}"
    settings = {
        "CouponPattern": f"{prefix}###",
        "ValidCharacters": {"string": list("ABCDEFGHIJKLMNOPQRSTUVWXYZ01")},
    }
    capacity = 28**3
    first = create(manager, customer, NumberOfCoupons=capacity, CouponSettings=settings)
    assert ended(manager, first.Id).Status == "completed"
    second = create(manager, customer, NumberOfCoupons=capacity - 1, CouponSettings=settings)
    job = ended(manager, second.Id)
    assert (job.Status, job.CreatedAmount) == ("coupon pattern full", 0)


def test_a_job_is_stopped(manager: Caller, customer: Customer) -> None:
    add_class(manager, customer)
    asked = create(manager, customer, NumberOfCoupons=1_000_000)
    stopping = manager.call("CancelCouponCreationJob", JobId=asked.Id)
    assert stopping.CancelRequestedAt is not None
    job = ended(manager, asked.Id)
    assert (job.Status, job.CreatedAmount < 1_000_000) == ("cancelled", True)
    assert job.CancelRequestedAt == stopping.CancelRequestedAt


@pytest.mark.prove
def test_the_creator_is_told_of_the_end(
    tmp_path: Path, databases: Databases, transport: Transport
) -> None:
    # A service of its own: elsewhere thousands of mails of other tests may come first.
    with running(tmp_path, databases.blank()) as server:
        first = server.first_keys
        client = zeep.Client(f"{server.management_url}?wsdl", transport=transport)
        keys = Keys(first["developer_token"], first["authentication_token"])
        creator = ZeepCaller(client, keys)
        creator.call("SetUserEmail", Name=first["user_name"], Email="creator@example.com")
        new_class = {"CustomerId": 1, "Name": "Spring", "Terms": TERMS}
        creator.call("AddCouponClass", CouponClass=new_class)
        job = {"CustomerId": 1, "ClassName": "Spring", "NumberOfCoupons": COUNT}
        asked = creator.call("CreateCouponCreationJob", Job=job)
        told = ended(creator, asked.Id, is_told=True)
        assert (told.Status, told.Communicated) == ("completed", True)
        (mail,) = (tmp_path / "mail").rglob("*.eml")
        assert b"creator@example.com" in mail.read_bytes()
        assert server.trouble() == []


def test_a_job_fails_and_goes_on(manager: Caller, customer: Customer) -> None:
    add_class(manager, customer)
    asked = create(manager, customer, NumberOfCoupons=1_000_000)
    manager.call("RetireCouponClass", CustomerId=customer.customer_id, ClassName="Spring")
    job = ended(manager, asked.Id)
    assert (job.Status, job.CreatedAmount < 1_000_000) == ("failed", True)
    assert "CouponClassRetired" in job.Errors.string[-1]
    again = manager.call("RetryCouponCreationJob", JobId=job.Id)
    assert (again.Status, again.EndedAt, again.CreatedAmount) == (
        "pending",
        None,
        job.CreatedAmount,
    )
    assert not (again.Errors and again.Errors.string)
    # What made it fail is as it was.
    assert ended(manager, job.Id).Status == "failed"


def test_a_job_that_is_asked_for_again_is_the_same(
    zeep_management: zeep.Client, customer: Customer
) -> None:
    keys: Any = ElementKeys(customer.keys.headers, f"job {uuid4()}")
    caller = ZeepCaller(zeep_management, keys)
    plain = ZeepCaller(zeep_management, customer.keys)
    add_class(plain, customer)
    job = new_job(customer)
    first, again = (caller.call("CreateCouponCreationJob", Job=job).Id for _ in range(2))
    owner = predicates(("CustomerId", "Equals", customer.customer_id))
    assert find(plain, Predicates=owner, PageInfo=PAGE) == [first] == [again]
