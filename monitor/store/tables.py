"""The tables, once for SQLite and PostgreSQL. Rows never leave this package."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An instant, kept as whole microseconds since 1970 in UTC.

    One integer compares, sorts and indexes alike on both databases; SQLite has no time type, and a text one
    would sort wrongly as soon as two writers format differently.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Aware datetime in, microseconds out."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a time without a zone cannot be stored")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        """Microseconds in, aware datetime in UTC out."""
        if value is None:
            return None
        seconds, micros = divmod(int(value), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# PostgreSQL stores no NUL, and neither database takes half of a surrogate pair. Both stand in real exports.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(words: str) -> str:
    """Text as it is kept: what no database takes becomes U+FFFD, one for one, so that spans still fit."""
    return _UNSTORABLE.sub("\ufffd", words)


class Words(TypeDecorator[str]):
    """Text from outside, made storable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Any text in."""
        return None if value is None else storable(value)


MAX_NAME = 500  # bytes; PostgreSQL refuses an index row above 2704, and an index here holds up to three names


def indexable(name: str) -> str:
    """A name as it is kept: storable, and a longer one as its beginning and its SHA-256."""
    name = storable(name)
    if len(name) * 4 <= MAX_NAME or len(raw := name.encode()) <= MAX_NAME:
        return name
    return raw[:400].decode(errors="ignore") + "#" + hashlib.sha256(raw).hexdigest()


class Name(TypeDecorator[str]):
    """A name that others gave (post, thread, author) and that an index holds."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Any text in."""
        return None if value is None else indexable(value)


# Named constraints: Alembic can then change them on both databases.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite only makes INTEGER PRIMARY KEY a row id; BIGINT would lose that.
Id = BigInteger().with_variant(Integer(), "sqlite")

# Of partial indexes. Literally the same text in the index and in every query: SQLite takes one only then.
OPEN = "state NOT IN ('sent', 'dead', 'cancelled')"
REPOST = "repost_of IS NOT NULL"
KEPT = "withdrawn_at IS NULL"

post = Table(
    "post",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("platform", String(32), nullable=False),
    Column("native_id", Name, nullable=False),
    Column("source", String(64), nullable=False),  # the source that brought it first
    Column("kind", String(16), nullable=False),
    Column("text", Words, nullable=False),
    Column("title", Words),
    Column("author_id", Name),
    Column("author_handle", Words),
    Column("author_name", Words),
    Column("followers", BigInteger),
    Column("url", Words),
    Column("language", Words),  # the platform's word; the detector's is in the verdict
    Column("thread", Name),
    Column("parent", Words),
    Column("rating", Float),
    Column("rating_max", Float),
    Column("published_at", Instant, nullable=False),
    Column("dated_by", String(16), nullable=False),
    Column("collected_at", Instant, nullable=False),
    Column("edited_at", Instant),  # when a changed text was first seen
    Column("revision", Integer, nullable=False, default=0),  # counts changes of what is judged or decided
    Column("ours", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False, default=0),  # failed attempts to judge it
    Column("version", Words),  # the platform's name of the state in which it was last seen
    Column("community", Words),  # subreddit, instance, channel, app and country
    Column("repost_of", Name),  # native id of what it only passes on
    Column("quoted", Name),
    Column("copy_key", String(32)),  # of what the text says: equal for near all copies; NULL: too short, or undecided
    Column("recheck_at", Instant),  # when to look what became of it; NULL: never
    Column("rechecks", Integer, nullable=False, default=0, server_default="0"),
    Column("withdrawn_at", Instant),  # when it was seen gone, or its text was erased by age
    UniqueConstraint("platform", "native_id"),
    Index("ix_post_state_ours_id", "state", "ours", "id"),
    Index("ix_post_published_at", "published_at"),
    Index("ix_post_thread", "platform", "thread"),
    Index("ix_post_author_id", "platform", "author_id"),
    Index("ix_post_copy_key", "copy_key"),
    Index("ix_post_recheck_at", "source", "recheck_at"),
    Index("ix_post_repost_of", "platform", "repost_of", sqlite_where=text(REPOST), postgresql_where=text(REPOST)),
    Index("ix_post_kept", "source", "collected_at", sqlite_where=text(KEPT), postgresql_where=text(KEPT)),
)

