"""The exam that every collector passes: whatever fails or dies, what is kept at the end is what the source holds."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest

from collectors.base import Collector, Harvest, Loss, Outlay, Post, RateLimited, SourceDown, SourceError
from collectors.plain import unfit, web_link

HICCUPS = 3  # answers that may come too late without being asked to
MANY = 2_000  # calls after which a collector that still asks for more is taken to go round in circles

STREAM_PATIENCE = 60.0  # seconds for all of a burst to come by a stream


class Candidate(Protocol):
    """A collector with the source it reads."""

    def build(self) -> Collector:
        """A new collector with no memory."""

    def truth(self) -> set[str]:
        """The native ids of all that stands at the source now."""

    def grow(self) -> None:
        """Let new posts appear at the source."""

    def spoil(self, fault: str) -> None:
        """Make the next request fail."""

    def now(self) -> datetime:
        """What the collector's clock says."""


@runtime_checkable
class Bursting(Protocol):
    """A candidate that can let many posts appear at once; of the others, `grow` is asked often."""

    def burst(self, posts: int) -> None:
        """Let so many new posts appear within minutes."""


@runtime_checkable
class Streaming(Protocol):
    """A candidate whose source is a stream, where a pause ends a round: what is late comes with the next one."""

    rounds_end_at_a_pause: bool


Opener = Callable[[Path], AbstractContextManager[Candidate]]


def candidates(*, online: bool = False, steady: bool = False) -> dict[str, Opener]:
    """The candidates of every *_candidate.py beside this file, by name: a new source adds its own file.

    `online` leaves out those that make no requests; `steady` those that only differ by a clock that is wrong.
    """
    found: dict[str, Opener] = {}
    for path in sorted(Path(__file__).parent.glob("*_candidate.py")):
        module = import_module(path.stem)
        offline = getattr(module, "OFFLINE", frozenset())
        found |= {
            name: opener
            for name, opener in module.CANDIDATES.items()
            if not (online and name in offline) and not (steady and ", clock " in name)
        }
    return found


class EmptyPurse:
    """Nothing was ever spent."""

    def spent(self, since: date, /) -> Sequence[Outlay]:
        return ()


class Ledger:
    """A tiny durable store: posts and cursor in one file that is replaced at once or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lost: list[Loss] = []

    def _read(self) -> dict[str, object]:
        return json.loads(self._path.read_text("utf-8")) if self._path.exists() else {"posts": [], "cursor": None}

    @property
    def cursor(self) -> str | None:
        cursor = self._read()["cursor"]
        return cursor if isinstance(cursor, str) else None

    @property
    def ids(self) -> set[str]:
        posts = self._read()["posts"]
        assert isinstance(posts, list)
        return {native_id for _, native_id in posts}

    def save(self, harvest: Harvest) -> int:
        """Keep a harvest with its cursor; how many of its posts were new."""
        posts = self._read()["posts"]
        assert isinstance(posts, list)
        known = {tuple(post) for post in posts}
        brought = {(str(post.platform), post.native_id) for post in harvest.posts}
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"posts": sorted(known | brought), "cursor": harvest.cursor}), "utf-8")
        fresh.replace(self._path)
        self.lost += harvest.lost
        return len(brought - known)


def poll(candidate: Candidate, ledger: Ledger, before_call: Callable[[int], None] = lambda _: None) -> int:
    """Call until the collector asks for no more, with one collector; how many posts were new."""
    collector = candidate.build()
    added, hiccups = 0, 0
    for number in range(MANY):
        before_call(number)
        try:
            harvest = collector.collect(ledger.cursor)
        except SourceDown:  # on a busy machine an answer may come too late: a failure like any other
            hiccups += 1
            assert hiccups <= HICCUPS
            continue
        added += ledger.save(harvest)
        if not harvest.more:
            return added
    raise AssertionError("the collector never comes to an end")


def brings_everything_once(candidate: Candidate, ledger: Ledger) -> None:
    truth = candidate.truth()
    assert len(truth) > 1
    assert poll(candidate, ledger) == len(truth)
    assert ledger.ids == truth
    assert poll(candidate, ledger) == 0


def survives_a_kill_at_every_call(candidate: Candidate, ledger: Ledger) -> None:
    """Each harvest is thrown away once before it is saved, and every call is made by a new process's collector."""
    for _ in range(MANY):
        candidate.build().collect(ledger.cursor)
        harvest = candidate.build().collect(ledger.cursor)
        ledger.save(harvest)
        if not harvest.more:
            break
    assert ledger.ids == candidate.truth()


