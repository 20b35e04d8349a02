"""Jobs that make coupons: what they are asked for, what they come to, and how they end."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, text

from service.domain.errors import (
    NOT_AUTHORIZED,
    PAGING_INVALID,
    PATTERN_FULL,
    QUANTITY_OUT_OF_RANGE,
    TERMS_INVALID,
)
from service.domain.jobs import JobQuery, JobStatus
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.calls import OperationLimits
from service.operations.check_database import check_database
from service.operations.creation_jobs import (
    NewCreationJob,
    cancel_creation_job,
    create_creation_job,
    get_creation_jobs,
    retry_creation_job,
)
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.outbox import Outbox
from service.operations.redeem_coupon import redeem_coupon
from service.operations.users import add_user
from service.storage import jobs
from service.storage.tables import coupon, job, outbox
from tests.operations.jobs import ATTEMPTS_MAX, CHUNK, LEASE, found, new, require_whole, work
from tests.programme import START, Programme, member, utc


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer with the class Spring."""
    customer_id = programme.customer()
    programme.coupon_class(customer_id, pattern="######")
    return customer_id


def test_a_job_makes_all_coupons(programme: Programme, owner: int) -> None:
    created = new(programme, owner, 1_050)
    assert (created.status, created.created_amount, created.ended_at) == (
        JobStatus.PENDING,
        0,
        None,
    )
    done = work(programme)
    assert done is not None
    assert (done.status, done.failure) == (JobStatus.COMPLETED, None)
    (ended,) = found(programme, owner)
    assert (ended.status, ended.created_amount) == (JobStatus.COMPLETED, 1_050)
    assert (ended.fail_count, ended.errors, ended.ended_at) == (0, [], START)
    # Eleven chunks of coupons and of places, and one more for what was drawn twice.
    assert 22 <= ended.chunk_execution_count <= 24
    require_whole(programme, created.batch_id, 1_050)
    assert work(programme) is None


