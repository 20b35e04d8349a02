"""Workers that make coupons: what fails, and who may go on with a job."""

from threading import Thread
from typing import Any

import pytest

from service.domain.errors import SERVICE_UNAVAILABLE
from service.domain.jobs import JobStatus
from service.domain.refusals import ServiceTroubleError
from service.operations import make_coupons as making
from service.operations.check_database import check_database
from service.operations.classes import retire_class
from service.operations.creation_jobs import retry_creation_job
from service.operations.job_work import JobDesk
from service.operations.work_on_jobs import work_on_next_job
from service.storage import bulk, jobs
from service.storage.jobs import LeaseLostError
from service.storage.tables import coupon, coupon_batch, job
from tests.operations.jobs import ATTEMPTS_MAX, CHUNK, LEASE, desk, found, new, require_whole, work
from tests.programme import Programme


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer with the class Spring."""
    customer_id = programme.customer()
    programme.coupon_class(customer_id, pattern="######")
    return customer_id


# Failing.


def test_the_job_of_a_class_that_is_retired_fails(programme: Programme, owner: int) -> None:
    new(programme, owner, 10)
    retire_class(programme.call(), owner, "Spring")
    work(programme)
    (ended,) = found(programme, owner)
    assert (ended.status, ended.fail_count) == (JobStatus.FAILED, 1)
    assert ended.errors[0].startswith("CouponClassRetired")
    assert check_database(programme.call()).breaches == []


def test_a_chunk_that_fails_is_tried_again_and_then_the_job_has_failed(
    programme: Programme, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = new(programme, owner, 1_000).job_id
    right, calls = bulk.add_coupons_in_bulk, []

    def broken_disk(*arguments: Any) -> int:
        calls.append(1)
        if len(calls) > 3:
            raise ServiceTroubleError(SERVICE_UNAVAILABLE, "the disk is full")
        return right(*arguments)

    monkeypatch.setattr(bulk, "add_coupons_in_bulk", broken_disk)
    for number in range(1, ATTEMPTS_MAX + 1):
        work(programme)
        (now,) = found(programme, owner)
        assert (now.created_amount, now.fail_count) == (3 * CHUNK, number)
        assert now.errors == ["ServiceTroubleError: the disk is full"] * number
        is_last = number == ATTEMPTS_MAX
        assert now.status is (JobStatus.FAILED if is_last else JobStatus.PENDING)
        assert work(programme) is None
        programme.clock.move(hours=1)
    assert len(programme.rows(coupon)) == 3 * CHUNK
    assert check_database(programme.call()).breaches == []
    monkeypatch.setattr(bulk, "add_coupons_in_bulk", right)
    retried = retry_creation_job(programme.call(), job_id)
    assert (retried.status, retried.fail_count, retried.errors) == (JobStatus.PENDING, 0, [])
    work(programme)
    require_whole(programme, retried.batch_id, 1_000)


def test_a_bug_is_told_and_not_raised(
    programme: Programme, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    new(programme, owner, 10)
    monkeypatch.setattr(making, "shuffled", lambda _: 1 / 0)
    done = work(programme)
    assert done is not None
    assert done.failure == "ZeroDivisionError"
    assert found(programme, owner)[0].fail_count == 1


# Leases.


def test_a_job_has_one_worker_until_its_lease_ends(programme: Programme, owner: int) -> None:
    new(programme, owner, 10)
    first = desk(programme).take()
    assert first is not None
    assert desk(programme).take() is None
    programme.clock.now += LEASE
    second = desk(programme).take()
    assert second is not None
    assert second.lease_number == first.lease_number + 1


def test_a_worker_that_has_lost_its_lease_changes_nothing(programme: Programme, owner: int) -> None:
    new(programme, owner, 250)
    first = desk(programme).take()
    assert first is not None
    programme.clock.now += LEASE
    second = desk(programme).take()
    assert second is not None
    before = programme.rows(job)
    with pytest.raises(LeaseLostError):
        making.make_coupons(desk(programme), first)
    with pytest.raises(LeaseLostError):
        desk(programme).fail(first, "late", is_permanent=True)
    desk(programme).give_back(first)
    assert programme.rows(job) == before
    assert programme.rows(coupon) == []
    making.make_coupons(desk(programme), second)
    with pytest.raises(LeaseLostError):
        making.make_coupons(desk(programme), second)
    require_whole(programme, programme.rows(coupon_batch)[0]["batch_id"], 250)


def test_without_the_fence_a_lost_lease_would_be_noticed(
    programme: Programme, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    new(programme, owner, 250)
    first = desk(programme).take()
    assert first is not None
    programme.clock.now += LEASE
    assert desk(programme).take() is not None
    monkeypatch.setattr(jobs, "keep", lambda _connection, leased, *_, **__: leased)
    with pytest.raises(LeaseLostError):
        # The end of the job has a fence of its own.
        making.make_coupons(desk(programme), first)
    assert len(programme.rows(coupon)) == 250


def test_two_workers_do_two_jobs(programme: Programme, owner: int) -> None:
    for _ in range(2):
        new(programme, owner, 3_000)
    threads = [Thread(target=work, args=(programme,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [it.created_amount for it in found(programme, owner)] == [3_000, 3_000]
    assert check_database(programme.call()).breaches == []


def test_a_worker_that_is_to_end_gives_its_job_back(programme: Programme, owner: int) -> None:
    new(programme, owner, 1_000)
    asked = iter([False, False, False, True])
    stopping = JobDesk(
        programme.database, LEASE, ATTEMPTS_MAX, lambda: next(asked), programme.clock
    )
    done = work_on_next_job(stopping)
    assert done is not None
    assert (done.status, done.failure) == (JobStatus.PENDING, None)
    assert found(programme, owner)[0].created_amount == 3 * CHUNK
    work(programme)
    require_whole(programme, found(programme, owner)[0].batch_id, 1_000)
