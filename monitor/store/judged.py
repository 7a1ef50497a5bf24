"""What was said of posts, by the model and by people. Runs inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, func, select

from classifiers.base import Verdict
from config.vocabulary import Flag, Sentiment, Severity
from monitor.store.labels import Labels, merged
from monitor.store.rows import stored_verdict
from monitor.store.tables import correction, post, verdict
from monitor.store.transactions import AnyRow, parts


def as_judged(title: str | None, words: str) -> str:
    """Title and text in one, as a classifier reads a post."""
    return words if not title or title in words else f"{title}\n{words}"


def newest_verdicts(connection: Connection, post_ids: Collection[int]) -> dict[int, tuple[Verdict, str]]:
    """The newest verdict of each post, with its model; posts without one are missing."""
    c = verdict.c
    newest: dict[int, AnyRow] = {}
    for part in parts(post_ids):
        for row in connection.execute(select(verdict).where(c.post_id.in_(part)).order_by(c.scored_at, c.id)):
            newest[row.post_id] = row
    return {post_id: (stored_verdict(row), row.model) for post_id, row in newest.items()}


# What a reader of labels needs: the probabilities, most of a verdict's bytes, stay where they are.
_VERDICT = (
    "post_id",
    "model",
    "judged",
    "sentiment_only",
    "language",
    "sentiment",
    "complaint",
    "types",
    "severity",
    "flags",
)


def published(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Posts published in [start, end)."""
    return and_(post.c.published_at >= start, post.c.published_at < end)


def newest_between(start: datetime, end: datetime) -> Subquery:
    """The newest verdict of each post published in [start, end): a post judged by two models counts once."""
    place = func.row_number().over(
        partition_by=verdict.c.post_id, order_by=(verdict.c.scored_at.desc(), verdict.c.id.desc())
    )
    ranked = (
        select(*(verdict.c[name] for name in _VERDICT), place.label("place"))
        .join(post, post.c.id == verdict.c.post_id)
        .where(published(start, end))
        .subquery()
    )
    return select(ranked).where(ranked.c.place == 1).subquery()


def holds() -> ColumnElement[bool]:
    """A correction holds for the text that it was made on; labels outlive a withdrawn text, as verdicts do."""
    return correction.c.edited_at.is_not_distinct_from(post.c.edited_at)


def corrections_that_hold(*columns: Any) -> Select[Any]:
    """Rows of `correction`, with further columns of its post, oldest first."""
    return (
        select(correction, *columns)
        .join(post, post.c.id == correction.c.post_id)
        .where(holds())
        .order_by(correction.c.id)
    )


def labels_in_force(connection: Connection, post_ids: Collection[int]) -> dict[int, Labels]:
    """What people say of these posts after all their corrections; posts without one are missing."""
    rows: list[AnyRow] = []
    for part in parts(post_ids):
        rows += connection.execute(corrections_that_hold().where(correction.c.post_id.in_(part)))
    return labels_of(rows)


def labels_of(rows: Collection[AnyRow]) -> dict[int, Labels]:
    """Rows of `correction`, oldest first, as what they say together of each post."""
    by_post: dict[int, list[Labels]] = defaultdict(list)
    for row in rows:
        by_post[row.post_id].append(stored_labels(row))
    return {post_id: merged(said) for post_id, said in by_post.items()}


def stored_labels(row: AnyRow) -> Labels:
    """What a person said in one row of `correction`."""
    return Labels(
        sentiment=None if row.sentiment is None else Sentiment(row.sentiment),
        complaint=row.complaint,
        types=None if row.types is None else tuple(row.types.split()),
        severity=None if row.severity is None else Severity(row.severity),
        flags=None if row.flags is None else tuple(Flag(word) for word in row.flags.split()),
    )


def stored_said(row: AnyRow) -> Labels | None:
    """What the model had said, kept in a row of `correction`; None: it had not judged the post."""
    if row.said_sentiment is None:
        return None
    if row.said_complaint is None:  # the sentiment was all that it judged
        return Labels(sentiment=Sentiment(row.said_sentiment))
    return Labels(
        sentiment=Sentiment(row.said_sentiment),
        complaint=row.said_complaint,
        types=tuple(row.said_types.split()),
        severity=Severity(row.said_severity),
        flags=tuple(Flag(word) for word in row.said_flags.split()),
    )


def labels_values(labels: Labels | None, prefix: str = "") -> dict[str, Any]:
    """Labels as columns of `correction`, each name after the prefix."""
    one = labels or Labels()
    return {
        f"{prefix}sentiment": None if one.sentiment is None else one.sentiment.value,
        f"{prefix}complaint": one.complaint,
        f"{prefix}types": None if one.types is None else " ".join(one.types),
        f"{prefix}severity": None if one.severity is None else int(one.severity),
        f"{prefix}flags": None if one.flags is None else " ".join(one.flags),
    }
