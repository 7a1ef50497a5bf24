"""What a week holds, as slim frozen values for the digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.vocabulary import Flag, Platform, Sentiment, Severity
from monitor.states import CaseState, PostState


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """One post without its text; `judged` is None where there is no verdict (yet)."""

    id: int
    platform: Platform
    source: str
    author: str | None  # the author's id, else the handle: tells authors apart
    followers: int | None
    published_at: datetime
    repost: bool
    ours: bool
    state: PostState
    brands: tuple[str, ...]  # sorted
    judged: bool | None
    model: str = ""
    language: str = "und"
    sentiment: Sentiment | None = None  # None unless judged
    sentiment_only: bool = False  # judged, but not asked for complaint, types, severity and flags
    complaint: bool = False
    types: tuple[str, ...] = ()  # the main one first
    severity: Severity = Severity.NONE
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case that was alive at some time of the week."""

    id: int
    brand: str
    platform: Platform
    state: CaseState  # now, not at the end of the week
    severity: Severity
    main_type: str
    opened_at: datetime
    first_post_at: datetime
    waits_since: datetime  # the opening, or the post that re-opened it
    first_response_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionCount:
    """How often one reason decided about the week's posts (once for each post and brand)."""

    alert: bool
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """How well one source was read during the week."""

    name: str
    ok: int = 0  # calls that brought an answer
    failed: int = 0
    read: int = 0  # items seen, new or not
    stored: int = 0  # new posts
    rejected: int = 0
    first_run_at: datetime | None = None
    last_success_at: datetime | None = None  # before the week's end, perhaps before its start
    longest_gap: timedelta = timedelta()  # the longest time within the week without a successful call
    usual_gap: timedelta | None = None  # median time between two successful calls; None under two of them
    ends_failing: bool = False  # the week's last call failed
    last_error: str = ""  # of the week's last failed call
    losses: int = 0  # stretches found in the week, or lying in it, of which posts are lost for good
    lost: timedelta = timedelta()  # of them all
    lost_why: str = ""  # of the longest
    budget_stops: int = 0  # times that its budget was found spent
    budget_stopped: timedelta = timedelta()  # for how long in all nothing was read for it


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRows:
    """Everything stored about one half-open interval."""

    start: datetime
    end: datetime
    posts: tuple[PostRow, ...] = ()  # by time of publication
    cases: tuple[CaseRow, ...] = ()  # by number
    decisions: tuple[DecisionCount, ...] = ()
    sources: tuple[SourceRow, ...] = ()  # by name

    def __post_init__(self) -> None:
        """Refuse an interval that is naive or runs backwards."""
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError("start and end must be timezone-aware")
        if self.start >= self.end:
            raise ValueError("start must be before end")


@dataclass(frozen=True, slots=True)
class WeekTotals:
    """The counts of one interval that a trend needs: posts by others, and the judged ones by sentiment."""

    posts: int = 0
    complaints: int = 0
    sentiments: Mapping[Sentiment, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotable:
    """What may be shown of one post that has not been withdrawn. Raw: whoever shows it makes it harmless."""

    post_id: int
    platform: Platform
    title: str | None
    text: str
    author: str | None  # handle, else display name
    followers: int | None
    url: str | None
    published_at: datetime
