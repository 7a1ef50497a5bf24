"""Which collector reads which kind of source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from collectors.base import Collector, Purse
from config.brands import Brand
from config.source_app_store import AppStoreSource
from config.source_bluesky import BlueskySource
from config.source_google_play import GooglePlaySource
from config.source_mastodon import MastodonSource
from config.source_reddit import RedditSource
from config.source_webhook import WebhookSource
from config.source_x import XSource
from config.source_youtube import YouTubeSource
from config.sources import FeedSource, FilesSource, HackerNewsSource, Source


def build(  # noqa: C901, PLR0911 - one for each kind
    source: Source,
    *,
    clock: Callable[[], datetime],
    user_agent: str,
    purse: Purse,
    brands: Sequence[Brand] = (),
) -> Collector:
    """The collector of a source; nothing is read or fetched yet.

    `purse` is the source's own view of the ledger; `brands` are what is listened for, for a source that is told of
    nothing else to ask for.
    """
    match source:
        case FilesSource():
            from collectors.files import FilesCollector

            return FilesCollector(source, clock=clock)
        case FeedSource():
            from collectors.feeds import FeedCollector
            from collectors.http import Http

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            return FeedCollector(source, http=http, clock=clock)
        case HackerNewsSource():
            from collectors.hackernews import HackerNewsCollector
            from collectors.http import Http

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            return HackerNewsCollector(source, http=http, clock=clock)
        case BlueskySource():
            from collectors.bluesky import BlueskyCollector

            return BlueskyCollector(source, user_agent=user_agent, clock=clock)
        case XSource():
            from collectors.x import XCollector

            return XCollector(source, clock=clock, user_agent=user_agent, purse=purse, brands=brands)
        case YouTubeSource():
            from collectors.http import Http
            from collectors.youtube import YouTubeCollector

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            return YouTubeCollector(source, http=http, clock=clock, purse=purse)
        case MastodonSource():
            from collectors.http import Http
            from collectors.mastodon import ORIGIN_BODY, ORIGIN_SECONDS, MastodonCollector

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            origin = Http(user_agent=user_agent, clock=clock, total_seconds=ORIGIN_SECONDS, max_body=ORIGIN_BODY)
            return MastodonCollector(source, http=http, origin=origin if source.ask_origin else None, clock=clock)
        case RedditSource():
            from collectors.http import Http
            from collectors.reddit import RedditCollector

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            return RedditCollector(source, http=http, clock=clock)
        case WebhookSource():
            from collectors.webhook import WebhookCollector

            return WebhookCollector(source)
        case AppStoreSource():
            from collectors.app_store import AppStoreCollector
            from collectors.http import Http

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            return AppStoreCollector(source, http=http, clock=clock)
        case GooglePlaySource():
            from collectors.google_play import GooglePlayCollector
            from collectors.http import Http

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            return GooglePlayCollector(source, http=http, clock=clock)
        case _:
            assert_never(source)
