"""X as the exam's candidate: two queries that overlap, short pages, odd texts, edits, a clock an hour off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector_exam import Candidate, EmptyPurse, Opener
from x_server import XServer, an_id, tweet

from collectors.base import Collector
from collectors.x import XCollector
from config.secret import Secret
from config.source_x import XSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "\u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 &amp; <b>x</b>"


@dataclass
class XCandidate:
    server: XServer
    secret: Path
    skew: timedelta

    def __post_init__(self) -> None:
        start = NOON - timedelta(days=2)
        posts = self.server.posts
        for number in range(12):
            posts.append(tweet(an_id(start + timedelta(minutes=number // 4), number), f"acme {HOSTILE}", unknown={}))
        posts.append(tweet(an_id(NOON - timedelta(hours=20)), "bolt is fine"))
        posts.append(tweet(an_id(NOON - timedelta(hours=10)), "acme and bolt"))
        first = an_id(NOON - timedelta(hours=9))
        last = an_id(NOON - timedelta(hours=8, minutes=50))
        posts.append(tweet(first, "acme, as first written", edit_history_tweet_ids=[first, last]))
        posts.append(tweet(last, "acme, as edited", edit_history_tweet_ids=[first, last]))
        self.server.short = 3
        self.server.shuffled = True

    def build(self) -> Collector:
        source = XSource(
            name="x",
            bearer_token=Secret(f"file:{self.secret}"),
            queries=("acme -is:retweet", "bolt"),
            since=timedelta(days=3),
            base_url=self.server.base,
            allow_private_address=True,
        )
        return XCollector(source, clock=self.now, user_agent="monitor/test", purse=EmptyPurse(), read_seconds=0.2)

    def truth(self) -> set[str]:
        return {post["edit_history_tweet_ids"][0] for post in self.server.posts}

    def grow(self) -> None:
        self.server.now += timedelta(seconds=10)
        newest = self.server.now - timedelta(seconds=5)
        self.server.posts.append(tweet(an_id(newest), "acme again"))
        self.server.posts.append(tweet(an_id(newest - timedelta(seconds=100)), "bolt, indexed late"))

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return self.server.now + self.skew


def _opener(skew: timedelta) -> Opener:
    @contextmanager
    def opened(folder: Path) -> Iterator[Candidate]:
        secret = folder / "bearer"
        secret.write_text("SECRET\n", "utf-8")
        secret.chmod(0o600)
        with XServer(NOON) as server:
            yield XCandidate(server, secret, skew)

    return opened


CANDIDATES: dict[str, Opener] = {
    "x": _opener(timedelta()),
    "x, clock fast": _opener(timedelta(hours=1)),
    "x, clock slow": _opener(-timedelta(hours=1)),
}
