"""Coupons that discount bills: definitions, books, parent codes, instances, bills.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INSTANT = service.storage.types.Instant(timezone=True)
MONEY = service.storage.types.Money(precision=24, scale=6)


def upgrade() -> None:
    """Go to this revision."""
    _create_definitions()
    _create_books()
    _create_parents()
    _create_instances()
    _create_bills()


def _create_definitions() -> None:
    op.create_table('coupon_definition',
    sa.Column('definition_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(64), nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('crm_id', sa.String(length=255), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('customer_code', sa.String(length=255), nullable=True),
    sa.Column('target', sa.String(length=16), nullable=False),
    sa.Column('currency_code', sa.String(length=3), nullable=True),
    sa.Column('valid_from', INSTANT, nullable=False),
    sa.Column('valid_till', INSTANT, nullable=True),
    sa.Column('instance_duration', sa.Integer(), nullable=True),
    sa.Column('instance_duration_period', sa.String(length=16), nullable=True),
    sa.Column('fixed_end_date', INSTANT, nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.CheckConstraint("instance_duration_period IN ('minutes', 'hours', 'days', 'months', 'years', 'periods')", name=op.f('ck_coupon_definition_period')),
    sa.CheckConstraint("state IN ('development', 'production', 'deleted')", name=op.f('ck_coupon_definition_state')),
    sa.CheckConstraint("target IN ('product', 'account')", name=op.f('ck_coupon_definition_target')),
    sa.CheckConstraint('instance_duration >= 0', name=op.f('ck_coupon_definition_duration')),
    sa.CheckConstraint('valid_till >= valid_from', name=op.f('ck_coupon_definition_valid_till')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_coupon_definition_customer_id')),
    sa.PrimaryKeyConstraint('definition_id', name=op.f('pk_coupon_definition')),
    sa.UniqueConstraint('reference', name=op.f('uq_coupon_definition_reference'))
    )
    op.create_index(op.f('ix_coupon_definition_customer_id'), 'coupon_definition', ['customer_id'], unique=False)
    op.create_table('coupon_modifier',
    sa.Column('modifier_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(64), nullable=False),
    sa.Column('definition_id', ID, nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('effect_amount', MONEY, nullable=False),
    sa.Column('operand', sa.String(length=20), nullable=False),
    sa.Column('effect', sa.String(length=32), nullable=False),
    sa.Column('is_additional', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('specifier_amount', sa.Integer(), nullable=True),
    sa.Column('domain', sa.String(length=20), nullable=False),
    sa.Column('specifier', sa.String(length=255), nullable=True),
    sa.Column('precedence', sa.Integer(), server_default='0', nullable=False),
    sa.Column('unit_of_measure', sa.String(length=255), nullable=True),
    sa.Column('is_deleted', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.CheckConstraint("domain = 'product' OR specifier IS NOT NULL", name=op.f('ck_coupon_modifier_specifier')),
    sa.CheckConstraint("domain IN ('product', 'uom', 'PricingComponent')", name=op.f('ck_coupon_modifier_domain')),
    sa.CheckConstraint("specifier_amount >= 0 AND (effect = 'discount_all' OR specifier_amount IS NOT NULL)", name=op.f('ck_coupon_modifier_specifier_amount')),
    sa.CheckConstraint("effect IN ('discount_first_units', 'discount_last_units', 'discount_cheapest_units', 'discount_all')", name=op.f('ck_coupon_modifier_effect')),
    sa.CheckConstraint("operand IN ('fixed', 'percent', 'instance_fixed', 'instance_percent')", name=op.f('ck_coupon_modifier_operand')),
    sa.CheckConstraint('effect_amount >= 0', name=op.f('ck_coupon_modifier_effect_amount')),
    sa.ForeignKeyConstraint(['definition_id'], ['coupon_definition.definition_id'], name=op.f('fk_coupon_modifier_definition_id')),
    sa.PrimaryKeyConstraint('modifier_id', name=op.f('pk_coupon_modifier')),
    sa.UniqueConstraint('definition_id', 'place', name=op.f('uq_coupon_modifier_definition_id_place')),
    sa.UniqueConstraint('reference', name=op.f('uq_coupon_modifier_reference'))
    )
    op.create_table('coupon_rule',
    sa.Column('rule_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(64), nullable=False),
    sa.Column('definition_id', ID, nullable=False),
    sa.Column('parent_rule_id', ID, nullable=True),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(length=32), nullable=False),
    sa.Column('polarity', sa.String(length=16), nullable=False),
    sa.Column('preposition', sa.String(length=32), nullable=False),
    sa.Column('parameter', sa.String(length=255), nullable=False),
    sa.Column('object', sa.String(length=32), nullable=False),
    sa.Column('strategy', sa.String(length=64), nullable=False),
    sa.Column('specifier', sa.String(length=255), nullable=True),
    sa.Column('is_deleted', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['definition_id'], ['coupon_definition.definition_id'], name=op.f('fk_coupon_rule_definition_id')),
    sa.ForeignKeyConstraint(['parent_rule_id'], ['coupon_rule.rule_id'], name=op.f('fk_coupon_rule_parent_rule_id')),
    sa.PrimaryKeyConstraint('rule_id', name=op.f('pk_coupon_rule')),
    sa.UniqueConstraint('definition_id', 'place', name=op.f('uq_coupon_rule_definition_id_place')),
    sa.UniqueConstraint('reference', name=op.f('uq_coupon_rule_reference'))
    )


def _create_books() -> None:
    op.create_table('coupon_book_definition',
    sa.Column('book_definition_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(64), nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('definition_id', ID, nullable=False),
    sa.Column('crm_id', sa.String(length=255), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('minimum', sa.Integer(), nullable=False),
    sa.Column('maximum', sa.Integer(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('valid_from', INSTANT, nullable=False),
    sa.Column('valid_till', INSTANT, nullable=True),
    sa.Column('instance_duration', sa.Integer(), nullable=True),
    sa.Column('instance_duration_period', sa.String(length=16), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.CheckConstraint("state IN ('development', 'production', 'deleted')", name=op.f('ck_coupon_book_definition_state')),
    sa.CheckConstraint('minimum >= 1 AND maximum >= minimum AND step >= 1', name=op.f('ck_coupon_book_definition_sizes')),
    sa.CheckConstraint('valid_till >= valid_from', name=op.f('ck_coupon_book_definition_valid_till')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_coupon_book_definition_customer_id')),
    sa.ForeignKeyConstraint(['definition_id'], ['coupon_definition.definition_id'], name=op.f('fk_coupon_book_definition_definition_id')),
    sa.PrimaryKeyConstraint('book_definition_id', name=op.f('pk_coupon_book_definition')),
    sa.UniqueConstraint('reference', name=op.f('uq_coupon_book_definition_reference'))
    )
    op.create_index(op.f('ix_coupon_book_definition_customer_id'), 'coupon_book_definition', ['customer_id'], unique=False)
    op.create_index(op.f('ix_coupon_book_definition_definition_id'), 'coupon_book_definition', ['definition_id'], unique=False)
    op.create_table('coupon_book',
    sa.Column('book_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(64), nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('book_definition_id', ID, nullable=False),
    sa.Column('coupon_id', ID, nullable=True),
    sa.Column('crm_id', sa.String(length=255), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('cost', MONEY, nullable=False),
    sa.Column('max_remaining_coupons', sa.Integer(), nullable=False),
    sa.Column('remaining_coupons', sa.Integer(), nullable=False),
    sa.Column('maximum_coupon_uses', sa.Integer(), nullable=False),
    sa.Column('is_deleted', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.CheckConstraint('cost >= 0', name=op.f('ck_coupon_book_cost')),
    sa.CheckConstraint('maximum_coupon_uses >= 1', name=op.f('ck_coupon_book_maximum_coupon_uses')),
    sa.CheckConstraint('remaining_coupons BETWEEN 0 AND max_remaining_coupons', name=op.f('ck_coupon_book_remaining_coupons')),
    sa.ForeignKeyConstraint(['book_definition_id'], ['coupon_book_definition.book_definition_id'], name=op.f('fk_coupon_book_book_definition_id')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_coupon_book_coupon_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_coupon_book_customer_id')),
    sa.PrimaryKeyConstraint('book_id', name=op.f('pk_coupon_book')),
    sa.UniqueConstraint('coupon_id', name=op.f('uq_coupon_book_coupon_id')),
    sa.UniqueConstraint('reference', name=op.f('uq_coupon_book_reference'))
    )
    op.create_index(op.f('ix_coupon_book_book_definition_id'), 'coupon_book', ['book_definition_id'], unique=False)
    op.create_index(op.f('ix_coupon_book_customer_id'), 'coupon_book', ['customer_id'], unique=False)


def _create_parents() -> None:
    op.create_table('parent_coupon',
    sa.Column('coupon_id', ID, nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('definition_id', ID, nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('coupons_max', sa.Integer(), nullable=True),
    sa.Column('uses_max', sa.Integer(), nullable=True),
    sa.Column('product', sa.String(length=255), nullable=True),
    sa.Column('product_id', sa.String(length=255), nullable=True),
    sa.Column('product_name', sa.String(length=255), nullable=True),
    sa.Column('rate_plan', sa.String(length=255), nullable=True),
    sa.Column('rate_plan_id', sa.String(length=255), nullable=True),
    sa.Column('rate_plan_name', sa.String(length=255), nullable=True),
    sa.Column('is_redeemable', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('limit_scope', sa.String(length=16), server_default='coupon', nullable=False),
    sa.Column('claims_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('retired_at', INSTANT, nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.CheckConstraint("limit_scope IN ('coupon', 'code')", name=op.f('ck_parent_coupon_limit_scope')),
    sa.CheckConstraint('claims_count >= 0', name=op.f('ck_parent_coupon_claims_count')),
    sa.CheckConstraint('coupons_max >= 1', name=op.f('ck_parent_coupon_coupons_max')),
    sa.CheckConstraint('coupons_max IS NULL OR claims_count <= coupons_max', name=op.f('ck_parent_coupon_claim_limit')),
    sa.CheckConstraint('uses_max >= 1', name=op.f('ck_parent_coupon_uses_max')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_parent_coupon_coupon_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_parent_coupon_customer_id')),
    sa.ForeignKeyConstraint(['definition_id'], ['coupon_definition.definition_id'], name=op.f('fk_parent_coupon_definition_id')),
    sa.PrimaryKeyConstraint('coupon_id', name=op.f('pk_parent_coupon')),
    sa.UniqueConstraint('definition_id', name=op.f('uq_parent_coupon_definition_id'))
    )
    op.create_index(op.f('ix_parent_coupon_customer_id'), 'parent_coupon', ['customer_id'], unique=False)
    op.create_table('unique_code',
    sa.Column('coupon_id', ID, nullable=False),
    sa.Column('parent_coupon_id', ID, nullable=False),
    sa.Column('claims_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('retired_at', INSTANT, nullable=True),
    sa.CheckConstraint('claims_count >= 0', name=op.f('ck_unique_code_claims_count')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_unique_code_coupon_id')),
    sa.ForeignKeyConstraint(['parent_coupon_id'], ['parent_coupon.coupon_id'], name=op.f('fk_unique_code_parent_coupon_id')),
    sa.PrimaryKeyConstraint('coupon_id', name=op.f('pk_unique_code'))
    )
    op.create_index('ix_unique_code_parent_coupon_id', 'unique_code', ['parent_coupon_id', 'coupon_id'], unique=False)


def _create_instances() -> None:
    op.create_table('coupon_instance',
    sa.Column('instance_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(64), nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('definition_id', ID, nullable=False),
    sa.Column('book_id', ID, nullable=True),
    sa.Column('coupon_id', ID, nullable=True),
    sa.Column('parent_coupon_id', ID, nullable=True),
    sa.Column('crm_id', sa.String(length=255), nullable=True),
    sa.Column('target', sa.String(length=16), nullable=False),
    sa.Column('subscription_id', ID, nullable=True),
    sa.Column('account_id', ID, nullable=True),
    sa.Column('initialised_at', INSTANT, nullable=False),
    sa.Column('valid_till', INSTANT, nullable=True),
    sa.Column('removed_at', INSTANT, nullable=True),
    sa.Column('retired_at', INSTANT, nullable=True),
    sa.Column('periods_valid_for', sa.Integer(), nullable=True),
    sa.Column('total_periods', sa.Integer(), nullable=True),
    sa.Column('max_remaining_uses', sa.Integer(), nullable=True),
    sa.Column('remaining_uses', sa.Integer(), nullable=True),
    sa.Column('used_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('discount_value', MONEY, nullable=False),
    sa.Column('instance_discount_value', MONEY, nullable=True),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.CheckConstraint("(target = 'none' AND subscription_id IS NULL AND account_id IS NULL) OR (target = 'subscription' AND subscription_id IS NOT NULL AND account_id IS NULL) OR (target = 'account' AND subscription_id IS NULL AND account_id IS NOT NULL)", name=op.f('ck_coupon_instance_target')),
    sa.CheckConstraint("removed_at IS NULL OR target <> 'none'", name=op.f('ck_coupon_instance_removed')),
    sa.CheckConstraint('(max_remaining_uses IS NULL) = (remaining_uses IS NULL)', name=op.f('ck_coupon_instance_bound')),
    sa.CheckConstraint('parent_coupon_id IS NULL OR coupon_id IS NOT NULL', name=op.f('ck_coupon_instance_claim')),
    sa.CheckConstraint('remaining_uses BETWEEN 0 AND max_remaining_uses', name=op.f('ck_coupon_instance_remaining_uses')),
    sa.CheckConstraint('used_count >= 0 AND discount_value >= 0', name=op.f('ck_coupon_instance_used')),
    sa.ForeignKeyConstraint(['account_id'], ['account.account_id'], name=op.f('fk_coupon_instance_account_id')),
    sa.ForeignKeyConstraint(['book_id'], ['coupon_book.book_id'], name=op.f('fk_coupon_instance_book_id')),
    sa.ForeignKeyConstraint(['coupon_id'], ['coupon.coupon_id'], name=op.f('fk_coupon_instance_coupon_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_coupon_instance_customer_id')),
    sa.ForeignKeyConstraint(['definition_id'], ['coupon_definition.definition_id'], name=op.f('fk_coupon_instance_definition_id')),
    sa.ForeignKeyConstraint(['parent_coupon_id'], ['parent_coupon.coupon_id'], name=op.f('fk_coupon_instance_parent_coupon_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.subscription_id'], name=op.f('fk_coupon_instance_subscription_id')),
    sa.PrimaryKeyConstraint('instance_id', name=op.f('pk_coupon_instance')),
    sa.UniqueConstraint('reference', name=op.f('uq_coupon_instance_reference'))
    )
    op.create_index(op.f('ix_coupon_instance_account_id'), 'coupon_instance', ['account_id'], unique=False)
    op.create_index(op.f('ix_coupon_instance_book_id'), 'coupon_instance', ['book_id'], unique=False)
    op.create_index(op.f('ix_coupon_instance_coupon_id'), 'coupon_instance', ['coupon_id'], unique=False)
    op.create_index(op.f('ix_coupon_instance_customer_id'), 'coupon_instance', ['customer_id'], unique=False)
    op.create_index(op.f('ix_coupon_instance_definition_id'), 'coupon_instance', ['definition_id'], unique=False)
    op.create_index(op.f('ix_coupon_instance_parent_coupon_id'), 'coupon_instance', ['parent_coupon_id'], unique=False)
    op.create_index(op.f('ix_coupon_instance_subscription_id'), 'coupon_instance', ['subscription_id'], unique=False)
    op.create_index('uq_coupon_instance_claim', 'coupon_instance', ['parent_coupon_id', 'subscription_id'], unique=True, sqlite_where=sa.text('parent_coupon_id IS NOT NULL AND removed_at IS NULL'), postgresql_where=sa.text('parent_coupon_id IS NOT NULL AND removed_at IS NULL'))
    op.create_index('uq_coupon_instance_code', 'coupon_instance', ['coupon_id'], unique=True, sqlite_where=sa.text('parent_coupon_id IS NULL AND coupon_id IS NOT NULL'), postgresql_where=sa.text('parent_coupon_id IS NULL AND coupon_id IS NOT NULL'))
    op.create_table('coupon_existing_value',
    sa.Column('existing_value_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(64), nullable=False),
    sa.Column('instance_id', ID, nullable=False),
    sa.Column('component_id', service.storage.types.key_text(255), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('changed_by', ID, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=True),
    sa.CheckConstraint('units >= 0', name=op.f('ck_coupon_existing_value_units')),
    sa.ForeignKeyConstraint(['instance_id'], ['coupon_instance.instance_id'], name=op.f('fk_coupon_existing_value_instance_id')),
    sa.PrimaryKeyConstraint('existing_value_id', name=op.f('pk_coupon_existing_value')),
    sa.UniqueConstraint('instance_id', 'component_id', name=op.f('uq_coupon_existing_value_instance_id_component_id')),
    sa.UniqueConstraint('reference', name=op.f('uq_coupon_existing_value_reference'))
    )


def _create_bills() -> None:
    op.create_table('bill',
    sa.Column('bill_id', ID, nullable=False),
    sa.Column('customer_id', ID, nullable=False),
    sa.Column('subscription_id', ID, nullable=False),
    sa.Column('reference', service.storage.types.key_text(128), nullable=False),
    sa.Column('currency_code', sa.String(length=3), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('cost', MONEY, nullable=False),
    sa.Column('discount', MONEY, nullable=False),
    sa.Column('drawn', MONEY, nullable=False),
    sa.Column('answer', sa.JSON(), nullable=False),
    sa.Column('spend_id', ID, nullable=True),
    sa.Column('billed_at', INSTANT, nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('rolled_back_at', INSTANT, nullable=True),
    sa.CheckConstraint('discount >= 0 AND drawn >= 0 AND discount + drawn <= cost', name=op.f('ck_bill_amounts')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.customer_id'], name=op.f('fk_bill_customer_id')),
    sa.ForeignKeyConstraint(['spend_id'], ['spend.spend_id'], name=op.f('fk_bill_spend_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.subscription_id'], name=op.f('fk_bill_subscription_id')),
    sa.PrimaryKeyConstraint('bill_id', name=op.f('pk_bill')),
    sa.UniqueConstraint('customer_id', 'reference', name=op.f('uq_bill_customer_id_reference')),
    sa.UniqueConstraint('spend_id', name=op.f('uq_bill_spend_id'))
    )
    op.create_index('ix_bill_subscription_id', 'bill', ['subscription_id', 'bill_id'], unique=False)
    op.create_table('coupon_use',
    sa.Column('use_id', ID, nullable=False),
    sa.Column('bill_id', ID, nullable=False),
    sa.Column('instance_id', ID, nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_coupon_use_amount')),
    sa.ForeignKeyConstraint(['bill_id'], ['bill.bill_id'], name=op.f('fk_coupon_use_bill_id')),
    sa.ForeignKeyConstraint(['instance_id'], ['coupon_instance.instance_id'], name=op.f('fk_coupon_use_instance_id')),
    sa.PrimaryKeyConstraint('use_id', name=op.f('pk_coupon_use')),
    sa.UniqueConstraint('bill_id', 'instance_id', name=op.f('uq_coupon_use_bill_id_instance_id'))
    )
    op.create_index(op.f('ix_coupon_use_instance_id'), 'coupon_use', ['instance_id'], unique=False)
