"""Counts a week: stored rows in, frozen facts out. Pure: the same rows give the same facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from zoneinfo import ZoneInfo

from alerts.sanitize import cut, one_line
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity
from monitor.digest import answers, choose, coverage, text, words
from monitor.digest.accuracy import accuracy_of
from monitor.digest.facts import (
    Count,
    Day,
    Facts,
    GroupLine,
    Mood,
    PartlyJudged,
    Praise,
    Reason,
    SeverityLine,
    TypeLine,
    Unjudged,
    Volume,
)
from monitor.digest.period import Week
from monitor.digest.statistics import (
    FEW,
    Trend,
    difference,
    movers,
    net,
    share_differs,
    trend,
)
from monitor.states import PostState
from monitor.store.accuracy import LabelledRows
from monitor.store.languages import Languages, languages_of, named
from monitor.store.week import PostRow, Quotable, WeekRows, WeekTotals

USUAL_WEEKS = 3  # a median of fewer weeks says nothing of what is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """For whom, of when and when the facts are made, and what the settings say of it."""

    company: str
    week: Week
    zone: ZoneInfo
    now: datetime
    overdue_after: timedelta  # how long a case may wait for its first answer
    sources: Mapping[str, timedelta] = field(default_factory=dict)  # those configured -> how often they are read
    type_names: Mapping[str, str] = field(default_factory=lambda: COMPLAINT_TYPES)


def build(
    occasion: Occasion,
    this: WeekRows,
    last: WeekRows,
    earlier: Sequence[WeekTotals] = (),
    quotables: Mapping[int, Quotable] | None = None,
    *,
    labelled: LabelledRows | None = None,
) -> Facts:
    """The facts of `this` week beside `last`; `earlier` totals (newest first, last week included) say what is usual.

    `quotables` holds the posts that `choose` wanted; one that is absent is not quoted. `labelled` are the posts that
    people have labelled (None: not asked for). An empty week gives facts that say so.
    """
    posts, before = _others(this), _others(last)
    compared = bool(before) or any(row.ok for row in last.sources)
    judged, judged_before = _judged(posts), _judged(before)
    mood = mood_of(posts)
    mood_before = mood_of(before) if compared else None
    change = difference(mood.net, mood_before.net) if mood.net and mood_before and mood_before.net else None

    def count(test: Callable[[PostRow], bool]) -> Count:
        return Count(sum(map(test, judged)), sum(map(test, judged_before)) if compared else None)

    names, found = occasion.type_names, quotables or {}
    spoken, spoken_before = languages_of(posts), languages_of(before)
    facts = Facts(
        company=cut(one_line(occasion.company), 100),
        week=str(occasion.week),
        zone=occasion.zone.key,
        start=this.start,
        end=this.end,
        made_at=occasion.now,
        headline="",
        verdict="",
        trend=trend(change) if change else Trend.TOO_FEW,
        change=change,
        cautions=(),
        changes=(),
        actions=(),
        volume=_volume(posts, before if compared else None, this, earlier),
        mood=mood,
        mood_before=mood_before,
        days=_days(posts, before, occasion),
        complaints=count(lambda row: row.complaint),
        types=_types(_asked(judged), _asked(judged_before), names, compared=compared),
        severities=tuple(
            SeverityLine(level, count(partial(_of_severity, level)))
            for level in (Severity.CRITICAL, Severity.SERIOUS, Severity.MILD, Severity.NONE)
        ),
        platforms=_groups(posts, before, lambda row: (text.place(row.platform),), compared=compared),
        brands=_brands(posts, before, compared=compared),
        cases=answers.cases_of(this, last, compared=compared, overdue_after=occasion.overdue_after),
        response=answers.response_of(this, last),
        praise=Praise(
            posts=count(choose.is_praise),
            naming=sum(choose.is_praise(row) and Flag.NAMES_STAFF_OR_PLACE in row.flags for row in judged),
            quotes=choose.quotes(choose.praise(posts), found, names),
        ),
        leaves=count(lambda row: Flag.LEAVES in row.flags),
        quotes=choose.quotes(choose.examples(posts), found, names),
        sources=coverage.lines(this, occasion.sources),
        unjudged=_unjudged(posts, spoken),
        reasons=tuple(Reason(row.alert, text.name(row.reason.replace("_", " ")), row.count) for row in this.decisions),
        models=_models(judged),
        notes=words.notes(occasion.zone.key),
        partly=PartlyJudged(
            sentiment_only=_shown(spoken.sentiment_only),
            undetermined=spoken.undetermined,
        ),
        accuracy=None if labelled is None else accuracy_of(labelled, occasion.week, occasion.zone, names),
    )
    past = words.Past(
        models=_models(judged_before),
        incomplete=coverage.incomplete(last, occasion.sources) if compared else (),
        begun=coverage.begun(last) if compared else (),
        foreign=spoken_before.share if spoken.jumped_from(spoken_before) else None,
    )
    return words.with_sentences(facts, past, begun=coverage.begun(this))


def mood_of(posts: Iterable[PostRow]) -> Mood:
    """Judged posts by sentiment, net sentiment where there are enough of them."""
    counts = Counter(row.sentiment for row in posts if row.judged)
    negative, neutral, positive = (counts[word] for word in (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE))
    total = negative + neutral + positive
    estimate = net(positive, negative, total) if total >= FEW else None
    return Mood(negative=negative, neutral=neutral, positive=positive, net=estimate)


def _models(judged: Iterable[PostRow]) -> tuple[str, ...]:
    return tuple(text.name(model) for model in sorted({row.model for row in judged}))


def _of_severity(level: Severity, row: PostRow) -> bool:
    return row.complaint and row.severity is level


def _others(rows: WeekRows) -> list[PostRow]:
    return [row for row in rows.posts if not row.ours]


def _judged(posts: Iterable[PostRow]) -> list[PostRow]:
    return [row for row in posts if row.judged]


def _asked(judged: Iterable[PostRow]) -> list[PostRow]:
    """Leave out posts of which only the sentiment was asked: they are no share of anything about complaints."""
    return [row for row in judged if not row.sentiment_only]


def _volume(
    posts: Sequence[PostRow], before: Sequence[PostRow] | None, this: WeekRows, earlier: Sequence[WeekTotals]
) -> Volume:
    heard = [week for week in earlier if week.posts]
    nets = []
    for week in heard:
        judged = sum(week.sentiments.values())
        if judged >= FEW:
            up, down = (week.sentiments.get(word, 0) for word in (Sentiment.POSITIVE, Sentiment.NEGATIVE))
            nets.append((up - down) / judged)
    return Volume(
        posts=Count(len(posts), None if before is None else len(before)),
        own=len(this.posts) - len(posts),
        usual=float(median(week.posts for week in heard)) if len(heard) >= USUAL_WEEKS else None,
        usual_net=median(nets) if len(nets) >= USUAL_WEEKS else None,
        weeks=len(heard),
    )


def _days(posts: Sequence[PostRow], before: Sequence[PostRow], occasion: Occasion) -> tuple[Day, ...]:
    now = Counter((row.published_at.astimezone(occasion.zone).date(), row.sentiment) for row in posts)
    then = Counter(row.published_at.astimezone(occasion.zone).date() for row in before)
    return tuple(
        Day(
            day=day,
            negative=now[day, Sentiment.NEGATIVE],
            neutral=now[day, Sentiment.NEUTRAL],
            positive=now[day, Sentiment.POSITIVE],
            unjudged=now[day, None],
            before=then[earlier],
        )
        for day, earlier in zip(occasion.week.days, occasion.week.back(1).days, strict=True)
    )


def _types(
    judged: Sequence[PostRow], before: Sequence[PostRow], names: Mapping[str, str], *, compared: bool
) -> tuple[TypeLine, ...]:
    now = Counter(kind for row in judged for kind in row.types)
    then = Counter(kind for row in before for kind in row.types)
    codes = sorted(now.keys() | then.keys(), key=lambda code: (-now[code], -then[code], code))
    enough = len(judged) >= FEW and len(before) >= FEW
    p_values = {code: share_differs(now[code], len(judged), then[code], len(before)) for code in codes}
    clear = movers(p_values) if enough else frozenset()

    def direction(code: str) -> Trend:
        if not enough:
            return Trend.TOO_FEW
        if code not in clear:
            return Trend.UNCLEAR
        return Trend.UP if now[code] * len(before) > then[code] * len(judged) else Trend.DOWN

    return tuple(
        TypeLine(
            code=text.name(code),
            name=choose.type_name(code, names),
            posts=Count(now[code], then[code] if compared else None),
            trend=direction(code),
        )
        for code in codes
    )


def _groups(
    posts: Sequence[PostRow],
    before: Sequence[PostRow],
    of: Callable[[PostRow], tuple[str, ...]],
    *,
    compared: bool,
) -> tuple[GroupLine, ...]:
    now = {key: [row for row in posts if key in of(row)] for key in {key for row in posts for key in of(row)}}
    then = Counter(key for row in before for key in of(row))
    return tuple(
        GroupLine(
            name=text.name(key),
            posts=Count(len(now.get(key, ())), then[key] if compared else None),
            complaints=sum(row.complaint for row in now.get(key, ())),
            mood=mood_of(now.get(key, ())),
        )
        for key in sorted(now.keys() | then.keys(), key=lambda key: (-len(now.get(key, ())), key))
    )


def _brands(posts: Sequence[PostRow], before: Sequence[PostRow], *, compared: bool) -> tuple[GroupLine, ...]:
    lines = _groups(posts, before, lambda row: row.brands, compared=compared)
    return lines if len(lines) > 1 else ()


def _unjudged(posts: Sequence[PostRow], spoken: Languages) -> Unjudged:
    missing = Counter(row.state for row in posts if row.judged is None)
    return Unjudged(
        waiting=missing[PostState.COLLECTED] + missing[PostState.SCORED] + missing[PostState.DECIDED],
        quarantined=missing[PostState.QUARANTINED],
        withdrawn=missing[PostState.WITHDRAWN],
        languages=_shown(spoken.unserved),
        wordless=spoken.wordless,
    )


def _shown(languages: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((text.name(language), posts) for language, posts in named(languages))
