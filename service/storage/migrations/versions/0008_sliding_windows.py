"""What is counted within a minute, of callers as of failed sign-ins; secrets get numbers.

Failures of the minute before the upgrade are forgotten.

Revision: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.execute(
        "UPDATE service_secret SET name = 'console session 1' WHERE name = 'console session'"
    )
    op.drop_table("sign_in_failure")
    op.create_table(
        "sliding_window",
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("instants", service.storage.types.key_text(96000), nullable=False),
        sa.CheckConstraint(
            "length(instants) >= 16 AND length(instants) % 16 = 0",
            name=op.f("ck_sliding_window_instants"),
        ),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sliding_window")),
    )
