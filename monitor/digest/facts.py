"""The facts of one week, frozen before anything is rendered: a resend or a question a year later starts here.

Everything foreign in them (quotes, names) is already harmless text, see `monitor.digest.text`. Times are UTC,
durations seconds, shares 0..1, net sentiment -1..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import TypeAdapter

from config.vocabulary import Platform, Severity
from monitor.digest.statistics import Estimate, Trend


@dataclass(frozen=True, slots=True)
class Count:
    """A number of this week and of last week; `before` is None where last week was not watched."""

    now: int
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """Judged posts by sentiment; `net` is None under ten of them."""

    negative: int = 0
    neutral: int = 0
    positive: int = 0
    net: Estimate | None = None

    @property
    def judged(self) -> int:
        """All of them."""
        return self.negative + self.neutral + self.positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Posts by others, and what is usual."""

    posts: Count
    own: int  # by the company's own accounts, counted nowhere else
    usual: float | None  # median of the earlier weeks that had posts; None under three of them
    usual_net: float | None  # median net sentiment of the earlier weeks with ten judged posts or more
    weeks: int  # how many weeks the medians look back


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day; `before` is the same weekday of last week."""

    day: date
    negative: int
    neutral: int
    positive: int
    unjudged: int
    before: int

    @property
    def posts(self) -> int:
        """All of the day's posts."""
        return self.negative + self.neutral + self.positive + self.unjudged


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeLine:
    """One complaint type; a post with two types counts in both."""

    code: str
    name: str
    posts: Count
    trend: Trend  # of its share of the judged posts, after Benjamini-Hochberg over all types


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """One platform or brand."""

    name: str
    posts: Count
    complaints: int
    mood: Mood


@dataclass(frozen=True, slots=True)
class SeverityLine:
    """Complaints of one severity."""

    severity: Severity
    posts: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What became of the cases."""

    opened: Count
    answered: Count  # first answered during the week
    closed: Count
    open_at_end: int
    unanswered_at_end: int
    overdue: tuple[int, ...]  # numbers; waited longer than `overdue_after` at the end and still do, the longest first
    overdue_after: float  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """From a customer's first post to the first answer, for the cases opened in the week, as of its end."""

    cases: int  # dismissed ones left out: they were none
    answered: int
    median: float | None  # None: under ten cases, or half of them are not answered
    p90: float | None
    median_before: float | None

    @property
    def waiting(self) -> int:
        """Cases without an answer at the week's end; they count as waiting, they are not dropped."""
        return self.cases - self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A post shown as an example, and why it was chosen."""

    post_id: int
    why: str
    platform: Platform
    author: str  # "" if unknown
    reach: int | None
    text: str
    link: str | None
    published_at: datetime
    severity: Severity = Severity.NONE
    types: tuple[str, ...] = ()  # names, the main one first


@dataclass(frozen=True, slots=True, kw_only=True)
class Praise:
    """What was praised."""

    posts: Count
    naming: int  # of these, how many name staff or a place
    quotes: tuple[Quote, ...]


class Coverage(StrEnum):
    """How a source was read."""

    READ = "read"
    QUIET = "quiet"  # read all week, nothing new
    GAPS = "gaps"  # read, with a pause far longer than usual
    BROKEN = "broken"  # the week ended on a failure
    NOT_READ = "not read"  # no successful call in the whole week
    LATER = "later"  # first read after the week had ended


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One source: how often it was asked, and what it gave."""

    name: str
    coverage: Coverage
    posts: int
    ok: int
    failed: int
    rejected: int
    last_success_at: datetime | None
    longest_gap: float | None  # None where it was not yet listened to
    usual_gap: float | None
    error: str
    losses: int = 0  # stretches of which posts are lost for good
    lost: float = 0.0  # seconds of them all
    lost_why: str = ""  # of the longest
    budget_stops: int = 0  # times that its budget was spent
    budget_stopped: float = 0.0  # seconds for which nothing was read for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """Posts that no sentiment stands for."""

    waiting: int  # not judged yet when the facts were made
    quarantined: int  # judging failed three times
    languages: tuple[tuple[str, int], ...]  # in a language that no model serves, by its name, the most frequent first
    withdrawn: int  # gone upstream before they were judged
    wordless: int = 0  # nothing in words

    @property
    def foreign(self) -> int:
        """Those in a language that no model serves."""
        return sum(count for _, count in self.languages)

    @property
    def total(self) -> int:
        """All without a sentiment."""
        return self.waiting + self.quarantined + self.withdrawn + self.foreign + self.wordless


@dataclass(frozen=True, slots=True, kw_only=True)
class PartlyJudged:
    """Judged posts of which less is known than of the others."""

    sentiment_only: tuple[tuple[str, int], ...] = ()  # by language: no model says whether these are complaints
    undetermined: int = 0  # too short to tell the language: judged as English


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How right the judge is about one label, such as "negative"; None: too few posts to say."""

    name: str
    said: int  # labelled posts of which the judge said so
    precision: Estimate | None  # the share of these of which it was true
    true: int  # labelled posts of which it was true
    recall: Estimate | None  # the share of these of which the judge said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """What people found of what one version of the judge had said."""

    model: str  # the version in use; "" before there is one
    since: datetime  # posts published from then on, to the end of the week
    days: int  # how many days that is
    days_drawn: int  # from how many of them posts were drawn: the sample stands for these
    drawn: int  # posts drawn at random, of whichever version
    labelled: int  # of these, labelled
    sampled: int  # of these, judged by the version in use: what `sample` is measured on
    sample: tuple[Measure, ...]  # stands for all posts; empty where nothing is labelled
    corrected: int  # posts of the version in use that somebody labelled, drawn or not
    corrections: tuple[Measure, ...]  # measured on those: mistakes that somebody came across, no estimate of anything
    others: int  # labelled posts of other versions, counted in neither
    enough: int  # posts from which on a share is given


@dataclass(frozen=True, slots=True)
class Reason:
    """How often a reason decided to alert somebody, or to stay quiet."""

    alert: bool
    reason: str
    posts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the digest of one week says."""

    company: str
    week: str  # 2026-W46
    zone: str  # IANA name
    start: datetime
    end: datetime
    made_at: datetime
    headline: str
    verdict: str  # the headline in three words, for the subject
    trend: Trend  # of net sentiment
    change: Estimate | None  # of net sentiment; None under ten judged posts on either side
    cautions: tuple[str, ...]  # what keeps the numbers from being the whole truth
    changes: tuple[str, ...]
    actions: tuple[str, ...]
    volume: Volume
    mood: Mood
    mood_before: Mood | None
    days: tuple[Day, ...]
    complaints: Count
    types: tuple[TypeLine, ...]  # the most frequent first
    severities: tuple[SeverityLine, ...]
    platforms: tuple[GroupLine, ...]
    brands: tuple[GroupLine, ...]  # empty with fewer than two
    cases: Cases
    response: Response
    praise: Praise
    leaves: Count
    quotes: tuple[Quote, ...]
    sources: tuple[SourceLine, ...]
    unjudged: Unjudged
    reasons: tuple[Reason, ...]
    models: tuple[str, ...]
    notes: tuple[str, ...]
    partly: PartlyJudged = PartlyJudged()
    accuracy: Accuracy | None = None  # None: facts frozen before it was measured

    def to_json(self) -> str:
        """The frozen form; `from_json` reads it back to equal facts."""
        return _FORM.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is not that (a newer or older form, a damaged row).
        """
        return _FORM.validate_json(text)


_FORM = TypeAdapter(Facts)
