"""What people found of what the model had said: the rows from which precision and recall are measured.

A post is measured on what the model said before anybody had labelled it, kept in its first correction: a later model
may have learned from the correction itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import prod

from sqlalchemy import Connection, select

from monitor.store.judged import corrections_that_hold, labels_of, published, stored_said
from monitor.store.labels import Labels
from monitor.store.tables import draw, post, sample, verdict
from monitor.store.transactions import AnyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow:
    """One labelled post: what the model said first, what people say now."""

    post_id: int
    model: str
    said: Labels
    truth: Labels  # None for each label of which nobody spoke
    chance: float | None = None  # with which it came into the sample; None: it was not drawn, somebody chose it

    def __post_init__(self) -> None:
        """Refuse a chance that is none."""
        if self.chance is not None and not 0.0 < self.chance <= 1.0:
            raise ValueError(f"post {self.post_id} was drawn with chance {self.chance}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRows:
    """The labelled posts that were published in one half-open interval."""

    model: str = ""  # the version in use: of the newest verdict of all; "" before there is one
    drawn: int = 0  # posts drawn at random
    labelled: int = 0  # of these, how many somebody has labelled
    frames: tuple[tuple[datetime, datetime], ...] = ()  # the half-open intervals from which was drawn
    rows: tuple[LabelledRow, ...] = ()  # by post


def labelled_rows(db: Connection, start: datetime, end: datetime) -> LabelledRows:
    """Read them; corrections that no longer hold, and those of posts that were not judged, are left out."""
    model = db.scalars(select(verdict.c.model).order_by(verdict.c.id.desc()).limit(1)).first()
    inside = published(start, end)
    query = corrections_that_hold(post.c.published_at, post.c.collected_at).where(inside)
    found = db.execute(query).all()
    joined = select(sample.c.post_id, sample.c.labelled_at).join(post, post.c.id == sample.c.post_id).where(inside)
    drawn = {row.post_id: row.labelled_at for row in db.execute(joined)}
    draws = db.execute(select(draw).order_by(draw.c.id)).all()
    return LabelledRows(
        model=model or "",
        drawn=len(drawn),
        labelled=sum(at is not None for at in drawn.values()),
        frames=tuple((one.since, one.until) for one in draws if one.since < end and one.until > start),
        rows=tuple(_rows(found, {i for i, at in drawn.items() if at is not None}, draws)),
    )


def _rows(found: Sequence[AnyRow], sampled: set[int], draws: Sequence[AnyRow]) -> list[LabelledRow]:
    first: dict[int, AnyRow] = {}
    for row in found:
        first.setdefault(row.post_id, row)
    truths: Mapping[int, Labels] = labels_of(found)
    rows = []
    for post_id, row in sorted(first.items()):
        said = stored_said(row)
        if said is not None:
            chance = _chance(row, draws) if post_id in sampled else None
            rows.append(LabelledRow(post_id=post_id, model=row.model, said=said, truth=truths[post_id], chance=chance))
    return rows


def _chance(row: AnyRow, draws: Sequence[AnyRow]) -> float:
    """The chance of being drawn by one of the draws: each takes `size` of those that the earlier ones have left."""
    missed: float = prod(
        1 - one.size / one.frame
        for one in draws
        if one.since <= row.published_at < one.until and row.collected_at <= one.at
    )
    return 1.0 - missed
