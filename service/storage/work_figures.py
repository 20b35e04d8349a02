"""How much work waits: jobs by status, and mails that are not sent."""

from datetime import datetime

from sqlalchemy import Connection, Integer, TextClause, func, select, text, type_coerce

from service.domain.figures import MAILS_COUNTED_MAX, JobFigures, MailFigures
from service.domain.jobs import JobStatus
from service.storage.tables import job, outbox
from service.storage.types import Instant

# As the indexes have it: SQLite would read each mail to compare its state with a parameter.
_IS_QUEUED = text("outbox.state = 'queued'")
_HAS_FAILED = text("outbox.state = 'failed'")


def find_jobs(connection: Connection, customer_id: int | None) -> JobFigures:
    """Jobs of a customer, or of all."""
    scope = [] if customer_id is None else [job.c.customer_id == customer_id]
    columns = (job.c.status, func.count().label("jobs_count"))
    counts = connection.execute(select(*columns).where(*scope).group_by(job.c.status))
    oldest = select(func.min(job.c.created_at, type_=Instant())).where(
        job.c.status == JobStatus.PENDING.value, *scope
    )
    return JobFigures(
        counts={row.status: row.jobs_count for row in counts},
        oldest_pending_at=connection.execute(oldest).scalar_one(),
    )


def find_mail(connection: Connection, now: datetime) -> MailFigures:
    """Mails that are to be sent, and that failed; of all customers."""
    due = select(func.min(outbox.c.next_attempt_at, type_=Instant())).where(_IS_QUEUED)
    first = connection.execute(due).scalar_one()
    return MailFigures(
        queued=_count(connection, _IS_QUEUED),
        failed=_count(connection, _HAS_FAILED),
        due_since=first if first is not None and first <= now else None,
    )


def _count(connection: Connection, is_meant: TextClause) -> int:
    counted = select(type_coerce(1, Integer).label("one")).select_from(outbox).where(is_meant)
    some = counted.limit(MAILS_COUNTED_MAX).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
