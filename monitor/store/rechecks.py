"""Looking at posts again: which are due, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, select, update

from collectors.base import Heard, Spend
from monitor.backoff import next_look
from monitor.store import ledger
from monitor.store.erasing import NOT_FOUND, erase
from monitor.store.known import identity, meet
from monitor.store.sources import ensure
from monitor.store.tables import post, source_state
from monitor.store.transactions import reading, writing


@dataclass(frozen=True, slots=True)
class DuePost:
    """A post that is to be looked at again."""

    post_id: int
    platform: str
    native_id: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of posts that were looked at again."""

    edited: int
    withdrawn: int  # with what only passed them on


class Rechecks:
    """Posts due by their age. Each method is one transaction; the cursor of the live source is never touched."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, source: str, now: datetime, limit: int) -> list[DuePost]:
        """The posts of a source that are due, the longest due first, at most `limit`.

        None while looking again is put off, and none of a source that was refused access or has spent its budget.
        """
        c, s = post.c, source_state.c
        shut = select(s.stopped, s.blocked_until, s.recheck_after).where(s.name == source)
        query = (
            select(c.id, c.platform, c.native_id, c.published_at)
            .where(c.source == source, c.recheck_at <= now, c.withdrawn_at.is_(None))
            .order_by(c.recheck_at, c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            state = connection.execute(shut).one_or_none()
            if state is not None:
                stopped, *until = state
                if stopped or any(at is not None and at > now for at in until):
                    return []
            return [DuePost(*row) for row in connection.execute(query)]

    def failures(self, source: str) -> int:
        """How many times in a row looking again has failed."""
        query = select(source_state.c.recheck_failures).where(source_state.c.name == source)
        with reading(self._engine) as connection:
            return connection.scalars(query).one_or_none() or 0

    def save(
        self,
        source: str,
        looked_at: Sequence[DuePost],
        *,
        found: Mapping[str, Heard],
        gone: Collection[str],
        ages: Sequence[timedelta],
        spent: Sequence[Spend],
        now: datetime,
    ) -> Looked:
        """Store what became of posts, by native id: all of it, or nothing.

        Those `found` are laid against what is kept, as in a harvest; those `gone` are erased; each is due again at
        the next of the `ages`, of which it is reckoned from its publication. What is about no post of `looked_at`
        is left aside.
        """
        by_name = {one.native_id: one for one in looked_at}
        known = {
            identity(one.post): one
            for name, one in found.items()
            if name in by_name and identity(one.post) == (by_name[name].platform, name)
        }
        with writing(self._engine) as connection:
            edited = meet(connection, known, now) if known else 0
            withdrawn = erase(connection, [by_name[n].post_id for n in gone if n in by_name], NOT_FOUND, now)
            c = post.c
            if looked_at:
                connection.execute(
                    update(post)
                    .where(c.id == bindparam("the_id"), c.withdrawn_at.is_(None))
                    .values(recheck_at=bindparam("next_at"), rechecks=c.rechecks + 1),
                    [{"the_id": o.post_id, "next_at": next_look(o.published_at, ages, now)} for o in looked_at],
                )
            ledger.note_spends(connection, source, spent)
            ensure(connection, source)
            calm = {"recheck_after": None, "recheck_failures": 0}
            connection.execute(update(source_state).where(source_state.c.name == source).values(calm))
        return Looked(edited=edited, withdrawn=len(withdrawn))

    def put_off(self, source: str, until: datetime, *, counts: bool, spent: Sequence[Spend]) -> int:
        """Look at nothing of a source again before `until`; how many failures that count there were in a row.

        `counts` is False where the platform only asked for patience, or the budget is spent.
        """
        s = source_state.c
        with writing(self._engine) as connection:
            ledger.note_spends(connection, source, spent)
            ensure(connection, source)
            failures: int = connection.scalars(
                update(source_state)
                .where(s.name == source)
                .values(recheck_after=until, recheck_failures=s.recheck_failures + int(counts))
                .returning(s.recheck_failures)
            ).one()
        return failures
