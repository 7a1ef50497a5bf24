from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from collector_exam import EmptyPurse

from collectors.registry import build
from config.secret import Secret
from config.source_app_store import AppStoreSource
from config.source_bluesky import BlueskySource
from config.source_google_play import GooglePlaySource
from config.source_mastodon import MastodonInstance, MastodonSource
from config.source_reddit import RedditSource
from config.source_webhook import WebhookSource
from config.source_x import XSource
from config.source_youtube import YouTubeSource
from config.sources import FeedSource, FilesSource, HackerNewsSource, Source

SOURCES: list[tuple[Source, str]] = [
    (FilesSource(name="inbox", path="/nowhere/x.csv"), "FilesCollector"),
    (FeedSource(name="press", url="https://feeds.example/acme.xml"), "FeedCollector"),
    (HackerNewsSource(name="hn", queries=("acme",)), "HackerNewsCollector"),
    (BlueskySource(name="bluesky"), "BlueskyCollector"),
    (XSource(name="x", bearer_token=Secret("env:X_BEARER_TOKEN"), queries=("acme",)), "XCollector"),
    (
        RedditSource(
            name="reddit",
            client_id=Secret("env:REDDIT_ID"),
            client_secret=Secret("env:REDDIT_SECRET"),
            user_agent="linux:com.acme.monitor:1.0 (by /u/acme_care)",
            communities=("acme",),
        ),
        "RedditCollector",
    ),
    (YouTubeSource(name="yt", key=Secret("env:YOUTUBE_KEY"), videos=("v" * 11,)), "YouTubeCollector"),
    (
        MastodonSource(name="fedi", instances=(MastodonInstance(url="https://a.example"),), hashtags=("acme",)),
        "MastodonCollector",
    ),
    (WebhookSource(name="site", path="/hooks/site", secret=(Secret("env:SITE"),)), "WebhookCollector"),
    (AppStoreSource(name="apps", apps=("123",)), "AppStoreCollector"),
    (
        GooglePlaySource(name="play", package="com.example.acme", service_account=Secret("env:PLAY")),
        "GooglePlayCollector",
    ),
]


@pytest.mark.parametrize(("source", "name"), SOURCES)
def test_each_kind_of_source_has_its_collector(source: Source, name: str) -> None:
    clock = lambda: datetime(2026, 11, 21, tzinfo=UTC)  # noqa: E731
    collector = build(source, clock=clock, user_agent="monitor/test", purse=EmptyPurse())
    assert (type(collector).__name__, collector.source) == (name, source.name)


def test_the_registry_alone_loads_no_collector() -> None:
    code = (
        "import sys, collectors.registry;"
        "print([name for name in sys.modules if name.split('.')[0] in ('httpx', 'feedparser', 'charset_normalizer')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
