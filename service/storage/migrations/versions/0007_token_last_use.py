"""When each token was last used.

Revision: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

import service.storage.types


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    instant = service.storage.types.Instant(timezone=True)
    op.add_column("token", sa.Column("last_used_at", instant, nullable=True))
