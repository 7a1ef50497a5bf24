"""Mastodon's collector before the exam: one instance, and two that share posts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collector_exam import Candidate, Opener
from mastodon_server import TOKEN, MastodonServer, status

from collectors.base import Collector
from collectors.http import Http
from collectors.mastodon import MastodonCollector
from config.secret import Secret
from config.source_mastodon import MastodonInstance, MastodonSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e&lt;script&gt;alert(1)&lt;/script&gt;\x07 =cmd|' /C calc'!A0 \U0001f4a5 &amp; <b>x</b>"


@dataclass
class MastodonCandidate:
    servers: tuple[MastodonServer, ...]
    token: Path
    skew: timedelta = timedelta()
    written: int = 0

    def __post_init__(self) -> None:
        self.token.write_text(TOKEN, "utf-8")
        self.token.chmod(0o600)
        start = (NOON - timedelta(days=2)).timestamp()
        for number in range(1, 13):
            self._write(start + number // 4, HOSTILE, new={"a": []})
        self._write(start + 100_000, "nothing but acme in its words", tag="other")
        self._write(start + 100_001, "another tag", tag="bolt")

    def _write(self, second: float, text: str, **more: object) -> None:
        """Every instance hears of it, each at its own time."""
        self.written += 1
        for late, server in enumerate(self.servers):
            heard = status(self.written, second, text, **more)
            heard["id"] = str(int(heard["id"]) + (late * 2_000 << 16))
            server.statuses.append(heard)

    def build(self) -> Collector:
        source = MastodonSource(
            name="fedi",
            instances=tuple(
                MastodonInstance(url=server.base, access_token=Secret(f"file:{self.token}") if not late else None)
                for late, server in enumerate(self.servers)
            ),
            hashtags=("acme", "bolt"),
            searches=("acme",),
            allow_private_address=True,
        )
        http = Http(user_agent="monitor/test", clock=self.now, allow_private=True, read_seconds=0.2, total_seconds=2)
        return MastodonCollector(source, http=http, origin=http, clock=self.now)

    def truth(self) -> set[str]:
        return {one["uri"] for one in self.servers[0].statuses}

    def grow(self) -> None:
        newest = (NOON - timedelta(days=1)).timestamp() + self.written * 60
        self._write(newest, "acme again")
        self._write(newest - 1_800, "acme, heard of late", tag="acme")

    def spoil(self, fault: str) -> None:
        for server in self.servers:
            server.faults.append(fault)

    def now(self) -> datetime:
        return NOON + self.skew


def mastodon_candidate(skew: timedelta = timedelta(), instances: int = 1) -> Opener:
    @contextmanager
    def opened(folder: Path) -> Iterator[Candidate]:
        with ExitStack() as stack:
            servers = tuple(stack.enter_context(MastodonServer(most=3)) for _ in range(instances))
            yield MastodonCandidate(servers, folder / "token", skew)

    return opened


CANDIDATES: dict[str, Opener] = {
    "mastodon": mastodon_candidate(),
    "mastodon, clock fast": mastodon_candidate(timedelta(hours=1)),
    "mastodon, clock slow": mastodon_candidate(-timedelta(hours=1)),
}
