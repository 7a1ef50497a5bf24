"""Reddit for the exam of collectors: searches, communities and conversations on a local server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from collector_exam import Candidate, Opener
from reddit_server import CLIENT_ID, CLIENT_SECRET, RedditServer, comment, submission

from collectors.base import Collector
from collectors.http import Http
from collectors.reddit import RedditCollector
from config.source_reddit import RedditSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


@dataclass
class RedditCandidate:
    server: RedditServer
    skew: timedelta = timedelta()
    passed: list[timedelta] = field(default_factory=lambda: [timedelta()])
    number: int = 0

    def __post_init__(self) -> None:
        for days in range(4):
            self._add(submission(self._id(), self._then(days, 1), f"Acme {HOSTILE}", subreddit="travel"))
        self._add(submission("s1", self._then(0, 0, 1_800), "Bolt and acme", subreddit="elsewhere"))
        for place in range(5):
            self._add(comment(self._id(), self._then(0, 0, 1_000 + place), "same", link="s1", subreddit="elsewhere"))
        for place in range(7):
            self._add(comment(self._id(), self._then(0, 3, place // 3), HOSTILE, link="zz", unknown={"a": []}))

    def _add(self, thing: dict[str, object]) -> None:
        self.server.things.append(thing)

    def _id(self) -> str:
        """Ids that go down as time goes on: they say nothing of the order."""
        self.number += 1
        return f"z{9_000 - self.number}"

    def _true_now(self) -> datetime:
        return NOON + self.passed[0]

    def _then(self, days: int, hours: int, seconds: int = 0) -> float:
        return (self._true_now() - timedelta(days=days, hours=hours, seconds=seconds)).timestamp()

    def build(self) -> Collector:
        source = RedditSource.model_validate(
            {
                "name": "reddit",
                "client_id": "env:EXAM_REDDIT_ID",
                "client_secret": "env:EXAM_REDDIT_SECRET",
                "user_agent": "linux:com.acme.monitor:1.0 (by /u/acme_care)",
                "searches": ["acme", "bolt"],
                "communities": ["travel"],
                "api_url": self.server.base,
                "login_url": self.server.base,
                "allow_private_address": True,
            }
        )
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.2, total_seconds=2)
        return RedditCollector(source, http=http, clock=self.now, page=3)

    def truth(self) -> set[str]:
        return {thing["name"] for thing in self.server.things}

    def grow(self) -> None:
        self.passed[0] += timedelta(minutes=6)
        self._add(comment(self._id(), self._then(0, 0), "me too", link="s1", subreddit="elsewhere"))
        self._add(comment(self._id(), self._then(0, 0), "acme again", link="zz"))
        self._add(comment(self._id(), self._then(0, 0, 200), "acme, shown late", link="zz"))
        self._add(submission(self._id(), self._then(0, 20), "Bolt, found late by the search", subreddit="elsewhere"))

    def burst(self, posts: int) -> None:
        self.passed[0] += timedelta(minutes=6)
        for place in range(posts):
            if place % 2:
                self._add(comment(self._id(), self._then(0, 0, place // 4), HOSTILE, link="zz"))
            else:
                self._add(submission(self._id(), self._then(0, 0, place // 4), "Bolt", subreddit="elsewhere"))

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return self._true_now() + self.skew


def reddit_candidate(skew: timedelta) -> Opener:
    @contextmanager
    def opened(_folder: Path) -> Iterator[Candidate]:
        passed = [timedelta()]

        def true_now() -> float:
            return (NOON + passed[0]).timestamp()

        with RedditServer(true_now) as server, pytest.MonkeyPatch.context() as patch:
            patch.setenv("EXAM_REDDIT_ID", CLIENT_ID)
            patch.setenv("EXAM_REDDIT_SECRET", CLIENT_SECRET)
            yield RedditCandidate(server, skew, passed)

    return opened


CANDIDATES: dict[str, Opener] = {
    "reddit": reddit_candidate(timedelta()),
    "reddit, clock fast": reddit_candidate(timedelta(hours=1)),
    "reddit, clock slow": reddit_candidate(-timedelta(hours=1)),
}
