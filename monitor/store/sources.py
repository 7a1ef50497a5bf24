"""The state of each source: where it stands, and whether it is quiet or broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from statistics import median
from typing import Any

from sqlalchemy import Connection, Engine, case, func, insert, literal, or_, select, update

from monitor.store.deliveries import insert_deliveries
from monitor.store.rows import source_facts
from monitor.store.tables import Instant, poll, reject, source_state
from monitor.store.transactions import insert_into, reading, writing
from monitor.store.values import NewDelivery, Pace, PollFacts, RejectFacts, SourceFacts, Tally

PACE_CALLS = 50  # half a day at the usual quarter of an hour


class Sources:
    """What is known of the sources. Each method is one transaction and may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[SourceFacts]:
        """Every source that was ever called, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(source_state).order_by(source_state.c.name))
            return [source_facts(row) for row in rows]

    def get(self, name: str) -> SourceFacts:
        """One source; one that was never called has neither cursor nor counts."""
        with reading(self._engine) as connection:
            row = connection.execute(select(source_state).where(source_state.c.name == name)).one_or_none()
        return SourceFacts(name=name) if row is None else source_facts(row)

    def change_alarm(
        self, name: str, before: str | None, after: str | None, deliveries: Sequence[NewDelivery], now: datetime
    ) -> bool:
        """Note what the operators are told of, and queue the words: both, or nothing.

        False where the alarm is no longer `before`: somebody else has told them meanwhile.
        """
        c = source_state.c
        is_before = c.alarm.is_(None) if before is None else c.alarm == before
        with writing(self._engine) as connection:
            changed = connection.execute(update(source_state).where(c.name == name, is_before).values(alarm=after))
            if not changed.rowcount:
                return False
            insert_deliveries(connection, deliveries, now)
        return True

    def pace(self, name: str, empties: int) -> Pace:
        """What the PACE_CALLS successful calls before the last `empties` ones brought."""
        c = poll.c
        good = select(c.read).where(c.source == name, c.ok.is_(True)).order_by(c.at.desc(), c.id.desc())
        with reading(self._engine) as connection:
            last = connection.scalar(good.limit(1))
            read = connection.scalars(good.limit(PACE_CALLS).offset(empties)).all()
        runs = [len(list(run)) for is_empty, run in groupby(read, key=lambda items: items == 0) if is_empty]
        return Pace(len(read), float(median(read)) if read else 0.0, max(runs, default=0), last)

    def wake(self, name: str) -> None:
        """Let a source be called again at once, even one that was stopped for good."""
        self._set(name, {"stopped": False, "next_due_at": None, "blocked_until": None})

    def polls(self, since: datetime, until: datetime) -> list[PollFacts]:
        """The calls in [since, until), oldest first."""
        c = poll.c
        query = select(poll).where(c.at >= since, c.at < until).order_by(c.at, c.id)
        with reading(self._engine) as connection:
            return [
                PollFacts(source=row.source, at=row.at, ok=row.ok, read=row.read, stored=row.stored, detail=row.detail)
                for row in connection.execute(query)
            ]

    def rejects(self, source: str, limit: int) -> list[RejectFacts]:
        """Items of a source that were no posts, newest first, at most `limit`; each once."""
        c = reject.c
        query = select(c.place, c.reason, c.at).where(c.source == source).order_by(c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [RejectFacts(place=row.place, reason=row.reason, at=row.at) for row in connection.execute(query)]

    def _set(self, name: str, values: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            ensure(connection, name)
            connection.execute(update(source_state).where(source_state.c.name == name).values(values))


def note_success(
    connection: Connection,
    name: str,
    tally: Tally,
    *,
    newest: datetime | None,
    cursor: str | None,
    next_due_at: datetime,
    gaps: int = 0,
    now: datetime,
) -> None:
    """Note a call that worked, inside the caller's transaction; `newest` is the newest post that it stored."""
    c = source_state.c
    changes: dict[Any, Any] = {
        c.cursor: cursor,
        c.first_run_at: func.coalesce(c.first_run_at, literal(now, Instant())),
        c.last_try_at: now,
        c.last_success_at: now,
        c.next_due_at: next_due_at,
        c.failures: 0,
        c.last_error: "",
        c.stopped: False,
        c.read: c.read + tally.read,
        c.stored: c.stored + tally.stored,
        c.duplicates: c.duplicates + tally.duplicates,
        c.edited: c.edited + tally.edited,
        c.unmatched: c.unmatched + tally.unmatched,
        c.rejected: c.rejected + tally.rejected,
        c.gaps: gaps,
        c.empties: 0 if tally.read else c.empties + 1,
        c.blocked_until: None,
    }
    if newest is not None:
        newer = or_(c.last_post_at.is_(None), c.last_post_at < newest)
        changes |= {c.last_new_at: now, c.last_post_at: case((newer, literal(newest, Instant())), else_=c.last_post_at)}
    ensure(connection, name)
    connection.execute(update(source_state).where(c.name == name).values(changes))
    connection.execute(
        insert(poll).values(source=name, at=now, ok=True, read=tally.read, stored=tally.stored, detail="")
    )


def note_failure(
    connection: Connection,
    name: str,
    *,
    error: str,
    retry_at: datetime,
    stopped: bool,
    now: datetime,
    counts: bool = True,
    blocked: bool = False,
) -> int:
    """Note a call that failed, inside the caller's transaction; how many that count have failed in a row."""
    c = source_state.c
    ensure(connection, name)
    failures: int = connection.scalars(
        update(source_state)
        .where(c.name == name)
        .values(
            first_run_at=func.coalesce(c.first_run_at, literal(now, Instant())),
            last_try_at=now,
            next_due_at=retry_at,
            failures=c.failures + int(counts),
            last_error=error,
            stopped=stopped,
            blocked_until=retry_at if blocked else None,
        )
        .returning(c.failures)
    ).one()
    connection.execute(insert(poll).values(source=name, at=now, ok=False, read=0, stored=0, detail=error))
    return failures


def ensure(connection: Connection, name: str) -> None:
    """Make sure that a source has a row, inside the caller's transaction."""
    connection.execute(insert_into(connection, source_state).values(name=name).on_conflict_do_nothing())
