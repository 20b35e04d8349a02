"""The condition of a database: what keeps it safe, and what has waited in it for too long."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select, text, update

from service.domain.jobs import JobStatus
from service.storage.tables import audit, job
from service.storage.types import Instant

_CHANGE_NOTHING = update(job).where(text("1 = 0")).values(communicated=job.c.communicated)
_LATEST_CHANGE = select(audit.c.at).order_by(audit.c.audit_id.desc()).limit(1)
_LONGEST_DUE = select(func.min(job.c.next_attempt_at, type_=Instant())).where(
    job.c.status == JobStatus.PENDING.value
)
_FAILED = select(job.c.job_id).where(job.c.status == JobStatus.FAILED.value).order_by(job.c.job_id)


def read_pragmas(connection: Connection, names: Iterable[str]) -> dict[str, object]:
    """What SQLite answers to each pragma, by its name."""
    return {it: connection.exec_driver_sql(f"PRAGMA {it}").scalar() for it in names}


def read_parameters(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """PostgreSQL's parameters as they are for this connection, by their names."""
    return {it: connection.exec_driver_sql(f"SHOW {it}").scalar_one() for it in names}


def try_to_write(connection: Connection) -> None:
    """Run a statement that writes, and changes no row: it fails where nothing can be written."""
    connection.execute(_CHANGE_NOTHING)


def tell_time(connection: Connection) -> datetime:
    """The clock of a PostgreSQL server."""
    return connection.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()


def latest_change_at(connection: Connection) -> datetime | None:
    """When the last entry of the audit log was made, by the clock of whoever made it."""
    found: datetime | None = connection.execute(_LATEST_CHANGE).scalar_one_or_none()
    return found


def job_due_since(connection: Connection) -> datetime | None:
    """When the job is due that is due first, perhaps in the future; None while none waits."""
    found: datetime | None = connection.execute(_LONGEST_DUE).scalar_one()
    return found


def jobs_failed_since(connection: Connection, since: datetime) -> list[int]:
    """The numbers of jobs that failed at this instant or later."""
    return list(connection.scalars(_FAILED.where(job.c.ended_at >= since)))
