"""The tables of coupons that discount bills: definitions, books, instances, bills.

A code of any of them has a row in ``coupon``, as every code that was ever given out, so that
one index keeps all codes apart; it belongs to no class there.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from service.storage.naming import metadata
from service.storage.types import Id, Instant, Money, key_text


def _identifier() -> Column[str]:
    """What the wire calls the row: given by the caller, or drawn."""
    return Column("reference", key_text(64), nullable=False, unique=True)


def _trace() -> list[Column[object]]:
    """When the row was made, and when and by whom it was last changed; 0 is the command line."""
    return [
        Column("created_at", Instant, nullable=False),
        Column("changed_by", Id, nullable=False),
        Column("updated_at", Instant),
    ]


_STATES = "state IN ('development', 'production', 'deleted')"

coupon_definition = Table(
    "coupon_definition",
    metadata,
    Column("definition_id", Id, primary_key=True),
    _identifier(),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False, index=True),
    Column("crm_id", String(255)),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("customer_code", String(255)),
    Column("target", String(16), nullable=False),
    # None for that of whatever is billed.
    Column("currency_code", String(3)),
    Column("valid_from", Instant, nullable=False),
    Column("valid_till", Instant),
    Column("instance_duration", Integer),
    Column("instance_duration_period", String(16)),
    Column("fixed_end_date", Instant),
    Column("state", String(16), nullable=False),
    *_trace(),
    CheckConstraint("target IN ('product', 'account')", "target"),
    CheckConstraint(
        "instance_duration_period IN ('minutes', 'hours', 'days', 'months', 'years', 'periods')",
        "period",
    ),
    CheckConstraint("instance_duration >= 0", "duration"),
    CheckConstraint("valid_till >= valid_from", "valid_till"),
    CheckConstraint(_STATES, "state"),
)

coupon_modifier = Table(
    "coupon_modifier",
    metadata,
    Column("modifier_id", Id, primary_key=True),
    _identifier(),
    Column("definition_id", ForeignKey("coupon_definition.definition_id"), nullable=False),
    # In the order of the definition, from 0.
    Column("place", Integer, nullable=False),
    Column("effect_amount", Money, nullable=False),
    Column("operand", String(20), nullable=False),
    Column("effect", String(32), nullable=False),
    Column("is_additional", Boolean, nullable=False, server_default=false()),
    Column("specifier_amount", Integer),
    Column("domain", String(20), nullable=False),
    Column("specifier", String(255)),
    Column("precedence", Integer, nullable=False, server_default="0"),
    # What the units of a simple coupon's component are called.
    Column("unit_of_measure", String(255)),
    Column("is_deleted", Boolean, nullable=False, server_default=false()),
    *_trace(),
    UniqueConstraint("definition_id", "place"),
    CheckConstraint(
        "operand IN ('fixed', 'percent', 'instance_fixed', 'instance_percent')", "operand"
    ),
    CheckConstraint(
        "effect IN ('discount_first_units', 'discount_last_units', 'discount_cheapest_units',"
        " 'discount_all')",
        "effect",
    ),
    CheckConstraint("domain IN ('product', 'uom', 'PricingComponent')", "domain"),
    CheckConstraint("effect_amount >= 0", "effect_amount"),
    CheckConstraint("domain = 'product' OR specifier IS NOT NULL", "specifier"),
    CheckConstraint(
        "specifier_amount >= 0 AND (effect = 'discount_all' OR specifier_amount IS NOT NULL)",
        "specifier_amount",
    ),
)

coupon_rule = Table(
    "coupon_rule",
    metadata,
    Column("rule_id", Id, primary_key=True),
    _identifier(),
    Column("definition_id", ForeignKey("coupon_definition.definition_id"), nullable=False),
    Column("parent_rule_id", ForeignKey("coupon_rule.rule_id")),
    # In the order of the definition, a rule before its children, from 0.
    Column("place", Integer, nullable=False),
    Column("subject", String(32), nullable=False),
    Column("polarity", String(16), nullable=False),
    Column("preposition", String(32), nullable=False),
    Column("parameter", String(255), nullable=False),
    Column("object", String(32), nullable=False),
    Column("strategy", String(64), nullable=False),
    Column("specifier", String(255)),
    Column("is_deleted", Boolean, nullable=False, server_default=false()),
    *_trace(),
    UniqueConstraint("definition_id", "place"),
)

coupon_book_definition = Table(
    "coupon_book_definition",
    metadata,
    Column("book_definition_id", Id, primary_key=True),
    _identifier(),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False, index=True),
    Column(
        "definition_id",
        ForeignKey("coupon_definition.definition_id"),
        nullable=False,
        index=True,
    ),
    Column("crm_id", String(255)),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    # Sizes of its books: the minimum, then always a step more.
    Column("minimum", Integer, nullable=False),
    Column("maximum", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_till", Instant),
    Column("instance_duration", Integer),
    Column("instance_duration_period", String(16)),
    Column("state", String(16), nullable=False),
    *_trace(),
    CheckConstraint("minimum >= 1 AND maximum >= minimum AND step >= 1", "sizes"),
    CheckConstraint("valid_till >= valid_from", "valid_till"),
    CheckConstraint(_STATES, "state"),
)

coupon_book = Table(
    "coupon_book",
    metadata,
    Column("book_id", Id, primary_key=True),
    _identifier(),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False, index=True),
    Column(
        "book_definition_id",
        ForeignKey("coupon_book_definition.book_definition_id"),
        nullable=False,
        index=True,
    ),
    # Its code; None for a book without one.
    Column("coupon_id", ForeignKey("coupon.coupon_id"), unique=True),
    Column("crm_id", String(255)),
    Column("name", String(255), nullable=False),
    Column("cost", Money, nullable=False),
    Column("max_remaining_coupons", Integer, nullable=False),
    Column("remaining_coupons", Integer, nullable=False),
    Column("maximum_coupon_uses", Integer, nullable=False),
    Column("is_deleted", Boolean, nullable=False, server_default=false()),
    *_trace(),
    CheckConstraint("remaining_coupons BETWEEN 0 AND max_remaining_coupons", "remaining_coupons"),
    CheckConstraint("maximum_coupon_uses >= 1", "maximum_coupon_uses"),
    CheckConstraint("cost >= 0", "cost"),
)

# Simple coupons: a parent code, and the unique codes that were made of it.

parent_coupon = Table(
    "parent_coupon",
    metadata,
    # Its code.
    Column("coupon_id", ForeignKey("coupon.coupon_id"), primary_key=True),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False, index=True),
    # What it discounts: the definition and its modifiers.
    Column(
        "definition_id",
        ForeignKey("coupon_definition.definition_id"),
        nullable=False,
        unique=True,
    ),
    Column("name", String(255), nullable=False),
    # None for no bound.
    Column("coupons_max", Integer),
    Column("uses_max", Integer),
    Column("product", String(255)),
    Column("product_id", String(255)),
    Column("product_name", String(255)),
    Column("rate_plan", String(255)),
    Column("rate_plan_id", String(255)),
    Column("rate_plan_name", String(255)),
    Column("is_redeemable", Boolean, nullable=False, server_default=true()),
    Column("limit_scope", String(16), nullable=False, server_default="coupon"),
    # Claims by the parent code; with the scope of the coupon also its unique codes.
    Column("claims_count", Integer, nullable=False, server_default="0"),
    Column("retired_at", Instant),
    *_trace(),
    CheckConstraint("coupons_max >= 1", "coupons_max"),
    CheckConstraint("uses_max >= 1", "uses_max"),
    CheckConstraint("limit_scope IN ('coupon', 'code')", "limit_scope"),
    CheckConstraint("claims_count >= 0", "claims_count"),
    CheckConstraint("coupons_max IS NULL OR claims_count <= coupons_max", "claim_limit"),
)

unique_code = Table(
    "unique_code",
    metadata,
    Column("coupon_id", ForeignKey("coupon.coupon_id"), primary_key=True),
    Column("parent_coupon_id", ForeignKey("parent_coupon.coupon_id"), nullable=False),
    # One at the most, unless each code has a limit of its own.
    Column("claims_count", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
    CheckConstraint("claims_count >= 0", "claims_count"),
    Index("ix_unique_code_parent_coupon_id", "parent_coupon_id", "coupon_id"),
)

# What was handed out: claims of simple coupons, and instances of definitions.

coupon_instance = Table(
    "coupon_instance",
    metadata,
    Column("instance_id", Id, primary_key=True),
    _identifier(),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False, index=True),
    Column(
        "definition_id",
        ForeignKey("coupon_definition.definition_id"),
        nullable=False,
        index=True,
    ),
    Column("book_id", ForeignKey("coupon_book.book_id"), index=True),
    # Its own code, or the code by which a simple coupon was claimed; None for one without.
    Column("coupon_id", ForeignKey("coupon.coupon_id"), index=True),
    # The simple coupon that it is a claim of; None for others.
    Column("parent_coupon_id", ForeignKey("parent_coupon.coupon_id"), index=True),
    Column("crm_id", String(255)),
    Column("target", String(16), nullable=False),
    Column("subscription_id", ForeignKey("subscription.subscription_id"), index=True),
    Column("account_id", ForeignKey("account.account_id"), index=True),
    Column("initialised_at", Instant, nullable=False),
    Column("valid_till", Instant),
    Column("removed_at", Instant),
    Column("retired_at", Instant),
    Column("periods_valid_for", Integer),
    Column("total_periods", Integer),
    # None for no bound.
    Column("max_remaining_uses", Integer),
    Column("remaining_uses", Integer),
    # Of the bills that stand: how many, and what they were given.
    Column("used_count", Integer, nullable=False, server_default="0"),
    Column("discount_value", Money, nullable=False),
    Column("instance_discount_value", Money),
    *_trace(),
    CheckConstraint(
        "(target = 'none' AND subscription_id IS NULL AND account_id IS NULL)"
        " OR (target = 'subscription' AND subscription_id IS NOT NULL AND account_id IS NULL)"
        " OR (target = 'account' AND subscription_id IS NULL AND account_id IS NOT NULL)",
        "target",
    ),
    CheckConstraint("(max_remaining_uses IS NULL) = (remaining_uses IS NULL)", "bound"),
    CheckConstraint("remaining_uses BETWEEN 0 AND max_remaining_uses", "remaining_uses"),
    CheckConstraint("used_count >= 0 AND discount_value >= 0", "used"),
    CheckConstraint("removed_at IS NULL OR target <> 'none'", "removed"),
    CheckConstraint("parent_coupon_id IS NULL OR coupon_id IS NOT NULL", "claim"),
)
_IS_CLAIM = text("parent_coupon_id IS NOT NULL AND removed_at IS NULL")
# A subscription has a claim of a simple coupon once at a time.
Index(
    "uq_coupon_instance_claim",
    coupon_instance.c.parent_coupon_id,
    coupon_instance.c.subscription_id,
    unique=True,
    sqlite_where=_IS_CLAIM,
    postgresql_where=_IS_CLAIM,
)
_HAS_OWN_CODE = text("parent_coupon_id IS NULL AND coupon_id IS NOT NULL")
# The code of an instance is its own.
Index(
    "uq_coupon_instance_code",
    coupon_instance.c.coupon_id,
    unique=True,
    sqlite_where=_HAS_OWN_CODE,
    postgresql_where=_HAS_OWN_CODE,
)

coupon_existing_value = Table(
    "coupon_existing_value",
    metadata,
    Column("existing_value_id", Id, primary_key=True),
    _identifier(),
    Column("instance_id", ForeignKey("coupon_instance.instance_id"), nullable=False),
    Column("component_id", key_text(255), nullable=False),
    Column("units", Integer, nullable=False),
    *_trace(),
    UniqueConstraint("instance_id", "component_id"),
    CheckConstraint("units >= 0", "units"),
)

# What was billed, and what coupons took off: each bill once.

bill = Table(
    "bill",
    metadata,
    Column("bill_id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False),
    Column("subscription_id", ForeignKey("subscription.subscription_id"), nullable=False),
    Column("reference", key_text(128), nullable=False),
    Column("currency_code", String(3), nullable=False),
    # SHA-256 of what was asked, so that a repeat is known from another bill.
    Column("digest", LargeBinary(32), nullable=False),
    # Before any discount; what instances took off; what redeemed coupons paid of the rest.
    Column("cost", Money, nullable=False),
    Column("discount", Money, nullable=False),
    Column("drawn", Money, nullable=False),
    # The whole answer: an object of JSON.
    Column("answer", JSON, nullable=False),
    # The spend by which redeemed coupons paid; None when nothing was left, or not in the
    # currency of the account.
    Column("spend_id", ForeignKey("spend.spend_id"), unique=True),
    Column("billed_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("rolled_back_at", Instant),
    UniqueConstraint("customer_id", "reference"),
    CheckConstraint("discount >= 0 AND drawn >= 0 AND discount + drawn <= cost", "amounts"),
    Index("ix_bill_subscription_id", "subscription_id", "bill_id"),
)

coupon_use = Table(
    "coupon_use",
    metadata,
    Column("use_id", Id, primary_key=True),
    Column("bill_id", ForeignKey("bill.bill_id"), nullable=False),
    Column("instance_id", ForeignKey("coupon_instance.instance_id"), nullable=False, index=True),
    Column("amount", Money, nullable=False),
    UniqueConstraint("bill_id", "instance_id"),
    CheckConstraint("amount > 0", "amount"),
)
