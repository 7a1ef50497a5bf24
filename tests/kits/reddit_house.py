"""A Reddit source with its collector and clock, as the tests of the collector want them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from reddit_server import RedditServer

from collectors.base import Harvest
from collectors.http import Http
from collectors.reddit import RedditCollector
from config.source_reddit import RedditSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def a_source(server: RedditServer | None = None, **more: object) -> RedditSource:
    given: dict[str, object] = {
        "name": "reddit",
        "client_id": "env:TEST_REDDIT_ID",
        "client_secret": "env:TEST_REDDIT_SECRET",
        "user_agent": "linux:com.acme.monitor:1.0 (by /u/acme_care)",
        "searches": ("acme",),
        "allow_private_address": True,
    }
    if server is not None:
        given |= {"api_url": server.base, "login_url": server.base}
    return RedditSource.model_validate(given | more)


def a_collector(
    server: RedditServer, clock: Clock, *, page: int = 100, read_seconds: float = 5, **more: object
) -> RedditCollector:
    source = a_source(server, **more)
    http = Http(
        user_agent="monitor/test",
        clock=clock,
        allow_private=source.allow_private_address,
        read_seconds=read_seconds,
        total_seconds=10,
    )
    return RedditCollector(source, http=http, clock=clock, page=page)


def a_round(collector: RedditCollector, cursor: str | None = None) -> Harvest:
    """All harvests of one round in one."""
    every: list[Harvest] = []
    for _ in range(2_000):
        every.append(collector.collect(every[-1].cursor if every else cursor))
        if not every[-1].more:
            return replace(
                every[-1],
                **{
                    name: [one for harvest in every for one in getattr(harvest, name)]
                    for name in ("posts", "rejects", "notes", "gone", "lost")
                },
                requests=sum(harvest.requests for harvest in every),
            )
    raise AssertionError("never ends")


def ids(harvest: Harvest) -> list[str]:
    return [post.native_id for post in harvest.posts]
