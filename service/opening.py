"""The database that the settings name, and the limits that they set."""

from service.operations.calls import OperationLimits
from service.settings import Settings
from service.storage.engine import Database, DatabaseLimits


def open_database(settings: Settings) -> Database:
    """The database, with a connection for each thread of a process, and one for its journal."""
    limits = DatabaseLimits(
        lock_timeout_s=settings.lock_timeout_s,
        statement_timeout_s=settings.statement_timeout_s,
        connections_max=settings.threads + 1,
    )
    return Database(settings.database, limits)


def operation_limits(settings: Settings) -> OperationLimits:
    """How much may be asked for in one call."""
    return OperationLimits(
        creation_job_coupons_max=settings.creation_job_coupons_max,
        job_chunk_coupons=settings.job_chunk_coupons,
        failures_per_minute=settings.failures_per_minute,
    )
