"""Jobs, subscriptions, deleted coupons; places of coupons in their batch.

SQLite cannot change a constraint: tables are made anew, and filled from the old ones.

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = service.storage.types.Instant(timezone=True)
CODE = sa.String(length=100).with_variant(sa.String(length=100, collation='C'), 'postgresql')
MAIL_ID = sa.String(length=255).with_variant(sa.String(length=255, collation='C'), 'postgresql')


def upgrade() -> None:
    """Go to this revision."""
    op.add_column('coupon_terms', sa.Column('is_reservation_mandatory', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('service_user', sa.Column('email', sa.String(length=320), nullable=True))
    _create_tables()
    if op.get_bind().dialect.name == 'sqlite':
        _make_anew()
    else:
        _alter()
    op.create_index('ix_coupon_redeemed', 'coupon', ['batch_id', 'seq'], unique=False, sqlite_where=sa.text('redeemed_at IS NOT NULL'), postgresql_where=sa.text('redeemed_at IS NOT NULL'))
    op.create_index('ix_coupon_batch_class_id', 'coupon_batch', ['class_id', 'batch_id'], unique=False)
    op.execute('INSERT INTO coupon_place (batch_id, seq, coupon_id) SELECT batch_id, seq, coupon_id FROM coupon ORDER BY batch_id, seq')


def _create_tables() -> None:
    op.create_table('subscription',
    sa.Column('subscription_id', ID, nullable=False),
    sa.Column('account_id', ID, nullable=False),
    sa.Column('reference', sa.String(length=64).with_variant(sa.String(length=64, collation='C'), 'postgresql'), nullable=False),
    sa.Column('product_id', sa.String(length=64), nullable=False),
    sa.Column('rate_plan_id', sa.String(length=64), nullable=False),
    sa.Column('currency_code', sa.String(length=3), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.account_id'], name=op.f('fk_subscription_account_id')),
    sa.PrimaryKeyConstraint('subscription_id', name=op.f('pk_subscription')),
    sa.UniqueConstraint('reference', name=op.f('uq_subscription_reference'))
    )
    op.create_index(op.f('ix_subscription_account_id'), 'subscription', ['account_id'], unique=False)
    op.create_table('coupon_place',
    sa.Column('batch_id', ID, nullable=False),
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('coupon_id', ID, nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['coupon_batch.batch_id'], name=op.f('fk_coupon_place_batch_id')).ddl_if(dialect='sqlite'),
    sa.PrimaryKeyConstraint('batch_id', 'seq', name=op.f('pk_coupon_place')),
    sqlite_with_rowid=False
    )
    op.create_table('job',
    sa.Column('job_id', ID, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('class_id', ID, nullable=True),
    sa.Column('status', sa.String(length=24), server_default='pending', nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('created_by', ID, nullable=False),
    sa.Column('chunk_execution_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('fail_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('errors', sa.JSON(), nullable=False),
    sa.Column('communicated', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('cancel_requested_at', INSTANT, nullable=True),
    sa.Column('next_attempt_at', INSTANT, nullable=False),
    sa.Column('lease_number', sa.Integer(), server_default='0', nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True),
    sa.CheckConstraint("(status IN ('pending verification', 'not_ready', 'pending')) = (ended_at IS NULL)", name=op.f('ck_job_ended')),
    sa.CheckConstraint("kind = 'deletion' OR class_id IS NOT NULL", name=op.f('ck_job_class')),
    sa.CheckConstraint("kind IN ('creation', 'deletion')", name=op.f('ck_job_kind')),
    sa.CheckConstraint("status IN ('pending verification', 'not_ready', 'pending', 'completed', 'failed', 'coupon pattern full', 'cancelled')", name=op.f('ck_job_status')),
    sa.CheckConstraint('fail_count BETWEEN 0 AND chunk_execution_count', name=op.f('ck_job_counts')),
    sa.ForeignKeyConstraint(['class_id'], ['coupon_class.class_id'], name=op.f('fk_job_class_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_job_customer_id')),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_job'))
    )
    op.create_index('ix_job_customer_id', 'job', ['customer_id', 'job_id'], unique=False)
    op.create_index('ix_job_due', 'job', ['next_attempt_at'], unique=False, sqlite_where=sa.text("status = 'pending'"), postgresql_where=sa.text("status = 'pending'"))
    op.create_table('creation_job',
    sa.Column('job_id', ID, nullable=False),
    sa.Column('batch_id', ID, nullable=False),
    sa.Column('terms_id', ID, nullable=False),
    sa.Column('number_of_coupons', sa.Integer(), nullable=False),
    sa.Column('code_pattern', sa.String(length=100), nullable=False),
    sa.Column('code_alphabet', sa.String(length=94), nullable=False),
    sa.Column('usage_limit', sa.Integer(), nullable=False),
    sa.Column('discount_limit', service.storage.types.Money(precision=24, scale=6), nullable=True),
    sa.Column('reservation_limit', sa.Integer(), nullable=True),
    sa.Column('start_date', INSTANT, nullable=True),
    sa.Column('expiry_date', INSTANT, nullable=True),
    sa.Column('is_reservation_mandatory', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('chunk_size', sa.Integer(), nullable=False),
    sa.Column('first_coupon_id', ID, nullable=True),
    sa.Column('created_amount', sa.Integer(), server_default='0', nullable=False),
    sa.Column('placed_amount', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint('chunk_size >= 1', name=op.f('ck_creation_job_chunk_size')),
    sa.CheckConstraint('created_amount BETWEEN 0 AND number_of_coupons', name=op.f('ck_creation_job_created_amount')),
    sa.CheckConstraint('number_of_coupons BETWEEN 1 AND 5000000', name=op.f('ck_creation_job_number_of_coupons')),
    sa.CheckConstraint('placed_amount BETWEEN 0 AND created_amount', name=op.f('ck_creation_job_placed_amount')),
    sa.CheckConstraint('reservation_limit BETWEEN 0 AND 999999', name=op.f('ck_creation_job_reservation_limit')),
    sa.CheckConstraint('usage_limit BETWEEN 0 AND 999999', name=op.f('ck_creation_job_usage_limit')),
    sa.ForeignKeyConstraint(['batch_id'], ['coupon_batch.batch_id'], name=op.f('fk_creation_job_batch_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.job_id'], name=op.f('fk_creation_job_job_id')),
    sa.ForeignKeyConstraint(['terms_id'], ['coupon_terms.terms_id'], name=op.f('fk_creation_job_terms_id')),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_creation_job')),
    sa.UniqueConstraint('batch_id', name=op.f('uq_creation_job_batch_id'))
    )
    op.create_table('deletion_job',
    sa.Column('job_id', ID, nullable=False),
    sa.Column('filters', sa.JSON(), nullable=False),
    sa.Column('deleted_amount', sa.Integer(), server_default='0', nullable=False),
    sa.Column('batch_id', ID, nullable=True),
    sa.Column('seq', sa.Integer(), nullable=True),
    sa.CheckConstraint('(batch_id IS NULL) = (seq IS NULL)', name=op.f('ck_deletion_job_progress')),
    sa.CheckConstraint('deleted_amount >= 0', name=op.f('ck_deletion_job_deleted_amount')),
    sa.ForeignKeyConstraint(['batch_id'], ['coupon_batch.batch_id'], name=op.f('fk_deletion_job_batch_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.job_id'], name=op.f('fk_deletion_job_job_id')),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_deletion_job'))
    )
    op.create_table('unfinished_import',
    sa.Column('batch_id', ID, nullable=False),
    sa.Column('first_coupon_id', ID, nullable=False),
    sa.Column('is_given_up', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['coupon_batch.batch_id'], name=op.f('fk_unfinished_import_batch_id')),
    sa.PrimaryKeyConstraint('batch_id', name=op.f('pk_unfinished_import'))
    )


BATCH_COLUMNS = 'batch_id, class_id, requested_count, created_count, created_at'
BATCH_STARTS = """
    SELECT starting.batch_id, coupon_terms.start_date
    FROM (SELECT batch_id, min(terms_id) AS terms_id FROM coupon GROUP BY batch_id) AS starting
    JOIN coupon_terms ON coupon_terms.terms_id = starting.terms_id
