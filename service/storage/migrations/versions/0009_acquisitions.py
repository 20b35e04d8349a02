"""A redemption is among those of a customer's Acquisition coupons only if it is one.

Of all others there was an entry as well: one place of the disk more for each redemption.

Revision: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = service.storage.types.Instant(timezone=True)
MONEY = service.storage.types.Money(precision=24, scale=6)
IS_ACQUISITION = sa.text('acquisition_customer_id IS NOT NULL')
IS_ACTIVE = sa.text('is_active')


def upgrade() -> None:
    """Go to this revision."""
    if op.get_bind().dialect.name == 'sqlite':
        _make_anew()
    else:
        op.drop_constraint(op.f('uq_redemption_acquisition_customer_id'), 'redemption')
    op.create_index('uq_redemption_acquisition', 'redemption', ['acquisition_customer_id'], unique=True, sqlite_where=IS_ACQUISITION, postgresql_where=IS_ACQUISITION)


def _make_anew() -> None:
    """SQLite cannot take a constraint from a table."""
    op.create_table('new_redemption',
    sa.Column('coupon_id', ID, nullable=False),
    sa.Column('account_id', ID, nullable=False),
    sa.Column('redeemed_at', INSTANT, nullable=False),
    sa.Column('expires_at', INSTANT, nullable=False),
    sa.Column('activated_at', INSTANT, nullable=True),
    sa.Column('is_active', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('granted', MONEY, nullable=False),
    sa.Column('spend_to_threshold', MONEY, nullable=False),
    sa.Column('balance', MONEY, nullable=False),
    sa.Column('currency_code', sa.String(length=3), nullable=False),
    sa.Column('acquisition_customer_id', ID, nullable=True),
    sa.CheckConstraint('NOT is_active OR activated_at IS NOT NULL', name=op.f('ck_redemption_active')),
    sa.CheckConstraint('balance >= 0 AND balance <= granted AND spend_to_threshold >= 0', name=op.f('ck_redemption_amounts')),
    sa.ForeignKeyConstraint(['account_id'], ['account.account_id'], name=op.f('fk_redemption_account_id')),
    sa.ForeignKeyConstraint(['acquisition_customer_id'], ['customer.customer_id'], name=op.f('fk_redemption_acquisition_customer_id')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_redemption_coupon_id')),
    sa.PrimaryKeyConstraint('coupon_id', name=op.f('pk_redemption')))
    columns = 'coupon_id, account_id, redeemed_at, expires_at, activated_at, is_active, granted, spend_to_threshold, balance, currency_code, acquisition_customer_id'
    op.execute(f'INSERT INTO new_redemption ({columns}) SELECT {columns} FROM redemption ORDER BY coupon_id')
    op.drop_table('redemption')
    op.rename_table('new_redemption', 'redemption')
    op.create_index(op.f('ix_redemption_account_id'), 'redemption', ['account_id'], unique=False)
    op.create_index('uq_redemption_active', 'redemption', ['account_id'], unique=True, sqlite_where=IS_ACTIVE)
