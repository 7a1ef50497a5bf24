from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import collector_exam as exam
import pytest
from collector_exam import Candidate, Ledger, Opener, candidates
from faulty_server import FAULTS
from feed_server import Entry, FeedServer
from hackernews_server import HackerNewsServer, comment, story

from collectors.base import Collector
from collectors.feeds import FeedCollector
from collectors.files import FilesCollector
from collectors.hackernews import HackerNewsCollector
from collectors.http import Http
from config.layout import Columns
from config.sources import FeedSource, FilesSource, HackerNewsSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


def http(now: datetime = NOON) -> Http:
    return Http(user_agent="monitor/test", clock=lambda: now, allow_private=True, read_seconds=0.2, total_seconds=2)


@dataclass
class FilesCandidate:
    folder: Path
    rows: int = 0
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        with (self.folder / "b.jsonl").open("w", encoding="utf-8") as stream:
            for number in range(7):
                stream.write(json.dumps({"id": f"j{number}", "text": f"{HOSTILE} {number}", "new": {"a": 1}}) + "\n")
                self.ids.add(f"j{number}")
        with (self.folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow(["id", "text", "other"])
        for _ in range(5):
            self.grow()

    def build(self) -> Collector:
        source = FilesSource(name="inbox", path=str(self.folder / "*"), columns=Columns(id="id"))
        return FilesCollector(source, clock=self.now, piece=3)

    def truth(self) -> set[str]:
        return self.ids

    def grow(self) -> None:
        with (self.folder / "a.csv").open("a", encoding="utf-8", newline="") as stream:
            for _ in range(3):
                self.rows += 1
                csv.writer(stream).writerow([f"c{self.rows}", f"row {self.rows}\nof two lines, {HOSTILE}", "=1+1"])
                self.ids.add(f"c{self.rows}")
            csv.writer(stream).writerow(["c1", "row 1 once more", ""])

    def spoil(self, fault: str) -> None:
        raise NotImplementedError(fault)

    def now(self) -> datetime:
        return NOON


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
        return FeedCollector(source, http=http(), clock=self.now)

    def truth(self) -> set[str]:
        return {entry.guid for entry in self.server.entries if entry.guid}

    def grow(self) -> None:
        self.server.entries.append(Entry(f"urn:entry:{len(self.server.entries) + 100}"))

    def spoil(self, fault: str) -> None:
        self.server.faults.append(fault)

    def now(self) -> datetime:
        return NOON


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
        return HackerNewsCollector(source, http=http(self.now()), clock=self.now, page=3)

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


SKEWS = {
    "hackernews": timedelta(),
    "hackernews, clock fast": timedelta(hours=1),
    "hackernews, clock slow": -timedelta(hours=1),
}


@contextmanager
def files_candidate(folder: Path) -> Iterator[Candidate]:
    (folder / "inbox").mkdir()
    yield FilesCandidate(folder / "inbox")


@contextmanager
def feed_candidate(_folder: Path) -> Iterator[Candidate]:
    with FeedServer() as feed:
        yield FeedCandidate(feed)


def hackernews_candidate(skew: timedelta) -> Opener:
    @contextmanager
    def opened(_folder: Path) -> Iterator[Candidate]:
        with HackerNewsServer() as server:
            yield HackerNewsCandidate(server, skew)

    return opened


ONLINE: dict[str, Opener] = {
    "feed": feed_candidate,
    "hackernews": hackernews_candidate(timedelta()),
    "hackernews, clock fast": hackernews_candidate(timedelta(hours=1)),
    "hackernews, clock slow": hackernews_candidate(-timedelta(hours=1)),
    **candidates(),
}
ALL: dict[str, Opener] = {"files": files_candidate, **ONLINE}


@pytest.fixture(params=ALL)
def candidate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Candidate]:
    with ALL[request.param](tmp_path) as ready:
        yield ready


@pytest.fixture(params=ONLINE)
def online(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Candidate]:
    with ONLINE[request.param](tmp_path) as ready:
        yield ready


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.json")


def test_everything_is_brought_once(candidate: Candidate, ledger: Ledger) -> None:
    exam.brings_everything_once(candidate, ledger)


def test_a_kill_at_every_call_loses_and_doubles_nothing(candidate: Candidate, ledger: Ledger) -> None:
    exam.survives_a_kill_at_every_call(candidate, ledger)


@pytest.mark.parametrize("seed", range(5))
def test_random_kills_lose_and_double_nothing(candidate: Candidate, ledger: Ledger, seed: int) -> None:
    exam.survives_random_kills(candidate, ledger, seed)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_page_loses_nothing(online: Candidate, ledger: Ledger, fault: str) -> None:
    exam.loses_nothing_when_a_page_fails(online, ledger, fault)


def test_what_appears_meanwhile_is_not_missed(candidate: Candidate, ledger: Ledger) -> None:
    exam.misses_nothing_that_appears_meanwhile(candidate, ledger)


def test_recheck_of_nothing_is_nothing(candidate: Candidate) -> None:
    exam.knows_nothing_of_no_posts(candidate)
