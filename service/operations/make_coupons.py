"""What a worker does for a creation job: make the coupons, then give them their places."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from service.domain.codes import Codes, Numbers, shuffled
from service.domain.errors import COUPON_CLASS_RETIRED
from service.domain.jobs import JobStatus, LeasedJob
from service.domain.refusals import ServiceError
from service.operations.job_work import JobDesk
from service.storage import bulk, classes, jobs
from service.storage.bulk import Integers, NewCoupons
from service.storage.coupons import close_batch

SAMPLE_LENGTH = 64
"""How many codes are drawn at least: so many tell whether a pattern is nearly used up."""


def make_coupons(desk: JobDesk, job: LeasedJob) -> JobStatus:
    """Do a creation job, from where it stands to its end; answers how it ended.

    All that is missing is drawn at once and stored in ascending order of the codes. The
    coupons can be redeemed at once. When all are made they are given their places, which
    are in random order, and only the last transaction makes them found and handed out.

    Raises:
        LeaseLostError: Another worker has the job.
        JobStoppedError: The worker is to end.
        ServiceError: The class was retired, or the database is in trouble.
    """
    with desk.database.reading() as connection:
        plan = jobs.find_plan(connection, job.job_id)
    # With the first place that is written, the number of coupons is settled.
    if not plan.placed_amount:
        _close_gaps(desk, job, plan, _Making(desk, job, plan).run())
    return _Placing(desk, job, plan).run()


@dataclass(frozen=True, slots=True)
class _Made:
    """What a chunk came to.

    Attributes:
        unused_count: How many of the codes that were tried nobody had.
        tried_count: For how many of the free places a coupon was tried.
        seqs: The places that coupons got.
    """

    unused_count: int
    tried_count: int
    seqs: Integers


class _Making:
    """The coupons of a job; what is in memory was committed, or can be drawn anew."""

    def __init__(self, desk: JobDesk, job: LeasedJob, plan: jobs.CreationPlan) -> None:
        self._desk = desk
        self._job = job
        self._plan = plan
        self._new = NewCoupons(plan.class_id, plan.terms_id, plan.batch_id)
        self._is_cancelled = False
        self._created_count = plan.created_amount
        # In random order.
        self._free_seqs = _draw_free_seqs(desk, plan)

    @property
    def _missing_count(self) -> int:
        return 0 if self._is_cancelled else self._plan.number_of_coupons - self._created_count

    def run(self) -> int:
        """Draw what is missing until nothing is; try every code when few of them are left.

        Returns:
            How many coupons the job has made.
        """
        while self._missing_count:
            numbers = self._plan.pattern.draw_numbers(max(self._missing_count, SAMPLE_LENGTH))
            # Of more than are missing, it must be known which are unused.
            look_up = len(numbers) > self._missing_count
            unused_count = self._make_from(numbers, look_up=look_up)
            if self._missing_count and unused_count * 2 < len(numbers):
                self._try_every_code()
                break
        return self._created_count

    def _try_every_code(self) -> None:
        for numbers in self._plan.pattern.every_number():
            self._make_from(numbers, look_up=True)
            if not self._missing_count:
                return

    def _make_from(self, numbers: Numbers, *, look_up: bool) -> int:
        """Make coupons with the codes of these numbers, while any is missing.

        Returns:
            How many of the codes that were tried nobody had.
        """
        unused_count = 0
        length = self._plan.chunk_size
        for start in range(0, len(numbers), length):
            if self._missing_count:
                codes = self._plan.pattern.render(np.sort(numbers[start : start + length]))
                unused_count += self._make_chunk(codes, look_up=look_up)
        return unused_count

    def _make_chunk(self, codes: Codes, *, look_up: bool) -> int:
        def work(connection: Connection, job: LeasedJob) -> _Made | None:
            if job.cancel_requested_at is not None:
                return None
            self._require_class_in_use(connection)
            if not look_up:
                seqs = self._insert(connection, codes)
                return _Made(len(seqs), len(codes), seqs)
            unused = bulk.find_unused(connection, codes)
            chosen = np.sort(unused[shuffled(len(unused))[: self._missing_count]])
            seqs = self._insert(connection, codes[chosen])
            return _Made(len(unused), len(chosen), seqs)

        made = self._desk.do_chunk(self._job, work)
        if made is None:
            self._is_cancelled = True
            return 0
        self._created_count += len(made.seqs)
        self._take_seqs(made)
        return made.unused_count

    def _insert(self, connection: Connection, codes: Codes) -> Integers:
        """Insert coupons, passing over codes that exist; answers the places of the others."""
        seqs = self._free_seqs[: len(codes)]
        first_coupon_id = bulk.next_coupon_id(connection)
        count = bulk.add_coupons_in_bulk(connection, self._new, codes, seqs)
        jobs.note_created(connection, self._job.job_id, first_coupon_id, count)
        if count == len(codes):
            return seqs
        return bulk.read_places(connection, self._plan.batch_id, first_coupon_id)[1]

    def _take_seqs(self, made: _Made) -> None:
        tried = self._free_seqs[: made.tried_count]
        left = tried[~np.isin(tried, made.seqs)] if len(made.seqs) < len(tried) else tried[:0]
        first = len(tried) - len(left)
        self._free_seqs[first : len(tried)] = left
        self._free_seqs = self._free_seqs[first:]

    def _require_class_in_use(self, connection: Connection) -> None:
        class_id = self._plan.class_id
        classes.keep_class_in_use(connection, class_id)
        if jobs.is_class_retired(connection, class_id):
            raise ServiceError(COUPON_CLASS_RETIRED, f"class {class_id}")


def _draw_free_seqs(desk: JobDesk, plan: jobs.CreationPlan) -> Integers:
    """The places of the batch that no coupon has, in random order."""
    if plan.first_coupon_id is None:
        return shuffled(plan.number_of_coupons)
    is_free = np.ones(plan.number_of_coupons, dtype=np.bool_)
    with desk.database.reading() as connection:
        for _, seqs in bulk.pieces_of_places(connection, plan.batch_id, plan.first_coupon_id):
            is_free[seqs] = False
    free = np.flatnonzero(is_free)
    if len(free) != plan.number_of_coupons - plan.created_amount:
        raise RuntimeError(f"batch {plan.batch_id} has other coupons than its job has counted")
    return free[shuffled(len(free))]


def _close_gaps(desk: JobDesk, job: LeasedJob, plan: jobs.CreationPlan, count: int) -> None:
    """Move the coupons of a job that ends early into the places below their number.

    Both the gaps and what moves into them are at random.
    """
    if count == plan.number_of_coupons:
        return
    with desk.database.reading() as connection:
        first = jobs.find_plan(connection, job.job_id).first_coupon_id or 0
        coupon_ids, seqs = bulk.read_places(connection, plan.batch_id, first)
    gaps = np.setdiff1d(np.arange(count), seqs, assume_unique=True)
    beyond = np.sort(coupon_ids[seqs >= count])
    gaps = gaps[shuffled(len(gaps))]
    for start in range(0, len(beyond), plan.chunk_size):
        end = start + plan.chunk_size
        _move(desk, job, beyond[start:end], gaps[start:end])


def _move(desk: JobDesk, job: LeasedJob, coupon_ids: Integers, seqs: Integers) -> None:
    desk.do_chunk(job, lambda connection, _job: bulk.move(connection, coupon_ids, seqs))


class _Placing:
    """The index of the places, from the first to the last, and the end of the job."""

    def __init__(self, desk: JobDesk, job: LeasedJob, plan: jobs.CreationPlan) -> None:
        self._desk = desk
        self._job = job
        self._batch_id = plan.batch_id
        self._chunk_size = plan.chunk_size

    def run(self) -> JobStatus:
        with self._desk.database.reading() as connection:
            plan = jobs.find_plan(connection, self._job.job_id)
            coupon_ids = self._read_in_order(connection, plan)
        for start in range(plan.placed_amount, plan.created_amount, self._chunk_size):
            self._place(start, coupon_ids[start : start + self._chunk_size])
        return self._desk.do_chunk(self._job, self._end, chunks_count=0)

    def _read_in_order(self, connection: Connection, plan: jobs.CreationPlan) -> Integers:
        coupon_ids = np.zeros(plan.created_amount, dtype=np.int64)
        if plan.first_coupon_id is not None:
            pieces = bulk.pieces_of_places(connection, plan.batch_id, plan.first_coupon_id)
            for ids, seqs in pieces:
                coupon_ids[seqs] = ids
        return coupon_ids

    def _place(self, first_seq: int, coupon_ids: Integers) -> None:
        def work(connection: Connection, _job: LeasedJob) -> None:
            bulk.add_places_in_bulk(connection, self._batch_id, first_seq, coupon_ids)
            jobs.note_placed(connection, self._job.job_id, len(coupon_ids))

        self._desk.do_chunk(self._job, work)

    def _end(self, connection: Connection, job: LeasedJob) -> JobStatus:
        plan = jobs.find_plan(connection, job.job_id)
        close_batch(connection, plan.class_id, plan.batch_id, plan.created_amount)
        status = _status_of(plan, job)
        self._desk.end(connection, job, status)
        return status


def _status_of(plan: jobs.CreationPlan, job: LeasedJob) -> JobStatus:
    if plan.created_amount == plan.number_of_coupons:
        return JobStatus.COMPLETED
    is_cancelled = job.cancel_requested_at is not None
    return JobStatus.CANCELLED if is_cancelled else JobStatus.PATTERN_FULL
