"""The tables of who takes part: customers, accounts with their subscriptions, users, tokens."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from service.storage.naming import metadata
from service.storage.types import Id, Instant, key_text

customer = Table(
    "customer",
    metadata,
    Column("customer_id", Id, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("account_id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False, index=True),
    Column("number", key_text(8), nullable=False, unique=True),
    Column("currency_code", String(3), nullable=False),
    # Where its mail goes; None for an account that is sent none.
    Column("email", String(320)),
    Column("created_at", Instant, nullable=False),
)

service_user = Table(
    "service_user",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("name", key_text(255), nullable=False, unique=True),
    Column("password_hash", String(255)),
    # Where the user is told that a job has ended; None for a user who is told nothing.
    Column("email", String(320)),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    CheckConstraint("disabled_at IS NULL OR password_hash IS NULL", "disabled"),
)

membership = Table(
    "membership",
    metadata,
    Column("membership_id", Id, primary_key=True),
    Column("user_id", ForeignKey("service_user.user_id"), nullable=False),
    Column("customer_id", ForeignKey("customer.customer_id")),
    Column("role", String(16), nullable=False),
    UniqueConstraint("user_id", "customer_id"),
    CheckConstraint("role IN ('SuperAdmin', 'Standard', 'ReadOnly', 'Operator')", "role"),
    # The operator's role is for every customer, each other role for one.
    CheckConstraint("(role = 'Operator') = (customer_id IS NULL)", "customer"),
)
Index(
    "uq_membership_operator",
    membership.c.user_id,
    unique=True,
    sqlite_where=text("customer_id IS NULL"),
    postgresql_where=text("customer_id IS NULL"),
)

token = Table(
    "token",
    metadata,
    Column("token_id", Id, primary_key=True),
    Column("user_id", ForeignKey("service_user.user_id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    # When a call last showed it, to the minute or two; None for one that was never shown.
    Column("last_used_at", Instant),
    CheckConstraint("kind IN ('developer', 'authentication')", "kind"),
)

subscription = Table(
    "subscription",
    metadata,
    Column("subscription_id", Id, primary_key=True),
    Column("account_id", ForeignKey("account.account_id"), nullable=False, index=True),
    # What the operator's own programs call it.
    Column("reference", key_text(64), nullable=False, unique=True),
    Column("product_id", String(64), nullable=False),
    Column("rate_plan_id", String(64), nullable=False),
    Column("currency_code", String(3), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
)
