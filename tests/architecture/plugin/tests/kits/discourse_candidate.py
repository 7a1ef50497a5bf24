"""A Discourse forum for the exam of the collectors: short pages, deleted numbers, odd texts."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collector_exam import Candidate, Opener
from faulty_server import Answer, Asked, FaultyServer

from collectors.base import Collector
from collectors.discourse import DiscourseCollector
from collectors.http import Http
from config.source_discourse import DiscourseSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"
SHOWN = 4  # posts on a page


@dataclass
class DiscourseCandidate:
    posts: list[dict[str, Any]] = field(default_factory=list)
    skew: timedelta = timedelta()
    server: FaultyServer = field(init=False)
    number: int = 100

    def __post_init__(self) -> None:
        self.server = FaultyServer(self._answer)
        for _ in range(17):
            self._write(HOSTILE)
        self.number += 120  # deleted ones
        self._write("Acme, after a while")

    def _write(self, text: str) -> None:
        self.number += 1
        at = NOON - timedelta(days=2) + timedelta(seconds=self.number // 3)
        self.posts.append(
            {
                "id": self.number,
                "topic_id": self.number // 5,
                "post_number": 1 + self.number % 5,
                "topic_title": "A topic",
                "username": "mia",
                "name": None,
                "created_at": at.isoformat(),
                "cooked": f"<p>{html.escape(text)}</p>",
                "version": 1,
                "unknown": {"a": []},
            }
        )

    def _answer(self, asked: Asked) -> Answer:
        last = int(asked.params.get("before", 10**9))
        shown = sorted((post for post in self.posts if post["id"] <= last), key=lambda post: -post["id"])
        if last < 10**9:
            shown = [post for post in shown if post["id"] > last - 50]  # as older versions of the forum do
        return Answer(json.dumps({"latest_posts": shown[:SHOWN]}).encode())

    def build(self) -> Collector:
        source = DiscourseSource(name="forum", url=self.server.base, allow_private_address=True)
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.5, total_seconds=2)
        return DiscourseCollector(source, http=http, clock=self.now)

    def truth(self) -> set[str]:
        host = self.server.base.removeprefix("http://")
        return {f"{host}/p/{post['id']}" for post in self.posts}

    def grow(self) -> None:
        self._write("acme again")
        self.number += 3  # numbers that nobody sees
        self._write("and acme once more")

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return NOON + self.skew


def discourse_candidate(skew: timedelta) -> Opener:
    @contextmanager
    def opened(_folder: Path) -> Iterator[Candidate]:
        candidate = DiscourseCandidate(skew=skew)
        with candidate.server:
            yield candidate

    return opened


CANDIDATES: dict[str, Opener] = {
    "discourse": discourse_candidate(timedelta()),
    "discourse, clock fast": discourse_candidate(timedelta(hours=1)),
    "discourse, clock slow": discourse_candidate(-timedelta(hours=1)),
}
