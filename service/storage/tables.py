"""The tables of coupons: with the constraints by which the database itself keeps the rules.

The tables of a running database are made by the migrations; a test holds that
both say the same.
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

from service.storage import party_tables  # noqa: F401 - foreign keys lead there
from service.storage.naming import metadata
from service.storage.types import Id, Instant, Money, key_text

# What coupons are: terms are never changed, only added; many coupons share a row.

coupon_terms = Table(
    "coupon_terms",
    metadata,
    Column("terms_id", Id, primary_key=True),
    Column("coupon_type", String(16), nullable=False),
    Column("currency_code", String(3), nullable=False),
    Column("amount", Money, nullable=False),
    Column("percent_off", Money),
    Column("spend_threshold", Money, nullable=False),
    Column("active_duration", Integer),
    Column("start_date", Instant),
    Column("end_date", Instant),
    Column("expiration_date", Instant),
    # Whether only the account that has claimed a coupon may redeem it.
    Column("is_reservation_mandatory", Boolean, nullable=False, server_default=false()),
    CheckConstraint("coupon_type IN ('Acquisition', 'Retention')", "type"),
    CheckConstraint("amount >= 0 AND spend_threshold >= 0", "amounts"),
    CheckConstraint("percent_off IS NOT NULL OR amount > 0", "worth"),
    CheckConstraint("percent_off > 0", "percent_off"),
    CheckConstraint("active_duration >= 1", "active_duration"),
    CheckConstraint("end_date >= start_date", "end_date"),
)

coupon_class = Table(
    "coupon_class",
    metadata,
    Column("class_id", Id, primary_key=True),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False),
    Column("terms_id", ForeignKey("coupon_terms.terms_id"), nullable=False),
    Column("name", key_text(255), nullable=False),
    Column("feature_id", Integer),
    Column("code_pattern", String(100), nullable=False),
    Column("code_alphabet", String(94), nullable=False),
    # Of the mails that its coupons are sent in, as BCP 47 names it.
    Column("language", String(35), nullable=False, server_default="en"),
    # How many coupons its batches have.
    Column("coupons_count", Integer, nullable=False, server_default="0"),
    Column("retired_at", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("customer_id", "name"),
    CheckConstraint("coupons_count >= 0", "coupons_count"),
)

coupon_batch = Table(
    "coupon_batch",
    metadata,
    Column("batch_id", Id, primary_key=True),
    Column("class_id", ForeignKey("coupon_class.class_id"), nullable=False),
    Column("requested_count", Integer, nullable=False),
    # How many were made ever; not those of a job that is at work.
    Column("created_count", Integer, nullable=False, server_default="0"),
    # How many of them there are: their seq runs from 0 to one less, without gaps.
    Column("coupons_count", Integer, nullable=False, server_default="0"),
    # No coupon at a place before this one can be handed out.
    Column("unused_from", Integer, nullable=False, server_default="0"),
    # The StartDate of all its coupons; of no meaning when they have several.
    Column("start_date", Instant),
    Column("has_one_start", Boolean, nullable=False, server_default=true()),
    # What the operator notes about its coupons: an object of JSON.
    Column("attributes", JSON(none_as_null=True)),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("coupons_count BETWEEN 0 AND created_count", "coupons_count"),
    CheckConstraint("unused_from >= 0", "unused_from"),
    Index("ix_coupon_batch_class_id", "class_id", "batch_id"),
    sqlite_autoincrement=True,
)

# One row for each code that was ever given out; a code is never used again.

coupon = Table(
    "coupon",
    metadata,
    Column("coupon_id", Id, primary_key=True),
    # None for the codes of coupons that discount bills: they have tables of their own.
    Column("class_id", ForeignKey("coupon_class.class_id")),
    Column("terms_id", ForeignKey("coupon_terms.terms_id")),
    Column("batch_id", ForeignKey("coupon_batch.batch_id")),
    # The coupon's place in its batch: dense, and random with respect to the code. No index
    # finds it, as one in the order of codes and one in the order of places cannot both be
    # written from left to right: coupon_place does. None for a coupon that is deleted, and for
    # one without a class.
    Column("seq", Integer),
    # Folded by service.domain.codes.fold_code.
    Column("code", key_text(100), nullable=False, unique=True),
    Column("sent_to_email", String(320)),
    Column("sent_at", Instant),
    Column("claimed_account_id", ForeignKey("account.account_id")),
    Column("claimed_at", Instant),
    # The class's feature when the coupon was claimed.
    Column("claimed_feature_id", Integer),
    Column("redeemed_at", Instant),
    Column("deleted_at", Instant),
    CheckConstraint("(sent_to_email IS NULL) = (sent_at IS NULL)", "sent"),
    CheckConstraint("(claimed_account_id IS NULL) = (claimed_at IS NULL)", "claimed"),
    CheckConstraint("claimed_feature_id IS NULL OR claimed_at IS NOT NULL", "claimed_feature"),
    CheckConstraint(
        "(class_id IS NULL) = (terms_id IS NULL) AND (class_id IS NULL) = (batch_id IS NULL)",
        "class",
    ),
    CheckConstraint("class_id IS NULL OR (seq IS NULL) = (deleted_at IS NOT NULL)", "deleted"),
    CheckConstraint(
        "class_id IS NOT NULL OR (seq IS NULL AND sent_at IS NULL AND claimed_at IS NULL"
        " AND redeemed_at IS NULL AND deleted_at IS NULL)",
        "without_class",
    ),
    CheckConstraint("redeemed_at IS NULL OR deleted_at IS NULL", "redeemed"),
    sqlite_autoincrement=True,  # Of an import that is removed, no number is given again.
)
_IS_OF_FEATURE = text("claimed_feature_id IS NOT NULL")
# An account claims one coupon of a feature ever.
Index(
    "uq_coupon_claimed_feature",
    coupon.c.claimed_account_id,
    coupon.c.claimed_feature_id,
    unique=True,
    sqlite_where=_IS_OF_FEATURE,
    postgresql_where=_IS_OF_FEATURE,
)
_IS_CLAIMED = text("claimed_at IS NOT NULL")
Index(
    "ix_coupon_claimed_account_id",
    coupon.c.claimed_account_id,
    sqlite_where=_IS_CLAIMED,
    postgresql_where=_IS_CLAIMED,
)
# By these the coupons of a class that were sent, claimed or deleted are counted and found. None
# has an entry for a coupon that is just minted.
_IS_SENT = text("sent_at IS NOT NULL")
Index(
    "ix_coupon_sent",
    coupon.c.class_id,
    coupon.c.sent_to_email,
    coupon.c.coupon_id,
    sqlite_where=_IS_SENT,
    postgresql_where=_IS_SENT,
)
Index(
    "ix_coupon_claimed",
    coupon.c.class_id,
    coupon.c.coupon_id,
    sqlite_where=_IS_CLAIMED,
    postgresql_where=_IS_CLAIMED,
)
_IS_DELETED = text("deleted_at IS NOT NULL")
Index(
    "ix_coupon_deleted",
    coupon.c.class_id,
    coupon.c.coupon_id,
    sqlite_where=_IS_DELETED,
    postgresql_where=_IS_DELETED,
)
_IS_REDEEMED = text("redeemed_at IS NOT NULL")
Index(
    "ix_coupon_redeemed",
    coupon.c.batch_id,
    coupon.c.seq,
    sqlite_where=_IS_REDEEMED,
    postgresql_where=_IS_REDEEMED,
)

# Which coupon is at a place of its batch. A job writes its rows when all its codes are made, from
# the first place to the last; until then its coupons are neither found nor handed out.
coupon_place = Table(
    "coupon_place",
    metadata,
    Column("batch_id", ForeignKey("coupon_batch.batch_id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    # Without a foreign key: five million coupons would be looked up in no order.
    Column("coupon_id", Id, nullable=False),
    sqlite_with_rowid=False,
)

# On PostgreSQL a foreign key is looked up row by row, which would make a job of five million
# coupons take six times as long. Rows of classes, terms and batches are never deleted, all
# coupons of a job have the same ones, and `check` finds those that do not exist.
for _column in (coupon.c.class_id, coupon.c.terms_id, coupon.c.batch_id, coupon_place.c.batch_id):
    for _key in _column.foreign_keys:
        if _key.constraint is not None:
            _key.constraint.ddl_if(dialect="sqlite")

# Work on many coupons, which a worker does in chunks; each chunk and what is noted of it here
# are one transaction.

job = Table(
    "job",
    metadata,
    Column("job_id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False),
    # Of the coupons to make; None for a deletion in all classes of the customer.
    Column("class_id", ForeignKey("coupon_class.class_id")),
    Column("status", String(24), nullable=False, server_default="pending"),
    Column("created_at", Instant, nullable=False),
    # A user; 0 for the command line, which is none.
    Column("created_by", Id, nullable=False),
    # Tries of a chunk, how many of them failed, and why: a list of texts.
    Column("chunk_execution_count", Integer, nullable=False, server_default="0"),
    Column("fail_count", Integer, nullable=False, server_default="0"),
    Column("errors", JSON, nullable=False),
    # Whether the creator was told of the end.
    Column("communicated", Boolean, nullable=False, server_default=false()),
    Column("cancel_requested_at", Instant),
    # When a pending job is due; while a worker has it, when the worker counts as dead.
    Column("next_attempt_at", Instant, nullable=False),
    # Raised by one whenever a worker takes the job: who has an older number lost it.
    Column("lease_number", Integer, nullable=False, server_default="0"),
    Column("ended_at", Instant),
    CheckConstraint("kind IN ('creation', 'deletion')", "kind"),
    CheckConstraint(
        "status IN ('pending verification', 'not_ready', 'pending', 'completed', 'failed',"
        " 'coupon pattern full', 'cancelled')",
        "status",
    ),
    CheckConstraint(
        "(status IN ('pending verification', 'not_ready', 'pending')) = (ended_at IS NULL)", "ended"
    ),
    CheckConstraint("fail_count BETWEEN 0 AND chunk_execution_count", "counts"),
    CheckConstraint("kind = 'deletion' OR class_id IS NOT NULL", "class"),
    Index("ix_job_customer_id", "customer_id", "job_id"),
)
_IS_PENDING = text("status = 'pending'")
Index("ix_job_due", job.c.next_attempt_at, sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING)

creation_job = Table(
    "creation_job",
    metadata,
    Column("job_id", ForeignKey("job.job_id"), primary_key=True),
    Column("batch_id", ForeignKey("coupon_batch.batch_id"), nullable=False, unique=True),
    Column("terms_id", ForeignKey("coupon_terms.terms_id"), nullable=False),
    Column("number_of_coupons", Integer, nullable=False),
    Column("code_pattern", String(100), nullable=False),
    Column("code_alphabet", String(94), nullable=False),
    Column("usage_limit", Integer, nullable=False),
    Column("discount_limit", Money),
    Column("reservation_limit", Integer),
    Column("start_date", Instant),
    Column("expiry_date", Instant),
    Column("is_reservation_mandatory", Boolean, nullable=False, server_default=false()),
    Column("chunk_size", Integer, nullable=False),
    # No coupon of the job has a lower number.
    Column("first_coupon_id", Id),
    Column("created_amount", Integer, nullable=False, server_default="0"),
    # How many of the places of its coupons are written.
    Column("placed_amount", Integer, nullable=False, server_default="0"),
    CheckConstraint("number_of_coupons BETWEEN 1 AND 5000000", "number_of_coupons"),
    CheckConstraint("created_amount BETWEEN 0 AND number_of_coupons", "created_amount"),
    CheckConstraint("placed_amount BETWEEN 0 AND created_amount", "placed_amount"),
    CheckConstraint("usage_limit BETWEEN 0 AND 999999", "usage_limit"),
    CheckConstraint("reservation_limit BETWEEN 0 AND 999999", "reservation_limit"),
    CheckConstraint("chunk_size >= 1", "chunk_size"),
)

deletion_job = Table(
    "deletion_job",
    metadata,
    Column("job_id", ForeignKey("job.job_id"), primary_key=True),
    # Which coupons: an object of JSON.
    Column("filters", JSON, nullable=False),
    Column("deleted_amount", Integer, nullable=False, server_default="0"),
    # How far it has come: from the newest batch to the oldest, and in each from the last place on.
    Column("batch_id", ForeignKey("coupon_batch.batch_id")),
    Column("seq", Integer),
    CheckConstraint("deleted_amount >= 0", "deleted_amount"),
    CheckConstraint("(batch_id IS NULL) = (seq IS NULL)", "progress"),
)

# Imports that have not come to their end: their coupons, of which none has a lower number than the
# first, are not there for anybody else. Another import removes what one has left that is given up.

unfinished_import = Table(
    "unfinished_import",
    metadata,
    Column("batch_id", ForeignKey("coupon_batch.batch_id"), primary_key=True),
    Column("first_coupon_id", Id, nullable=False),
    Column("is_given_up", Boolean, nullable=False, server_default=false()),
)

redemption = Table(
    "redemption",
    metadata,
    Column("coupon_id", ForeignKey("coupon.coupon_id"), primary_key=True),
    Column("account_id", ForeignKey("account.account_id"), nullable=False, index=True),
    Column("redeemed_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("activated_at", Instant),
    # Whether it is the coupon of its account that draws on spend.
    Column("is_active", Boolean, nullable=False, server_default=false()),
    # The most that the coupon gives, and the sums of its ledger lines.
    Column("granted", Money, nullable=False),
    Column("spend_to_threshold", Money, nullable=False),
    Column("balance", Money, nullable=False),
    Column("currency_code", String(3), nullable=False),
    # Set for Acquisition coupons: a customer redeems one of them ever.
    Column("acquisition_customer_id", ForeignKey("customer.customer_id")),
    CheckConstraint("balance >= 0 AND balance <= granted AND spend_to_threshold >= 0", "amounts"),
    CheckConstraint("NOT is_active OR activated_at IS NOT NULL", "active"),
)
# Others have no entry, which would be one more place of the disk to write for each redemption.
_IS_ACQUISITION = text("acquisition_customer_id IS NOT NULL")
Index(
    "uq_redemption_acquisition",
    redemption.c.acquisition_customer_id,
    unique=True,
    sqlite_where=_IS_ACQUISITION,
    postgresql_where=_IS_ACQUISITION,
)
_IS_ACTIVE = text("is_active")
Index(
    "uq_redemption_active",
    redemption.c.account_id,
    unique=True,
    sqlite_where=_IS_ACTIVE,
    postgresql_where=_IS_ACTIVE,
)

# What accounts spent, and what that did to their coupons: lines are only added.

spend = Table(
    "spend",
    metadata,
    Column("spend_id", Id, primary_key=True),
    # The customer that the account billed to when it spent.
    Column("customer_id", ForeignKey("customer.customer_id"), nullable=False),
    Column("account_id", ForeignKey("account.account_id"), nullable=False),
    Column("reference", key_text(255), nullable=False),
    Column("amount", Money, nullable=False),
    Column("spent_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("reversed_at", Instant),
    UniqueConstraint("customer_id", "reference"),
    CheckConstraint("amount > 0", "amount"),
    Index("ix_spend_account_id_spent_at", "account_id", "spent_at"),
)
_STANDS = text("reversed_at IS NULL")
Index(
    "ix_spend_standing",
    spend.c.customer_id,
    spend.c.spent_at,
    sqlite_where=_STANDS,
    postgresql_where=_STANDS,
)

ledger = Table(
    "ledger",
    metadata,
    Column("line_id", Id, primary_key=True),
    Column("coupon_id", ForeignKey("redemption.coupon_id"), nullable=False),
    Column("spend_id", ForeignKey("spend.spend_id"), nullable=False),
    # A reversing line takes back what the line of the same coupon and spend did.
    Column("is_reversal", Boolean, nullable=False),
    Column("towards_threshold", Money, nullable=False),
    Column("drawn", Money, nullable=False),
    # Whether the spend made the coupon the active one of its account.
    Column("is_activation", Boolean, nullable=False),
    UniqueConstraint("spend_id", "coupon_id", "is_reversal"),
    CheckConstraint("towards_threshold >= 0 AND drawn >= 0", "amounts"),
    Index("ix_ledger_coupon_id", "coupon_id"),
)

# What was changed by whom, and what is still to be sent.

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Id, primary_key=True),
    # The Message-ID of the mail: the same for each attempt, so that a repeat is known as one.
    Column("mail_id", key_text(255), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("recipient", String(320), nullable=False),
    # What it is about: a coupon, or a job that has ended.
    Column("coupon_id", ForeignKey("coupon.coupon_id"), index=True),
    Column("job_id", ForeignKey("job.job_id"), unique=True),
    Column("state", String(16), nullable=False, server_default="queued"),
    Column("attempts_count", Integer, nullable=False, server_default="0"),
    # When a queued message is due; while a worker has it, when the worker counts as dead.
    Column("next_attempt_at", Instant, nullable=False),
    Column("last_error", Text),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    CheckConstraint("kind IN ('dispatch', 'distribute', 'job')", "kind"),
    CheckConstraint("(job_id IS NULL) = (coupon_id IS NOT NULL)", "subject"),
    CheckConstraint("(kind = 'job') = (job_id IS NOT NULL)", "job"),
    CheckConstraint("state IN ('queued', 'sent', 'failed')", "state"),
    CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", "sent"),
    CheckConstraint("attempts_count >= 0", "attempts_count"),
)
_IS_QUEUED = text("state = 'queued'")
Index(
    "ix_outbox_due", outbox.c.next_attempt_at, sqlite_where=_IS_QUEUED, postgresql_where=_IS_QUEUED
)
_HAS_FAILED = text("state = 'failed'")
Index(
    "ix_outbox_failed",
    outbox.c.message_id,
    sqlite_where=_HAS_FAILED,
    postgresql_where=_HAS_FAILED,
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("user_id", Id, nullable=False),
    Column("tracking_id", String(36), nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("entity", String(32), nullable=False),
    Column("entity_id", Id, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index("ix_audit_entity_entity_id", "entity", "entity_id"),
)

# Requests that carry a key, each with its first answer: as long as there is neither reply nor
# error, the operation runs, in the transaction that has inserted the row.

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("user_id", ForeignKey("service_user.user_id"), primary_key=True),
    Column("key", key_text(255), primary_key=True),
    Column("operation", String(64), nullable=False),
    Column("body_digest", LargeBinary(32), nullable=False),
    Column("reply", Text),
    # An error of the catalogue, by its symbol.
    Column("error_symbol", String(64)),
    Column("error_details", Text),
    Column("created_at", Instant, nullable=False, index=True),
    CheckConstraint("reply IS NULL OR error_symbol IS NULL", "answer"),
    CheckConstraint("(error_symbol IS NULL) = (error_details IS NULL)", "error"),
)
