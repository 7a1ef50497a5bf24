"""Whether silence means anything: how each source was read during the week. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from monitor.digest import text
from monitor.digest.facts import Coverage, SourceLine
from monitor.digest.numbers import amount, duration
from monitor.store.week import SourceRow, WeekRows

GAP_TIMES = 5  # a pause of so many usual ones is a gap ...
SHORTEST_GAP = timedelta(hours=1)  # ... unless it is as short as a restart or an update of the machine
# What "usual" is for a source that says nothing of it: read once in the week and not configured.
UNKNOWN_PACE = timedelta(days=1)
BEGUN_LATE = timedelta(hours=6)  # a source set up on Monday morning has seen its first week as good as whole

WHOLE = frozenset({Coverage.READ, Coverage.QUIET, Coverage.LATER})  # nothing of the week is missing


def lines(rows: WeekRows, configured: Mapping[str, timedelta]) -> tuple[SourceLine, ...]:
    """One line for each source that is configured, was called or gave posts in the week, by name.

    A configured one never called is "not read"; one taken out of the configuration is not missed.
    """
    posts = Counter(row.source for row in rows.posts if not row.ours)
    known = {row.name: row for row in rows.sources}
    called = {row.name for row in rows.sources if row.ok or row.failed}
    names = sorted(called | configured.keys() | posts.keys())
    return tuple(
        _line(known.get(name, SourceRow(name=name)), posts[name], configured.get(name), rows.end) for name in names
    )


def _line(row: SourceRow, posts: int, every: timedelta | None, end: datetime) -> SourceLine:
    listened = row.first_run_at is not None and row.first_run_at < end
    return SourceLine(
        name=text.name(row.name),
        coverage=coverage_of(row, posts, every, end),
        posts=posts,
        ok=row.ok,
        failed=row.failed,
        rejected=row.rejected,
        last_success_at=row.last_success_at,
        longest_gap=row.longest_gap.total_seconds() if listened or row.ok else None,
        usual_gap=row.usual_gap.total_seconds() if row.usual_gap else None,
        error=text.name(row.last_error),
        losses=row.losses,
        lost=row.lost.total_seconds(),
        lost_why=text.name(row.lost_why),
        budget_stops=row.budget_stops,
        budget_stopped=row.budget_stopped.total_seconds(),
    )


def incomplete(rows: WeekRows, configured: Mapping[str, timedelta]) -> tuple[str, ...]:
    """Names of the sources from which a part of the week is missing."""
    return tuple(line.name for line in lines(rows, configured) if line.coverage not in WHOLE)


def begun(rows: WeekRows) -> tuple[str, ...]:
    """Names of the sources first read in mid-week: what was published before may be missing."""
    return tuple(
        text.name(row.name)
        for row in rows.sources
        if row.first_run_at is not None and rows.start + BEGUN_LATE < row.first_run_at < rows.end
    )


def coverage_of(row: SourceRow, posts: int, every: timedelta | None, end: datetime) -> Coverage:
    """How a source was read, from its calls; `every` is how often it should be (None: not configured any more)."""
    if row.first_run_at is not None and row.first_run_at >= end:
        return Coverage.LATER
    if row.ok == 0:
        return Coverage.BROKEN if row.failed else Coverage.NOT_READ
    if row.ends_failing:
        return Coverage.BROKEN
    if row.longest_gap > max(SHORTEST_GAP, GAP_TIMES * (every or row.usual_gap or UNKNOWN_PACE)):
        return Coverage.GAPS
    return Coverage.QUIET if posts == 0 and row.stored == 0 else Coverage.READ


def missing(line: SourceLine) -> list[str]:
    """What of a source's posts is known to be missing, a sentence each."""
    said = []
    if line.losses:
        gaps = f"posts of {duration(line.lost)} are lost for good, in {amount(line.losses, 'gap')}"
        said.append(f"{gaps}: {line.lost_why}." if line.lost_why else f"{gaps}.")
    if line.budget_stops:
        times = "once" if line.budget_stops == 1 else f"{line.budget_stops} times"
        said.append(f"its budget was spent {times}, and nothing was read for {duration(line.budget_stopped)}.")
    return said
