"""How right the judge is: precision and recall, measured on posts that people have labelled. Pure.

Two measures that must not be mixed. Posts drawn at random stand for all; each counts by one over its chance of being
drawn, for weeks with few posts are drawn more densely. Corrected posts are those in which somebody came across a
mistake: they say which mistakes there are, and nothing of how frequent they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.vocabulary import Sentiment
from monitor.digest import choose, text
from monitor.digest.facts import Accuracy, Measure
from monitor.digest.period import Week
from monitor.digest.statistics import Estimate, weighted_share
from monitor.store.accuracy import LabelledRow, LabelledRows
from monitor.store.labels import Labels

WEEKS_LABELLED = 12  # a quarter: long enough for a small weekly sample to add up, short enough to be about today
ENOUGH = 20  # posts; with fewer the interval is wider than ±20 points, which is no answer

_DAY = timedelta(days=1)

_Says = Callable[[Labels], bool | None]  # whether labels say it; None: nobody spoke of it


def accuracy_of(rows: LabelledRows, week: Week, zone: ZoneInfo, names: Mapping[str, str]) -> Accuracy:
    """Measure the version in use on the posts of the twelve weeks that end with this one."""
    mine = [row for row in rows.rows if row.model == rows.model]
    sampled = [row for row in mine if row.chance is not None]
    since = week.back(WEEKS_LABELLED - 1).start(zone)
    return Accuracy(
        model=text.name(rows.model),
        since=since,
        days=round((week.end(zone) - since) / _DAY),
        days_drawn=round(_covered(rows.frames, since, week.end(zone)) / _DAY),
        drawn=rows.drawn,
        labelled=rows.labelled,
        sampled=len(sampled),
        sample=(*_main(sampled, weighed=True), *_types(sampled, names)),
        corrected=len(mine),
        corrections=_main(mine, weighed=False),
        others=len(rows.rows) - len(mine),
        enough=ENOUGH,
    )


def _covered(frames: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> timedelta:
    """How much of [start, end) the intervals cover together."""
    total, reached = timedelta(), start
    for since, until in sorted(frames):
        begin, stop = max(since, reached), min(until, end)
        if begin < stop:
            total += stop - begin
            reached = stop
    return total


def _main(rows: Sequence[LabelledRow], *, weighed: bool) -> tuple[Measure, ...]:
    if not rows:
        return ()
    return (
        _measure("Negative", rows, _negative, weighed=weighed),
        _measure("Complaint", rows, lambda labels: labels.complaint, weighed=weighed),
    )


def _types(rows: Sequence[LabelledRow], names: Mapping[str, str]) -> list[Measure]:
    """The complaint types of which there are enough posts on either side, the most frequent first."""
    true = Counter(kind for row in rows for kind in row.truth.types or ())
    said = Counter(kind for row in rows if row.truth.types is not None for kind in row.said.types or ())
    often = [kind for kind in true.keys() | said.keys() if max(true[kind], said[kind]) >= ENOUGH]
    return [
        _measure(choose.type_name(kind, names), rows, _of_type(kind), weighed=True)
        for kind in sorted(often, key=lambda kind: (-true[kind], -said[kind], kind))
    ]


def _negative(labels: Labels) -> bool | None:
    return None if labels.sentiment is None else labels.sentiment is Sentiment.NEGATIVE


def _of_type(kind: str) -> _Says:
    return lambda labels: None if labels.types is None else kind in labels.types


def _measure(name: str, rows: Sequence[LabelledRow], says: _Says, *, weighed: bool) -> Measure:
    """Precision and recall on the rows of which a person spoke, and of which the model had said anything."""
    known = [
        (bool(says(row.said)), truth, 1 / row.chance if weighed and row.chance else 1.0)
        for row in rows
        if (truth := says(row.truth)) is not None and says(row.said) is not None
    ]
    said = [(truth, weight) for it_said, truth, weight in known if it_said]
    true = [(it_said, weight) for it_said, truth, weight in known if truth]
    return Measure(name=name, said=len(said), precision=_share(said), true=len(true), recall=_share(true))


def _share(observed: Sequence[tuple[bool, float]]) -> Estimate | None:
    if len(observed) < ENOUGH:
        return None
    return weighted_share([hit for hit, _ in observed], [weight for _, weight in observed])
