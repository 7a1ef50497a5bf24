"""Where posts come from: one frozen model for each kind of source."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from config.durations import Duration
from config.layout import Layout
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
from config.strict import IS_PATH_PATTERN


class FilesSource(Layout, CommonSource):
    """CSV or JSON Lines files, plain or gzip, at a path or glob pattern."""

    kind: Literal["files"] = "files"
    # a path, or a glob pattern such as "inbox/*.csv"
    path: Annotated[str, IS_PATH_PATTERN, StringConstraints(min_length=1)]
    format: Literal["auto", "csv", "jsonl"] = "auto"


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