def test_what_was_asked_for_is_told(programme: Programme, owner: int) -> None:
    asked: dict[str, Any] = {
        "usage_limit": 1,
        "discount_limit": Decimal("7.5"),
        "reservation_limit": 2,
        "start_date": utc(2026, 4, 1),
        "expiry_date": utc(2026, 5, 1),
        "attributes": {"channel": "fair", "size": 3},
        "is_reservation_mandatory": True,
        "code_pattern": "fair-####",
        "code_alphabet": "abc",
    }
    created = new(programme, owner, 20, **asked)
    told = {name: getattr(created, name) for name in asked}
    assert told == {**asked, "code_pattern": "FAIR-####", "code_alphabet": "ABC"}
    assert (created.class_name, created.number_of_coupons, created.chunk_size) == (
        "Spring",
        20,
        CHUNK,
    )
    assert (created.density, created.is_guessable) == (81 // 20, True)
    assert (created.created_by, created.communicated) == (COMMAND_LINE.user_id, False)
    work(programme)
    code = programme.rows(coupon)[0]["code"]
    account_id = programme.account(owner)
    programme.clock.now = utc(2026, 4, 2)
    with pytest.raises(ServiceError, match="CouponReservationRequired"):
        redeem_coupon(programme.call(), account_id, code)
    programme.claim(code, account_id)
    redeem_coupon(programme.call(), account_id, code)


def test_the_coupons_of_a_job_are_found_when_it_has_ended(programme: Programme, owner: int) -> None:
    new(programme, owner, 3)
    emails: list[str | None] = ["a@example.com", "b@example.com", "c@example.com"]
    assert len(dispatch_coupons(programme.call(), emails, owner, "Spring")) == 3
    work(programme)
    assert dispatch_coupons(programme.call(), emails, owner, "Spring") == []


@pytest.mark.parametrize(
    ("count", "values", "row"),
    [
        (20_000, {}, QUANTITY_OUT_OF_RANGE),
        (5_000_001, {}, QUANTITY_OUT_OF_RANGE),
        (20_001, {"code_pattern": "A##"}, PATTERN_FULL),
        (20_001, {"discount_limit": Decimal(-1)}, TERMS_INVALID),
        (20_001, {"start_date": utc(2026, 5, 1), "expiry_date": utc(2026, 4, 1)}, TERMS_INVALID),
    ],
)
def test_what_no_job_makes_is_refused(
    programme: Programme, owner: int, count: int, values: dict[str, Any], row: Any
) -> None:
    asked = NewCreationJob(
        customer_id=owner, class_name="Spring", number_of_coupons=count, **values
    )
    with pytest.raises(ServiceError) as refusal:
        create_creation_job(programme.call(), asked)
    assert refusal.value.row is row
    assert programme.rows(job) == []


def test_the_bound_is_a_setting(programme: Programme, owner: int) -> None:
    asked = NewCreationJob(customer_id=owner, class_name="Spring", number_of_coupons=30_001)
    call = replace(programme.call(), limits=OperationLimits(creation_job_coupons_max=30_000))
    with pytest.raises(ServiceError, match="30001 is not 20001 to 30000"):
        create_creation_job(call, asked)


@pytest.mark.parametrize("do", [cancel_creation_job, retry_creation_job])
def test_only_who_may_write_changes_a_job(
    programme: Programme, owner: int, do: Callable[..., object]
) -> None:
    job_id = new(programme, owner, 1).job_id
    with pytest.raises(ServiceError) as refusal:
        do(programme.call(member(owner, Role.READ_ONLY)), job_id)
    assert refusal.value.row is NOT_AUTHORIZED
    with pytest.raises(ServiceError) as refusal:
        get_creation_jobs(programme.call(member(owner + 1)), JobQuery(customer_id=owner))
    assert refusal.value.row is NOT_AUTHORIZED


@pytest.mark.parametrize("do", [cancel_creation_job, retry_creation_job])
def test_others_cannot_tell_whether_a_job_exists(
    programme: Programme, owner: int, do: Callable[..., object]
) -> None:
    job_id = new(programme, owner, 1).job_id
    for number in (job_id, job_id + 1):
        with pytest.raises(ServiceError) as refusal:
            do(programme.call(member(owner + 1)), number)
        assert (refusal.value.row, refusal.value.details) == (NOT_AUTHORIZED, f"job {number}")


def test_jobs_are_found_newest_first(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, "Autumn")
    numbers: list[int] = []
    for _ in range(3):
        numbers.insert(0, new(programme, owner, 1).job_id)
        programme.clock.move(hours=1)
    work(programme)
    others = [job.job_id for job in found(programme, owner)]
    assert others == numbers
    assert [it.job_id for it in found(programme, owner, size=1, index=1)] == numbers[1:2]
    assert [it.job_id for it in found(programme, owner, job_id=numbers[0])] == numbers[:1]
    batch_id = found(programme, owner)[1].batch_id
    assert [it.job_id for it in found(programme, owner, batch_id=batch_id)] == numbers[1:2]
    completed = found(programme, owner, status=JobStatus.COMPLETED)
    assert [it.job_id for it in completed] == numbers[2:]
    hour = START + timedelta(hours=1)
    assert [it.job_id for it in found(programme, owner, created_from=hour)] == numbers[:2]
    assert [it.job_id for it in found(programme, owner, created_before=hour)] == numbers[2:]
    assert found(programme, owner, class_name="Autumn") == []
    assert len(found(programme, owner, class_name="Spring")) == 3


@pytest.mark.parametrize("page", [{"size": 0}, {"size": 101}, {"index": -1}])
def test_a_page_has_bounds(programme: Programme, owner: int, page: dict[str, int]) -> None:
    with pytest.raises(ServiceError) as refusal:
        found(programme, owner, **page)
    assert refusal.value.row is PAGING_INVALID


# Patterns that are small, or used up.


def test_a_pattern_too_small_is_used_up_to_the_last_code(programme: Programme, owner: int) -> None:
    batch_id = new(
        programme, owner, 1_200, code_pattern="A-###", code_alphabet="0123456789"
    ).batch_id
    begun = time.thread_time()
    done = work(programme)
    assert time.thread_time() - begun < 2
    assert done is not None
    assert done.status is JobStatus.PATTERN_FULL
    (ended,) = found(programme, owner)
    assert (ended.status, ended.created_amount) == (JobStatus.PATTERN_FULL, 1_000)
    require_whole(programme, batch_id, 1_000)


@pytest.mark.parametrize("used_count", [1, 500, 999])
def test_a_pattern_is_filled_to_its_last_code(
    programme: Programme, owner: int, used_count: int
) -> None:
    pattern = {"code_pattern": "A-###", "code_alphabet": "0123456789"}
    new(programme, owner, used_count, **pattern)
    new(programme, owner, 1_000 - used_count, **pattern)
    new(programme, owner, 1, **pattern)
    statuses = [done.status for done in iter(lambda: work(programme), None)]
    assert statuses == [JobStatus.COMPLETED, JobStatus.COMPLETED, JobStatus.PATTERN_FULL]
    assert len({row["code"] for row in programme.rows(coupon)}) == 1_000
    assert check_database(programme.call()).breaches == []


# Cancelling.


def in_the_midst(
    monkeypatch: pytest.MonkeyPatch, after_count: int, act: Callable[[], object]
) -> None:
    """Do something when a job has made so many coupons."""
    right, made = jobs.note_created, [0]

    def note(connection: Any, job_id: int, first_coupon_id: int, count: int) -> None:
        right(connection, job_id, first_coupon_id, count)
        made[0] += count
        if made[0] >= after_count and not done:
            done.append(True)
            thread = Thread(target=act)
            thread.start()
            threads.append(thread)

    done: list[bool] = []
    threads: list[Thread] = []
    monkeypatch.setattr(jobs, "note_created", note)


def test_a_cancelled_job_ends_with_what_it_has_made(
    programme: Programme, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = new(programme, owner, 10_000).job_id
    in_the_midst(monkeypatch, 1_000, lambda: cancel_creation_job(programme.call(), job_id))
    while (done := work(programme)) is not None and done.status is JobStatus.PENDING:
        # It was due at once, so that a worker that had died would not have been waited for.
        pass
    (ended,) = found(programme, owner)
    assert ended.status is JobStatus.CANCELLED
    assert 1_000 <= ended.created_amount < 10_000
    assert ended.cancel_requested_at == START
    require_whole(programme, ended.batch_id, ended.created_amount)
    assert cancel_twice(programme, job_id).startswith("JobEnded")


def cancel_twice(programme: Programme, job_id: int) -> str:
    with pytest.raises(ServiceError) as refusal:
        cancel_creation_job(programme.call(), job_id)
    return str(refusal.value)


def test_a_job_cancelled_before_it_begins_makes_nothing(programme: Programme, owner: int) -> None:
    job_id = new(programme, owner, 10).job_id
    first = cancel_creation_job(programme.call(), job_id)
    programme.clock.move(minutes=1)
    assert cancel_creation_job(programme.call(), job_id) == first
    work(programme)
    (ended,) = found(programme, owner)
    assert (ended.status, ended.created_amount) == (JobStatus.CANCELLED, 0)
    require_whole(programme, ended.batch_id, 0)


# Who is told.


@pytest.fixture
def kim(programme: Programme, owner: int) -> Caller:
    """A user who has an address."""
    user_id = add_user(programme.call(), "Kim", Role.STANDARD, owner, email="kim@example.com")
    return Caller(user_id, "Kim", {owner: Role.STANDARD})


def test_the_creator_is_told_of_the_end_once(programme: Programme, owner: int, kim: Caller) -> None:
    created = new(programme, owner, 10, caller=kim)
    assert programme.rows(outbox) == []
    work(programme)
    (message,) = programme.rows(outbox)
    assert (message["kind"], message["recipient"]) == ("job", "kim@example.com")
    assert (message["job_id"], message["coupon_id"]) == (created.job_id, None)
    assert not found(programme, owner)[0].communicated
    mails = Outbox(programme.database, LEASE, ATTEMPTS_MAX, programme.clock)
    delivery = mails.take()
    assert delivery is not None
    assert (delivery.content.class_name, delivery.content.language) == ("Spring", "en")
    mails.mark_sent(delivery.message)
    assert found(programme, owner)[0].communicated
    assert mails.take() is None
    assert check_database(programme.call()).breaches == []


def test_who_has_no_address_is_not_told(programme: Programme, owner: int) -> None:
    new(programme, owner, 10)
    work(programme)
    assert programme.rows(outbox) == []


# Chance.


def test_the_order_of_handing_out_tells_nothing_of_the_codes(
    programme: Programme, owner: int
) -> None:
    new(programme, owner, 5_000)
    work(programme)
    with programme.database.reading() as connection:
        seqs = connection.scalars(select(coupon.c.seq).order_by(coupon.c.code)).all()
    # The rank correlation of independent orders has the standard deviation 1 / sqrt(n - 1).
    correlation = float(np.corrcoef(seqs, range(5_000))[0, 1])
    assert abs(correlation) < 6 / 5_000**0.5
    # Nor are neighbours in one order near one another in the other.
    steps = np.abs(np.diff(seqs))
    assert abs(float(steps.mean()) - 5_000 / 3) < 6 * 5_000 / 18**0.5 / 5_000**0.5


def test_coupons_are_stored_in_the_order_of_their_codes(programme: Programme, owner: int) -> None:
    new(programme, owner, 2_000)
    work(programme)
    with programme.database.reading() as connection:
        codes = connection.scalars(
            text("SELECT code FROM coupon ORDER BY coupon_id LIMIT 1900")
        ).all()
    assert codes == sorted(codes)
