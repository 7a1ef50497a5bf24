"""The App Store for the exam of the collectors: with a key, and by the public feed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app_store_server import ISSUER, KEY_ID, NOON, ConnectServer, FeedServer, Review, p8
from collector_exam import Candidate, Opener

from collectors.app_store import AppStoreCollector
from collectors.base import Collector
from collectors.http import Http
from config.secret import Secret
from config.source_app_store import AppStoreSource

HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


@dataclass
class AppStoreCandidate:
    server: ConnectServer | FeedServer
    settings: dict[str, Any]
    skew: timedelta

    def __post_init__(self) -> None:
        start = NOON - timedelta(days=2)
        for number in range(1, 12):
            self._write(number, start + timedelta(seconds=number // 3), country="de" if number % 4 == 0 else "us")
        self._write(50, start + timedelta(hours=3), stars=5)

    def _write(self, number: int, at: datetime, **more: Any) -> None:
        self.server.reviews.append(Review(str(number), at, HOSTILE, **more))

    def build(self) -> Collector:
        source = AppStoreSource(name="apps", apps=("123",), allow_private_address=True, **self.settings)
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.5, total_seconds=2)
        return AppStoreCollector(source, http=http, clock=self.now, page=3)

    def truth(self) -> set[str]:
        return {one.id for one in self.server.reviews}

    def grow(self) -> None:
        newest = max(one.at for one in self.server.reviews)
        number = 100 + len(self.server.reviews)
        self._write(number, newest + timedelta(minutes=3))
        self._write(number + 1, newest - timedelta(minutes=9), country="de")

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return NOON + self.skew


def with_key(skew: timedelta) -> Opener:
    @contextmanager
    def opened(folder: Path) -> Iterator[Candidate]:
        key = folder / "key.p8"
        key.write_text(p8(), "utf-8")
        key.chmod(0o600)
        with ConnectServer() as server:
            settings = {
                "key_id": KEY_ID,
                "issuer_id": ISSUER,
                "private_key": Secret(f"file:{key}"),
                "base_url": server.base,
            }
            yield AppStoreCandidate(server, settings, skew)

    return opened


def by_feed(skew: timedelta) -> Opener:
    @contextmanager
    def opened(_folder: Path) -> Iterator[Candidate]:
        with FeedServer(page=3) as server:
            yield AppStoreCandidate(server, {"countries": ("us", "de"), "feed_url": server.base}, skew)

    return opened


HOUR = timedelta(hours=1)
CANDIDATES: dict[str, Opener] = {
    "app store": with_key(timedelta()),
    "app store, clock fast": with_key(HOUR),
    "app store, clock slow": with_key(-HOUR),
    "app store feed": by_feed(timedelta()),
    "app store feed, clock fast": by_feed(HOUR),
    "app store feed, clock slow": by_feed(-HOUR),
}
