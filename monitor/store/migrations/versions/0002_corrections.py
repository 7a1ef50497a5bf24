"""Corrections, and the random samples that are drawn for labelling.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Written out here, not taken from tables.py: a migration must not change with the tables of later versions.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add three tables; nothing that is there is touched."""
    op.create_table(
        "correction",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("said_sentiment", sa.String(length=16), nullable=True),
        sa.Column("said_complaint", sa.Boolean(), nullable=True),
        sa.Column("said_types", sa.Text(), nullable=True),
        sa.Column("said_severity", sa.Integer(), nullable=True),
        sa.Column("said_flags", sa.Text(), nullable=True),
        sa.Column("sentiment", sa.String(length=16), nullable=True),
        sa.Column("complaint", sa.Boolean(), nullable=True),
        sa.Column("types", sa.Text(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_correction_post_id_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_post_id", "correction", ["post_id"], unique=False)
    op.create_table(
        "draw",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
    )
    op.create_table(
        "sample",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("labelled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_sample_draw_id_draw")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_sample_post_id_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample")),
        sa.UniqueConstraint("post_id", name=op.f("uq_sample_post_id")),
    )
    op.create_index("ix_sample_draw_id", "sample", ["draw_id"], unique=False)
