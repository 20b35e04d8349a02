"""The jobs as commands that do them see them."""

from collections.abc import Callable
from datetime import timedelta

from service.operations.job_work import JobDesk
from service.settings import Settings
from service.storage.engine import Database


def create_job_desk(
    settings: Settings, database: Database, is_stopping: Callable[[], bool]
) -> JobDesk:
    """The desk that the settings describe.

    Args:
        settings: Lease, attempts and chunks.
        database: Where the jobs are.
        is_stopping: Whether the command is asked to end after the chunk at hand.
    """
    return JobDesk(
        database,
        timedelta(seconds=settings.job_lease_s),
        settings.job_attempts_max,
        is_stopping,
        chunk_length=settings.job_chunk_coupons,
    )
