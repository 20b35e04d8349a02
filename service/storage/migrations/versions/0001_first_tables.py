"""First tables.

Revision: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table('audit',
    sa.Column('audit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('tracking_id', sa.String(length=36), nullable=False),
    sa.Column('action', sa.String(length=32), nullable=False),
    sa.Column('entity', sa.String(length=32), nullable=False),
    sa.Column('entity_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('before', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('after', sa.JSON(none_as_null=True), nullable=True),
    sa.PrimaryKeyConstraint('audit_id', name=op.f('pk_audit'))
    )
    op.create_index('ix_audit_entity_entity_id', 'audit', ['entity', 'entity_id'], unique=False)
    op.create_index(op.f('ix_audit_tracking_id'), 'audit', ['tracking_id'], unique=False)
    op.create_table('coupon_terms',
    sa.Column('terms_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('coupon_type', sa.String(length=16), nullable=False),
    sa.Column('currency_code', sa.String(length=3), nullable=False),
    sa.Column('amount', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('percent_off', service.storage.types.Money(precision=24, scale=6), nullable=True),
    sa.Column('spend_threshold', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('active_duration', sa.Integer(), nullable=True),
    sa.Column('start_date', service.storage.types.Instant(timezone=True), nullable=True),
    sa.Column('end_date', service.storage.types.Instant(timezone=True), nullable=True),
    sa.Column('expiration_date', service.storage.types.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("coupon_type IN ('Acquisition', 'Retention')", name=op.f('ck_coupon_terms_type')),
    sa.CheckConstraint('active_duration >= 1', name=op.f('ck_coupon_terms_active_duration')),
    sa.CheckConstraint('amount >= 0 AND spend_threshold >= 0', name=op.f('ck_coupon_terms_amounts')),
    sa.CheckConstraint('end_date >= start_date', name=op.f('ck_coupon_terms_end_date')),
    sa.CheckConstraint('percent_off > 0', name=op.f('ck_coupon_terms_percent_off')),
    sa.CheckConstraint('percent_off IS NOT NULL OR amount > 0', name=op.f('ck_coupon_terms_worth')),
    sa.PrimaryKeyConstraint('terms_id', name=op.f('pk_coupon_terms'))
    )
    op.create_table('customer',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_customer'))
    )
    op.create_table('service_user',
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=True),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('disabled_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.CheckConstraint('disabled_at IS NULL OR password_hash IS NULL', name=op.f('ck_service_user_disabled')),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_service_user')),
    sa.UniqueConstraint('name', name=op.f('uq_service_user_name'))
    )
    op.create_table('account',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=8).with_variant(sa.String(length=8, collation='C'), 'postgresql'), nullable=False),
    sa.Column('currency_code', sa.String(length=3), nullable=False),
    sa.Column('email', sa.String(length=320), nullable=True),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_account_customer_id')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_account')),
    sa.UniqueConstraint('number', name=op.f('uq_account_number'))
    )
    op.create_index(op.f('ix_account_customer_id'), 'account', ['customer_id'], unique=False)
    op.create_table('coupon_class',
    sa.Column('class_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('terms_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), nullable=False),
    sa.Column('feature_id', sa.Integer(), nullable=True),
    sa.Column('code_pattern', sa.String(length=100), nullable=False),
    sa.Column('code_alphabet', sa.String(length=94), nullable=False),
    sa.Column('language', sa.String(length=35), server_default='en', nullable=False),
    sa.Column('coupons_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('retired_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.CheckConstraint('coupons_count >= 0', name=op.f('ck_coupon_class_coupons_count')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_coupon_class_customer_id')),
    sa.ForeignKeyConstraint(['terms_id'], ['coupon_terms.terms_id'], name=op.f('fk_coupon_class_terms_id')),
    sa.PrimaryKeyConstraint('class_id', name=op.f('pk_coupon_class')),
    sa.UniqueConstraint('customer_id', 'name', name=op.f('uq_coupon_class_customer_id_name'))
    )
    op.create_table('membership',
    sa.Column('membership_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.CheckConstraint("(role = 'Operator') = (customer_id IS NULL)", name=op.f('ck_membership_customer')),
    sa.CheckConstraint("role IN ('SuperAdmin', 'Standard', 'ReadOnly', 'Operator')", name=op.f('ck_membership_role')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_membership_customer_id')),
    sa.ForeignKeyConstraint(['user_id'], ['service_user.user_id'], name=op.f('fk_membership_user_id')),
    sa.PrimaryKeyConstraint('membership_id', name=op.f('pk_membership')),
    sa.UniqueConstraint('user_id', 'customer_id', name=op.f('uq_membership_user_id_customer_id'))
    )
    op.create_index('uq_membership_operator', 'membership', ['user_id'], unique=True, sqlite_where=sa.text('customer_id IS NULL'), postgresql_where=sa.text('customer_id IS NULL'))
    op.create_table('token',
    sa.Column('token_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('expires_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.Column('revoked_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('developer', 'authentication')", name=op.f('ck_token_kind')),
    sa.ForeignKeyConstraint(['user_id'], ['service_user.user_id'], name=op.f('fk_token_user_id')),
    sa.PrimaryKeyConstraint('token_id', name=op.f('pk_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_token_digest'))
    )
    op.create_index(op.f('ix_token_user_id'), 'token', ['user_id'], unique=False)
    op.create_table('coupon_batch',
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('class_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('requested_count', sa.Integer(), nullable=False),
    sa.Column('created_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['class_id'], ['coupon_class.class_id'], name=op.f('fk_coupon_batch_class_id')),
    sa.PrimaryKeyConstraint('batch_id', name=op.f('pk_coupon_batch'))
    )
    op.create_index(op.f('ix_coupon_batch_class_id'), 'coupon_batch', ['class_id'], unique=False)
    op.create_table('spend',
    sa.Column('spend_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reference', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), nullable=False),
    sa.Column('amount', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('spent_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('recorded_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('reversed_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_spend_amount')),
    sa.ForeignKeyConstraint(['account_id'], ['account.account_id'], name=op.f('fk_spend_account_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_spend_customer_id')),
    sa.PrimaryKeyConstraint('spend_id', name=op.f('pk_spend')),
    sa.UniqueConstraint('customer_id', 'reference', name=op.f('uq_spend_customer_id_reference'))
    )
    op.create_index('ix_spend_account_id_spent_at', 'spend', ['account_id', 'spent_at'], unique=False)
    op.create_index('ix_spend_standing', 'spend', ['customer_id', 'spent_at'], unique=False, sqlite_where=sa.text('reversed_at IS NULL'), postgresql_where=sa.text('reversed_at IS NULL'))
    op.create_table('coupon',
    sa.Column('coupon_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('class_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('terms_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=100).with_variant(sa.String(length=100, collation='C'), 'postgresql'), nullable=False),
    sa.Column('sent_to_email', sa.String(length=320), nullable=True),
    sa.Column('sent_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.Column('claimed_account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('claimed_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.Column('claimed_feature_id', sa.Integer(), nullable=True),
    sa.Column('redeemed_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.CheckConstraint('(claimed_account_id IS NULL) = (claimed_at IS NULL)', name=op.f('ck_coupon_claimed')),
    sa.CheckConstraint('(sent_to_email IS NULL) = (sent_at IS NULL)', name=op.f('ck_coupon_sent')),
    sa.CheckConstraint('claimed_feature_id IS NULL OR claimed_at IS NOT NULL', name=op.f('ck_coupon_claimed_feature')),
    sa.ForeignKeyConstraint(['batch_id'], ['coupon_batch.batch_id'], name=op.f('fk_coupon_batch_id')),
    sa.ForeignKeyConstraint(['claimed_account_id'], ['account.account_id'], name=op.f('fk_coupon_claimed_account_id')),
    sa.ForeignKeyConstraint(['class_id'], ['coupon_class.class_id'], name=op.f('fk_coupon_class_id')),
    sa.ForeignKeyConstraint(['terms_id'], ['coupon_terms.terms_id'], name=op.f('fk_coupon_terms_id')),
    sa.PrimaryKeyConstraint('coupon_id', name=op.f('pk_coupon')),
    sa.UniqueConstraint('class_id', 'seq', name=op.f('uq_coupon_class_id_seq')),
    sa.UniqueConstraint('code', name=op.f('uq_coupon_code'))
    )
    op.create_index('ix_coupon_claimed_account_id', 'coupon', ['claimed_account_id'], unique=False, sqlite_where=sa.text('claimed_at IS NOT NULL'), postgresql_where=sa.text('claimed_at IS NOT NULL'))
    op.create_index('ix_coupon_unused', 'coupon', ['class_id', 'seq'], unique=False, sqlite_where=sa.text('sent_at IS NULL AND claimed_at IS NULL AND redeemed_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND claimed_at IS NULL AND redeemed_at IS NULL'))
    op.create_index('uq_coupon_claimed_feature', 'coupon', ['claimed_account_id', 'claimed_feature_id'], unique=True, sqlite_where=sa.text('claimed_feature_id IS NOT NULL'), postgresql_where=sa.text('claimed_feature_id IS NOT NULL'))
    op.create_table('outbox',
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('mail_id', sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql'), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('coupon_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=16), server_default='queued', nullable=False),
    sa.Column('attempts_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_attempt_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('created_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('sent_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f('ck_outbox_sent')),
    sa.CheckConstraint("kind IN ('dispatch', 'distribute')", name=op.f('ck_outbox_kind')),
    sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f('ck_outbox_state')),
    sa.CheckConstraint('attempts_count >= 0', name=op.f('ck_outbox_attempts_count')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_outbox_coupon_id')),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('mail_id', name=op.f('uq_outbox_mail_id'))
    )
    op.create_index(op.f('ix_outbox_coupon_id'), 'outbox', ['coupon_id'], unique=False)
    op.create_index('ix_outbox_due', 'outbox', ['next_attempt_at'], unique=False, sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
    op.create_table('redemption',
    sa.Column('coupon_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('redeemed_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('expires_at', service.storage.types.Instant(timezone=True), nullable=False),
    sa.Column('activated_at', service.storage.types.Instant(timezone=True), nullable=True),
    sa.Column('is_active', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('granted', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('spend_to_threshold', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('balance', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('currency_code', sa.String(length=3), nullable=False),
    sa.Column('acquisition_customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.CheckConstraint('NOT is_active OR activated_at IS NOT NULL', name=op.f('ck_redemption_active')),
    sa.CheckConstraint('balance >= 0 AND balance <= granted AND spend_to_threshold >= 0', name=op.f('ck_redemption_amounts')),
    sa.ForeignKeyConstraint(['account_id'], ['account.account_id'], name=op.f('fk_redemption_account_id')),
    sa.ForeignKeyConstraint(['acquisition_customer_id'], ['customer.customer_id'], name=op.f('fk_redemption_acquisition_customer_id')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_redemption_coupon_id')),
    sa.PrimaryKeyConstraint('coupon_id', name=op.f('pk_redemption')),
    sa.UniqueConstraint('acquisition_customer_id', name=op.f('uq_redemption_acquisition_customer_id'))
    )
    op.create_index(op.f('ix_redemption_account_id'), 'redemption', ['account_id'], unique=False)
    op.create_index('uq_redemption_active', 'redemption', ['account_id'], unique=True, sqlite_where=sa.text('is_active'), postgresql_where=sa.text('is_active'))
    op.create_table('ledger',
    sa.Column('line_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('coupon_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('spend_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_reversal', sa.Boolean(), nullable=False),
    sa.Column('towards_threshold', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('drawn', service.storage.types.Money(precision=24, scale=6), nullable=False),
    sa.Column('is_activation', sa.Boolean(), nullable=False),
    sa.CheckConstraint('towards_threshold >= 0 AND drawn >= 0', name=op.f('ck_ledger_amounts')),
    sa.ForeignKeyConstraint(['coupon_id'], ['redemption.coupon_id'], name=op.f('fk_ledger_coupon_id')),
    sa.ForeignKeyConstraint(['spend_id'], ['spend.spend_id'], name=op.f('fk_ledger_spend_id')),
    sa.PrimaryKeyConstraint('line_id', name=op.f('pk_ledger')),
    sa.UniqueConstraint('spend_id', 'coupon_id', 'is_reversal', name=op.f('uq_ledger_spend_id_coupon_id_is_reversal'))
    )
    op.create_index('ix_ledger_coupon_id', 'ledger', ['coupon_id'], unique=False)
