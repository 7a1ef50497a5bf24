"""Random samples: which posts are to be labelled by people, drawn so that they speak for all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import Connection, Engine, func, insert, select

from config.vocabulary import Platform
from monitor.states import PostState
from monitor.store.judged import as_judged, newest_between, published
from monitor.store.tables import draw, post, sample
from monitor.store.transactions import reading, writing

_JUDGED = (PostState.SCORED, PostState.DECIDED)  # has a verdict on its present text


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawing: its number, how many posts there were to draw from, and how many were drawn."""

    draw_id: int
    frame: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledPost:
    """A drawn post as it is shown to whoever labels it: nothing of what the model said."""

    post_id: int
    draw_id: int
    platform: Platform
    published_at: datetime
    text: str  # title and text in one, as judged
    url: str | None


class Samples:
    """Drawing posts at random, without replacement. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def draw(self, size: int, *, since: datetime, until: datetime, seed: int, who: str, now: datetime) -> Drawn | None:
        """Draw at most `size` of the judged posts published in [since, until) that were never drawn.

        Corrected posts are among them: to leave out the mistakes that were found would flatter the model. The same
        seed over the same posts draws the same. None: there is nothing to draw from; nothing is stored.

        Raises:
            ValueError: `size` is not positive.
        """
        if size <= 0:
            raise ValueError("size must be positive")
        with writing(self._engine) as connection:
            _one_at_a_time(connection)
            frame = _frame(connection, since, until)
            if not frame:
                return None
            chosen = Random(seed).sample(frame, min(size, len(frame)))  # noqa: S311 - to be repeated, not to be secret
            values = {"at": now, "who": who, "seed": seed, "since": since, "until": until}
            counts = {"frame": len(frame), "size": len(chosen)}
            draw_id: int = connection.scalars(insert(draw).values(**values, **counts).returning(draw.c.id)).one()
            rows = [{"draw_id": draw_id, "post_id": i, "edited_at": edited_at} for i, edited_at in chosen]
            connection.execute(insert(sample), rows)
        return Drawn(draw_id, len(frame), len(chosen))

    def unlabelled(self) -> list[SampledPost]:
        """The drawn posts that nobody has labelled yet, in the order of drawing.

        Posts that were withdrawn or edited since they were drawn are left out: they are no longer what was drawn.
        """
        query = (
            select(sample.c.draw_id, post)
            .join(post, post.c.id == sample.c.post_id)
            .where(
                sample.c.labelled_at.is_(None),
                sample.c.edited_at.is_not_distinct_from(post.c.edited_at),
                post.c.state.in_(_JUDGED),
                post.c.withdrawn_at.is_(None),
            )
            .order_by(sample.c.id)
        )
        with reading(self._engine) as connection:
            return [
                SampledPost(
                    post_id=row.id,
                    draw_id=row.draw_id,
                    platform=Platform(row.platform),
                    published_at=row.published_at,
                    text=as_judged(row.title, row.text),
                    url=row.url,
                )
                for row in connection.execute(query)
            ]


def _one_at_a_time(connection: Connection) -> None:
    """Two people who draw at once draw one after the other: the second frame has what the first left."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(select(func.pg_advisory_xact_lock(_DRAW_LOCK)))


_DRAW_LOCK = 7_263_002  # any number of its own


def _frame(connection: Connection, since: datetime, until: datetime) -> list[tuple[int, datetime | None]]:
    newest = newest_between(since, until)
    query = (
        select(post.c.id, post.c.edited_at)
        .join(newest, newest.c.post_id == post.c.id)
        .outerjoin(sample, sample.c.post_id == post.c.id)
        .where(
            published(since, until),
            newest.c.judged,
            post.c.ours.is_(False),
            post.c.state.in_(_JUDGED),
            post.c.withdrawn_at.is_(None),
            sample.c.id.is_(None),
        )
        .order_by(post.c.id)
    )
    return [(row.id, row.edited_at) for row in connection.execute(query)]
