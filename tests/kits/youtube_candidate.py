"""YouTube for the exam of the collectors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector_exam import Candidate, EmptyPurse, Opener
from youtube_server import CHANNEL, KEY, Comment, YouTubeServer

from collectors.base import Collector
from collectors.http import Http
from collectors.youtube import YouTubeCollector
from config.secret import Secret
from config.source_youtube import YouTubeSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


@dataclass
class YouTubeCandidate:
    server: YouTubeServer
    key: Path
    skew: timedelta

    def __post_init__(self) -> None:
        self.key.write_text(KEY, "utf-8")
        self.key.chmod(0o600)
        self.server.shown = 1
        start = NOON - timedelta(days=2)
        for number in range(14):
            self.server.comments.append(Comment(f"c{number}", start + timedelta(seconds=number // 3), HOSTILE))
        for number in range(7):
            at = start + timedelta(hours=1 + number)
            self.server.comments.append(Comment(f"c2.r{number}", at, HOSTILE, parent="c2"))
        self.server.comments.append(Comment("c13.r0", start + timedelta(hours=1), "acme", parent="c13"))
        self.server.comments.append(Comment("w0", start, "another video", video="w" * 11))

    def build(self) -> Collector:
        source = YouTubeSource(
            name="youtube",
            key=Secret(f"file:{self.key}"),
            channel_id=CHANNEL,
            videos=("w" * 11,),
            base_url=self.server.base,
            allow_private_address=True,
        )
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.5, total_seconds=2)
        return YouTubeCollector(source, http=http, clock=self.now, purse=EmptyPurse(), page=3)

    def truth(self) -> set[str]:
        return {one.id for one in self.server.comments}

    def grow(self) -> None:
        newest = max(one.at for one in self.server.comments)
        number = 100 + len(self.server.comments)
        self.server.comments.append(Comment(f"c{number}", newest + timedelta(minutes=3), "acme again"))
        self.server.comments.append(Comment(f"c{number + 1}", newest - timedelta(minutes=9), "released late"))
        self.server.comments.append(Comment(f"c13.r{number}", newest + timedelta(minutes=4), "and", parent="c13"))

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return NOON + self.skew


def opener(skew: timedelta) -> Opener:
    @contextmanager
    def opened(folder: Path) -> Iterator[Candidate]:
        with YouTubeServer() as server:
            yield YouTubeCandidate(server, folder / "key", skew)

    return opened


CANDIDATES: dict[str, Opener] = {
    "youtube": opener(timedelta()),
    "youtube, clock fast": opener(timedelta(hours=1)),
    "youtube, clock slow": opener(-timedelta(hours=1)),
}
