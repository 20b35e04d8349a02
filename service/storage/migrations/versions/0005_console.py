"""The console: shared secrets, failed sign-ins, ended sessions.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

INSTANT = service.storage.types.Instant(timezone=True)


def upgrade() -> None:
    """Go to this revision."""
    op.create_table('service_secret',
    sa.Column('name', service.storage.types.key_text(32), nullable=False),
    sa.Column('value', sa.LargeBinary(length=64), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_service_secret'))
    )
    op.create_table('sign_in_failure',
    sa.Column('subject', sa.LargeBinary(length=32), nullable=False),
    sa.Column('failures_count', sa.Integer(), nullable=False),
    sa.Column('last_at', INSTANT, nullable=False),
    sa.CheckConstraint('failures_count >= 1', name=op.f('ck_sign_in_failure_failures_count')),
    sa.PrimaryKeyConstraint('subject', name=op.f('pk_sign_in_failure'))
    )
    op.create_index(op.f('ix_sign_in_failure_last_at'), 'sign_in_failure', ['last_at'], unique=False)
    op.create_table('ended_session',
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('signed_in_at', INSTANT, nullable=False),
    sa.Column('forget_at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['service_user.user_id'], name=op.f('fk_ended_session_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'signed_in_at', name=op.f('pk_ended_session'))
    )
    op.create_index(op.f('ix_ended_session_forget_at'), 'ended_session', ['forget_at'], unique=False)
