"""Deletion jobs: what filters let through goes, what is redeemed stays, places stay dense."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from service.domain.deletion import DeletionFilters
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    COUPON_NOT_FOUND,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NOT_AUTHORIZED,
    PAGING_INVALID,
)
from service.domain.jobs import JobQuery, JobStatus
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.domain.search import Paging, Predicate, SearchRequest
from service.operations.check_database import check_database
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class
from service.operations.create_for_recipients import create_coupons_for_recipients
from service.operations.delete_coupons import _do_stretch, delete_coupons
from service.operations.deletion_jobs import create_deletion_job, get_deletion_jobs
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.get_coupon_info import get_coupon_info
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.operations.show_coupon import show_coupon
from service.operations.update_coupons import update_coupons
from service.storage.jobs import LeaseLostError
from service.storage.tables import audit, coupon, coupon_batch, coupon_class, coupon_place, job
from tests.operations.faults import require_all_or_nothing
from tests.operations.jobs import begin_creation, desk, work
from tests.programme import START, Clock, Programme, member, terms

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


def run(
    programme: Programme,
    owner: int,
    class_name: str | None = "Spring",
    *,
    chunk_length: int = 2,
    **filters: Any,
) -> int:
    """A deletion job, done to its end; answers how many coupons it deleted."""
    created = create_deletion_job(programme.call(), owner, class_name, DeletionFilters(**filters))
    counter = desk(programme, chunk_length)
    taken = counter.take()
    assert taken is not None
    assert delete_coupons(counter, taken) is JobStatus.COMPLETED
    (ended,) = get_deletion_jobs(
        programme.call(), JobQuery(customer_id=owner, job_id=created.job_id)
    )
    assert (ended.status, ended.fail_count, ended.errors) == (JobStatus.COMPLETED, 0, [])
    assert check_database(programme.call()).breaches == []
    return ended.deleted_amount


def left(programme: Programme) -> set[str]:
    """The codes of the coupons that are not deleted."""
    return {row["code"] for row in programme.rows(coupon) if row["deleted_at"] is None}


@pytest.fixture
def codes(programme: Programme, owner: int) -> list[str]:
    """A batch of seven."""
    programme.coupon_class(owner)
    return programme.mint(owner, count=7)


@pytest.mark.parametrize("chunk_length", [1, 2, 3, 7, 100])
def test_what_is_not_redeemed_is_deleted(
    programme: Programme, owner: int, account: int, codes: list[str], chunk_length: int
) -> None:
    for code in codes[::2]:
        redeem_coupon(programme.call(), account, code)
    assert run(programme, owner, chunk_length=chunk_length) == 3
    assert left(programme) == set(codes[::2])
    (batch,) = programme.rows(coupon_batch)
    assert (batch["created_count"], batch["coupons_count"]) == (7, 4)
    (of_class,) = programme.rows(coupon_class)
    assert of_class["coupons_count"] == 4
    assert [row["seq"] for row in programme.rows(coupon_place)] == [0, 1, 2, 3]


def test_a_whole_class_can_be_emptied(programme: Programme, owner: int, codes: list[str]) -> None:
    programme.mint(owner, count=3)
    assert run(programme, owner) == 10
    assert left(programme) == set()
    assert programme.rows(coupon_place) == []
    assert run(programme, owner) == 0


def test_a_deleted_coupon_is_not_there(
    programme: Programme, owner: int, account: int, codes: list[str]
) -> None:
    gone = codes[3]
    run(programme, owner, value=gone)

    def refused(action: Callable[[], object]) -> ErrorRow:
        with pytest.raises(ServiceError) as error:
            action()
        return error.value.row

    call = programme.call()
    assert refused(lambda: redeem_coupon(call, account, gone)) is COUPON_NOT_FOUND
    assert refused(lambda: show_coupon(call, gone)) is COUPON_NOT_FOUND
    assert refused(lambda: update_coupons(call, owner, terms(), coupon_code=gone)) is (
        COUPON_NOT_FOUND
    )
    (error,) = claim_coupons(call, [AccountCoupon(account, gone)]).errors
    assert error.row is COUPON_NOT_FOUND
    request = SearchRequest(
        predicates=[Predicate("CustomerId", "Equals", str(owner))], page_info=Paging(0, 100)
    )
    assert {it.coupon_code for it in search_coupons(call, request)} == set(codes) - {gone}


def test_its_code_is_not_used_again(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, pattern="A-#")
    first = programme.mint(owner, count=30)
    assert run(programme, owner, chunk_length=7) == 30
    assert set(programme.mint(owner, count=100)).isdisjoint(first)


def test_the_others_are_handed_out_once_each(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    """Also those that were moved to places before the ones that were handed out."""
    early = [f"early{number}@example.com" for number in range(3)]
    assert dispatch_coupons(programme.call(), early, owner, "Spring") == []
    sent = {row["code"] for row in programme.rows(coupon) if row["sent_at"]}
    for code in sorted(sent)[:2]:
        assert run(programme, owner, value=code) == 1
    late = [f"late{number}@example.com" for number in range(5)]
    errors = dispatch_coupons(programme.call(), late, owner, "Spring")
    assert [error.index for error in errors] == [4]
    assert check_database(programme.call()).is_clean


def test_a_place_that_was_passed_is_looked_at_again(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    """The batch notes how far it is used up; what fills a gap before that is unused."""
    emails = [f"a{number}@example.com" for number in range(6)]
    assert dispatch_coupons(programme.call(), emails, owner, "Spring") == []
    programme.change(coupon_batch, True, unused_from=6)
    first = next(row for row in programme.rows(coupon) if row["seq"] == 0)
    run(programme, owner, value=first["code"])
    assert programme.rows(coupon_batch)[0]["unused_from"] == 0
    assert dispatch_coupons(programme.call(), ["last@example.com"], owner, "Spring") == []


def test_what_an_account_has_claimed_is_not_told_any_more(
    programme: Programme, owner: int, account: int
) -> None:
    programme.coupon_class(owner)
    made = create_coupons_for_recipients(programme.call(), owner, "Spring", [account])
    ((_, code),) = made.coupons
    assert len(get_coupon_info(programme.call(), owner)) == 1
    assert run(programme, owner, recipient_account_id=account) == 1
    assert left(programme) == set()
    assert code
    assert get_coupon_info(programme.call(), owner) == []


def test_only_classes_that_are_meant(programme: Programme, owner: int, codes: list[str]) -> None:
    other = programme.customer()
    kept = programme.coupon(other)
    programme.coupon_class(owner, "Autumn")
    autumn = programme.mint(owner, "Autumn", count=2)
    assert run(programme, owner, "Autumn") == 2
    assert left(programme) == {*codes, kept}
    assert run(programme, owner, None) == 7
    assert left(programme) == {kept}
    assert set(autumn).isdisjoint(left(programme))


def test_a_retired_class_can_be_emptied(programme: Programme, owner: int, codes: list[str]) -> None:
    retire_class(programme.call(), owner, "Spring")
    assert run(programme, owner) == 7


def test_coupons_that_are_still_made_are_left(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    begin_creation(programme, owner)
    created = create_deletion_job(programme.call(), owner, "Spring", DeletionFilters())
    programme.clock.move(seconds=1)
    with programme.database.writing() as connection:
        # The older job comes later.
        connection.execute(
            job.update()
            .where(job.c.kind == "creation")
            .values(next_attempt_at=programme.clock() + DAY)
        )
    done = work(programme)
    assert done is not None
    assert (done.job.job_id, done.status) == (created.job_id, JobStatus.COMPLETED)
    programme.clock.move(days=1)
    done = work(programme)
    assert done is not None
    assert done.status is JobStatus.COMPLETED
    assert len(left(programme)) == 10


FILTERED: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "starts before": ({"start_date": START}, {"starts_before": START + TICK}, True),
    "starts at": ({"start_date": START}, {"starts_before": START}, False),
    "starts after": ({"start_date": START}, {"starts_after": START - TICK}, True),
    "starts at, not after": ({"start_date": START}, {"starts_after": START}, False),
    "without a start": ({}, {"starts_before": START + DAY}, False),
    "ends before": ({"end_date": START}, {"expires_before": START + TICK}, True),
    "ends at": ({"end_date": START}, {"expires_before": START}, False),
    "expires before": ({"expiration_date": START}, {"expires_before": START + TICK}, True),
    "expires before it ends": (
        {"expiration_date": START, "end_date": START + DAY},
        {"expires_before": START + TICK},
        True,
    ),
    "ends after": ({"end_date": START}, {"expires_after": START - TICK}, True),
    "ends after it expires": (
        {"expiration_date": START, "end_date": START + DAY},
        {"expires_after": START},
        False,
    ),
    "both after": (
        {"expiration_date": START + TICK, "end_date": START + DAY},
        {"expires_after": START},
        True,
    ),
    "without an end": ({}, {"expires_after": START}, False),
    "without an end before": ({}, {"expires_before": START}, False),
    "expired": ({"end_date": START - TICK}, {"valid": "expired"}, True),
    "expired by use": ({"expiration_date": START - TICK}, {"valid": "expired"}, True),
    "ends now": ({"end_date": START}, {"valid": "expired"}, False),
    "valid now": ({}, {"valid": "validNow"}, True),
    "valid from now to now": (
        {"start_date": START, "end_date": START},
        {"valid": "validNow"},
        True,
    ),
    "not yet valid": ({"start_date": START + TICK}, {"valid": "validNow"}, False),
    "no longer valid": ({"end_date": START - TICK}, {"valid": "validNow"}, False),
    "valid later": ({"start_date": START + TICK}, {"valid": "validFuture"}, True),
    "not only later": ({"start_date": START}, {"valid": "validFuture"}, False),
    "usable": ({}, {"usable": True}, True),
    "used": ({}, {"usable": False}, False),
    "minted before": ({}, {"created_before": START + TICK}, True),
    "minted at": ({}, {"created_before": START}, False),
    "minted after": ({}, {"created_after": START - TICK}, True),
    "minted at, not after": ({}, {"created_after": START}, False),
    "one filter is not enough": ({}, {"usable": True, "starts_before": START}, False),
}


@pytest.mark.parametrize(("its_terms", "filters", "goes"), FILTERED.values(), ids=FILTERED.keys())
def test_filters(
    programme: Programme,
    owner: int,
    its_terms: dict[str, datetime],
    filters: dict[str, Any],
    goes: bool,
) -> None:
    programme.coupon_class(owner, **its_terms)
    programme.mint(owner)
    assert run(programme, owner, **filters) == int(goes)


def test_validity_is_that_at_the_creation_of_the_job(
    programme: Programme, owner: int, clock: Clock
) -> None:
    programme.coupon_class(owner, end_date=START)
    programme.mint(owner)
    filters = DeletionFilters(valid="expired")
    create_deletion_job(programme.call(), owner, "Spring", filters)
    clock.move(days=1)
    work(programme)
    assert len(left(programme)) == 1


@pytest.mark.parametrize(
    ("value", "exact_match", "goes"),
    [
        ("VIP-AB", False, True),
        (" v.i p/ab ", False, True),
        ("VIP-A", False, False),
        ("vip-ab", True, True),
        ("VIPAB", True, False),
    ],
)
def test_codes_are_compared_by_letters_and_digits(
    programme: Programme, owner: int, value: str, exact_match: bool, goes: bool
) -> None:
    programme.coupon_class(owner)
    programme.mint(owner, count=2)
    (row, _) = programme.rows(coupon)
    programme.change(coupon, coupon.c.coupon_id == row["coupon_id"], code="VIP-AB")
    assert run(programme, owner, value=value, exact_match=exact_match) == int(goes)
    assert ("VIP-AB" not in left(programme)) is goes


def test_one_batch(programme: Programme, owner: int, codes: list[str]) -> None:
    second = set(programme.mint(owner, count=3))
    batch_id = programme.rows(coupon_batch)[1]["batch_id"]
    assert run(programme, owner, None, batch_id=batch_id) == 3
    assert second.isdisjoint(left(programme))
    assert left(programme) == set(codes)


def test_one_recipient(programme: Programme, owner: int, account: int, codes: list[str]) -> None:
    request = Distribution(account_ids=[account, programme.account(owner)], class_name="Spring")
    assert distribute_coupons(programme.call(), request) == []
    assert run(programme, owner, recipient_account_id=account) == 1
    assert len(left(programme)) == 6


def test_a_job_tells_what_it_was_asked_and_what_it_did(
    programme: Programme, owner: int, codes: list[str], clock: Clock
) -> None:
    filters = DeletionFilters(created_before=START + DAY, usable=True, batch_id=1)
    created = create_deletion_job(programme.call(), owner, "Spring", filters)
    assert (created.status, created.deleted_amount, created.ended_at) == (
        JobStatus.PENDING,
        0,
        None,
    )
    assert (created.class_name, created.filters) == ("Spring", filters)
    clock.move(minutes=1)
    done = work(programme)
    assert done is not None
    assert (done.status, done.failure) == (JobStatus.COMPLETED, None)
    query = JobQuery(customer_id=owner, batch_id=1, class_name="Spring")
    (ended,) = get_deletion_jobs(programme.call(), query)
    assert (ended.status, ended.deleted_amount) == (JobStatus.COMPLETED, 7)
    assert (ended.created_at, ended.ended_at) == (START, START + timedelta(minutes=1))
    assert (ended.chunk_execution_count, ended.communicated) == (1, False)
    missing = JobQuery(customer_id=owner, batch_id=2)
    assert get_deletion_jobs(programme.call(), missing) == []


def test_the_audit_log_tells_of_each_chunk(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    run(programme, owner, chunk_length=4)
    entries = [row for row in programme.rows(audit) if row["action"] == "delete"]
    assert [(row["entity"], row["before"], row["after"]) for row in entries] == [
        (
            "coupon_batch",
            {"coupons_count": 7},
            {"job_id": 1, "deleted_count": 4, "coupons_count": 3},
        ),
        (
            "coupon_batch",
            {"coupons_count": 3},
            {"job_id": 1, "deleted_count": 3, "coupons_count": 0},
        ),
    ]


@pytest.mark.parametrize(
    ("class_name", "filters", "row"),
    [
        ("None", {}, COUPON_CLASS_NOT_FOUND),
        ("Spring", {"batch_id": 99}, ENTITY_NOT_EXISTENT),
        ("Autumn", {"batch_id": 1}, ENTITY_NOT_EXISTENT),
        ("Spring", {"valid": "never"}, INPUT_INVALID),
        ("Spring", {"value": "--"}, INPUT_INVALID),
        ("Spring", {"value": " ", "exact_match": True}, INPUT_INVALID),
    ],
)
@pytest.mark.usefixtures("codes")
def test_what_is_asked_must_have_a_meaning(
    programme: Programme,
    owner: int,
    class_name: str,
    filters: dict[str, Any],
    row: ErrorRow,
) -> None:
    programme.coupon_class(owner, "Autumn")
    with pytest.raises(ServiceError) as error:
        create_deletion_job(programme.call(), owner, class_name, DeletionFilters(**filters))
    assert error.value.row is row
    assert programme.rows(job) == []


def test_only_who_may_write_deletes(programme: Programme, owner: int, codes: list[str]) -> None:
    for caller in (member(owner, Role.READ_ONLY), member(programme.customer())):
        with pytest.raises(ServiceError) as error:
            create_deletion_job(programme.call(caller), owner, None, DeletionFilters())
        assert error.value.row is NOT_AUTHORIZED
    with pytest.raises(ServiceError) as error:
        create_deletion_job(programme.call(), 10**9, None, DeletionFilters())
    assert error.value.row is ENTITY_NOT_EXISTENT


def test_pages_of_jobs(programme: Programme, owner: int, codes: list[str]) -> None:
    created = [
        create_deletion_job(programme.call(), owner, None, DeletionFilters()).job_id
        for _ in range(3)
    ]

    def page(index: int, size: int) -> list[int]:
        query = JobQuery(customer_id=owner, index=index, size=size)
        return [it.job_id for it in get_deletion_jobs(programme.call(), query)]

    assert page(0, 2) + page(1, 2) == created[::-1]
    for size in (0, 101):
        with pytest.raises(ServiceError) as error:
            page(0, size)
        assert error.value.row is PAGING_INVALID


def test_a_chunk_is_whole_or_not_there(programme: Programme, owner: int, codes: list[str]) -> None:
    create_deletion_job(programme.call(), owner, "Spring", DeletionFilters(value=codes[0]))
    counter = desk(programme)
    taken = counter.take()
    assert taken is not None

    def chunk() -> None:
        counter.do_chunk(taken, partial(_do_stretch, counter))

    require_all_or_nothing(programme, chunk)
    assert len(left(programme)) == 6


def test_creating_a_job_is_whole_or_not_there(
    programme: Programme, owner: int, codes: list[str]
) -> None:
    require_all_or_nothing(
        programme,
        lambda: create_deletion_job(programme.call(), owner, "Spring", DeletionFilters()),
    )


def test_another_worker_goes_on_where_one_has_died(
    programme: Programme, owner: int, codes: list[str], clock: Clock
) -> None:
    programme.mint(owner, count=3)
    created = create_deletion_job(programme.call(), owner, "Spring", DeletionFilters())
    first = desk(programme, 4)
    taken = first.take()
    assert taken is not None
    # All of the newer batch, and the last places of the older one.
    for _ in range(2):
        first.do_chunk(taken, partial(_do_stretch, first))
    assert len(left(programme)) == 3
    clock.move(hours=1)
    done = work(programme)
    assert done is not None
    assert (done.job.job_id, done.status) == (created.job_id, JobStatus.COMPLETED)
    with pytest.raises(LeaseLostError):
        delete_coupons(first, taken)
    query = JobQuery(customer_id=owner)
    (ended,) = get_deletion_jobs(programme.call(), query)
    assert (ended.deleted_amount, ended.chunk_execution_count) == (10, 3)
    assert check_database(programme.call()).is_clean


def test_two_jobs_share_the_coupons(programme: Programme, owner: int, codes: list[str]) -> None:
    """Each finds the places moved and the batch shortened by the other."""
    for filters in ({"usable": True}, {}):
        create_deletion_job(programme.call(), owner, "Spring", DeletionFilters(**filters))
    workers = [desk(programme, 2), desk(programme, 2)]
    taken = [worker.take() for worker in workers]
    for _ in range(2):
        for worker, leased in zip(workers, taken, strict=True):
            assert leased is not None
            worker.do_chunk(leased, partial(_do_stretch, worker))
    for worker, leased in zip(workers, taken, strict=True):
        assert leased is not None
        delete_coupons(worker, leased)
    amounts = [
        it.deleted_amount for it in get_deletion_jobs(programme.call(), JobQuery(customer_id=owner))
    ]
    assert (sum(amounts), left(programme)) == (7, set())
    assert check_database(programme.call()).is_clean