def survives_random_kills(candidate: Candidate, ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    collector = candidate.build()
    calm_calls = 0
    for _ in range(MANY):
        harvest = collector.collect(ledger.cursor)
        if chance.random() < 0.4:  # killed with the harvest in hand
            collector = candidate.build()
            continue
        ledger.save(harvest)
        if chance.random() < 0.2:
            candidate.grow()
        if chance.random() < 0.4:  # killed after saving
            collector = candidate.build()
        calm_calls += 1
        if calm_calls > 15:
            break
    poll(candidate, ledger)
    poll(candidate, ledger)
    assert ledger.ids == candidate.truth()


def loses_nothing_when_a_page_fails(candidate: Candidate, ledger: Ledger, fault: str) -> None:
    """Every single request fails once; nothing is taken from the failed one, and its cursor is asked again."""
    collector = candidate.build()
    failures = 0
    for _ in range(MANY):
        candidate.spoil(fault)
        with pytest.raises(SourceError) as failure:
            collector.collect(ledger.cursor)
        failures += 1
        if isinstance(failure.value, RateLimited):
            assert failure.value.retry_at > candidate.now()
        harvest = collector.collect(ledger.cursor)
        ledger.save(harvest)
        if not harvest.more:
            break
    assert failures > 0
    assert ledger.ids == candidate.truth()


def misses_nothing_that_appears_meanwhile(candidate: Candidate, ledger: Ledger) -> None:
    poll(candidate, ledger, before_call=lambda number: candidate.grow() if number < 5 else None)
    candidate.grow()
    poll(candidate, ledger)
    assert ledger.ids == candidate.truth()


def takes_a_burst(candidate: Candidate, ledger: Ledger, posts: int) -> None:
    """After a quiet start, very many posts at once: every one is brought, or a loss with its times is told."""
    poll(candidate, ledger)
    if isinstance(candidate, Bursting):
        candidate.burst(posts)
    else:
        before = len(candidate.truth())
        while len(candidate.truth()) < before + posts:
            candidate.grow()
    poll(candidate, ledger)
    deadline = time.monotonic() + STREAM_PATIENCE
    while isinstance(candidate, Streaming) and ledger.ids != candidate.truth() and time.monotonic() < deadline:
        poll(candidate, ledger)  # a busy machine may pause within the burst, which ends a round
    assert ledger.ids == candidate.truth() or (ledger.lost and ledger.ids < candidate.truth())


def carries_hostile_words_unharmed(candidate: Candidate) -> None:
    """What people write to break what shows it stays what they wrote, and can be stored."""
    posts, cursor = list[Post](), None
    collector = candidate.build()
    for _ in range(MANY):
        harvest = collector.collect(cursor)
        posts += harvest.posts
        cursor = harvest.cursor
        if not harvest.more:
            break
    words = [f"{post.title or ''} {post.text}" for post in posts]
    assert any("=cmd|' /C calc'!A0" in text and "\U0001f4a5" in text and "alert(1)" in text for text in words)
    assert [text for text in words if unfit(text) or "\x07" in text] == []
    assert [post.native_id for post in posts if unfit(post.native_id)] == []
    assert [post.url for post in posts if post.url is not None and web_link(post.url) is None] == []


def follows_no_redirect_inside(candidate: Candidate, ledger: Ledger, asked_inside: Callable[[], int]) -> None:
    """An answer that leads to an address inside is refused, nothing is asked there, and nothing is lost."""
    collector = candidate.build()
    for _ in range(MANY):
        candidate.spoil("redirect")
        with suppress(SourceError):  # or, as one query among others, it is told and asked again
            ledger.save(collector.collect(ledger.cursor))
        harvest = collector.collect(ledger.cursor)
        ledger.save(harvest)
        if not harvest.more:
            break
    poll(candidate, ledger)  # what was told as unreadable is asked again in the next round
    assert asked_inside() == 0
    assert ledger.ids == candidate.truth()


def knows_nothing_of_no_posts(candidate: Candidate) -> None:
    rechecked = candidate.build().recheck([])
    assert (dict(rechecked.found), rechecked.requests) == ({}, 0)
