"""Recheck: posts are looked at again at certain ages, whether they were edited or are gone, and how they were taken."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from collectors.base import BudgetSpent, Collector, Heard, Post, RateLimited, Rechecked, SourceError, UnexpectedReply
from collectors.matching import Matcher
from config.sources import Source
from monitor import logs
from monitor.backoff import source_due
from monitor.clock import Clock
from monitor.pipeline.health import BROKEN_AFTER
from monitor.pipeline.notices import Notices
from monitor.store.engine import Store
from monitor.store.rechecks import DuePost

UNKNOWN = 20  # posts in a row without an answer: as many as the sources ask for that take one request for each
BATCH = 100  # posts asked for at once: as many as X and Reddit take in one request
DOUBTED = 10  # posts that are all gone at once: rather a bad moment of the platform's, until it says so twice

log = logs.get("recheck")


class Recheck:
    """Looks at the posts of one source again, with a collector of its own."""

    def __init__(
        self,
        source: Source,
        collector: Collector,
        matcher: Matcher,
        store: Store,
        notices: Notices,
        clock: Clock,
        rng: Random,
    ) -> None:
        self._source = source
        self._collector = collector
        self._matcher = matcher
        self._store = store
        self._notices = notices
        self._clock = clock
        self._rng = rng
        self._doubted: frozenset[str] = frozenset()  # said to be gone, all at once, at the last look

    @property
    def source(self) -> str:
        """The source's name."""
        return self._source.name

    def batch(self) -> int:
        """Look at the posts that are due, as many as one call takes; how many that was, 0 if none or it failed.

        A source that fails is put off, never raised. Its live cursor and its failures are left alone.
        """
        due = self._store.rechecks.due(self.source, self._clock(), BATCH)
        if not due:
            return 0
        try:
            answer = self._collector.recheck([one.native_id for one in due])
        except SourceError as error:
            self._put_off(error, f"{type(error).__name__}: {error}")
            return 0
        except Exception as error:  # a bug: it must not be repeated at every tick
            log.exception("looking again failed", source=self.source)
            self._put_off(error, f"unexpected {type(error).__name__}; see the log")
            return 0
        gone = frozenset(name for name, post in answer.found.items() if post is None)
        if self._doubts(answer, gone):
            doubt = UnexpectedReply(f"all {len(gone)} posts asked for are said to be gone; asked for once more")
            doubt.spent = answer.spent
            self._put_off(doubt, str(doubt))
            return 0
        reached = _reached(due, answer)
        looked = self._store.rechecks.save(
            self.source,
            reached,
            found={name: self._heard(post) for name, post in answer.found.items() if post is not None},
            gone=sorted(gone),
            ages=self._source.recheck_at,
            spent=answer.spent,
            now=self._clock(),
        )
        log.info(
            "posts looked at again",
            source=self.source,
            posts=len(reached),
            edited=looked.edited,
            withdrawn=looked.withdrawn,
        )
        return len(reached)

    def _doubts(self, answer: Rechecked, gone: frozenset[str]) -> bool:
        """Whether an answer that would erase very much is to be heard twice; in memory: a restart doubts anew."""
        heard_before = 2 * len(gone & self._doubted) >= len(gone)  # further posts may have fallen due meanwhile
        if len(gone) < DOUBTED or len(gone) < len(answer.found) or heard_before:
            self._doubted = frozenset()
            return False
        self._doubted = gone
        return True

    def _heard(self, post: Post) -> Heard:
        """The post with the brands that it names; without any, it stays with those that it was kept for."""
        return self._matcher.heard(post, self._source.brand) or Heard(post, ())

    def _put_off(self, error: Exception, why: str) -> None:
        now = self._clock()
        match error:  # patience asked for is no fault
            case RateLimited(retry_at=until) | BudgetSpent(until=until):
                counts = False
            case _:
                counts = True
                until = source_due(self._store.rechecks.failures(self.source) + 1, now, self._rng)
        spent = error.spent if isinstance(error, SourceError) else ()
        failures = self._store.rechecks.put_off(self.source, until, counts=counts, spent=spent)
        log.warning("looking again put off", source=self.source, why=why, failures=failures, until=until.isoformat())
        if counts and failures == BROKEN_AFTER:
            self._notices.tell(
                f"Posts of source {self.source} cannot be looked at again",
                (f"Last error: {why}", "Until it works, posts that are deleted or edited there stay here as they are."),
                once=("recheck", self.source, now.date()),
            )


def _reached(due: Sequence[DuePost], answer: Rechecked) -> list[DuePost]:
    """The posts that a call has got to; those behind are asked for again, and each call gets to some.

    A call takes as many as it can, from the first on, and may know nothing of one: that one waits for its next age.
    Which was not reached and which is not known looks alike at the end of the list; so what stands there is asked for
    by the next call, at whose beginning it stands.
    """
    answered = [number for number, one in enumerate(due) if one.native_id in answer.found]
    if not answered:
        return list(due[:UNKNOWN] if answer.requests else due)
    end = 0
    for number in answered:
        if number - end >= UNKNOWN:
            break
        end = number + 1
    return [one for number, one in enumerate(due) if number < end or one.native_id in answer.found]
