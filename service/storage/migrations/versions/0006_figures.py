"""Figures of classes, the journal of calls, and indexes of coupons and mails to look up.

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = service.storage.types.Instant(timezone=True)


def upgrade() -> None:
    """Go to this revision."""
    _create_figures()
    _create_calls()
    _create_partial_index(
        "ix_coupon_sent",
        "coupon",
        ["class_id", "sent_to_email", "coupon_id"],
        "sent_at IS NOT NULL",
    )
    _create_partial_index(
        "ix_coupon_claimed", "coupon", ["class_id", "coupon_id"], "claimed_at IS NOT NULL"
    )
    _create_partial_index(
        "ix_coupon_deleted", "coupon", ["class_id", "coupon_id"], "deleted_at IS NOT NULL"
    )
    _create_partial_index("ix_outbox_failed", "outbox", ["message_id"], "state = 'failed'")


def _create_partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=False,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _create_figures() -> None:
    op.create_table(
        "class_figures",
        sa.Column("class_id", ID, autoincrement=False, nullable=False),
        sa.Column("changed_audit_id", ID, server_default="0", nullable=False),
        sa.Column("counted_audit_id", ID, nullable=True),
        sa.Column("counted_at", INSTANT, nullable=True),
        sa.Column("dispatched_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claimed_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("redeemed_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waiting_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("depleted_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expired_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expires_next_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(counted_audit_id IS NULL) = (counted_at IS NULL)",
            name=op.f("ck_class_figures_counted"),
        ),
        sa.CheckConstraint(
            "waiting_count + active_count + depleted_count + expired_count = redeemed_count",
            name=op.f("ck_class_figures_redeemed"),
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["coupon_class.class_id"], name=op.f("fk_class_figures_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", name=op.f("pk_class_figures")),
    )
    op.create_table(
        "class_money",
        sa.Column("class_id", ID, autoincrement=False, nullable=False),
        sa.Column("currency_code", service.storage.types.key_text(3), nullable=False),
        sa.Column("granted", sa.String(length=40), nullable=False),
        sa.Column("drawn", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["class_figures.class_id"], name=op.f("fk_class_money_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "currency_code", name=op.f("pk_class_money")),
    )
    op.create_table(
        "class_day",
        sa.Column("class_id", ID, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("redeemed_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["class_figures.class_id"], name=op.f("fk_class_day_class_id")
        ),
        sa.PrimaryKeyConstraint("class_id", "day", name=op.f("pk_class_day")),
    )
    op.create_table(
        "figures_position",
        sa.Column("position_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("audit_id", ID, nullable=False),
        sa.CheckConstraint("position_id = 1", name=op.f("ck_figures_position_one_row")),
        sa.PrimaryKeyConstraint("position_id", name=op.f("pk_figures_position")),
    )


def _create_calls() -> None:
    op.create_table(
        "call",
        sa.Column("call_id", ID, nullable=False),
        sa.Column("tracking_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("contract", sa.String(length=32), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=True),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=False),
        sa.Column("duration_us", sa.Integer(), nullable=False),
        sa.Column("request_bytes", sa.Integer(), nullable=False),
        sa.Column("response_bytes", sa.Integer(), nullable=False),
        sa.Column("is_replay", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call")),
    )
    op.create_index("ix_call_tracking_id", "call", ["tracking_id"], unique=False)
