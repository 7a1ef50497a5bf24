"""The seam of every source of posts, and what its answers are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from config.vocabulary import Platform

PostKind = Literal["post", "comment", "reply", "repost", "quote", "review", "article", "survey"]

MAX_TEXT = 100_000  # characters kept of one post; platforms stay far below, a runaway export does not


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
    notes: Sequence[str] = ()  # what an operator should know, such as a gap that cannot be filled


class SourceError(Exception):
    """A source could not be read; the message is fit for an operator and holds no secret and no post."""


@dataclass(eq=False)
class RateLimited(SourceError):
    """The platform asks for patience until `retry_at`."""

    why: str
    retry_at: datetime

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

    def recheck(self, native_ids: Sequence[str], /) -> Mapping[str, Post | None]:
        """What became of posts taken before: absent = unknown, None = gone. Empty where it cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """Why a post is about a brand: which alias, where."""

    brand: str
    alias: str  # the alias as configured, or "*" where the source itself is about the brand
    where: Literal["text", "title", "link", "source"]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """A post with the reasons for which it is kept."""

    post: Post
    matches: tuple[Match, ...]
    ours: bool = False  # by one of the company's own accounts
