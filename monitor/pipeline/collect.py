"""Collect: posts in, from one source at a time; posts and cursor are stored together or not at all."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from collectors.base import AccessDenied, BudgetSpent, Collector, RateLimited, SourceError
from collectors.matching import Matcher
from config.sources import Source
from monitor import logs
from monitor.backoff import source_due
from monitor.clock import Clock
from monitor.pipeline.alarms import Alarms
from monitor.store.engine import Store
from monitor.store.values import SourceFacts, Tally

log = logs.get("collect")


class Collect:
    """Brings the posts of one source into the store, piece by piece."""

    def __init__(
        self,
        source: Source,
        collector: Collector,
        matcher: Matcher,
        store: Store,
        alarms: Alarms,
        clock: Clock,
        rng: Random,
    ) -> None:
        self._source = source
        self._collector = collector
        self._matcher = matcher
        self._store = store
        self._alarms = alarms
        self._clock = clock
        self._rng = rng

    @property
    def source(self) -> str:
        """The source's name."""
        return self._source.name

    def due(self) -> bool:
        """Whether it is time to ask the source: asked of the store, so that a restart changes nothing."""
        state = self._store.sources.get(self._source.name)
        return not state.stopped and (state.next_due_at is None or state.next_due_at <= self._clock())

    def piece(self) -> tuple[Tally, bool]:
        """One bounded piece of work: what was stored, and whether there is more to fetch at once.

        A source that fails is put off, never raised: the other sources go on.
        """
        state = self._store.sources.get(self._source.name)
        try:
            harvest = self._collector.collect(state.cursor)
        except SourceError as error:
            self._failed(state, error, f"{type(error).__name__}: {error}")
            return Tally(), False
        except Exception as error:  # a bug: it must not be repeated at every tick, nor pass for silence
            log.exception("a collector failed", source=self._source.name)
            self._failed(state, error, f"unexpected {type(error).__name__}; see the log")
            return Tally(), False
        heard = self._matcher.heard_all(harvest.posts, self._source.brand)
        now = self._clock()
        pause = timedelta(0) if harvest.more else self._source.every
        tally = self._store.posts.save_harvest(
            self._source.name,
            heard,
            rejects=harvest.rejects,
            unmatched=len(harvest.posts) - len(heard),
            cursor=harvest.cursor,
            next_due_at=now + pause,
            now=now,
            spent=harvest.spent,
            lost=harvest.lost,
            gaps=harvest.gaps,
            gone=harvest.gone,
            recheck_ages=self._source.recheck_at,
        )
        for note in harvest.notes:
            log.warning("source note", source=self._source.name, note=note)
        if tally.read:
            log.info(
                "harvest stored",
                source=self._source.name,
                stored=tally.stored,
                duplicates=tally.duplicates,
                edited=tally.edited,
                unmatched=tally.unmatched,
                rejected=tally.rejected,
            )
        if state.alarm is not None or (self._source.steady and not tally.read):
            self._alarms.look(self._source)
        return tally, harvest.more

    def _failed(self, before: SourceFacts, error: Exception, why: str) -> None:
        now = self._clock()
        stopped = isinstance(error, AccessDenied)
        match error:  # patience asked for is no fault
            case RateLimited(retry_at=due):
                counts = False
            case BudgetSpent(until=due):
                counts = False
            case _:
                counts, due = True, source_due(before.failures + 1, now, self._rng)
        failures = self._store.posts.save_failure(
            self._source.name,
            error=why,
            retry_at=due,
            stopped=stopped,
            counts=counts,
            blocked=isinstance(error, BudgetSpent),
            spent=error.spent if isinstance(error, SourceError) else (),
            now=now,
        )
        log.warning(
            "source failed",
            source=self._source.name,
            error=type(error).__name__,
            why=why,
            failures=failures,
            next_due=due.isoformat(),
            stopped=stopped,
        )
        self._alarms.look(self._source)
