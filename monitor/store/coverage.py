"""How well each source was read during an interval: "quiet" is told from "broken" by these rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import Connection, func, select

from collectors.base import BudgetSpent
from monitor.store.tables import loss, poll, reject, source_state
from monitor.store.week import SourceRow

_BUDGET_SPENT = f"{BudgetSpent.__name__}:"  # as the collect stage begins the words about such a call


def source_rows(db: Connection, start: datetime, end: datetime) -> tuple[SourceRow, ...]:
    """One row for each source ever read, by name; calls and rejects counted in [start, end)."""
    calls = _calls(db, start, end)
    rejected = _rejected(db, start, end)
    last_success = _last_success(db, end)
    first_runs = _first_runs(db)
    losses = _losses(db, start, end)
    rows = []
    for name in sorted(calls.keys() | first_runs.keys()):
        of, lost = calls.get(name, _Calls()), losses.get(name, [])
        of.end(end)
        listening_from = max(start, first_runs.get(name) or start)
        rows.append(
            SourceRow(
                name=name,
                ok=len(of.good),
                failed=of.failed,
                read=of.read,
                stored=of.stored,
                rejected=rejected.get(name, 0),
                first_run_at=first_runs.get(name),
                last_success_at=last_success.get(name),
                longest_gap=_longest_gap(of.good, listening_from, end),
                usual_gap=_usual_gap(of.good),
                ends_failing=of.ends_failing,
                last_error=of.last_error,
                losses=len(lost),
                lost=sum((how_long for how_long, _ in lost), timedelta()),
                lost_why=max(lost, default=(timedelta(), ""))[1],
                budget_stops=of.budget_stops,
                budget_stopped=of.budget_stopped,
            )
        )
    return tuple(rows)


@dataclass(slots=True)
class _Calls:
    """The calls of one source, gathered in the order of time."""

    good: list[datetime] = field(default_factory=list)
    failed: int = 0
    read: int = 0
    stored: int = 0
    ends_failing: bool = False
    last_error: str = ""
    budget_stops: int = 0
    budget_stopped: timedelta = timedelta()
    stopped_at: datetime | None = None  # its budget was found spent, and no call has worked since

    def stop(self, at: datetime) -> None:
        """A call that only found the budget spent: no failure of the source."""
        if self.stopped_at is None:
            self.stopped_at = at
            self.budget_stops += 1

    def end(self, at: datetime) -> None:
        """A call that worked, or the end of the week: it is no longer stopped."""
        if self.stopped_at is not None:
            self.budget_stopped += at - self.stopped_at
            self.stopped_at = None


def _calls(db: Connection, start: datetime, end: datetime) -> dict[str, _Calls]:
    query = (
        select(poll.c.source, poll.c.at, poll.c.ok, poll.c.read, poll.c.stored, poll.c.detail)
        .where(poll.c.at >= start, poll.c.at < end)
        .order_by(poll.c.source, poll.c.at, poll.c.id)
    )
    calls = {name: _Calls(budget_stops=1, stopped_at=start) for name in _stopped_before(db, start)}
    for name, at, ok, read, stored, detail in db.execute(query):
        of = calls.setdefault(name, _Calls())
        of.read += read
        of.stored += stored
        if not ok and detail.startswith(_BUDGET_SPENT):
            of.stop(at)
            continue
        of.ends_failing = not ok
        if ok:
            of.good.append(at)
            of.end(at)
        else:
            of.failed += 1
            of.last_error = detail
    return calls


def _stopped_before(db: Connection, start: datetime) -> list[str]:
    """The sources whose last call before `start` found the budget spent; one of a month is not asked again for long."""
    names = db.scalars(select(source_state.c.name).order_by(source_state.c.name)).all()
    last = select(poll.c.ok, poll.c.detail).where(poll.c.at < start).order_by(poll.c.at.desc(), poll.c.id.desc())
    found = {name: db.execute(last.where(poll.c.source == name).limit(1)).first() for name in names}
    return [name for name, row in found.items() if row and not row.ok and row.detail.startswith(_BUDGET_SPENT)]


def _losses(db: Connection, start: datetime, end: datetime) -> dict[str, list[tuple[timedelta, str]]]:
    """How long each loss is, and why; by source."""
    found_then = (loss.c.at >= start) & (loss.c.at < end)
    lies_then = (loss.c.since < end) & (loss.c.until > start)
    losses: dict[str, list[tuple[timedelta, str]]] = {}
    for row in db.execute(select(loss).where(found_then | lies_then)):
        losses.setdefault(row.source, []).append((row.until - row.since, row.why))
    return losses


def _rejected(db: Connection, start: datetime, end: datetime) -> dict[str, int]:
    query = (
        select(reject.c.source, func.count().label("rejected"))
        .where(reject.c.at >= start, reject.c.at < end)
        .group_by(reject.c.source)
    )
    return {row.source: row.rejected for row in db.execute(query)}


def _last_success(db: Connection, end: datetime) -> dict[str, datetime]:
    query = (
        select(poll.c.source, func.max(poll.c.at).label("last"))
        .where(poll.c.ok.is_(True), poll.c.at < end)
        .group_by(poll.c.source)
    )
    return {row.source: row.last for row in db.execute(query)}


def _first_runs(db: Connection) -> dict[str, datetime | None]:
    query = select(source_state.c.name, source_state.c.first_run_at)
    return {row.name: row.first_run_at for row in db.execute(query)}


def _longest_gap(good: Sequence[datetime], start: datetime, end: datetime) -> timedelta:
    """The longest time without a successful call, the edges counted; none where `start` is not before `end`."""
    if start >= end:
        return timedelta()
    return max(b - a for a, b in pairwise([start, *(at for at in good if at > start), end]))


def _usual_gap(good: Sequence[datetime]) -> timedelta | None:
    pauses = [(b - a).total_seconds() for a, b in pairwise(good)]
    return timedelta(seconds=median(pauses)) if pauses else None
