"""How well each source was read during an interval: "quiet" is told from "broken" by these rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import Connection, func, select

from monitor.store.tables import poll, reject, source_state
from monitor.store.week import SourceRow


def source_rows(db: Connection, start: datetime, end: datetime) -> tuple[SourceRow, ...]:
    """One row for each source ever read, by name; calls and rejects counted in [start, end)."""
    calls = _calls(db, start, end)
    rejected = _rejected(db, start, end)
    last_success = _last_success(db, end)
    first_runs = _first_runs(db)
    rows = []
    for name in sorted(calls.keys() | first_runs.keys()):
        of = calls.get(name, _Calls())
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


def _calls(db: Connection, start: datetime, end: datetime) -> dict[str, _Calls]:
    query = (
        select(poll.c.source, poll.c.at, poll.c.ok, poll.c.read, poll.c.stored, poll.c.detail)
        .where(poll.c.at >= start, poll.c.at < end)
        .order_by(poll.c.source, poll.c.at, poll.c.id)
    )
    calls: dict[str, _Calls] = {}
    for name, at, ok, read, stored, detail in db.execute(query):
        of = calls.setdefault(name, _Calls())
        of.read += read
        of.stored += stored
        of.ends_failing = not ok
        if ok:
            of.good.append(at)
        else:
            of.failed += 1
            of.last_error = detail
    return calls


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
