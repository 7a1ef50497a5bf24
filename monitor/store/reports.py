"""What reports read, and the frozen facts of those already made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, exists, func, or_, select

from config.vocabulary import Flag, Platform, Sentiment, Severity
from monitor.states import CaseState, PostState
from monitor.store.accuracy import LabelledRows, labelled_rows
from monitor.store.coverage import source_rows
from monitor.store.frozen import erased_among, quoted_in, without_quotes
from monitor.store.judged import (
    corrections_that_hold,
    labels_in_force,
    labels_of,
    newest_between,
    published,
)
from monitor.store.labels import Labels, standing
from monitor.store.languages import Languages, counted
from monitor.store.tables import case, correction, decision, post, post_match, report, source_state
from monitor.store.transactions import AnyRow, insert_into, parts, reading, writing
from monitor.store.week import CaseRow, DecisionCount, PostRow, Quotable, WeekRows, WeekTotals


class Reports:
    """The read side of the digest. Each method is one transaction and may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def week_rows(self, start: datetime, end: datetime) -> WeekRows:
        """Everything about [start, end): posts by time of publication, calls and rejects by their own time.

        Empty tables give empty tuples. Texts are left out: a week may hold 100,000 posts.
        """
        with reading(self._engine) as db:
            return WeekRows(
                start=start,
                end=end,
                posts=_posts(db, start, end),
                cases=_cases(db, start, end),
                decisions=_decisions(db, start, end),
                sources=source_rows(db, start, end),
            )

    def week_totals(self, start: datetime, end: datetime) -> WeekTotals:
        """The counts of [start, end) that a trend over many weeks needs; own posts are left out."""
        newest = newest_between(start, end)
        others = (published(start, end), post.c.ours.is_(False))
        every = post.outerjoin(newest, newest.c.post_id == post.c.id)
        has_word = exists(select(correction.c.id).where(correction.c.post_id == post.c.id))
        grouped = (newest.c.judged, newest.c.sentiment, newest.c.complaint)
        query = select(*grouped, func.count()).select_from(every).where(*others, ~has_word).group_by(*grouped)
        by_hand = select(post.c.id, newest).select_from(every).where(*others, has_word)
        posts = complaints = 0
        sentiments: dict[Sentiment, int] = defaultdict(int)
        with reading(self._engine) as db:
            for judged, sentiment, complaint, count in db.execute(query):
                posts += count
                if judged:
                    sentiments[Sentiment(sentiment)] += count
                    complaints += count if complaint else 0
            rows = db.execute(by_hand).all()
            people = labels_in_force(db, [row.id for row in rows])
        for row in rows:
            labels = standing(_labels_said(row), people.get(row.id, Labels()))
            posts += 1
            if labels is not None and labels.sentiment is not None:
                sentiments[labels.sentiment] += 1
                complaints += bool(labels.complaint)
        return WeekTotals(posts, complaints, dict(sentiments))

    def languages(self, start: datetime, end: datetime) -> Languages:
        """In which languages the posts published in [start, end) are, and what was judged of them."""
        newest = newest_between(start, end)
        grouped = (newest.c.judged, newest.c.sentiment_only, newest.c.language)
        query = (
            select(*grouped, func.count())
            .join(post, post.c.id == newest.c.post_id)
            .where(post.c.ours.is_(False))
            .group_by(*grouped)
        )
        with reading(self._engine) as db:
            return counted((bool(row[0]), bool(row[1]), row[2], row[3]) for row in db.execute(query))

    def labelled(self, start: datetime, end: datetime) -> LabelledRows:
        """What people found of what the model had said of the posts published in [start, end)."""
        with reading(self._engine) as db:
            return labelled_rows(db, start, end)

    def examples(self, post_ids: Sequence[int]) -> dict[int, Quotable]:
        """What may be quoted of these posts; erased and unknown ones are absent."""
        found: dict[int, Quotable] = {}
        with reading(self._engine) as db:
            for some in parts(post_ids):
                kept = (post.c.state != PostState.WITHDRAWN, post.c.withdrawn_at.is_(None))
                query = select(post).where(post.c.id.in_(some), *kept)
                for row in db.execute(query):
                    found[row.id] = Quotable(
                        post_id=row.id,
                        platform=Platform(row.platform),
                        title=row.title,
                        text=row.text,
                        author=row.author_handle or row.author_name,
                        followers=row.followers,
                        url=row.url,
                        published_at=row.published_at,
                    )
        return found

    def listening_since(self) -> datetime | None:
        """When the first source was first read; None: never yet. A period before it has no digest to send."""
        with reading(self._engine) as db:
            since: datetime | None = db.execute(select(func.min(source_state.c.first_run_at))).scalar()
        return since

    def waiting_before(self, end: datetime) -> int:
        """How many posts published before `end` are not judged or not decided yet."""
        unfinished = post.c.state.in_((PostState.COLLECTED, PostState.SCORED))
        with reading(self._engine) as db:
            query = select(func.count()).select_from(post).where(unfinished, post.c.published_at < end)
            count: int = db.execute(query).scalar_one()
        return count

    def save(self, name: str, period: str, facts_json: str, now: datetime) -> str:
        """Freeze the facts of a period and return the frozen ones: those of whoever came first.

        A post that has been erased since it was read is not quoted.
        """
        with writing(self._engine) as db:
            allowed = without_quotes(facts_json, erased_among(db, quoted_in(facts_json))) or facts_json
            row = {"name": name, "period": period, "facts": allowed, "made_at": now}
            db.execute(insert_into(db, report).values(row).on_conflict_do_nothing())
            return _facts(db, name, period) or facts_json

    def load(self, name: str, period: str) -> str | None:
        """The frozen facts of a period; None: not made yet."""
        with reading(self._engine) as db:
            return _facts(db, name, period)


