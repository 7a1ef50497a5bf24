"""A source's stage killed for real: a child with the real Collect over the real store, and SIGKILL.

The child is forked, so that it has everything imported and can die within milliseconds; the source's server lives on in
the parent. It kills itself at an exact point, or its parent kills it at any moment.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NoReturn

from collector_exam import Candidate
from sqlalchemy import select

from collectors.base import Checked, Collector, Harvest, Rechecked, SourceError
from collectors.matching import Matcher
from config.brands import Alias, Brand
from config.settings import Database
from config.sources import FilesSource, Source
from monitor.pipeline.collect import Collect
from monitor.store import engine as engines
from monitor.store.tables import post

DONE, FAILED, BROKEN = 0, 3, 4  # how a child ends by itself: all read; a call failed; a bug
LONGEST = 120.0  # seconds a life may last; a calm one takes one or two
BRAND = Brand(name="Acme", aliases=(Alias(text="acme"),))

Point = tuple[str, int]  # ("page", 2): the second page is there, and not stored; ("commit", 2): it is stored


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is stored at the end, held against what the source holds."""

    kills: int
    lost: int
    doubled: int

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.kills + other.kills, self.lost + other.lost, self.doubled + other.doubled)


class Watched:
    """A collector that says when it has brought a page, and remembers that a call failed."""

    def __init__(self, collector: Collector, reached: Callable[[str], None]) -> None:
        self._collector = collector
        self._reached = reached
        self.failed = False

    @property
    def source(self) -> str:
        return self._collector.source

    def collect(self, cursor: str | None, /) -> Harvest:
        try:
            harvest = self._collector.collect(cursor)
        except SourceError:
            self.failed = True
            raise
        self._reached("page")
        return harvest

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        return self._collector.recheck(native_ids)

    def check(self) -> Sequence[Checked]:
        return self._collector.check()


class Unheard:
    """Alarms that nobody is told: what is told is not what is tried here."""

    def look(self, _source: Source) -> None:
        return


@dataclass
class Household:
    """One source with its store; each `live` is one process's life."""

    candidate: Candidate
    database: Database
    folder: Path
    kills: int = 0

    def live(self, *, at: Point | None = None, after: float | None = None) -> int | None:
        """Let a process collect until it has all, dies at that point, or is killed after so many seconds.

        How it ended by itself; None: it was killed.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads: the servers', which are idle
            child = os.fork()
        if child == 0:
            self._live(at)
        deadline = time.monotonic() + (LONGEST if after is None else after)
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return self._ended(status)
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert after is not None, "a life without a kill did not come to its end"
        return self._ended(status)

    def _ended(self, status: int) -> int | None:
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            self.kills += 1
            return None
        code = os.WEXITSTATUS(status)
        assert code != BROKEN, (self.folder / "broken.txt").read_text()
        return code

    def _live(self, at: Point | None) -> NoReturn:
        """The child's life: it never returns to what it was forked from."""
        try:
            sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as we live
            os._exit(self._collect(at))
        except BaseException:  # noqa: BLE001 - whatever it is must not reach the parent's test
            (self.folder / "broken.txt").write_text(traceback.format_exc())
            os._exit(BROKEN)

    def _collect(self, at: Point | None) -> int:
        passed: Counter[str] = Counter()

        def reached(point: str) -> None:
            passed[point] += 1
            if (point, passed[point]) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        store = engines.open_as_it_is(self.database)
        collector = Watched(self.candidate.build(), reached)
        source = FilesSource(
            name=collector.source, path="unused", brand=BRAND.name
        )  # what the stage itself reads of it
        stage = Collect(
            source,
            collector,
            Matcher((BRAND,)),
            store,
            Unheard(),  # type: ignore[arg-type]
            self.candidate.now,
            Random(0),
        )
        more = True
        while more:
            _, more = stage.piece()
            if collector.failed:
                return FAILED
            reached("commit")
        return DONE

    def calm_down(self) -> None:
        """Collect undisturbed, twice to the end: what appeared late is met by the second reading."""
        done = 0
        for _ in range(10):
            done += self.live() == DONE
            if done == 2:
                return
        raise AssertionError("the source fails again and again")

    def outcome(self) -> Outcome:
        """What became of everything that the source holds."""
        engine = engines._connect(self.database)
        try:
            with engine.connect() as connection:
                ids = list(connection.scalars(select(post.c.native_id)))
            total = engines.Store(engine).sources.get(self.candidate.build().source).total
        finally:
            engine.dispose()
        truth = self.candidate.truth()
        twice = len(ids) - len(set(ids)) + abs(total.stored - len(ids)) + len(set(ids) - truth)
        return Outcome(self.kills, len(truth - set(ids)), twice)


def at_every_point(household: Household, lives: int) -> Outcome:
    """Die with each page in hand, and again once it is stored, until all is read, or for so many lives."""
    for number in range(lives):
        if household.live(at=("commit" if number % 2 else "page", 1)) is not None:
            break
    household.calm_down()
    return household.outcome()


def at_random(household: Household, chance: Random, kills: int, calm: float) -> Outcome:
    """Die so many times, at exact points and at any moment of a life of `calm` seconds; new posts appear meanwhile."""
    for _ in range(6 * kills):
        if household.kills >= kills:
            break
        if chance.random() < 0.5:
            household.live(at=(chance.choice(("page", "commit")), chance.randint(1, 3)))
        else:
            household.live(after=chance.uniform(0, calm))
        if chance.random() < 0.3:
            household.candidate.grow()
    household.calm_down()
    return household.outcome()
