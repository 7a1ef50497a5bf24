"""The seam of every source of posts, and what its answers are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from config.vocabulary import Platform

PostKind = Literal["post", "comment", "reply", "repost", "quote", "review", "article", "survey"]

MAX_TEXT = 100_000  # characters kept of one post; platforms stay far below, a runaway export does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """How others took a post, as counted when it was read; None is unknown, not 0."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None
    score: int | None = None  # up-votes less down-votes, where the platform has such


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One public post, as the platform tells it; absent is None, never 0 or ""."""

    platform: Platform
    native_id: str  # unique and lasting on its platform
    text: str  # plain text, HTML stripped; may be empty (a review of stars alone)
    published_at: datetime  # aware, the platform's word
    dated_by: Literal["platform", "first_seen"] = "platform"  # first_seen: the source gives no time
    kind: PostKind = "post"
    title: str | None = None
    author_id: str | None = None
    author_handle: str | None = None  # without the @
    author_name: str | None = None
    followers: int | None = None
    url: str | None = None  # canonical permalink, http(s)
    language: str | None = None  # the platform's word, ISO 639-1
    thread: str | None = None  # native id of the conversation's root
    parent: str | None = None  # native id of the post answered
    links: tuple[str, ...] = ()  # expanded URLs in the post
    rating: float | None = None
    rating_max: float | None = None
    version: str | None = None  # the platform's name of this state of the post (last edit's id, cid, edit time)
    community: str | None = None  # subreddit, instance, channel, app and country: where on the platform it stands
    repost_of: str | None = None  # native id of the post that this one only passes on
    quoted: str | None = None  # native id of the post that this one quotes
    engagement: Engagement | None = None
    follows: bool = False  # read because its conversation is followed: it is about what that one's first post is about

    def __post_init__(self) -> None:
        """Refuse what cannot be a post."""
        if not self.native_id:
            raise ValueError("native_id must not be empty")
        if self.published_at.utcoffset() is None:
            raise ValueError("published_at must be timezone-aware")
        if len(self.text) > MAX_TEXT:
            raise ValueError(f"text has {len(self.text)} characters, more than {MAX_TEXT}")


@dataclass(frozen=True, slots=True)
class Reject:
    """One item that is no post: where it stood and what is wrong with it, never the item itself."""

    place: str  # "reviews.csv line 17", "https://… entry 3"
    reason: str  # 'created_at: "yesterday" is no date'


@dataclass(frozen=True, slots=True)
class Gone:
    """A post, or everything of an author, that the platform says is no more: it is to be erased here."""

    platform: Platform
    native_id: str | None = None  # one of the two
    author_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse what names nothing, or both."""
        if (self.native_id is None) == (self.author_id is None):
            raise ValueError("either native_id or author_id")


MICROS = 1_000_000  # of a unit of money; prices are small, and sums must be exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What a request has used up of a budget, by the platform's own accounting day."""

    day: date  # of the platform's reckoning: X counts UTC days, YouTube days in California
    resource: str  # "post_read", "user_read", "quota_unit", ...
    query: str = ""  # the configured query or brand that it was spent for; "" = for the source as a whole
    ids: tuple[str, ...] = ()  # of resources that are charged once a day: the same id again that day costs nothing
    units: int = 0  # of what has no ids
    micros: int = 0  # price of one id or unit, in millionths of the budget's currency; 0 for a mere quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """What has been spent, as the store knows it."""

    day: date
    resource: str
    query: str
    units: int
    micros: int  # in all


class Purse(Protocol):
    """What a collector may ask of the ledger: nothing is spent without being written down."""

    def spent(self, since: date, /) -> Sequence[Outlay]:
        """What this source has spent on and after that day."""
        ...


@dataclass(frozen=True, slots=True)
class Loss:
    """A stretch of time of which posts are lost for good: told, and kept for the digest's coverage."""

    query: str
    since: datetime
    until: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What one bounded piece of work brought.

    `cursor` is stored in the same transaction as the posts and handed to the next call; it is opaque to everybody
    but the collector that made it. `more` asks for another call at once.
    """

    posts: Sequence[Post] = ()
    rejects: Sequence[Reject] = ()
    cursor: str | None = None
    more: bool = False
    requests: int = 0  # network requests made
    notes: Sequence[str] = ()  # what an operator should know, such as a hit that could not be read
    gone: Sequence[Gone] = ()  # what the platform said is deleted
    spent: Sequence[Spend] = ()
    lost: Sequence[Loss] = ()
    gaps: int = 0  # stretches still to be read, after this call


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What became of posts taken before: a post as it stands now, None = gone, absent = unknown."""

    found: Mapping[str, Post | None] = field(default_factory=dict)
    requests: int = 0
    spent: Sequence[Spend] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that `monitor doctor` looked at."""

    what: str  # "credentials", "reach", "quota", ...
    ok: bool
    detail: str = ""  # what to do about it, where it is not; never a secret
    spent: Sequence[Spend] = ()  # what looking has cost, where it could not be free


class SourceError(Exception):
    """A source could not be read; the message is fit for an operator and holds no secret and no post."""

    spent: Sequence[Spend] = ()  # what the failed call has cost all the same


@dataclass(eq=False)
class RateLimited(SourceError):
    """The platform asks for patience until `retry_at`."""

    why: str
    retry_at: datetime

    def __str__(self) -> str:
        return self.why


@dataclass(eq=False)
class BudgetSpent(SourceError):
    """The configured budget, or the platform's quota, is used up `until`: nothing is asked before."""

    why: str
    until: datetime

    def __str__(self) -> str:
        return self.why


class SourceDown(SourceError):
    """No answer, a server error, a broken connection: try again with growing pauses."""


class AccessDenied(SourceError):
    """Credentials or the address are refused for good: the source stops until somebody changes something."""


class UnexpectedReply(SourceError):
    """An answer that is not in the shape the platform promises: try again, tell after three in a row."""


class Collector(Protocol):
    """Brings posts from one source. One call is one bounded piece of work; never sleeps, never stores."""

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        ...

    def collect(self, cursor: str | None, /) -> Harvest:
        """The next posts after `cursor` (None: the first call ever).

        Calling again with the same cursor brings the same posts again, perhaps more: the store knows them by
        platform and native id.

        Raises:
            SourceError: nothing was taken, the cursor stays.
        """
        ...

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of posts taken before, as many of them as one bounded piece of work allows.

        Nothing is found where it cannot be asked, and for no ids without any request.

        Raises:
            SourceError: nothing is known.
        """
        ...

    def check(self) -> Sequence[Checked]:
        """Look at credentials and reach for `monitor doctor`, spending nothing where that is possible.

        Raises nothing that a SourceError could say: what fails is an answer.
        """
        ...


@runtime_checkable
class Backfills(Protocol):
    """A collector that can read the past as a job of its own."""

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """The next posts published in [since, until) after `cursor`, the job's own; `more` until all are read.

        Raises:
            SourceError: nothing was taken, the cursor stays.
        """
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """Why a post is about a brand: which alias, where."""

    brand: str
    alias: str  # the alias as configured, or "*" where the source or the conversation is about the brand
    where: Literal["text", "title", "link", "source", "thread"]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """A post with the reasons for which it is kept."""

    post: Post
    matches: tuple[Match, ...]
    ours: bool = False  # by one of the company's own accounts
