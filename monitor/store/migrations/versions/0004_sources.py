"""Life after collection, money, losses, backfill jobs and what comes by webhook.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns to posts and source states, and seven tables; `told` becomes the first word of `alarm`."""
    for column in (
        sa.Column("version", sa.Text()),
        sa.Column("community", sa.Text()),
        sa.Column("repost_of", sa.Text()),
        sa.Column("quoted", sa.Text()),
        sa.Column("copy_key", sa.String(length=32)),
        sa.Column("recheck_at", sa.BigInteger()),
        sa.Column("rechecks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("withdrawn_at", sa.BigInteger()),
    ):
        op.add_column("post", column)
    op.create_index("ix_post_author_id", "post", ["platform", "author_id"])
    op.create_index("ix_post_copy_key", "post", ["copy_key"])
    op.create_index("ix_post_recheck_at", "post", ["source", "recheck_at"])
    for name, columns, where in (
        ("ix_post_repost_of", ["platform", "repost_of"], "repost_of IS NOT NULL"),
        ("ix_post_kept", ["source", "collected_at"], "withdrawn_at IS NULL"),
    ):
        op.create_index(name, "post", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    for column in (
        sa.Column("gaps", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("empties", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("blocked_until", sa.BigInteger()),
        sa.Column("alarm", sa.String(length=16)),
        sa.Column("recheck_after", sa.BigInteger()),
        sa.Column("recheck_failures", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("source_state", column)
    op.execute("UPDATE source_state SET alarm = CASE WHEN stopped THEN 'stopped' ELSE 'broken' END WHERE told")
    op.drop_column("source_state", "told")
    _of_posts()
    _of_money()
    _of_sources()


def _of_posts() -> None:
    op.create_table(
        "post_version",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_post_version_post_id_post"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_version")),
        sa.UniqueConstraint("post_id", "revision", name=op.f("uq_post_version_post_id_revision")),
    )
    op.create_table(
        "engagement",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("likes", "reposts", "replies", "quotes", "views", "score")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_engagement_post_id_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement")),
        sa.UniqueConstraint("post_id", "at", name=op.f("uq_engagement_post_id_at")),
    )


def _of_money() -> None:
    op.create_table(
        "spend",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spend")),
        sa.UniqueConstraint("source", "day", "resource", "query", name=op.f("uq_spend_source_day_resource_query")),
    )
    op.create_table(
        "charged",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charged")),
        sa.UniqueConstraint(
            "source", "day", "resource", "native_id", name=op.f("uq_charged_source_day_resource_native_id")
        ),
    )


def _of_sources() -> None:
    op.create_table(
        "loss",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loss")),
        sa.UniqueConstraint("source", "query", "since", "until", name=op.f("uq_loss_source_query_since_until")),
    )
    op.create_index("ix_loss_at", "loss", ["at"])
    counts = ("spent", "requests", "read", "stored", "duplicates", "edited", "unmatched", "rejected")
    op.create_table(
        "backfill",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("budget", sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill")),
        sa.UniqueConstraint("source", "since", "until", name=op.f("uq_backfill_source_since_until")),
    )
    op.create_table(
        "inbound",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_inbound_source_key")),
    )
