"""Hacker News for the exam of the collectors: two queries that overlap, several posts in one second, late ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector_exam import Candidate, Opener
from hackernews_server import HackerNewsServer, comment, story

from collectors.base import Collector
from collectors.hackernews import HackerNewsCollector
from collectors.http import Http
from config.sources import HackerNewsSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


@dataclass
class HackerNewsCandidate:
    server: HackerNewsServer
    skew: timedelta = timedelta()

    def __post_init__(self) -> None:
        start = int((NOON - timedelta(days=2)).timestamp())
        for number in range(1, 13):
            self.server.items.append(comment(number, start + number // 4, f"acme {HOSTILE}"))
        self.server.items.append(story(50, start + 500, "Acme down", url="https://acme.example/x", unknown={"a": []}))
        self.server.items.append(story(51, start + 500, "Bolt is fine", story_text="<p>bolt</p>"))
        self.server.items.append(story(52, start + 100_000, "Acme and Bolt"))

    def build(self) -> Collector:
        source = HackerNewsSource(
            name="hn", queries=("acme", "bolt"), base_url=self.server.base, allow_private_address=True
        )
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.2, total_seconds=2)
        return HackerNewsCollector(source, http=http, clock=self.now, page=3)

    def truth(self) -> set[str]:
        return {item["objectID"] for item in self.server.items}

    def grow(self) -> None:
        newest = max(item["created_at_i"] for item in self.server.items)
        number = 1_000 + len(self.server.items)
        self.server.items.append(comment(number, newest + 200, "acme again"))
        self.server.items.append(comment(number + 1, newest - 100, "bolt, indexed late"))

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return NOON + self.skew


def hackernews_candidate(skew: timedelta) -> Opener:
    @contextmanager
    def opened(_folder: Path) -> Iterator[Candidate]:
        with HackerNewsServer() as server:
            yield HackerNewsCandidate(server, skew)

    return opened


CANDIDATES: dict[str, Opener] = {
    "hackernews": hackernews_candidate(timedelta()),
    "hackernews, clock fast": hackernews_candidate(timedelta(hours=1)),
    "hackernews, clock slow": hackernews_candidate(-timedelta(hours=1)),
}
