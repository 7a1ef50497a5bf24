"""Backfill: the past of a source, read as a job of its own; the live source's cursor and state stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.base import AccessDenied, Backfills, BudgetSpent, Harvest, RateLimited, SourceError
from collectors.matching import Matcher
from config.sources import Source
from monitor import logs
from monitor.clock import Clock
from monitor.store.engine import Held, Store
from monitor.store.values import BackfillFacts

SHORT = timedelta(seconds=60)  # a wait that a person at a terminal would sit through
HICCUPS = 3  # failures in a row before a run gives up
PAUSE = timedelta(seconds=5)  # after one of them

log = logs.get("backfill")


class Stopped(Exception):
    """The job cannot go on now; nothing is lost, and the same command goes on from here."""

    def __init__(self, why: str, *, again_at: datetime | None = None, denied: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.again_at = again_at
        self.denied = denied  # somebody must change something first


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job is after a call; `oldest` and `newest` are of the posts of that call, None without any."""

    job: BackfillFacts
    oldest: datetime | None = None
    newest: datetime | None = None


class Backfill:
    """Works at one job, a call at a time; a kill between any two lines costs at most that call."""

    def __init__(
        self,
        source: Source,
        collector: Backfills,
        matcher: Matcher,
        store: Store,
        clock: Clock,
        *,
        wait: Callable[[timedelta, str], None],
    ) -> None:
        self._source = source
        self._collector = collector
        self._matcher = matcher
        self._store = store
        self._clock = clock
        self._wait = wait  # how long, and why

    def run(self, job: BackfillFacts, held: Held, told: Callable[[Progress], None]) -> BackfillFacts:
        """Go on with the job until it is done; `told` hears of each call that worked.

        Raises:
            Stopped: it cannot go on now.
        """
        failures, dearest = 0, 0
        while not job.done:
            if not held.alive():
                raise Stopped("the hold on this job was lost; another one may be at work")
            # The dearest call so far is what the next one may cost: only a dearer one can pass the budget.
            if job.budget is not None and (job.spent >= job.budget or job.spent + dearest > job.budget):
                raise Stopped("the job's budget is spent; give a higher --budget to go on")
            before = job.spent
            try:
                harvest = self._collector.backfill(job.cursor, job.since, job.until)
            except SourceError as error:
                job = self._store.backfills.save_cost(job, error.spent)
                failures += 1
                self._after(error, failures)
                continue
            failures = 0
            job = self._save(job, harvest)
            dearest = max(dearest, job.spent - before)
            times = [post.published_at for post in harvest.posts]
            told(Progress(job, min(times, default=None), max(times, default=None)))
        return job

    def _save(self, job: BackfillFacts, harvest: Harvest) -> BackfillFacts:
        heard = self._matcher.heard_all(harvest.posts, self._source.brand)
        for note in harvest.notes:
            log.warning("source note", source=self._source.name, note=note)
        return self._store.backfills.save(
            job,
            harvest,
            heard,
            unmatched=len(harvest.posts) - len(heard),
            ages=self._source.recheck_at,
            now=self._clock(),
        )

    def _after(self, error: SourceError, failures: int) -> None:
        """Wait where that helps soon, else stop.

        Raises:
            Stopped: it does not.
        """
        match error:
            case RateLimited(retry_at=at) if at - self._clock() <= SHORT:
                self._wait(max(at - self._clock(), timedelta()), str(error))
            case RateLimited(retry_at=at) | BudgetSpent(until=at):
                raise Stopped(str(error), again_at=at) from None
            case AccessDenied():
                raise Stopped(f"access denied: {error}", denied=True) from None
            case _ if failures < HICCUPS:
                self._wait(PAUSE, str(error))
            case _:
                raise Stopped(f"failed {failures} times in a row: {error}") from None
