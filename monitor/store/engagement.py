"""How others took a post, as a series over time: a row for each reading that brought news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, func, select

from collectors.base import Engagement
from monitor.store.tables import engagement
from monitor.store.transactions import AnyRow, insert_into, parts, reading

COUNTS = ("likes", "reposts", "replies", "quotes", "views", "score")
MAX_COUNT = 2**63 - 1  # what a database integer holds; an export may claim anything


@dataclass(frozen=True, slots=True)
class Reading:
    """What was counted, when."""

    at: datetime
    counts: Engagement


class Engagements:
    """The series. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, post_id: int) -> list[Reading]:
        """What was counted of one post, oldest first; empty: nothing, or there is no such post."""
        query = select(engagement).where(engagement.c.post_id == post_id).order_by(engagement.c.at)
        with reading(self._engine) as connection:
            return [
                Reading(row.at, Engagement(**{name: getattr(row, name) for name in COUNTS}))
                for row in connection.execute(query)
            ]


def countable(number: int | None) -> int | None:
    """A count as it is kept; None: unknown, or beyond all reason."""
    return number if number is not None and 0 <= number <= MAX_COUNT else None


def note_engagement(connection: Connection, read: Mapping[int, Engagement | None], now: datetime) -> None:
    """Add readings to the series of their posts, inside the caller's transaction.

    A reading is left out if it says nothing that the last one did not, if the last one is as new, or if nothing in
    it can be kept.
    """
    kept = {post_id: values for post_id, one in read.items() if one is not None and (values := _values(one))}
    if not kept:
        return
    last: dict[int, AnyRow] = {}
    for part in parts(sorted(kept)):
        c = engagement.c
        newest = select(c.post_id, func.max(c.at).label("at")).where(c.post_id.in_(part)).group_by(c.post_id).subquery()
        query = select(engagement).join(newest, and_(c.post_id == newest.c.post_id, c.at == newest.c.at))
        last |= {row.post_id: row for row in connection.execute(query)}
    rows = [
        {"post_id": post_id, "at": now, **dict.fromkeys(COUNTS), **values}
        for post_id, values in kept.items()
        if post_id not in last or (last[post_id].at < now and _is_news(last[post_id], values))
    ]
    if rows:
        connection.execute(insert_into(connection, engagement).on_conflict_do_nothing(), rows)


def _values(one: Engagement) -> dict[str, int]:
    """What is known and can be kept. A score may be negative: more votes down than up."""
    counts = {name: countable(getattr(one, name)) for name in COUNTS if name != "score"}
    score = one.score if one.score is not None and abs(one.score) <= MAX_COUNT else None
    return {name: number for name, number in {**counts, "score": score}.items() if number is not None}


def _is_news(before: AnyRow, values: Mapping[str, int]) -> bool:
    return any(getattr(before, name) != number for name, number in values.items())
