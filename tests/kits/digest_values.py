"""Weeks made by hand for the pure part of the digest: one line a post or a case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.vocabulary import Platform, Sentiment, Severity
from monitor.digest.build import Occasion, build
from monitor.digest.facts import Facts
from monitor.digest.period import Week
from monitor.states import CaseState, PostState
from monitor.store.accuracy import LabelledRows
from monitor.store.week import CaseRow, PostRow, Quotable, SourceRow, WeekRows, WeekTotals

ZONE = ZoneInfo("Europe/Berlin")
WEEK = Week(2026, 46)
START, END = WEEK.start(ZONE), WEEK.end(ZONE)
BEFORE = WEEK.back(1).start(ZONE)
HOUR = timedelta(hours=1)
NOW = END + timedelta(hours=8, minutes=30)

_number = iter(range(1, 10_000_000))


def a_row(at: datetime = START, **given: Any) -> PostRow:
    """A judged neutral post by a customer."""
    number = next(_number)
    values: dict[str, Any] = {
        "id": number,
        "platform": Platform.X,
        "source": "news",
        "author": f"a{number}",
        "followers": None,
        "published_at": at,
        "repost": False,
        "ours": False,
        "state": PostState.DECIDED,
        "brands": ("Acme",),
        "judged": True,
        "model": "m1",
        "language": "en",
        "sentiment": Sentiment.NEUTRAL,
    }
    return PostRow(**(values | given))


def rows_of(at: datetime, *, negative: int = 0, neutral: int = 0, positive: int = 0, **given: Any) -> list[PostRow]:
    """So many posts of each sentiment."""
    wanted = [(Sentiment.NEGATIVE, negative), (Sentiment.NEUTRAL, neutral), (Sentiment.POSITIVE, positive)]
    return [a_row(at, sentiment=word, **given) for word, count in wanted for _ in range(count)]


def complaints(at: datetime, count: int, kind: str, **given: Any) -> list[PostRow]:
    """So many negative complaints of one type."""
    return rows_of(at, negative=count, **({"complaint": True, "types": (kind,), "severity": Severity.MILD} | given))


def a_case(number: int, opened_at: datetime, **given: Any) -> CaseRow:
    """An open case, opened with the customer's post."""
    values: dict[str, Any] = {
        "id": number,
        "brand": "Acme",
        "platform": Platform.X,
        "state": CaseState.OPEN,
        "severity": Severity.MILD,
        "main_type": "delay",
        "opened_at": opened_at,
        "first_post_at": opened_at,
        "waits_since": opened_at,
        "first_response_at": None,
        "closed_at": None,
    }
    return CaseRow(**(values | given))


def a_source(name: str = "news", **given: Any) -> SourceRow:
    """A source read every quarter of an hour, all week."""
    quarter = timedelta(minutes=15)
    values: dict[str, Any] = {
        "ok": 672,
        "first_run_at": BEFORE - HOUR,
        "last_success_at": END - quarter,
        "longest_gap": quarter,
        "usual_gap": quarter,
    }
    return SourceRow(name=name, **(values | given))


def a_quotable(row: PostRow, text: str = "invented words", **given: Any) -> Quotable:
    """A post's text."""
    values: dict[str, Any] = {
        "title": None,
        "author": "mia",
        "followers": row.followers,
        "url": "https://social.example/1",
    }
    return Quotable(post_id=row.id, platform=row.platform, text=text, published_at=row.published_at, **(values | given))


def facts_of(
    this: Iterable[PostRow] = (),
    last: Iterable[PostRow] = (),
    *,
    cases: Iterable[CaseRow] = (),
    sources: Iterable[SourceRow] | None = None,
    sources_before: Iterable[SourceRow] | None = None,
    quotables: Iterable[Quotable] = (),
    earlier: Iterable[WeekTotals] = (),
    week: dict[str, Any] | None = None,
    labelled: LabelledRows | None = None,
    **given: Any,
) -> Facts:
    """The facts of 2026-W46 in Berlin beside the week before."""
    read = [a_source()]
    now = WeekRows(
        start=START,
        end=END,
        posts=tuple(this),
        cases=tuple(cases),
        sources=tuple(read if sources is None else sources),
        **(week or {}),
    )
    before = WeekRows(
        start=BEFORE,
        end=START,
        posts=tuple(last),
        cases=now.cases,
        sources=tuple(read if sources_before is None else sources_before),
    )
    occasion = Occasion(
        **({"company": "Acme", "week": WEEK, "zone": ZONE, "now": NOW, "overdue_after": timedelta(hours=8)} | given)
    )
    return build(occasion, now, before, tuple(earlier), {one.post_id: one for one in quotables}, labelled=labelled)
