"""Opening the database that the settings name."""

from service.settings import Settings
from service.storage.engine import Database, DatabaseLimits


def open_database(settings: Settings) -> Database:
    """The database, with as many connections as a process of the service has threads."""
    limits = DatabaseLimits(
        lock_timeout_s=settings.lock_timeout_s,
        statement_timeout_s=settings.statement_timeout_s,
        connections_max=settings.threads,
    )
    return Database(settings.database, limits)
