"""A feed for the exam of the collectors: entries without a date, one told twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collector_exam import Candidate, Opener
from feed_server import Entry, FeedServer

from collectors.base import Collector
from collectors.feeds import FeedCollector
from collectors.http import Http
from config.sources import FeedSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


@dataclass
class FeedCandidate:
    server: FeedServer

    def __post_init__(self) -> None:
        self.server.entries = [
            Entry(f"urn:entry:{n}", title=HOSTILE, date=None if n % 2 else "nonsense") for n in range(5)
        ]
        self.server.entries += [Entry("urn:entry:1", extra="<unknown a='1'><deep/></unknown>")]

    def build(self) -> Collector:
        source = FeedSource(name="press", url=self.server.url, allow_private_address=True)
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.2, total_seconds=2)
        return FeedCollector(source, http=http, clock=self.now)

    def truth(self) -> set[str]:
        return {entry.guid for entry in self.server.entries if entry.guid}

    def grow(self) -> None:
        self.server.entries.append(Entry(f"urn:entry:{len(self.server.entries) + 100}"))

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return NOON


@contextmanager
def feed_candidate(_folder: Path) -> Iterator[Candidate]:
    with FeedServer() as feed:
        yield FeedCandidate(feed)


CANDIDATES: dict[str, Opener] = {"feed": feed_candidate}
