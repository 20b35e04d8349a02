"""Idempotency keys.

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table('idempotency_key',
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), nullable=False),
    sa.Column('operation', sa.String(length=64), nullable=False),
    sa.Column('body_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('reply', sa.Text(), nullable=True),
    sa.Column('error_symbol', sa.String(length=64), nullable=True),
    sa.Column('error_details', sa.Text(), nullable=True),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.CheckConstraint('(error_symbol IS NULL) = (error_details IS NULL)', name=op.f('ck_idempotency_key_error')),
    sa.CheckConstraint('reply IS NULL OR error_symbol IS NULL', name=op.f('ck_idempotency_key_answer')),
    sa.ForeignKeyConstraint(['user_id'], ['service_user.user_id'], name=op.f('fk_idempotency_key_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'key', name=op.f('pk_idempotency_key'))
    )
    op.create_index(op.f('ix_idempotency_key_created_at'), 'idempotency_key', ['created_at'], unique=False)
