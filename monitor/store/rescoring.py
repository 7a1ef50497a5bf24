"""New verdicts on posts that have one already: nothing else about the posts changes, and nobody is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select

from classifiers.base import Verdict
from monitor.states import PostState
from monitor.store.judged import as_judged, newest_verdicts
from monitor.store.rows import verdict_values
from monitor.store.tables import post, verdict
from monitor.store.transactions import insert_into, parts, reading, writing

_JUDGED = (PostState.SCORED, PostState.DECIDED)  # has a verdict on its present text
_TICK = timedelta(microseconds=1)  # the smallest step of a stored time


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk over the posts stands: behind this post, by time of publication."""

    published_at: datetime
    post_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescorable:
    """A judged post, and what is said of it now."""

    place: Place
    text: str  # title and text in one, as judged
    revision: int
    before: Verdict

    @property
    def post_id(self) -> int:
        """Its number."""
        return self.place.post_id


class Rescoring:
    """Posts whose newest verdict is of another version. Each method is one transaction and may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, since: datetime, version: str) -> int:
        """How many posts published since then have a newest verdict of another version; own posts have none."""
        query = select(func.count()).select_from(post).where(_of_others(since, version))
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def waiting(self, since: datetime, version: str, after: Place | None, limit: int) -> list[Rescorable]:
        """The next of these posts behind `after`, at most `limit`, oldest first; empty: none is left there."""
        c = post.c
        further = [] if after is None else [_behind(after)]
        query = (
            select(c.id, c.title, c.text, c.revision, c.published_at)
            .where(_of_others(since, version), *further)
            .order_by(c.published_at, c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
            before = newest_verdicts(connection, [row.id for row in rows])
        return [
            Rescorable(
                place=Place(row.published_at, row.id),
                text=as_judged(row.title, row.text),
                revision=row.revision,
                before=before[row.id][0],
            )
            for row in rows
            if row.id in before
        ]

    def save(self, verdicts: Sequence[tuple[Rescorable, Verdict]], *, model: str, now: datetime) -> set[int]:
        """Make these the newest verdicts of their posts; of which ones.

        A post that has been edited or withdrawn meanwhile is left alone. State, decisions and cases stay; earlier
        verdicts are kept beside it. Repeating changes nothing but the time.
        """
        by_id = {one.post_id: (one, judged) for one, judged in verdicts}
        with writing(self._engine) as connection:
            current = _unchanged(connection, {i: one.revision for i, (one, _) in by_id.items()})
            if not current:
                return set()
            newest = _newest_times(connection, current)
            statement = insert_into(connection, verdict)
            kept = {c.name: statement.excluded[c.name] for c in verdict.c if c.name not in ("id", "post_id", "model")}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["post_id", "model"], set_=kept),
                [
                    # Newest by its time: also where the clock has been set back since the last one.
                    {**verdict_values(i, by_id[i][1]), "model": model, "scored_at": max(now, newest[i] + _TICK)}
                    for i in current
                ],
            )
        return set(current)


def _of_others(since: datetime, version: str) -> ColumnElement[bool]:
    c = verdict.c
    newest = (
        select(c.model)
        .where(c.post_id == post.c.id)
        .order_by(c.scored_at.desc(), c.id.desc())
        .limit(1)
        .correlate(post)
        .scalar_subquery()
    )
    return and_(
        post.c.published_at >= since,
        post.c.state.in_(_JUDGED),
        post.c.ours.is_(False),
        post.c.withdrawn_at.is_(None),
        newest != version,
    )


def _behind(place: Place) -> ColumnElement[bool]:
    c = post.c
    return or_(c.published_at > place.published_at, and_(c.published_at == place.published_at, c.id > place.post_id))


def _unchanged(connection: Connection, revisions: dict[int, int]) -> list[int]:
    """The posts that still are what was judged, locked so that they stay so."""
    c = post.c
    found: list[int] = []
    for part in parts(sorted(revisions)):
        query = select(c.id, c.revision).where(c.id.in_(part), c.state.in_(_JUDGED)).order_by(c.id)
        found += [row.id for row in connection.execute(query.with_for_update()) if row.revision == revisions[row.id]]
    return found


def _newest_times(connection: Connection, post_ids: Collection[int]) -> dict[int, datetime]:
    c = verdict.c
    found: dict[int, datetime] = {}
    for part in parts(post_ids):
        query = select(c.post_id, func.max(c.scored_at)).where(c.post_id.in_(part)).group_by(c.post_id)
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found
