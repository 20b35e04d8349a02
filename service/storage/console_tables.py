"""The tables of the console, and what holds back who calls too often or guesses."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, Table

from service.storage import party_tables  # noqa: F401 - a foreign key leads there
from service.storage.naming import metadata
from service.storage.types import Id, Instant, key_text

COUNT_MAX = 6_000
"""How much of one kind may be counted within a minute: each time all of it is written."""
SPELLED_LENGTH = 16
"""Digits of an instant in ``sliding_window``."""

# Random bytes that all processes and machines of the service share; each is drawn once.
service_secret = Table(
    "service_secret",
    metadata,
    Column("name", key_text(32), primary_key=True),
    Column("value", LargeBinary(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

# What was counted of late, for whom: calls of a caller, failed sign-ins from an address. Whoever
# it is, by a digest. The instants are in ascending order, each in as many digits.
sliding_window = Table(
    "sliding_window",
    metadata,
    Column("subject", LargeBinary(32), primary_key=True),
    Column("instants", key_text(SPELLED_LENGTH * COUNT_MAX), nullable=False),
    CheckConstraint(
        f"length(instants) >= {SPELLED_LENGTH} AND length(instants) % {SPELLED_LENGTH} = 0",
        "instants",
    ),
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
