"""The exam that every collector passes: whatever fails or dies, what is kept at the end is what the source holds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Protocol

import pytest

from collectors.base import Collector, Harvest, Outlay, RateLimited, SourceError

MANY = 2_000  # calls after which a collector that still asks for more is taken to go round in circles


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


Opener = Callable[[Path], AbstractContextManager[Candidate]]


def candidates() -> dict[str, Opener]:
    """The candidates of every tests/kits/KIND_candidate.py, by name: a new source adds its own file."""
    found: dict[str, Opener] = {}
    for path in sorted(Path(__file__).parent.glob("*_candidate.py")):
        found |= import_module(path.stem).CANDIDATES
    return found


class EmptyPurse:
    """Nothing was ever spent."""

    def spent(self, since: date, /) -> Sequence[Outlay]:
        return ()


class Ledger:
    """A tiny durable store: posts and cursor in one file that is replaced at once or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

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
        return len(brought - known)


def poll(candidate: Candidate, ledger: Ledger, before_call: Callable[[int], None] = lambda _: None) -> int:
    """Call until the collector asks for no more, with one collector; how many posts were new."""
    collector = candidate.build()
    added = 0
    for number in range(MANY):
        before_call(number)
        harvest = collector.collect(ledger.cursor)
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


def knows_nothing_of_no_posts(candidate: Candidate) -> None:
    rechecked = candidate.build().recheck([])
    assert (dict(rechecked.found), rechecked.requests) == ({}, 0)
