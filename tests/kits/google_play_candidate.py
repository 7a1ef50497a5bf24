"""Google Play for the exam of the collectors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collector_exam import Candidate, Opener
from google_play_server import NOON, PACKAGE, GooglePlayServer, Review

from collectors.base import Collector
from collectors.google_play import GooglePlayCollector
from collectors.http import Http
from config.secret import Secret
from config.source_google_play import GooglePlaySource

HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


@dataclass
class GooglePlayCandidate:
    server: GooglePlayServer
    key: Path
    skew: timedelta

    def __post_init__(self) -> None:
        self.key.write_text(self.server.key_file(), "utf-8")
        self.key.chmod(0o600)
        start = NOON - timedelta(days=2)
        for number in range(11):
            self._write(f"gp:{number}", start + timedelta(seconds=number // 3))
        self._write("gp:50", start + timedelta(hours=3), answer=HOSTILE)

    def _write(self, native_id: str, at: datetime, answer: str | None = None) -> None:
        self.server.reviews.append(Review(native_id, at, HOSTILE, answer=answer))

    def build(self) -> Collector:
        source = GooglePlaySource(
            name="play",
            package=PACKAGE,
            service_account=Secret(f"file:{self.key}"),
            token_uri=f"{self.server.base}/token",
            base_url=self.server.base,
            allow_private_address=True,
        )
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.5, total_seconds=2)
        return GooglePlayCollector(source, http=http, clock=self.now, page=3)

    def truth(self) -> set[str]:
        answered = {f"{one.id}/developer" for one in self.server.reviews if one.answer is not None}
        return {one.id for one in self.server.reviews} | answered

    def grow(self) -> None:
        newest = max(one.at for one in self.server.reviews)
        number = 100 + len(self.server.reviews)
        self._write(f"gp:{number}", newest + timedelta(minutes=3))
        self._write(f"gp:{number + 1}", newest - timedelta(minutes=9), answer="Sorry")

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return NOON + self.skew


def opener(skew: timedelta) -> Opener:
    @contextmanager
    def opened(folder: Path) -> Iterator[Candidate]:
        with GooglePlayServer() as server:
            yield GooglePlayCandidate(server, folder / "key.json", skew)

    return opened


CANDIDATES: dict[str, Opener] = {
    "google play": opener(timedelta()),
    "google play, clock fast": opener(timedelta(hours=1)),
    "google play, clock slow": opener(-timedelta(hours=1)),
}