def _facts(db: Connection, name: str, period: str) -> str | None:
    query = select(report.c.facts).where(report.c.name == name, report.c.period == period)
    facts: str | None = db.execute(query).scalar_one_or_none()
    return facts


def _labels_said(row: AnyRow) -> Labels | None:
    """What the newest verdict says of a post; None: no verdict, or not judged."""
    if not row.judged:
        return None
    if row.sentiment_only:
        return Labels(sentiment=Sentiment(row.sentiment))
    return Labels(
        sentiment=Sentiment(row.sentiment),
        complaint=bool(row.complaint),
        types=tuple(row.types.split()),
        severity=Severity(row.severity),
        flags=tuple(Flag(word) for word in row.flags.split()),
    )


def _posts(db: Connection, start: datetime, end: datetime) -> tuple[PostRow, ...]:
    brands: dict[int, list[str]] = defaultdict(list)
    matched = (
        select(post_match.c.post_id, post_match.c.brand)
        .distinct()
        .join(post, post.c.id == post_match.c.post_id)
        .where(published(start, end))
        .order_by(post_match.c.brand)
    )
    for post_id, brand in db.execute(matched):
        brands[post_id].append(brand)
    newest = newest_between(start, end)
    query: Select[Any] = (
        select(
            post.c.id,
            post.c.platform,
            post.c.source,
            func.coalesce(post.c.author_id, post.c.author_handle).label("author"),
            post.c.followers,
            post.c.published_at,
            post.c.kind,
            post.c.ours,
            post.c.state,
            newest.c.judged,
            newest.c.sentiment_only,
            newest.c.model,
            newest.c.language,
            newest.c.sentiment,
            newest.c.complaint,
            newest.c.types,
            newest.c.severity,
            newest.c.flags,
        )
        .select_from(post.outerjoin(newest, newest.c.post_id == post.c.id))
        .where(published(start, end))
        .order_by(post.c.published_at, post.c.id)
    )
    people = labels_of(db.execute(corrections_that_hold().where(published(start, end))).all())
    return tuple(_post_row(row, brands, people.get(row.id)) for row in db.execute(query))


def _post_row(row: AnyRow, brands: Mapping[int, Sequence[str]], corrected: Labels | None) -> PostRow:
    labels = _labels_said(row)
    if corrected is not None:
        labels = standing(labels, corrected)
    said = labels or Labels()
    return PostRow(
        id=row.id,
        platform=Platform(row.platform),
        source=row.source,
        author=row.author,
        followers=row.followers,
        published_at=row.published_at,
        repost=row.kind == "repost",
        ours=row.ours,
        state=PostState(row.state),
        brands=tuple(brands.get(row.id, ())),
        judged=row.judged if labels is None else True,
        model=row.model or "",
        language=row.language or "und",
        sentiment=said.sentiment,
        sentiment_only=bool(row.sentiment_only) and (corrected is None or corrected.complaint is None),
        complaint=bool(said.complaint),
        types=said.types or (),
        severity=said.severity or Severity.NONE,
        flags=said.flags or (),
    )


def _cases(db: Connection, start: datetime, end: datetime) -> tuple[CaseRow, ...]:
    alive = or_(
        case.c.opened_at >= start,
        case.c.closed_at.is_(None),
        case.c.closed_at >= start,
        case.c.first_response_at >= start,
    )
    query = select(case).where(case.c.opened_at < end, alive).order_by(case.c.id)
    return tuple(
        CaseRow(
            id=row.id,
            brand=row.brand,
            platform=Platform(row.platform),
            state=CaseState(row.state),
            severity=Severity(row.severity),
            main_type=row.main_type,
            opened_at=row.opened_at,
            first_post_at=row.first_post_at,
            waits_since=row.waits_since,
            first_response_at=row.first_response_at,
            closed_at=row.closed_at,
        )
        for row in db.execute(query)
    )


def _decisions(db: Connection, start: datetime, end: datetime) -> tuple[DecisionCount, ...]:
    query = (
        select(decision.c.alert, decision.c.reason, func.count())
        .join(post, post.c.id == decision.c.post_id)
        .where(published(start, end))
        .group_by(decision.c.alert, decision.c.reason)
        .order_by(decision.c.alert, decision.c.reason)
    )
    return tuple(DecisionCount(bool(alert), reason, count) for alert, reason, count in db.execute(query))