post_version = Table(  # what an edited post said before
    "post_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    Column("revision", Integer, nullable=False),  # the post's revision while it said so
    Column("version", Words),  # the platform's name of it
    Column("text", Words, nullable=False),
    Column("title", Words),
    Column("replaced_at", Instant, nullable=False),
    UniqueConstraint("post_id", "revision"),
)

engagement = Table(  # one row for each reading that differed from the one before; NULL is unknown
    "engagement",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("likes", BigInteger),
    Column("reposts", BigInteger),
    Column("replies", BigInteger),
    Column("quotes", BigInteger),
    Column("views", BigInteger),
    Column("score", BigInteger),
    UniqueConstraint("post_id", "at"),
)

post_match = Table(
    "post_match",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    Column("brand", Name, nullable=False),
    Column("alias", Name, nullable=False),
    Column("where", String(16), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    UniqueConstraint("post_id", "brand", "alias", "where", "start"),
    Index("ix_post_match_brand", "brand", "post_id"),
)

verdict = Table(
    "verdict",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    Column("model", String(100), nullable=False),  # Classifier.version
    Column("judged", Boolean, nullable=False),
    Column("sentiment_only", Boolean, nullable=False, server_default=false()),  # complaint and the rest: not asked
    Column("language", String(16), nullable=False),
    Column("sentiment", String(16), nullable=False),
    Column("p_negative", Float, nullable=False),
    Column("p_neutral", Float, nullable=False),
    Column("p_positive", Float, nullable=False),
    Column("p_complaint", Float, nullable=False),
    Column("complaint", Boolean, nullable=False),
    Column("types", Words, nullable=False),  # space-separated, the main one first
    Column("severity", Integer, nullable=False),
    Column("flags", Words, nullable=False),  # space-separated
    Column("probabilities", JSON, nullable=False),  # {"types": {...}, "severity": [...], "flags": {...}}
    Column("scored_at", Instant, nullable=False),
    UniqueConstraint("post_id", "model"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    Column("brand", Name, nullable=False),
    Column("model", String(100), nullable=False),  # the verdict it was made on
    Column("alert", Boolean, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", Words, nullable=False),
    Column("routes", Words, nullable=False),  # space-separated
    Column("decided_at", Instant, nullable=False),
    UniqueConstraint("post_id", "brand"),  # one that alerted stays: a new verdict never alerts again
)

correction = Table(  # append-only: what people said of a post, beside what the model had said; no text of the post
    "correction",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    Column("edited_at", Instant),  # the post's own when it was read: a correction holds for that text only
    Column("model", String(100), nullable=False),  # whose verdict was corrected or confirmed
    Column("said_sentiment", String(16)),  # what it said, kept here: a verdict may be replaced; NULL: not judged
    Column("said_complaint", Boolean),
    Column("said_types", Words),
    Column("said_severity", Integer),
    Column("said_flags", Words),
    Column("sentiment", String(16)),  # NULL, here and below: nothing was said of it
    Column("complaint", Boolean),
    Column("types", Words),  # space-separated, the main one first
    Column("severity", Integer),
    Column("flags", Words),  # space-separated
    Column("drawn", Boolean, nullable=False),  # the post was drawn at random, not looked for
    Column("who", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_correction_post_id", "post_id"),
)

draw = Table(  # one drawing of posts at random; its frame: judged posts of [since, until) not drawn before
    "draw",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("who", Words, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("frame", Integer, nullable=False),  # how many posts there were to draw from
    Column("size", Integer, nullable=False),  # how many were drawn
)

sample = Table(  # posts drawn for labelling; without replacement: each post once, whatever the draw
    "sample",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),  # also the order of drawing
    Column("draw_id", Id, ForeignKey("draw.id"), nullable=False),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    Column("edited_at", Instant),  # the post's own when it was drawn: an edited post is no longer what was drawn
    Column("labelled_at", Instant),
    UniqueConstraint("post_id"),
    Index("ix_sample_draw_id", "draw_id"),
)

case = Table(
    "case",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # from the counter: known before it is stored
    Column("brand", Name, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("thread", Name),  # conversation it belongs to, if the platform has such
    Column("author", Name),  # author id, else handle; None: unknown, joined by thread only
    Column("handle", Words),  # the customer's handle, for people and for answers that name them
    Column("state", String(16), nullable=False),
    Column("severity", Integer, nullable=False),  # the worst so far
    Column("main_type", String(64), nullable=False),  # "" if no complaint type
    Column("routes", Words, nullable=False),
    Column("channels", JSON, nullable=False),  # names of the destinations told
    Column("posts", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),  # when the case was opened here
    Column("first_post_at", Instant, nullable=False),  # when the customer first posted
    Column("last_post_at", Instant, nullable=False),
    Column("waits_since", Instant, nullable=False),  # the opening, or the post that re-opened it
    Column("acked_at", Instant),
    Column("first_response_at", Instant),  # first answer after the first post
    Column("closed_at", Instant),
    Column("assignee", Words),
    Column("reminders", Integer, nullable=False, default=0),
    Column("escalated_at", Instant),
    Column("next_step_at", Instant),  # when to look at it again; None: never
    Column("version", Integer, nullable=False, default=0),  # each change counts; a change of an older one is refused
    Index("ix_case_state_next_step_at", "state", "next_step_at"),
    Index("ix_case_author", "brand", "platform", "author"),
    Index("ix_case_thread", "brand", "platform", "thread"),
    Index("ix_case_opened_at", "opened_at"),
)

case_post = Table(
    "case_post",
    metadata,
    Column("case_id", Id, ForeignKey("case.id"), primary_key=True),
    Column("post_id", Id, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False),  # "customer", "copy" (says the same as the customer's), or "ours"
    Index("ix_case_post_post_id", "post_id"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),  # also the order within a case and channel
    Column("key", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("channel", Words, nullable=False),  # the destination's name
    Column("case_id", Id, ForeignKey("case.id")),
    Column("message", Words, nullable=False),  # frozen with the decision
    Column("body", Words),  # as rendered for the first attempt, sent byte for byte ever after
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, default=0),  # fencing: completion must carry it
    Column("tries", Integer, nullable=False, default=0),  # failures that count, for the backoff
    Column("ambiguous", Boolean, nullable=False, default=False),  # an earlier attempt may have arrived
    # Created, last re-driven by hand, or its destination mended: the horizon starts here.
    Column("queued_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("first_tried_at", Instant),
    Column("sent_at", Instant),
    Column("receipt", JSON),  # {"provider_id": ..., "details": {...}}
    Column("error", Words),  # the last failure, without secrets
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("key"),
    Index("ix_delivery_open", "channel", "id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    Index("ix_delivery_state", "state", "channel"),
    Index("ix_delivery_case_id", "case_id", "channel", "id"),
)

delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("delivery_id", Id, ForeignKey("delivery.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("took", Float, nullable=False),  # seconds
    Column("outcome", String(16), nullable=False),  # "sent", "found", or an ErrorClass
    Column("detail", Words, nullable=False),
    Index("ix_delivery_attempt_delivery_id", "delivery_id"),
)

destination = Table(
    "destination",
    metadata,
    Column("name", Words, primary_key=True),
    Column("paused_until", Instant),  # asked for patience
    Column("parked_at", Instant),  # broken until somebody mends it
    Column("why", Words, nullable=False, default=""),
)

source_state = Table(
    "source_state",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cursor", Words),
    Column("first_run_at", Instant),
    Column("last_try_at", Instant),
    Column("last_success_at", Instant),
    Column("last_post_at", Instant),  # newest published_at stored from it
    Column("last_new_at", Instant),  # when it last brought a new post
    Column("next_due_at", Instant),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("last_error", Words, nullable=False, default=""),
    Column("stopped", Boolean, nullable=False, default=False),  # access denied: wait for a person
    Column("read", BigInteger, nullable=False, default=0),  # items ever read: stored + duplicate + unmatched + rejected
    Column("stored", BigInteger, nullable=False, default=0),
    Column("duplicates", BigInteger, nullable=False, default=0),
    Column("edited", BigInteger, nullable=False, default=0),
    Column("unmatched", BigInteger, nullable=False, default=0),
    Column("rejected", BigInteger, nullable=False, default=0),
    Column("gaps", Integer, nullable=False, default=0, server_default="0"),  # stretches still to be read
    Column("empties", Integer, nullable=False, default=0, server_default="0"),  # calls in a row that read nothing
    Column("blocked_until", Instant),  # budget or quota spent: nothing is asked before
    Column("alarm", String(16)),  # what the operators were told of; NULL: nothing
    Column("recheck_after", Instant),  # looking at old posts again was put off until then
    Column("recheck_failures", Integer, nullable=False, default=0, server_default="0"),  # of that, in a row
)

poll = Table(  # what each call brought: coverage in the digest, "quiet" told from "broken"
    "poll",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("read", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("detail", Words, nullable=False, default=""),
    Index("ix_poll_source_at", "source", "at"),
)

spend = Table(  # what was used up, by the platform's own accounting day
    "spend",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("day", String(10), nullable=False),  # ISO date
    Column("resource", String(32), nullable=False),
    Column("query", Name, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),  # millionths of the budget's currency, in all
    UniqueConstraint("source", "day", "resource", "query"),
)

charged = Table(  # resources charged once a day; rows of past days are dropped
    "charged",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("resource", String(32), nullable=False),
    Column("native_id", Name, nullable=False),
    UniqueConstraint("source", "day", "resource", "native_id"),
)

loss = Table(  # stretches of which posts are lost for good
    "loss",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("query", Name, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("why", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("told", Boolean, nullable=False, default=False),  # the operators know of it
    UniqueConstraint("source", "query", "since", "until"),
    Index("ix_loss_at", "at"),
)

backfill = Table(  # a job that reads the past of a source, with a cursor and a budget of its own
    "backfill",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("cursor", Words),
    Column("state", String(16), nullable=False),  # "running", "done"
    Column("budget", BigInteger),  # micros; NULL: none of its own
    Column("spent", BigInteger, nullable=False, default=0),  # micros
    Column("requests", BigInteger, nullable=False, default=0),
    Column("read", BigInteger, nullable=False, default=0),
    Column("stored", BigInteger, nullable=False, default=0),
    Column("duplicates", BigInteger, nullable=False, default=0),
    Column("edited", BigInteger, nullable=False, default=0),
    Column("unmatched", BigInteger, nullable=False, default=0),
    Column("rejected", BigInteger, nullable=False, default=0),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("source", "since", "until"),
)

inbound = Table(  # what was taken by webhook, by the sender's idempotency key
    "inbound",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("key", Name, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the body: the same key with another body is refused
    Column("answer", Words, nullable=False),  # what was answered, to be answered again
    Column("at", Instant, nullable=False),
    UniqueConstraint("source", "key"),
)

reject = Table(
    "reject",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("place", Name, nullable=False),
    Column("reason", Name, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("source", "place", "reason"),
)

report = Table(
    "report",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(32), nullable=False),  # "weekly"
    Column("period", String(16), nullable=False),  # "2026-W46"
    Column("facts", Words, nullable=False),  # JSON, frozen before rendering
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("name", "period"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next", BigInteger, nullable=False),
)

history = Table(  # append-only: who did what to which case or delivery, when, why
    "history",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("entity", String(16), nullable=False),  # "case", "delivery", "post", "source"
    Column("entity_id", Name, nullable=False),
    Column("event", String(32), nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
    Index("ix_history_entity", "entity", "entity_id"),
)
