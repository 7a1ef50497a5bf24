"""Bluesky for the exam: by its stream alone, and with the search for what the stream no longer holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bluesky_server import PASSWORD, JetstreamServer, Network, Row
from collector_exam import Candidate, Opener

from collectors.base import Collector
from collectors.bluesky import BlueskyCollector
from collectors.bluesky_cursor import read_state
from collectors.bluesky_piece import Pace
from config.secret import Secret
from config.source_bluesky import BlueskySource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"
PACE = Pace(
    piece=5,
    piece_seconds=1,
    settle_seconds=0.1,
    open_seconds=5,
    answer_seconds=5,
    page=4,
    search_patience=timedelta(),
)


def a_password(folder: Path) -> Secret:
    """A file that holds the app password."""
    path = folder / "app_password"
    path.write_text(PASSWORD, encoding="utf-8")
    path.chmod(0o600)
    return Secret(f"file:{path}")


@dataclass
class BlueskyCandidate:
    network: Network
    password: Secret | None
    skew: timedelta = timedelta()
    rounds_end_at_a_pause: bool = True
    _last: BlueskyCollector | None = None

    def __post_init__(self) -> None:
        start = NOON - timedelta(days=2)
        for number in range(12):
            self.network.say(f"acme {HOSTILE} {number}", start + timedelta(minutes=number), unknown={"a": [1]})
            if number == 5:
                stream = self.network.stream
                stream.add(stream.rows[-1])  # told twice
                stream.add(Row(stream.following - 1, stream.rows[-1].time, "{not json"))
        if self.password is not None:
            self.network.stream.floor = 7

    def build(self) -> Collector:
        if self._last is not None:
            self._last.close()
        login = {} if self.password is None else {"handle": "brand.example", "app_password": self.password}
        source = BlueskySource(
            name="bluesky",
            servers=(self.network.stream.url,),
            service_url=self.network.base,
            since=timedelta(days=7),
            queries=() if self.password is None else ("acme",),
            allow_private_address=True,
            **login,
        )
        self._last = BlueskyCollector(source, user_agent="monitor/test", clock=self.now, pace=PACE)
        return self._last

    def truth(self) -> set[str]:
        return {said.uri for said in self.network.posts}

    def grow(self) -> None:
        at = NOON + timedelta(seconds=len(self.network.posts))
        self.network.say("acme again", at)
        self.network.say("Acme, written long before", at, createdAt="2026-11-21T09:00:00Z")

    def spoil(self, fault: str) -> None:
        """Where the search is next, its next request fails; else the stream is cut off and cannot be opened."""
        assert self._last is not None
        if fault == "hang":  # not waited for as long as a busy machine may need to answer
            self._last._dialler = replace(self._last._dialler, open_seconds=0.6)
            if self._last._account is not None:
                self._last._account._transport._seconds = 0.6
        state = read_state(self._last._handed)
        if state is not None and state.holes:
            self.network.faults.append(fault)
            return
        self.network.stream.faults.append(fault)
        self._last.close()

    def now(self) -> datetime:
        return NOON + self.skew


def candidate(skew: timedelta, *, by_search: bool) -> Opener:
    @contextmanager
    def opened(folder: Path) -> Iterator[Candidate]:
        with JetstreamServer() as stream, Network(stream) as network:
            ready = BlueskyCandidate(network, a_password(folder) if by_search else None, skew)
            yield ready
            ready.build()

    return opened


CANDIDATES: dict[str, Opener] = {
    "bluesky": candidate(timedelta(), by_search=False),
    "bluesky, clock fast": candidate(timedelta(hours=1), by_search=False),
    "bluesky, clock slow": candidate(-timedelta(hours=1), by_search=False),
    "bluesky, with holes": candidate(timedelta(), by_search=True),
}
