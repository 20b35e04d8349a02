"""The tables of the console: what signs its sessions, and what holds back who guesses."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Table

from service.storage import party_tables  # noqa: F401 - a foreign key leads there
from service.storage.naming import metadata
from service.storage.types import Id, Instant, key_text

# Random bytes that all processes and machines of the service share; each is drawn once.
service_secret = Table(
    "service_secret",
    metadata,
    Column("name", key_text(32), primary_key=True),
    Column("value", LargeBinary(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

# Whose sign-ins failed of late: a user name or an address, by its digest.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("subject", LargeBinary(32), primary_key=True),
    Column("failures_count", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    CheckConstraint("failures_count >= 1", "failures_count"),
)

# Sessions that a user has ended, until their cookies would have ended by themselves.
ended_session = Table(
    "ended_session",
    metadata,
    Column(
        "user_id",
        Id,
        ForeignKey("service_user.user_id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("signed_in_at", Instant, primary_key=True),
    Column("forget_at", Instant, nullable=False, index=True),
)
