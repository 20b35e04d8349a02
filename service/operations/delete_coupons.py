"""What a worker does for a deletion job: it goes through the places of batches, from the end."""

from functools import partial

from sqlalchemy import Connection

from service.domain.jobs import JobStatus, LeasedJob
from service.operations.job_work import JobDesk
from service.storage import audit, classes, deletions
from service.storage.deletions import DeletionPlan, Stretch
from service.storage.trouble import LostRaceError


def delete_coupons(desk: JobDesk, job: LeasedJob) -> JobStatus:
    """Do a deletion job, from where it stands to its end; answers how it ended.

    The newest batch comes first, and in each the last place. What fills a gap comes from
    behind it, and was looked at before: nothing is passed over. Coupons that are minted
    after the job has passed are not deleted.

    Raises:
        LeaseLostError: Another worker has the job.
        JobStoppedError: The worker is to end.
        ServiceError: The database is in trouble.
    """
    while (found := _look(desk, job)) is not None:
        plan, stretch, has_victims = found
        if has_victims:
            desk.do_chunk(job, partial(_do_stretch, desk))
        else:
            desk.do_chunk(job, partial(_pass, plan, stretch))
    return desk.do_chunk(job, partial(_end, desk), chunks_count=0)


def _look(desk: JobDesk, job: LeasedJob) -> tuple[DeletionPlan, Stretch, bool] | None:
    """What comes next, and whether there is anything to delete; nobody waits for who looks."""
    with desk.database.reading() as connection:
        plan = deletions.find_plan(connection, job.job_id)
        stretch = deletions.next_stretch(connection, plan, desk.chunk_length)
        if stretch is None:
            return None
        return plan, stretch, deletions.has_victims(connection, plan, stretch)


def _pass(plan: DeletionPlan, stretch: Stretch, connection: Connection, _job: LeasedJob) -> None:
    # What another job moves here meanwhile was here before, if it was not looked at.
    deletions.note_deleted(connection, plan, stretch, 0)


def _do_stretch(desk: JobDesk, connection: Connection, job: LeasedJob) -> None:
    """Delete what is to be deleted at the next places, and note that they are done."""
    plan = deletions.find_plan(connection, job.job_id)
    seen = deletions.next_stretch(connection, plan, desk.chunk_length)
    if seen is None:
        return
    classes.have_class_alone(connection, seen.class_id)
    stretch = deletions.next_stretch(connection, plan, desk.chunk_length)
    # When another job has left nothing of the batch, the next chunk is about the one before.
    if stretch is not None and stretch.batch_id == seen.batch_id:
        deleted_count = _delete(desk, connection, job, plan, stretch)
        deletions.note_deleted(connection, plan, stretch, deleted_count)


def _delete(
    desk: JobDesk, connection: Connection, job: LeasedJob, plan: DeletionPlan, stretch: Stretch
) -> int:
    """Delete what nobody else can change any more; answers how many coupons it was."""
    victims = deletions.find_victims(connection, plan, stretch)
    if not len(victims):
        return 0
    author = desk.author(job)
    if not deletions.delete_coupons(connection, stretch, victims, author.at):
        raise LostRaceError
    before = {"coupons_count": stretch.coupons_count}
    after = {
        "job_id": job.job_id,
        "deleted_count": len(victims),
        "coupons_count": stretch.coupons_count - len(victims),
    }
    change = audit.Change("delete", "coupon_batch", stretch.batch_id, before=before, after=after)
    audit.append(connection, author, [change])
    return len(victims)


def _end(desk: JobDesk, connection: Connection, job: LeasedJob) -> JobStatus:
    desk.end(connection, job, JobStatus.COMPLETED)
    return JobStatus.COMPLETED
