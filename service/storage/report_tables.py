"""The tables of what is told of a programme and its calls; nothing is decided by them.

Figures are counted anew from the coupons whenever these changed, and what was recorded of calls
is forgotten after some days.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from service.storage import tables  # noqa: F401 - foreign keys lead there
from service.storage.naming import metadata
from service.storage.types import Id, Instant, key_text

# What was counted of each class, when its coupons had changed since: see
# service.storage.class_counts.

class_figures = Table(
    "class_figures",
    metadata,
    Column("class_id", ForeignKey("coupon_class.class_id"), primary_key=True, autoincrement=False),
    # The latest entry of the audit log that is known to be about a coupon of the class.
    Column("changed_audit_id", Id, nullable=False, server_default="0"),
    # How far the log went when it was counted; None, as counted_at, until it is.
    Column("counted_audit_id", Id),
    Column("counted_at", Instant),
    Column("dispatched_count", Integer, nullable=False, server_default="0"),
    Column("claimed_count", Integer, nullable=False, server_default="0"),
    Column("redeemed_count", Integer, nullable=False, server_default="0"),
    # These four are what the redeemed ones consist of.
    Column("waiting_count", Integer, nullable=False, server_default="0"),
    Column("active_count", Integer, nullable=False, server_default="0"),
    Column("depleted_count", Integer, nullable=False, server_default="0"),
    Column("expired_count", Integer, nullable=False, server_default="0"),
    # When it is to be counted again although nobody changes it; None for never.
    Column("expires_next_at", Instant),
    CheckConstraint("(counted_audit_id IS NULL) = (counted_at IS NULL)", "counted"),
    CheckConstraint(
        "waiting_count + active_count + depleted_count + expired_count = redeemed_count", "redeemed"
    ),
)

class_money = Table(
    "class_money",
    metadata,
    Column("class_id", ForeignKey("class_figures.class_id"), primary_key=True, autoincrement=False),
    Column("currency_code", key_text(3), primary_key=True),
    # In decimal: a sum may be larger than any amount.
    Column("granted", String(40), nullable=False),
    Column("drawn", String(40), nullable=False),
)

# Days in UTC on which coupons were redeemed, of the last ones only.
class_day = Table(
    "class_day",
    metadata,
    Column("class_id", ForeignKey("class_figures.class_id"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("redeemed_count", Integer, nullable=False),
)

# One row: how far the audit log was read for classes that changed.
figures_position = Table(
    "figures_position",
    metadata,
    Column("position_id", Integer, primary_key=True, autoincrement=False),
    Column("audit_id", Id, nullable=False),
    CheckConstraint("position_id = 1", "one_row"),
)

# Calls that have ended: only added, and removed from the first one on.
call = Table(
    "call",
    metadata,
    Column("call_id", Id, primary_key=True),
    # The sixteen bytes of the GUID.
    Column("tracking_id", LargeBinary(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("contract", String(32), nullable=False),
    Column("operation", String(64)),
    # Without a foreign key: it is looked up by nobody, and written for every call.
    Column("user_id", Id),
    Column("outcome", String(64), nullable=False),
    Column("code", Integer),
    Column("http_status", Integer, nullable=False),
    Column("duration_us", Integer, nullable=False),
    Column("request_bytes", Integer, nullable=False),
    Column("response_bytes", Integer, nullable=False),
    Column("is_replay", Boolean, nullable=False),
    Index("ix_call_tracking_id", "tracking_id"),
)
