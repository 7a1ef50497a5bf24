"""Where posts come from: one frozen model for each kind of source."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from config.durations import Duration
from config.secret import HttpUrl
from config.source import BY_AGE, CommonSource
from config.source_app_store import AppStoreSource
from config.source_bluesky import BlueskySource
from config.source_google_play import GooglePlaySource
from config.source_mastodon import MastodonSource
from config.source_reddit import RedditSource
from config.source_webhook import WebhookSource
from config.source_x import XSource
from config.source_youtube import YouTubeSource
from config.strict import IS_PATH_PATTERN, Strict, known_zone
from config.vocabulary import Platform


class Columns(Strict):
    """Which column (CSV) or key (JSON Lines) holds what; only the text is obligatory."""

    text: str = "text"
    id: str | None = None  # without one, a row is known by a digest of its content
    created_at: str | None = None
    author: str | None = None
    author_name: str | None = None
    followers: str | None = None
    url: str | None = None
    title: str | None = None
    thread: str | None = None
    language: str | None = None
    rating: str | None = None


class FilesSource(CommonSource):
    """CSV or JSON Lines files, plain or gzip, at a path or glob pattern."""

    kind: Literal["files"] = "files"
    # a path, or a glob pattern such as "inbox/*.csv"
    path: Annotated[str, IS_PATH_PATTERN, StringConstraints(min_length=1)]
    format: Literal["auto", "csv", "jsonl"] = "auto"
    encoding: str | None = None  # None: sniffed
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1, strip_whitespace=False)] | None = None
    columns: Columns = Columns()
    platform: Platform = Platform.FILE  # where the posts stood, if the file was exported from somewhere
    # for times without a zone; None: such a row is reported as bad
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    rating_max: Annotated[int, Field(ge=1, le=100)] | None = None


class FeedSource(CommonSource):
    """An RSS or Atom feed."""

    kind: Literal["feed"] = "feed"
    url: HttpUrl
    allow_private_address: bool = False  # for a feed on the company's own network


class HackerNewsSource(CommonSource):
    """Stories and comments on Hacker News, by Algolia's public search; no key."""

    kind: Literal["hackernews"] = "hackernews"
    queries: Annotated[tuple[str, ...], Field(min_length=1)]
    since: Duration = timedelta(days=7)  # how far back the first run reads
    recheck_at: tuple[Duration, ...] = BY_AGE
    base_url: HttpUrl = "https://hn.algolia.com"
    allow_private_address: bool = False


Source = Annotated[
    FilesSource
    | FeedSource
    | HackerNewsSource
    | BlueskySource
    | RedditSource
    | MastodonSource
    | WebhookSource
    | XSource
    | YouTubeSource
    | AppStoreSource
    | GooglePlaySource,
    Field(discriminator="kind"),
]
