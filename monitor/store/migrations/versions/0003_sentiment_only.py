"""Verdicts that say the sentiment alone.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add one column; every verdict given so far said all there is to say."""
    op.add_column("verdict", sa.Column("sentiment_only", sa.Boolean(), nullable=False, server_default=sa.false()))