"""
COUPON_COLUMNS = (
    'coupon_id, class_id, terms_id, batch_id, code, sent_to_email, sent_at, claimed_account_id,'
    ' claimed_at, claimed_feature_id, redeemed_at'
)
HAS_CLASS = '(class_id IS NULL) = (terms_id IS NULL) AND (class_id IS NULL) = (batch_id IS NULL)'
IS_DELETED = 'class_id IS NULL OR (seq IS NULL) = (deleted_at IS NOT NULL)'
HAS_NO_CLASS = 'class_id IS NOT NULL OR (seq IS NULL AND sent_at IS NULL AND claimed_at IS NULL AND redeemed_at IS NULL AND deleted_at IS NULL)'
COUPON_PLACES = 'row_number() OVER (PARTITION BY batch_id ORDER BY seq) - 1'
OUTBOX_COLUMNS = (
    'message_id, mail_id, kind, recipient, coupon_id, state, attempts_count, next_attempt_at,'
    ' last_error, created_at, sent_at'
)


def _alter() -> None:
    op.add_column('coupon_batch', sa.Column('coupons_count', sa.Integer(), server_default='0', nullable=False))
    op.add_column('coupon_batch', sa.Column('unused_from', sa.Integer(), server_default='0', nullable=False))
    op.add_column('coupon_batch', sa.Column('start_date', INSTANT, nullable=True))
    op.add_column('coupon_batch', sa.Column('has_one_start', sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column('coupon_batch', sa.Column('attributes', sa.JSON(), nullable=True))
    op.drop_index('ix_coupon_batch_class_id', table_name='coupon_batch')
    op.execute('UPDATE coupon_batch SET coupons_count = created_count')
    op.execute(f'UPDATE coupon_batch SET start_date = it.start_date FROM ({BATCH_STARTS}) AS it WHERE it.batch_id = coupon_batch.batch_id')
    op.create_check_constraint(op.f('ck_coupon_batch_coupons_count'), 'coupon_batch', 'coupons_count BETWEEN 0 AND created_count')
    op.create_check_constraint(op.f('ck_coupon_batch_unused_from'), 'coupon_batch', 'unused_from >= 0')
    op.drop_index('ix_coupon_unused', table_name='coupon')
    op.drop_constraint(op.f('fk_coupon_batch_id'), 'coupon', type_='foreignkey')
    op.drop_constraint(op.f('fk_coupon_class_id'), 'coupon', type_='foreignkey')
    op.drop_constraint(op.f('fk_coupon_terms_id'), 'coupon', type_='foreignkey')
    op.drop_constraint(op.f('uq_coupon_class_id_seq'), 'coupon', type_='unique')
    op.add_column('coupon', sa.Column('deleted_at', INSTANT, nullable=True))
    op.alter_column('coupon', 'seq', existing_type=sa.Integer(), nullable=True)
    op.execute(f'UPDATE coupon SET seq = it.seq FROM (SELECT coupon_id, {COUPON_PLACES} AS seq FROM coupon) AS it WHERE it.coupon_id = coupon.coupon_id AND it.seq <> coupon.seq')
    for column in ('class_id', 'terms_id', 'batch_id'):
        op.alter_column('coupon', column, existing_type=ID, nullable=True)
    op.create_check_constraint(op.f('ck_coupon_class'), 'coupon', HAS_CLASS)
    op.create_check_constraint(op.f('ck_coupon_deleted'), 'coupon', IS_DELETED)
    op.create_check_constraint(op.f('ck_coupon_without_class'), 'coupon', HAS_NO_CLASS)
    op.create_check_constraint(op.f('ck_coupon_redeemed'), 'coupon', 'redeemed_at IS NULL OR deleted_at IS NULL')
    op.add_column('outbox', sa.Column('job_id', ID, nullable=True))
    op.alter_column('outbox', 'coupon_id', existing_type=ID, nullable=True)
    op.create_unique_constraint(op.f('uq_outbox_job_id'), 'outbox', ['job_id'])
    op.create_foreign_key(op.f('fk_outbox_job_id'), 'outbox', 'job', ['job_id'], ['job_id'])
    op.drop_constraint(op.f('ck_outbox_kind'), 'outbox', type_='check')
    op.create_check_constraint(op.f('ck_outbox_kind'), 'outbox', "kind IN ('dispatch', 'distribute', 'job')")
    op.create_check_constraint(op.f('ck_outbox_subject'), 'outbox', '(job_id IS NULL) = (coupon_id IS NOT NULL)')
    op.create_check_constraint(op.f('ck_outbox_job'), 'outbox', "(kind = 'job') = (job_id IS NOT NULL)")
    # Counts of redeemed coupons are read from an index alone where the table was vacuumed since;
    # by default that takes as many changes as a fifth of its rows, and its statistics a tenth.
    op.execute('ALTER TABLE coupon SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.01)')


def _make_anew() -> None:
    _replace('coupon_batch',
    f'INSERT INTO new_table ({BATCH_COLUMNS}, coupons_count, start_date) SELECT {", ".join("old." + it for it in BATCH_COLUMNS.split(", "))}, created_count, it.start_date FROM coupon_batch AS old LEFT JOIN ({BATCH_STARTS}) AS it ON it.batch_id = old.batch_id',
    sa.Column('batch_id', ID, nullable=False),
    sa.Column('class_id', ID, nullable=False),
    sa.Column('requested_count', sa.Integer(), nullable=False),
    sa.Column('created_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('coupons_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('unused_from', sa.Integer(), server_default='0', nullable=False),
    sa.Column('start_date', INSTANT, nullable=True),
    sa.Column('has_one_start', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('attributes', sa.JSON(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.CheckConstraint('coupons_count BETWEEN 0 AND created_count', name=op.f('ck_coupon_batch_coupons_count')),
    sa.CheckConstraint('unused_from >= 0', name=op.f('ck_coupon_batch_unused_from')),
    sa.ForeignKeyConstraint(['class_id'], ['coupon_class.class_id'], name=op.f('fk_coupon_batch_class_id')),
    sa.PrimaryKeyConstraint('batch_id', name=op.f('pk_coupon_batch')),
    sqlite_autoincrement=True)
    _replace('coupon',
    f'INSERT INTO new_table ({COUPON_COLUMNS}, seq) SELECT {COUPON_COLUMNS}, {COUPON_PLACES} FROM coupon ORDER BY coupon_id',
    sa.Column('coupon_id', ID, nullable=False),
    sa.Column('class_id', ID, nullable=True),
    sa.Column('terms_id', ID, nullable=True),
    sa.Column('batch_id', ID, nullable=True),
    sa.Column('seq', sa.Integer(), nullable=True),
    sa.Column('code', CODE, nullable=False),
    sa.Column('sent_to_email', sa.String(length=320), nullable=True),
    sa.Column('sent_at', INSTANT, nullable=True),
    sa.Column('claimed_account_id', ID, nullable=True),
    sa.Column('claimed_at', INSTANT, nullable=True),
    sa.Column('claimed_feature_id', sa.Integer(), nullable=True),
    sa.Column('redeemed_at', INSTANT, nullable=True),
    sa.Column('deleted_at', INSTANT, nullable=True),
    sa.CheckConstraint('(claimed_account_id IS NULL) = (claimed_at IS NULL)', name=op.f('ck_coupon_claimed')),
    sa.CheckConstraint('(sent_to_email IS NULL) = (sent_at IS NULL)', name=op.f('ck_coupon_sent')),
    sa.CheckConstraint('claimed_feature_id IS NULL OR claimed_at IS NOT NULL', name=op.f('ck_coupon_claimed_feature')),
    sa.CheckConstraint(HAS_CLASS, name=op.f('ck_coupon_class')),
    sa.CheckConstraint(IS_DELETED, name=op.f('ck_coupon_deleted')),
    sa.CheckConstraint(HAS_NO_CLASS, name=op.f('ck_coupon_without_class')),
    sa.CheckConstraint('redeemed_at IS NULL OR deleted_at IS NULL', name=op.f('ck_coupon_redeemed')),
    sa.ForeignKeyConstraint(['batch_id'], ['coupon_batch.batch_id'], name=op.f('fk_coupon_batch_id')),
    sa.ForeignKeyConstraint(['claimed_account_id'], ['account.account_id'], name=op.f('fk_coupon_claimed_account_id')),
    sa.ForeignKeyConstraint(['class_id'], ['coupon_class.class_id'], name=op.f('fk_coupon_class_id')),
    sa.ForeignKeyConstraint(['terms_id'], ['coupon_terms.terms_id'], name=op.f('fk_coupon_terms_id')),
    sa.PrimaryKeyConstraint('coupon_id', name=op.f('pk_coupon')),
    sa.UniqueConstraint('code', name=op.f('uq_coupon_code')),
    sqlite_autoincrement=True)
    op.create_index('ix_coupon_claimed_account_id', 'coupon', ['claimed_account_id'], unique=False, sqlite_where=sa.text('claimed_at IS NOT NULL'))
    op.create_index('uq_coupon_claimed_feature', 'coupon', ['claimed_account_id', 'claimed_feature_id'], unique=True, sqlite_where=sa.text('claimed_feature_id IS NOT NULL'))
    _replace('outbox',
    f'INSERT INTO new_table ({OUTBOX_COLUMNS}) SELECT {OUTBOX_COLUMNS} FROM outbox',
    sa.Column('message_id', ID, nullable=False),
    sa.Column('mail_id', MAIL_ID, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('coupon_id', ID, nullable=True),
    sa.Column('job_id', ID, nullable=True),
    sa.Column('state', sa.String(length=16), server_default='queued', nullable=False),
    sa.Column('attempts_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_attempt_at', INSTANT, nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('sent_at', INSTANT, nullable=True),
    sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f('ck_outbox_sent')),
    sa.CheckConstraint("kind IN ('dispatch', 'distribute', 'job')", name=op.f('ck_outbox_kind')),
    sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f('ck_outbox_state')),
    sa.CheckConstraint('(job_id IS NULL) = (coupon_id IS NOT NULL)', name=op.f('ck_outbox_subject')),
    sa.CheckConstraint("(kind = 'job') = (job_id IS NOT NULL)", name=op.f('ck_outbox_job')),
    sa.CheckConstraint('attempts_count >= 0', name=op.f('ck_outbox_attempts_count')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_outbox_coupon_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.job_id'], name=op.f('fk_outbox_job_id')),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('job_id', name=op.f('uq_outbox_job_id')),
    sa.UniqueConstraint('mail_id', name=op.f('uq_outbox_mail_id')))
    op.create_index(op.f('ix_outbox_coupon_id'), 'outbox', ['coupon_id'], unique=False)
    op.create_index('ix_outbox_due', 'outbox', ['next_attempt_at'], unique=False, sqlite_where=sa.text("state = 'queued'"))


def _replace(name: str, fill: str, *parts: sa.schema.SchemaItem, sqlite_autoincrement: bool = False) -> None:
    """Make a table anew; its indexes go with the old one."""
    op.create_table('new_table', *parts, sqlite_autoincrement=sqlite_autoincrement)
    op.execute(fill)
    op.drop_table(name)
    op.rename_table('new_table', name)
